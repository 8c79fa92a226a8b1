#!/bin/sh
# Make the bucket of MLflow's files; Milvus makes its own.
set -eu
secrets="${SECRETS_FOLDER:-/run/secrets}"
MC_HOST_objects="http://$(cat "$secrets/minio_root_user"):$(cat "$secrets/minio_root_password")@minio:9000"
export MC_HOST_objects
exec mc mb --ignore-existing objects/mlflow
