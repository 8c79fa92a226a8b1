#!/bin/sh
# Start MLflow with the address of its database, a secret, which it takes from an argument or its environment alone. From
# here it is in neither the container's description nor the list of processes.
set -eu
MLFLOW_BACKEND_STORE_URI="$(cat "${SECRETS_FOLDER:-/run/secrets}/mlflow_database_url")"
export MLFLOW_BACKEND_STORE_URI
exec mlflow server "$@"
