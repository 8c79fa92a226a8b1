#!/bin/sh
# Whether Redis answers somebody who knows the password.
set -eu
REDISCLI_AUTH="$(cat "${SECRETS_FOLDER:-/run/secrets}/redis_password")"
export REDISCLI_AUTH
[ "$(redis-cli "$@" ping)" = PONG ]
