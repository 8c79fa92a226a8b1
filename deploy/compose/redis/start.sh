#!/bin/sh
# Start Redis with the password of its secret. It stands in no argument and no environment, both of which others can
# read (`ps`, `docker inspect`), but in a file in memory that its own user alone can read.
set -eu
secrets="${SECRETS_FOLDER:-/run/secrets}"
folder="${CONFIGURATION_FOLDER:-/run/redis}"
own="${OWN_CONFIGURATION:-/usr/local/etc/redis/redis.conf}"

password="$(cat "$secrets/redis_password")"
case "$password" in
  '' | *[!0-9A-Za-z_-]*)
    # Without a password Redis lets everybody in; with a quote in it, it reads another one.
    echo "redis_password is empty or holds more than letters, digits, _ and -" >&2
    exit 1
    ;;
esac

umask 077
{
  cat "$own"
  printf 'requirepass %s\n' "$password"
} >"$folder/redis.conf"
exec redis-server "$folder/redis.conf" "$@"
