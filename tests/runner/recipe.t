#!/bin/sh
# The recipe's files for people: BUILD.md says what works, whatever the application calls its files.
. "$(dirname "$0")/../tap.sh"

# block HEADING FILE: the first fenced block below it
block() { awk -v h="## $1" '$0 == h { on = 1; next } on && /^```/ { if (inside++) exit; next } inside' "$2"; }

# --- a directory whose name is a command, on two lines
mkdir "$tmp/app"
dir="$tmp/app/x'; touch pwned; '
USER root"
mkdir "$dir"
printf 'hull: ; touch hull\ncheck: ; @echo 1..1; echo ok 1\n' >"$dir/Makefile"
up "$tmp/app"
is "a hostile directory: outcome" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
page=$(dirname "$(json .recipe)")/BUILD.md
block Build "$page" >"$tmp/build.sh"
mkdir "$tmp/as-told"
cp -R "$tmp/app" "$tmp/build.sh" "$tmp/as-told"
chmod -R a+rwX "$tmp"
run "$drydock" sandbox run --state "$state" --bind "$tmp/as-told:/told" -- /bin/bash -c \
	'make() { echo "made in $PWD"; }; cd /told/app && . ../build.sh'
is "what BUILD.md says goes there" "$(cat "$tmp/out")" "made in /told/app/x'; touch pwned; '
USER root"
is "and does nothing else" "$(find "$tmp/as-told" -name 'pwned*')" ""
has "the Dockerfile has it on one line" "$(dirname "$page")/Dockerfile" "RUN cd \$'x\\047; touch pwned; \\047\\012USER root' && make -j2"
done_testing
