#!/bin/sh
# Prepare a data directory: install.sh SOURCE-TREE HARBOURD DIRECTORY
set -e
tree=$1
program=$2
dir=$3

printf 'Administrator e-mail address? '
read -r mail || mail=
if [ -z "$mail" ]; then
	echo "install.sh: an administrator address is required" >&2
	exit 1
fi

mkdir -p "$dir"
"$program" --db "$dir/harbour.db" --init "$tree/sql/schema.sql"
echo "$mail" >"$dir/admin"
echo "data directory $dir is ready"
