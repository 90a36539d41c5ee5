#!/bin/sh
# `make run`: stand up REPO ($1), or the bundled application with its answers.  The target's outcome is
# printed; the exit status is drydock's own: a target whose tests fail was stood up all the same.
set -u
cd "$(dirname "$0")/.."
if [ $# -gt 0 ]; then
	build/drydock up --screens "$1"
else
	build/drydock up --screens --answers tests/apps/harbourbook.answers.json tests/apps/harbourbook
fi
status=$?
[ "$status" -gt 1 ] || exit 0
exit "$status"
