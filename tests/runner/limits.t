#!/bin/sh
# A limit that ends a build or tests is named: what reached it, which one it is, and what to do.
. "$(dirname "$0")/../tap.sh"

# app CHECK: an application whose tests are this line of shell
app() {
	rm -rf "$tmp/app"
	mkdir "$tmp/app"
	printf 'all: ; touch all\ncheck: ; @%s\n' "$1" >"$tmp/app/Makefile"
}
verdict() { json '[.outcome, .diagnosis.class, .diagnosis.text, .diagnosis.where, .diagnosis.way_out] | join(" | ")'; }
ended() { # NAME TEXT WAY-OUT OPTIONS...: how it must end, with these
	name=$1 text=$2 way=$3
	shift 3
	up "$@" "$tmp/app"
	is "$name" "$(verdict)" "tests-failed | limit | \"make check\" was ended: it $text | make check | $way"
}

app 'echo ok 1 - afloat; sleep 60; echo 1..1'
ended "time" "took longer than its time limit; 1 of 2 tests had failed" "give it more with --time, if it does not loop" --time 4
is "what was recognised is listed, and no note denies it" "$(jq -r .name "$(json .tests.cases)" | head -n 1) $(json .tests.note)" \
	"afloat null"
ended "silence" "printed nothing for longer than its silence limit; 1 of 2 tests had failed" \
	"see the end of the log for what it waits for; give it more time with --silence" --silence 3
app 'echo 1..2; echo ok 1; perl -e '"'"'$$x = "x" x 300000000; sleep 10; print "ok 2\\n"'"'"
ended "memory" "needed more than its memory limit; 1 of 2 tests had failed" "give it more with --memory" --memory 100M
run "$drydock" qa test --json --quiet --state "$state" --run "$(json .run)"
is "and when its tests are run again" "$(json .note)" '"make check" was ended: memory'
app 'echo 1..2; echo ok 1; perl -e '"'"'for (1..60) { my $$p = fork; if (defined $$p && !$$p) { sleep 3; exit } } sleep 3; exit 1'"'"
ended "processes" "started more processes than its limit; 1 of 2 tests had failed" "give it more with --pids" --pids 40
app 'echo 1..2; echo ok 1; i=0; while head -c 4000000 /dev/zero >big$$i; do i=$$((i + 1)); done; exit 1'
ended "disk" "wrote more than its disk limit; 1 of 2 tests had failed" "give it more with --disk" --disk 20M
app 'echo 1..2; echo ok 1; head -c 40000000 /dev/zero >big; exit 1' # which the limit of a file's size ends
ended "disk" "wrote more than its disk limit; 1 of 2 tests had failed" "give it more with --disk" --disk 20M

# --- the build, and a replay
app 'echo 1..1; sleep 6; echo ok 1'
up "$tmp/app"
is "within its limits" "$(json .outcome)" up
run "$drydock" replay --json --quiet --state "$state" --offline --silence 3 "$(json .recipe)" "$tmp/app"
is "a replay, too" "$(json '[.outcome, .diagnosis.class] | join(" ")')" "tests-failed limit"
printf 'all: ; sleep 60\n' >"$tmp/app/Makefile"
up --time 2 "$tmp/app"
is "a build" "$(verdict)" 'build-failed | limit | "make -j2" was ended: it took longer than its time limit | make -j2 | give it more with --time, if it does not loop'
up --time 99999999999 "$tmp/app"
is "a limit out of range is a usage error" "$status" 2
done_testing
