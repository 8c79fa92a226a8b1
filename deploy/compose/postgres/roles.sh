#!/usr/bin/env bash
# Make a role and a database for each program: what a program's address (a secret) says. PostgreSQL's image runs it once,
# when the volume is empty. No program is a superuser, and none may enter another one's database.
set -euo pipefail
secrets="${SECRETS_FOLDER:-/run/secrets}"

# make SECRET RIGHT...
make() {
  local address rest credentials
  address="$(cat "$secrets/$1")"
  rest="${address#*://}"
  credentials="${rest%%@*}"
  export OWNER="${credentials%%:*}" PASSWORD="${credentials#*:}" DATABASE="${rest##*/}" RIGHTS="${*:2}"
  if [[ ! "$OWNER$DATABASE" =~ ^[a-z_]+$ || ! "$PASSWORD" =~ ^[0-9A-Za-z_-]{16,}$ ]]; then
    echo "$1 is no postgresql://NAME:PASSWORD@HOST/NAME with small letters and a password of 16 or more letters and digits" >&2
    exit 1
  fi
  # The password comes from the environment of psql: arguments can be read by everybody on the machine.
  psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv owner OWNER
\getenv password PASSWORD
\getenv database DATABASE
\getenv rights RIGHTS
SET log_min_error_statement = panic; -- a failure must not write the password into the log
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEROLE :rights PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
}

# `facesocial backup drill` tries a backup out in a database of its own.
make FACESOCIAL_DATABASE_URL CREATEDB
make mlflow_database_url NOCREATEDB
