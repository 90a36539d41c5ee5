#!/bin/sh
# Fetch what qa/axe/package-lock.json names into the directory $1: the script of axe-core and its licence, nothing else of
# the package, and no script of it run.  The registry is that of the machine's npm configuration; what npm has in its
# cache it takes from there.
set -eu
lock=$(cd "$(dirname "$0")/.." && pwd)/qa/axe
to=$1
command -v npm >/dev/null || {
	echo "drydock: npm, which fetches axe-core, is not installed: \`make deps\` installs it, as root or with sudo" >&2
	exit 3
}
mkdir -p "$to"
new=$(mktemp -d "$to/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 3' HUP INT TERM
cp "$lock/package.json" "$lock/package-lock.json" "$new/"
if ! (cd "$new" && npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --no-bin-links) >"$new/log" 2>&1; then
	tail -n 20 "$new/log" >&2
	echo "drydock: fetching axe-core failed (npm ci in a copy of qa/axe)" >&2
	exit 3
fi
cp "$new/node_modules/axe-core/LICENSE" "$to/"
cp "$new/node_modules/axe-core/axe.min.js" "$to/axe.min.js.new"
mv "$to/axe.min.js.new" "$to/axe.min.js"
