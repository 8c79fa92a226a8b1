#!/bin/sh
# Runs NGINX, and has it read its certificate again when cert-manager renewed it: NGINX does not look by itself.
set -eu

config=${1:-/etc/facesocial/nginx.conf}
certificate=${2:-/etc/nginx/tls/tls.crt}
pause_s=${3:-30}

of_certificate() { cksum < "$certificate"; }

(
  seen=$(of_certificate)
  while sleep "$pause_s"; do
    now=$(of_certificate) || continue
    [ "$now" != "$seen" ] || continue
    if nginx -q -e stderr -c "$config" -t && nginx -e stderr -c "$config" -s reload; then
      seen=$now
    fi
  done
) &

exec nginx -e stderr -c "$config" -g 'daemon off;'
