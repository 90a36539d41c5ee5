#!/bin/sh
# Fetch what graph/grammars/package-lock.json names into the directory $1: the C sources of tree-sitter and of its
# grammars, nothing else of those packages, and no script of theirs run.
set -eu
to=$1
cd "$(dirname "$0")/.."
. tools/npm.sh
# Peer dependencies name other versions of the core, for a use of the grammars that is not ours.
fetch_locked graph/grammars "$to" "the grammars" --legacy-peer-deps
(cd "$new/node_modules" && find tree-sitter tree-sitter-* -type f \( -name '*.c' -o -name '*.h' -o -name 'LICENSE*' \) ! -path '*/binding*' \
	-print0 | tar -cf ../sources.tar --null -T -)
rm -rf "$to/src"
mkdir "$to/src"
tar -xf "$new/sources.tar" -C "$to/src" -m
