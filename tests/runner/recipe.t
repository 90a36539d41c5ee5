#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The recipe's files for people: BUILD.md says what works, whatever the application calls its files.
. "$(dirname "$0")/../tap.sh"

# block HEADING FILE: the lines of the fenced blocks below it
block() { awk -v h="## $1" '/^## / { on = $0 == h; next } on && /^```/ { inside = !inside; next } on && inside' "$2"; }

# --- a directory whose name is a command, on two lines
mkdir "$tmp/app"
dir="$tmp/app/x'; touch pwned; '
USER root"
mkdir "$dir"
printf 'hull: ; touch hull\ncheck: ; @echo 1..1; echo ok 1\n' >"$dir/Makefile"
up "$tmp/app"
is "a hostile directory: outcome" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
is "its commands name the directory" "$(json '.build.commands[0] | startswith("cd ") and endswith("&& make -j2")')" true
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
cat >"$tmp/bad" <<'D'
FROM debian:stable-slim
RUN apt-get update && apt-get install -y gcc=1 make | cat
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN cd 'a | apt-get install b' && yes | make || true
FROM debian:stable-slim AS next
RUN yes | make
D
is "what breaks hadolint's rules is found" "$(awk -f tests/hadolint.awk "$tmp/bad" | sort | tr '\n' ' ')" \
	"2 DL3008 2 DL3009 2 DL3015 2 DL4006 6 DL4006 "
has "the Dockerfile has it on one line" "$(dirname "$page")/Dockerfile" "RUN cd \$'x\\047; touch pwned; \\047\\012USER root' && make -j2"

# --- what it was built with, what has to be supplied, and how, is in BUILD.md and in the Dockerfile
mkdir "$tmp/told"
cat >"$tmp/told/Makefile" <<'M'
all: ; @test -n "$$SITE" && printf 'Rig? ' && read rig && printf 'Password? ' && read password && test "$$rig" = ketch
check: ; @echo 1..1; test "$$LANG $$TZ $$SITE" = "C.UTF-8 UTC north" && echo ok 1
M
printf '{"env:SITE": "north", "prompt:rig": "ketch", "prompt:password": "long-splice-5", "secret:DECK_KEY": "oakum-and-pitch"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/told"
dir=$(dirname "$(json .recipe)")
is "with answers: outcome" "$(json .outcome)" up
is "BUILD.md sets the environment and names the commands" "$(block Build "$dir/BUILD.md" | grep -E '^export (LANG|TZ|SITE|DECK)|^make')" \
	"export SITE=north
export DECK_KEY=VALUE # a secret
export LANG=C.UTF-8
export TZ=UTC
make -j2"
has "BUILD.md says how a prompt is answered" "$dir/BUILD.md" \
	'- `make -j2`: A step asks: Rig? Type the answer to `prompt:rig`.'
has "and that the container's files must be copied" "$dir/BUILD.md" 'Copy `Dockerfile` and `.devcontainer`'
is "and what to say to docker" "$(block "In a container" "$dir/BUILD.md")" \
	"docker build --target test --build-arg SITE=north --secret id=DECK_KEY,env=DECK_KEY --build-arg PROMPT_RIG=VALUE --secret id=PROMPT_PASSWORD,env=PROMPT_PASSWORD -t told-test .
docker run --rm -e DECK_KEY told-test
docker build --build-arg SITE=north --secret id=DECK_KEY,env=DECK_KEY --build-arg PROMPT_RIG=VALUE --secret id=PROMPT_PASSWORD,env=PROMPT_PASSWORD -t told ."
is "the Dockerfile has that environment" "$(grep -cE '^ENV (LANG|LC_ALL|TZ)="(C.UTF-8|UTC)"$' "$dir/Dockerfile")" 6 # in two stages
is "so has the lock" "$(json '[.environment[] | select(.name == "LANG" or .name == "TZ") | .value] | join(" ")' "$dir/drydock.lock.json")" "C.UTF-8 UTC"
done_testing
