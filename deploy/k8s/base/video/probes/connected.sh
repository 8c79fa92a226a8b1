#!/bin/sh
# Whether this pod has an established connection to a port: worker and beat answer no requests, so nobody can ask them.
# Usage: connected.sh PORT
set -eu

port=$(printf '%04X' "$1")
exec grep -qE "^ *[0-9]+: [0-9A-F:]+ [0-9A-F]+:$port 01 " /proc/net/tcp /proc/net/tcp6
