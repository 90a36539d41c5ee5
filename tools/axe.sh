#!/bin/sh
# Fetch what qa/axe/package-lock.json names into the directory $1: the script of axe-core and its licence, nothing else of
# the package, and no script of it run.
set -eu
to=$1
cd "$(dirname "$0")/.."
. tools/npm.sh
fetch_locked qa/axe "$to" axe-core
cp "$new/node_modules/axe-core/LICENSE" "$to/"
cp "$new/node_modules/axe-core/axe.min.js" "$to/axe.min.js.new"
mv "$to/axe.min.js.new" "$to/axe.min.js"
