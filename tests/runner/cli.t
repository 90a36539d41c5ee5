#!/bin/sh
# The command line as its users and their scripts know it.
. "$(dirname "$0")/../tap.sh"
own_state # of which it wants to know the newest run

commands=$("$drydock" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\( [a-z]\+\)\?\)  .*/\1/p')
ok "help lists the commands of the contract" sh -c 'for c in up replay resume runs report logs shell gc doctor version \
	"sandbox run" "image build" "image list" "image rm"; do echo "$1" | grep -qx "$c" || { echo "$c"; exit 1; }; done' \
	sh "$commands"
echo "$commands" | while read -r c; do
	# shellcheck disable=SC2086
	"$drydock" $c --help >"$tmp/help" 2>&1 || echo "$c: --help exits $?"
	grep -q "^Usage: drydock $c" "$tmp/help" || echo "$c: no usage line"
	grep -q -- "--state DIR" "$tmp/help" || echo "$c: no --state"
	# shellcheck disable=SC2086
	"$drydock" man $c >"$tmp/man" || echo "$c: no manual page"
	sed 's/\\//g' "$tmp/man" >"$tmp/plain"
	grep -oE -- '--[a-z-]+' "$tmp/help" | sort -u | while read -r o; do
		grep -qF -- "$o" "$tmp/plain" || echo "$c: the manual lacks $o"
	done
	man --warnings -l "$tmp/man" 2>&1 >/dev/null | grep -v 'command not found' | sed "s/^/$c: /" | grep -v "not found"
done >"$tmp/bad"
is "every command has help, --state and a manual page with the same options" "$(cat "$tmp/bad")" ""
"$drydock" completion bash >"$tmp/completion"
ok "the completion is a script" bash -n "$tmp/completion"
is "which completes" "$(bash -c '. "$1"; COMP_WORDS=(drydock re); COMP_CWORD=1; _drydock; echo "${COMPREPLY[*]}"' \
	sh "$tmp/completion")" "replay resume report refine rebase"
is "second words, too" "$(bash -c '. "$1"; COMP_WORDS=(drydock qa re); COMP_CWORD=2; _drydock; echo "${COMPREPLY[*]}"' \
	sh "$tmp/completion")" "record reject report"
is "the list of manual pages to install is that of the commands" \
	"$(make -pn 2>/dev/null | sed -n 's/^MAN_PAGES := //p' | tr ' ' '\n' | sed '/^$/d' | sort)" "$(echo "$commands" | tr ' ' '-' | sort)"

for group in image sandbox; do
	want=$(echo "$commands" | grep "^$group " | tr '\n' ',')
	for how in "$group --help" "help $group" "$group -h"; do
		# shellcheck disable=SC2086
		run "$drydock" $how
		is "$how lists its commands" "$status $(sed -n '/^Commands:/,/^$/s/^  \([a-z]* [a-z]*\)  .*/\1/p' "$tmp/out" | tr '\n' ',')" "0 $want"
	done
	run "$drydock" "$group"
	is "$group alone is a usage error that lists them, too" "$status $(grep -c "^  $group " "$tmp/err")" "2 $(echo "$commands" | grep -c "^$group ")"
done
run "$drydock" image biuld
has "a word that is nearly one" "$tmp/err" 'did you mean "image build"'

# --- usage errors: 2, with a word about what is wrong
run "$drydock"
is "no command at all is one that lists them" "$status $(cat "$tmp/out") $(grep -c '^  up  ' "$tmp/err")" "2  1"
for args in "--colour" "up --json" "up a b" "sail" "sandbox run" "logs no-such-run" "gc --keep many" "report no-such-run" "resume no-such-run" \
	"up --time 0 $apps/tiny-none" "up --memory 0 $apps/tiny-none" "sandbox run --pids 0 -- true" "sandbox run --disk 0 -- true"; do
	# shellcheck disable=SC2086
	run "$drydock" $args --state "$state"
	is "usage error: $args" "$status $(test -s "$tmp/err" && echo said)" "2 said"
done

