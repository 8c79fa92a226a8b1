# shellcheck shell=bash disable=SC2034 # what stands here is read by the scripts that source it
# What the release scripts share: options, words, and running a command or only saying it. Sourced, never run.
set -euo pipefail

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
ARTEFACTS=$ROOT/.releases
NAMESPACE=facesocial-ai
PREFIX=facesocial-ai
SERVICES=(face-recognition-service antispoofing-service deepfake-detection-service face-detection-service age-gender-service)
TOOLS=(operations promotion workbench mlflow)
PYTHON=$ROOT/.venv/bin/python
[[ -x $PYTHON ]] || PYTHON=python3

COMMON_OPTIONS="  --dry-run              say each command as it would run, and run none
  --version VERSION      (default: this checkout's)
  --gpu                  the images for GPUs: tag VERSION-gpu
  --registry HOST/PATH   where the images lie (default: on this machine, or where the overlay says)
  --help                 this text"
TARGET_OPTIONS="  --target TARGET        compose or kubernetes
  --overlay OVERLAY      with kubernetes: staging or production, of deploy/k8s/overlays"

dry_run='' version='' gpu='' registry='' target='' overlay=''
own_version='' tag='' record='' place='' history='' answer=''
FLAGS=(--dry-run --gpu)
VALUES=(--version --registry)
REST=()

# --- words

say() { printf '%s\n' "$*"; }

# wrong TEXT: the command is wrong; exit code 2.
wrong() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  printf 'See %s --help\n' "${0##*/}" >&2
  exit 2
}

step_name='the beginning' step_state='nothing was changed' step_next='read the message above'

# step NAME STATE NEXT: what begins; what is so if it fails, and what to do then.
step() {
  step_name=$1 step_state=$2 step_next=$3
  say "== $1"
}

# stopped CODE: say where, what is so and what to do; exit code 1.
stopped() {
  trap - ERR
  printf '%s failed: %s (exit code %s)\n  now:  %s\n  next: %s\n' \
    "${0##*/}" "$step_name" "$1" "$step_state" "$step_next" >&2
  exit 1
}
set -E
trap 'stopped $?' ERR

# --- commands

show() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
}

# run COMMAND…: say it and run it; a dry run only says it.
run() {
  show "$@"
  [[ -n $dry_run ]] || "$@" || stopped $?
}

# chain SCRIPT ARGUMENT…: another of these scripts; in a dry run it runs dry.
chain() {
  show "$@"
  "$@" ${dry_run:+--dry-run} || stopped $?
}

# try COMMAND…: whether a question is answered with yes; a dry run says it and takes no.
try() {
  show "$@"
  [[ -z $dry_run ]] && "$@" >/dev/null 2>&1
}

# ask DEFAULT COMMAND…: put what a command says into $answer; a dry run says it and takes DEFAULT.
ask() {
  show "${@:2}"
  answer=$1
  [[ -n $dry_run ]] || answer=$("${@:2}") || stopped $?
}

# program NAME: it has to be there, unless nothing is run.
program() {
  [[ -z $dry_run ]] || return 0
  step "looking for $1" 'nothing was changed' "install $1, or go to the machine that has it"
  command -v "$1" >/dev/null || stopped 127
}

# write FILE TEXT: a file takes its name once it is whole; a dry run only names it.
write() {
  say "writes $1"
  [[ -z $dry_run ]] || return 0
  mkdir -p "${1%/*}"
  printf '%s\n' "$2" >"$1.partial"
  mv "$1.partial" "$1"
}

# --- options

# options ARGUMENT…: put them into variables: --no-backup 1 into no_backup, --to VALUE into to; what follows -- into REST.
options() {
  local name
  while (($#)); do
    [[ $1 != --*=* ]] || set -- "${1%%=*}" "${1#*=}" "${@:2}"
    name=${1#--}
    if [[ $1 == --help || $1 == -h ]]; then
      usage
      exit 0
    elif [[ $1 == -- ]]; then
      REST=("${@:2}")
      break
    elif among "$1" "${FLAGS[@]}"; then
      printf -v "${name//-/_}" 1
    elif among "$1" "${VALUES[@]}"; then
      [[ $# -ge 2 && -n $2 ]] || wrong "$1 needs a value"
      printf -v "${name//-/_}" '%s' "$2"
      shift
    else
      wrong "no such option: $1"
    fi
    shift
  done
  judge_options
}

among() {
  local one
  for one in "${@:2}"; do [[ $1 != "$one" ]] || return 0; done
  return 1
}

judge_options() {
  [[ $(<"$ROOT/bentos/__init__.py") =~ __version__\ =\ \"([^\"]+)\" ]] || wrong 'bentos/__init__.py names no version'
  own_version=${BASH_REMATCH[1]}
  [[ -z $registry || $registry =~ ^[0-9A-Za-z][0-9A-Za-z./:_-]*[0-9A-Za-z]$ ]] || wrong "that is no registry: $registry"
  of_version "${version:-$own_version}"
}

# of_version VERSION: which one is meant from here on. It becomes part of names and of YAML.
of_version() {
  [[ $1 =~ ^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$ && $1 != *-gpu ]] || wrong "that is no version: $1"
  version=$1
  tag=$version${gpu:+-gpu}
  record=$ARTEFACTS/release-$tag.json
}

# needs_target: --target and, with Kubernetes, --overlay say where.
needs_target() {
  among "$target" compose kubernetes || wrong 'say --target compose or --target kubernetes'
  if [[ $target == compose ]]; then
    [[ -z $overlay ]] || wrong '--overlay is for --target kubernetes'
    place=compose
    program docker
  else
    among "$overlay" staging production || wrong 'say --overlay staging or --overlay production'
    place=kubernetes-$overlay
    agrees_on_gpus
    program kubectl
  fi
  history=$ARTEFACTS/deployed-$place.log
}

# agrees_on_gpus: the images have to be those that the overlay's pods are made for.
agrees_on_gpus() {
  local line on_gpus=''
  while IFS= read -r line; do
    [[ ! $line =~ ^\ *-\ .*components/gpu$ ]] || on_gpus=1
  done <"$ROOT/deploy/k8s/overlays/$overlay/kustomization.yaml"
  [[ $on_gpus == "$gpu" ]] || wrong "--gpu goes with components/gpu in deploy/k8s/overlays/$overlay, and only with it"
}

# --- names

# image NAME: with its registry, without its tag.
image() { printf '%s' "${registry:+$registry/}$PREFIX/$1"; }

# tag_of NAME: tools know no GPU.
tag_of() {
  if among "$1" "${SERVICES[@]}"; then printf '%s' "$tag"; else printf '%s' "$version"; fi
}
