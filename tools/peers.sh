#!/bin/sh
# Fetch the programs that measurements compare with: what the lock file of the directory $1 names, by npm, into $2.
# Nothing of them is run by that, nothing is committed; a second time does nothing until the lock file changes.
set -eu
lock=$1
to=$2
cmp -s "$lock/package-lock.json" "$to/package-lock.json" && [ -e "$to/complete" ] && exit 0
command -v npm >/dev/null || {
	echo "drydock: npm, which fetches the programs to compare with, is not installed" >&2
	exit 3
}
rm -rf "$to"
mkdir -p "$to"
cp "$lock/package.json" "$lock/package-lock.json" "$to/"
if ! (cd "$to" && npm ci --ignore-scripts --prefer-offline --no-audit --no-fund) >"$to/log" 2>&1; then
	tail -n 20 "$to/log" >&2
	exit 3
fi
touch "$to/complete"