run "$drydock" up --state '' "$apps/tiny-none"
is "usage error: an empty state directory" "$status $(cat "$tmp/err")" "2 drydock: the name of the state directory is empty"

# --- who only asks makes nothing
for args in runs "gc --dry-run" gc "image list" "runs --json"; do
	# shellcheck disable=SC2086
	run "$drydock" $args --state "$tmp/nowhere/a/b"
	is "without a state: $args" "$status$(cat "$tmp/err")" 0
done
is "no run is an empty list" "$(cat "$tmp/out")" "[]"
for args in report "report latest" "logs latest" shell resume "runs --pin latest" "image rm base"; do
	# shellcheck disable=SC2086
	run "$drydock" $args --state "$tmp/nowhere/a/b"
	is "without a state: $args" "$status $(cat "$tmp/err")" "2 drydock: there is no run yet: no state directory $tmp/nowhere/a/b"
done
ok "none of them made a directory" test ! -e "$tmp/nowhere"

# --- where one may not look there may be one
mkdir -m 000 "$tmp/closed"
if ls "$tmp/closed" >"$tmp/out" 2>&1; then
	skip "a state directory of others is told of" "root may look everywhere"
else
	for args in runs gc "image list" report; do
		# shellcheck disable=SC2086
		run "$drydock" $args --state "$tmp/closed/s"
		is "a state directory of others is told of: $args" "$(test "$status" != 0 && grep -c "closed/s: Permission denied" "$tmp/err")" 1
	done
fi

# --- nor is a directory with something else in it taken over
mkdir -m 755 "$tmp/home" && echo mine >"$tmp/home/letter"
for args in "runs" "up $apps/tiny-none"; do
	# shellcheck disable=SC2086
	run "$drydock" $args --state "$tmp/home"
	is "$args, the state in a directory of other files: it stays as it was" "$(ls -A "$tmp/home") $(stat -c %a "$tmp/home")" "letter 755"
done
is "and up says why" "$status $(cat "$tmp/err")" \
	"2 drydock: state directory $tmp/home holds other files; name a new or an empty directory with --state"

# --- nor one that cannot hold it
mkdir "$tmp/lower" "$tmp/upper" "$tmp/over-work" "$tmp/merged"
mounts=--mount
[ "$(id -u)" = 0 ] || mounts="--mount --user --map-root-user"
# shellcheck disable=SC2086,SC2016
run unshare $mounts sh -c 'cd "$1" && mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=over-work merged || exit 99
	"$2" up --state "$1/merged/state" "$3"; status=$?; ls -A merged; exit $status' sh "$tmp" "$drydock" "$apps/tiny-none"
is "an overlay is refused, with what to do, and left as it was" \
	"$status $(cat "$tmp/out") $(grep -c 'is on overlayfs.*put it on a volume or another local disk with --state' "$tmp/err")" "3  1"
