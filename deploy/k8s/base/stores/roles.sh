#!/bin/sh
# Makes a role and a database for each program that keeps something in PostgreSQL, when it starts for the first time: what
# the program's address says. None of them is a superuser, and none enters another one's database.
set -eu
secrets=${SECRETS_FOLDER:-/run/secrets}

# make FILE OPTIONS
make() {
  address=$(cat "$secrets/$1")
  case $address in *://*:*@*/*) ;; *) refuse "$1" ;; esac
  rest=${address#*://}
  OWNER=${rest%%:*}
  rest=${rest#*:}
  PASSWORD=${rest%%@*}
  DATABASE=${rest##*/}
  case $OWNER$DATABASE in '' | *[!a-z_]*) refuse "$1" ;; esac
  case $PASSWORD in '' | *[!0-9A-Za-z_-]*) refuse "$1" ;; esac
  export OWNER PASSWORD DATABASE
  # By the environment: whoever lists processes reads arguments. A failure must not write the password into the log.
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
\getenv owner OWNER
\getenv password PASSWORD
\getenv database DATABASE
SET log_min_error_statement = panic;
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEROLE $2 PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
}

refuse() {
  echo "$1 names no user, password and database of letters and digits (openssl rand -hex 32 makes such a password)" >&2
  exit 1
}

# The weekly drill restores a backup into a database of its own.
make FACESOCIAL_DATABASE_URL CREATEDB
make mlflow_database_url NOCREATEDB
