#!/bin/sh
# Fetch what graph/grammars/package-lock.json names into the directory $1: the C sources of tree-sitter and of its
# grammars, nothing else of those packages, and no script of theirs run.  The registry is that of the machine's npm
# configuration; what npm has in its cache it takes from there, so that a second time needs no network.
set -eu
lock=$(cd "$(dirname "$0")/.." && pwd)/graph/grammars
to=$1
command -v npm >/dev/null || {
	echo "drydock: npm, which fetches the grammars, is not installed: \`make deps\` installs it, as root or with sudo" >&2
	exit 3
}
mkdir -p "$to"
new=$(mktemp -d "$to/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 3' HUP INT TERM
cp "$lock/package.json" "$lock/package-lock.json" "$new/"
# Peer dependencies name other versions of the core, for a use of the grammars that is not ours.
if ! (cd "$new" && npm ci --ignore-scripts --legacy-peer-deps --prefer-offline --no-audit --no-fund --no-bin-links) >"$new/log" 2>&1; then
	tail -n 20 "$new/log" >&2
	echo "drydock: fetching the grammars failed (npm ci in a copy of graph/grammars)" >&2
	exit 3
fi
(cd "$new/node_modules" && find tree-sitter tree-sitter-* -type f \( -name '*.c' -o -name '*.h' -o -name 'LICENSE*' \) ! -path '*/binding*' \
	-print0 | tar -cf ../sources.tar --null -T -)
rm -rf "$to/src"
mkdir "$to/src"
tar -xf "$new/sources.tar" -C "$to/src" -m
