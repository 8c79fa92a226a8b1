# shellcheck shell=bash disable=SC2034,SC2154 # lib.sh has the variables, and the scripts read what stands here
# How the two targets are spoken to: Compose on one machine, Kubernetes by an overlay made for one release.

COMPOSE_STORES=(postgres redis etcd minio milvus)
COMPOSE_SERVICES=("${SERVICES[@]}" video-worker video-beat token-verifier)
# Without backup, which is healthy only once it has made one.
COMPOSE_REST=(gateway workbench mlflow prometheus alertmanager grafana)
COMPOSE_WAIT_S=900
ROLLOUT_LIMIT=900s
KINDS_OF_ADMINISTRATORS='(Namespace|PriorityClass|Role|RoleBinding|ClusterRole|ClusterRoleBinding|StorageClass)'
KINDS_THAT_RUN='(Deployment|StatefulSet|DaemonSet|CronJob|Service|Ingress|HorizontalPodAutoscaler|PodDisruptionBudget|PersistentVolumeClaim)'

# compose_of VERSION ARGUMENT…: put the command that speaks to the stack of a version into $command.
compose_of() {
  command=(env "FACESOCIAL_VERSION=$1" "FACESOCIAL_REGISTRY=${registry:+$registry/}$PREFIX" docker compose
    --file "$ROOT/deploy/compose/compose.yaml")
  [[ -z $gpu ]] || command+=(--file "$ROOT/deploy/compose/compose.gpu.yaml")
  command+=("${@:2}")
}

compose() {
  compose_of "$version" "$@"
  run "${command[@]}"
}

kubernetes() { run kubectl --namespace "$NAMESPACE" "$@"; }

# running: put the tag that runs into $answer; nothing where nothing does. A dry run takes the last one
# that is noted, or the one that is meant.
running() {
  local noted
  if [[ $target == compose ]]; then
    compose_of "$version" ps --all --format '{{.Image}}' "${SERVICES[0]}"
  else
    command=(kubectl --namespace "$NAMESPACE" get deployment "${SERVICES[0]}" --ignore-not-found
      --output 'jsonpath={.spec.template.spec.containers[0].image}')
  fi
  noted=$(last_noted)
  ask "${noted:-$tag}" "${command[@]}"
  answer=${answer##*$'\n'} # of several replicas one
  answer=${answer%@*}      # the digest
  answer=${answer##*:}
}

# --- what was deployed here: a line for each release, the latest last

last_noted() {
  local at one found=''
  [[ ! -f $history ]] || while read -r at one; do found=$one; done < <(grep . "$history")
  printf '%s' "$found"
}

# noted_before TAG: the last other one before the last TAG; nothing where there is none.
noted_before() {
  local at one before='' last=''
  [[ -f $history ]] || return 0
  while read -r at one; do
    [[ $one == "$1" ]] && before=$last || last=$one
  done < <(grep . "$history")
  [[ $(last_noted) == "$1" ]] || before=$last
  printf '%s' "$before"
}

# forget_after TAG: what was rolled back from is taken off the history, so that the next rollback goes further back.
forget_after() {
  [[ -z $dry_run && -f $history ]] || return 0
  local at one kept='' until='' before=''
  while read -r at one; do
    [[ $before != "$1" ]] || until=$kept # not the last line: deploy has just written it
    kept+="$at $one"$'\n' before=$one
  done < <(grep . "$history")
  [[ -z $until ]] || write "$history" "${until%$'\n'}"
}

# note_deployed TAG: at the end of the history, where it does not stand there already.
note_deployed() {
  [[ -n $1 && -z $dry_run && $(last_noted) != "$1" ]] || return 0
  mkdir -p "$ARTEFACTS"
  printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>"$history"
}

# --- Kubernetes: an overlay over the committed one, with the images of this release

# digest_of NAME: what the release's record says a registry gave it; nothing where none did.
digest_of() {
  [[ -f $record ]] || return 0
  local line
  while IFS= read -r line; do
    [[ $line == *"\"$PREFIX/$1\":"* && $line =~ \"digest\":\ \"(sha256:[0-9a-f]{64})\" ]] || continue
    printf '%s' "${BASH_REMATCH[1]}"
  done <"$record"
}

# committed_image NAME: where the committed overlay has it.
committed_image() {
  local line
  while IFS= read -r line; do
    [[ $line =~ \{name:\ "$PREFIX/$1",\ newName:\ ([^,}\ ]+) ]] || continue
    printf '%s' "${BASH_REMATCH[1]}"
    return
  done <"$ROOT/deploy/k8s/overlays/$overlay/kustomization.yaml"
  printf '%s' "$PREFIX/$1"
}

# make_overlay PURPOSE PATCHES: write it and put its folder, relative to the checkout, into $folder.
make_overlay() {
  local name images='' digest committed where
  for name in "${SERVICES[@]}" "${TOOLS[@]}"; do
    digest=$(digest_of "$name")
    committed=$(committed_image "$name")
    where=${registry:+$registry/$PREFIX/$name}
    images+="
  - name: $committed
    newName: ${where:-$committed}
    newTag: \"$(tag_of "$name")\"${digest:+
    digest: $digest}"
  done
  folder=.releases/$1-$place-$tag
  write "$ROOT/$folder/kustomization.yaml" "# Made by deploy/scripts; the next release makes it anew.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../../deploy/k8s/overlays/$overlay
images:$images
patches:$2"
}

# without KINDS: a patch that leaves kinds out.
without() {
  # shellcheck disable=SC2016 # kustomize's own word
  printf '\n  - target: {kind: "%s"}\n    patch: |\n      $patch: delete\n      apiVersion: any\n      kind: any\n      metadata: {name: any}' "$1"
}

# job NAME SECONDS: wait until it is over; where it fails, show what it said.
job() {
  local limit=$((SECONDS + $2)) ended
  while :; do
    ask Complete kubectl --namespace "$NAMESPACE" get job "$1" \
      --output 'jsonpath={.status.conditions[?(@.status=="True")].type}'
    ended=$answer
    [[ " $ended " != *' Complete '* ]] || return 0
    if [[ " $ended " == *' Failed '* || $SECONDS -ge $limit ]]; then
      show kubectl --namespace "$NAMESPACE" logs "job/$1" --all-containers --tail 100
      kubectl --namespace "$NAMESPACE" logs "job/$1" --all-containers --tail 100 >&2 || true
      stopped 1
    fi
    sleep 5
  done
}