run "$drydock" version --json
is "version --json" "$(json .name)" drydock
run "$drydock" --version
ok "--version" grep -q '^drydock [0-9]' "$tmp/out"
run "$drydock" doctor --json --state "$state"
ok "doctor says what this machine can do" jq -e 'length > 5 and all(.name and .detail and (.ok or .remedy))' "$tmp/out"
ok "doctor finds the libraries that are loaded when they are used" jq -e 'any(.name == "libraries" and .ok)' "$tmp/out"
ok "doctor states the overshoot of its limits" grep -qi overshoot "$tmp/out"
case $(id -u) in 0) ids=true ;; *) ids="false run as root" ;; esac
is "doctor tells an ordinary user what one id means" \
	"$(json '.[] | select(.name == "user ids") | "\(.ok) \(.remedy // "")"' | sed 's/:.*//; s/ $//')" "$ids"
is "doctor says that there is no quota, and what bounds the disk instead" \
	"$(json '.[] | select(.name == "disk limit") | [.ok, (.detail | startswith("no quota; watchdog")), has("remedy")] | map(tostring) | join(" ")')" \
	"false true true"

# --- names of runs
up "$apps/tiny-make"
id=$(json .run)
run "$drydock" report --state "$state" latest
is "latest is the newest run" "$(cat "$tmp/out")" "$state/runs/$id/report.html"
run "$drydock" report --json --state "$state" "$id"
is "report --json has the facts" "$(json '[.run, .outcome] | join(" ")')" "$id up"
prefix=$(echo "$id" | cut -c1-21)
run "$drydock" report --state "$state" "$prefix"
is "a unique prefix names a run" "$(cat "$tmp/out")" "$state/runs/$id/report.html"
run "$drydock" report --state "$state" ''
is "an empty name is none of a run" "$status $(cat "$tmp/err")" "2 drydock: the name of a run is empty"
up "$apps/tiny-none"
run "$drydock" report --state "$state" 2
is "an ambiguous one is a usage error" "$status" 2
run "$drydock" logs --state "$state" "$id"
has "logs lists the steps" "$tmp/out" attempt-1-build.log
run "$drydock" logs --state "$state" "$id" attempt-1-build.log
has "logs prints one" "$tmp/out" "make -j2"
cp "$tmp/out" "$tmp/whole"
run "$drydock" logs --state "$state" "$id" attempt-1-build
is "also without its ending" "$(cmp "$tmp/out" "$tmp/whole" 2>&1)" ""
for name in ../journal.db attempt-7-build; do
	run "$drydock" logs --state "$state" "$id" "$name"
	is "$name is none of them" "$status" 2
	has "$name: what there is" "$tmp/err" "attempt-1-build.log, attempt-1-tests.log"
done
run "$drydock" shell --state "$state" --attempt 99 "$id"
is "an attempt that is not there" "$status $(grep -c 'has no attempt 99; its last is 1' "$tmp/err")" "2 1"
before=$(ls "$state/runs")
for args in "image rm nosuch" "image export nosuch $tmp/x" "image push nosuch 127.0.0.1:1/x" "up --image nosuch $apps/tiny-none"; do
	# shellcheck disable=SC2086
	run "$drydock" $args --state "$state"
	is "$args: no such image" "$status $(grep -c 'there is no image "nosuch" (there is: .*base' "$tmp/err")" "2 1"
done
is "and no run was begun" "$(ls "$state/runs")" "$before"
printf '{"env:X": {"file": "not-there"}}' >"$tmp/answers.json"
run "$drydock" up --answers "$tmp/answers.json" --state "$state" "$apps/tiny-none"
is "an answer in a file that is not there" "$status" 2
echo 'ls knots && id -u' | "$drydock" shell --quiet --state "$state" "$id" >"$tmp/out" 2>"$tmp/err"
ok "shell opens in the built tree, as an ordinary user" grep -qx 1000 "$tmp/out"
run "$drydock" runs --json --du --state "$state"
ok "runs --du tells sizes" jq -e --arg id "$id" '.[] | select(.run == $id) | .bytes > 0' "$tmp/out"

# --- another image
cp "$state/images/base.ref" "$state/images/hulk.ref"
up --image hulk "$apps/tiny-make"
is "up --image starts from that one" "$(json .outcome) $(json .base.name "$(json .recipe)")" "up hulk"
run "$drydock" image rm --state "$state" hulk
is "which can be forgotten" "$status $(ls "$state/images/hulk.ref" 2>/dev/null)" "0 "

# --- gc keeps what is pinned and what is newest
run "$drydock" runs --pin "$id" --state "$state"
up "$apps/tiny-none"
newest=$(json .run)
run "$drydock" gc --json --dry-run --keep 1 --state "$state"
is "gc would keep the newest and the pinned" "$(json "[.runs[] | select(. == \"$id\" or . == \"$newest\")] | length")" 0
cp "$tmp/out" "$tmp/would"
ok "a dry run removes nothing" test -d "$state/runs/$(json '.runs[0] // ""')"

# --- building and installing
is "a second make does nothing" "$(make -q all >"$tmp/make" 2>&1; echo $?)" 0
run make --no-print-directory install DESTDIR="$tmp/dest" PREFIX=/opt/drydock
is "install" "$status" 0
run env -u DRYDOCK_PROGRAMS "$tmp/dest/opt/drydock/bin/drydock" sandbox run --state "$state" -- echo hello from inside
is "the installed drydock runs" "$(cat "$tmp/out")" "hello from inside"
is "manual pages and completion are installed" \
	"$(ls "$tmp/dest/opt/drydock/share/man/man1" | wc -l) $(ls "$tmp/dest/opt/drydock/share/bash-completion/completions")" \
	"$(($(echo "$commands" | wc -l) + 1)) drydock"

# --- stopping
up_and_stop() {
	before=$(ls -t "$state/runs" | head -n 1)
	"$drydock" up --no-learnt "$@" --json --state "$state" "$tmp/slow" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	for i in $(seq 600); do
		sleep 0.1
		id=$(ls -t "$state/runs" | head -n 1)
		[ "$id" != "$before" ] && grep -qs 'make' "$state/runs/$id/logs/attempt-1-build.log" && break
	done
	kill -INT "$pid"
	wait "$pid"
	status=$?
}
# keys: those of the object that any outcome has
keys() { json 'keys_unsorted | join(" ")'; }
all_keys="run outcome diagnosis build tests attempts packages start starts_tried screens questions features_off recipe report seconds"
mkdir "$tmp/slow"
printf 'all:\n\tsleep 3; echo built >done\ncheck:\n\techo 1..1; echo ok 1\n' >"$tmp/slow/Makefile"
up_and_stop --quiet
is "the first Ctrl-C stops it, resumable" "$status $(json .outcome)" "4 stopped"
has "and prints how to go on" "$tmp/err" "drydock resume $id"
is "with all that an outcome has" "$(keys) $(json '.diagnosis.way_out')" "$all_keys drydock resume $id"
run "$drydock" resume --quiet --json --state "$state" "$id"
is "resume finishes it" "$status $(json .outcome)" "0 up"

# --- its lock may outlive the one who held it for a moment
is_locked() { ! flock -n "$state/runs/$id/lock" true; }
flock -F "$state/runs/$id/lock" sleep 2 &
eventually is_locked
run "$drydock" resume --quiet --json --state "$state" "$id"
is "a lock that is let go of is waited for" "$status $(json .outcome)" "0 up"
flock -F "$state/runs/$id/lock" sleep 30 &
eventually is_locked
run "$drydock" resume --quiet --json --state "$state" "$id"
is "but not for ever" "$status $(cat "$tmp/err")" "3 drydock: run $id: another drydock is working on it"
kill $!

up_and_stop
has "meanwhile it says that it stops" "$tmp/err" "drydock: stopping"
has "what ends then is stopped" "$tmp/err" "building: stopped"
hasnt "and has not failed" "$tmp/err" failed

# who starts it may ignore that children end
mkdir "$tmp/ignored"
echo 'int f(void) { return 1; }' >"$tmp/ignored/a.c"
run timeout -k 1 120 perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$drydock" graph ingest --state "$state" "$tmp/ignored"
is "with SIGCHLD ignored, children are waited for" "$status $(grep -c '^1 files' "$tmp/out")" "0 1"

# a second one, while the first has not come through: what takes it in is stopped
printf 'all: ; trap "" TERM INT; sleep 30\n' >"$tmp/slow/Makefile"
: >"$tmp/err"
"$drydock" up --no-learnt --json --state "$state" "$tmp/slow" >"$tmp/out" 2>"$tmp/err" &
pid=$!
for i in $(seq 600); do
	sleep 0.1
	grep -qs building "$tmp/err" && break
done
kill -STOP "$pid"
kill -INT "$pid"
kill -TERM "$pid"
kill -CONT "$pid"
wait "$pid"
status=$?
is "the second Ctrl-C stops it at once, with the same object" "$status $(json .outcome) $(keys)" "4 stopped $all_keys"
hasnt "without waiting for what is under way" "$tmp/err" "building: stopped"
has "and the same advice" "$tmp/err" "go on with: drydock resume $(json .run)"
done_testing
