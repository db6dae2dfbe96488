#!/bin/sh
# Run once by the image of PostgreSQL, in a new database: the role of the nodes. Migrations give it what it may do.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$(cat /run/secrets/app-password)" <<'SQL'
create role subgate_app login password :'password';
SQL
