#!/bin/sh
# Whether the first thread of a process has run since this was asked last: one that waits for ever has not. It wakes up
# every few seconds also where broker and database are away, which no restart would bring back.
# Usage: moves.sh [PID [FILE]]
set -eu

pid=${1:-1}
file=${2:-/tmp/moves}
now=$(grep ctxt_switches "/proc/$pid/status")
if [ -e "$file" ]; then before=$(cat "$file"); else before=; fi
printf '%s\n' "$now" > "$file"
[ "$now" != "$before" ]
