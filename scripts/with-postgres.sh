#!/usr/bin/env bash
# Runs a command with a PostgreSQL server of its own: in a temporary folder, on a socket there, gone
# afterwards. The command finds its address in HYBRIDCAL_TEST_POSTGRES, and in
# HYBRIDCAL_TEST_POSTGRES_CONTROL a program that takes `stop`, `start` or `kill`.
set -euo pipefail

programs=''
for folder in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
  if [ -x "$folder/initdb" ]; then programs=$folder; fi
done
if [ -z "$programs" ] && command -v initdb >/dev/null; then programs=$(dirname "$(command -v initdb)"); fi
if [ -z "$programs" ]; then
  echo 'PostgreSQL is missing. On Debian: apt-get install postgresql' >&2
  exit 1
fi

if [ "${1:-}" = --find ]; then
  echo "$programs"
  exit
fi

folder=$(mktemp -d -t hybridcal-postgres-XXXXXX)
# PostgreSQL refuses to run as root; its package brings a user for it.
as=()
if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$folder"
  as=(setpriv --reuid postgres --regid postgres --clear-groups)
fi

cat >"$folder/control" <<CONTROL
#!/bin/sh
set -eu
cd "$folder"
case \$1 in
  start) ${as[*]} "$programs/pg_ctl" -D "$folder/data" -l "$folder/log" -w -s start ;;
  stop) ${as[*]} "$programs/pg_ctl" -D "$folder/data" -m fast -w -s stop ;;
  # As when the program dies: nothing is written down, and the next start recovers.
  kill) ${as[*]} "$programs/pg_ctl" -D "$folder/data" -m immediate -w -s stop ;;
esac
CONTROL
chmod 755 "$folder/control" "$folder"

end() {
  "$folder/control" stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap end EXIT

cd "$folder"
"${as[@]}" "$programs/initdb" -D "$folder/data" --auth trust --username owner --encoding UTF8 \
  --locale C >/dev/null
"${as[@]}" tee -a "$folder/data/postgresql.conf" >/dev/null <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 300
shared_buffers = '64MB'
${POSTGRES_SETTINGS:-fsync = off}
SETTINGS
"$folder/control" start
owner=("$programs/psql" --quiet --host "$folder" --username owner)
# Not a superuser: for those, policies do not hold.
"${owner[@]}" --command 'create role hybridcal login' postgres
"${owner[@]}" --command 'create database hybridcal owner hybridcal' postgres
cd - >/dev/null

export HYBRIDCAL_TEST_POSTGRES="postgres:///hybridcal?host=$folder&user=hybridcal"
export HYBRIDCAL_TEST_POSTGRES_CONTROL="$folder/control"
# Read as a whole: editing this file meanwhile changes nothing.
{
  "$@"
  exit
}
