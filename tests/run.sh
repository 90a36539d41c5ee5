#!/bin/sh
# Run every test program and script, tally their TAP, and end with what failed and "N passed, N failed, N skipped".
#
#   tests/run.sh [NAME...]   only those whose path contains NAME; DD_TEST_LANES=N: N at a time
#
# DD_TEST_MODE=only: without the scripts that say "Any mode:", whose subject does not depend on who starts drydock; for the
# second of two checks, in the other privilege mode.
#
# A program that dies, exits non-zero without a failed case, or runs fewer cases than it planned counts
# as failed.  cmocka prints a skip as "not ok N # SKIP".
set -u
cd "$(dirname "$0")/.."
variant=${VARIANT:-release}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
: >"$out/tally"
export CMOCKA_MESSAGE_OUTPUT=TAP DD_ROOT="$PWD" DD_BUILD="$PWD/build/$variant" DRYDOCK_PROGRAMS="$PWD/build"
# One state directory for all tests that need the base image: built by the first, kept for the next run.
export DD_TEST_STATE="${DD_TEST_STATE:-$PWD/build/test-state}"

tally='
/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
/^ok / { if (/# *[Ss][Kk][Ii][Pp]/) s++; else if (/# *TODO/) k++; else p++; n++; next }
/^not ok / { n++; if (/# *[Ss][Kk][Ii][Pp]/) s++; else if (/# *TODO/) k++; else { f++ } }
END {
	if (!planned || n < plan) { f += (planned ? plan - n : 1); print "# " name ": ran " n " of " (planned ? plan : "an unknown number") > "/dev/stderr" }
	else if (rc != 0 && f == 0) { f++; print "# " name ": exit status " rc " without a failed case" > "/dev/stderr" }
	printf "%d %d %d\n", p, f, s
}'

with_time() { timeout -k 5 "${DD_TEST_TIMEOUT:-1800}" "$@"; }

# What failed of one program, in a line each, said again at the end.
what_failed() {
	grep -vE '# *[Ss][Kk][Ii][Pp]' "$2" | grep -A 6 '^not ok ' | sed "s|^|# failed: $1: |"
	sed "s|^# |# failed: |" "$2.notes"
}

# Seconds of processor time that what this shell has waited for used so far, to $1.
used() {
	times >"$1"
	awk 'NR == 2 { for (i = 1; i < 3; i++) { split($i, t, "m"); s += 60 * t[1] + t[2] } printf "%d\n", s }' "$1"
}

# What it prints comes out as a whole, whatever runs beside it.
run_one() {
	name=$1
	log=$out/$(echo "$name" | tr / .)
	shift
	start=$(date +%s)
	used "$log.times" >"$log.before"
	"$@" >"$log" 2>&1 </dev/null
	rc=$?
	used "$log.times" >"$log.after"
	counts=$(awk -v name="$name" -v rc=$rc "$tally" "$log" 2>"$log.notes")
	# shellcheck disable=SC2086
	set -- $counts
	printf '%s\n' "$counts" >>"$out/tally"
	{
		printf '%-44s %4d passed %3d failed %3d skipped  %ds, %ds of CPU\n' "$name" "$1" "$2" "$3" $(($(date +%s) - start)) \
			$(($(cat "$log.after") - $(cat "$log.before")))
		grep -hE '^(ok|not ok) .*# *[Ss][Kk][Ii][Pp]' "$log" | sed 's/^/    /'
		if [ "$2" -gt 0 ]; then
			cat "$log.notes"
			tail -n "${DD_TEST_TAIL:-80}" "$log" | sed 's/^/    | /'
			what_failed "$name" "$log" >"$log.failed"
		fi
	} >"$log.said"
	cat "$log.said"
}

wanted() {
	[ $# -gt 1 ] || return 0
	path=$1
	shift
	for w in "$@"; do
		case $path in *"$w"*) return 0 ;; esac
	done
	return 1
}

# What is hostile on purpose runs where it can hurt nobody: as the sandbox's ordinary user, with this
# machine's programs read-only and nothing else.
in_sandbox() {
	build/drydock sandbox run --time "${DD_TEST_TIMEOUT:-1800}" --state "$DD_TEST_STATE" --bind /usr:/usr:ro --bind "$DD_BUILD:/build:ro" -- \
		/usr/bin/env CMOCKA_MESSAGE_OUTPUT=TAP "$@"
}

one() {
	case $1 in
	*_hostile.c) run_one "${1%.c}" in_sandbox "/build/${1%.c}" ;;
	*.c) run_one "${1%.c}" with_time "$DD_BUILD/${1%.c}" ;;
	*) run_one "$1" with_time sh "$1" ;;
	esac
}

says() { head -n 3 "$1" | grep -q "^# $2:"; }

# Several at a time, each by the first lane that is free: one more than processors, since half of their time scripts wait.
# Those that say "Alone:" come one by one before them.
lanes=${DD_TEST_LANES:-$(($(nproc) + 1))}
case $lanes in
*[!0-9]* | 0*)
	echo "tests/run.sh: DD_TEST_LANES is a number above 0" >&2
	exit 2
	;;
esac
lane() {
	for t in "$@"; do
		mkdir "$out/taken.$(echo "$t" | tr / .)" 2>/dev/null && one "$t"
	done
}
together=
left=0
for t in tests/*/test_*.c tests/*/*.t; do
	[ -e "$t" ] && wanted "$t" "$@" || continue
	if [ "${DD_TEST_MODE:-}" = only ] && says "$t" "Any mode"; then
		left=$((left + 1))
	elif says "$t" Alone; then
		one "$t"
	else
		together="$together $t"
	fi
done
while [ "$lanes" -gt 0 ]; do
	# shellcheck disable=SC2086
	lane $together &
	lanes=$((lanes - 1))
done
wait

cat "$out"/*.failed 2>/dev/null
[ $left = 0 ] || echo "# $left scripts whose subject is the same in both modes were left to the other one"
awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$out/tally"
