#!/bin/sh
# `make fuzz [NAMES="ROOM/TARGET..."] [SECONDS=n]`: libFuzzer with the sanitizers over what parsers of ours read, in the sandbox.
#
#   tools/fuzz.sh NAMES SECONDS
#
# A target runs for SECONDS (60), alone.  What it found interesting is kept in build/fuzz-corpus/ROOM.TARGET, where the next run
# begins; inputs that end it are kept in build/fuzz-found/ROOM.TARGET, and are told.  1: there are such.  An input may take 10 s and
# 2 GiB.  Leaks are not looked for: who looks for them traces the process, which the sandbox refuses.  docs/decisions/0061-fuzzing.md.
set -u
cd "$(dirname "$0")/.."
root=$PWD
wanted=$1
seconds=${2:-60}
sh tools/deps.sh fuzz || exit 3
case $seconds in *[!0-9]* | "") echo "fuzz: SECONDS is a number, not '$seconds'" >&2 && exit 2 ;; esac
make --no-print-directory -j2 CC=clang VARIANT=fuzz SAN=address,undefined,fuzzer-no-link EXTRA_CFLAGS=-w fuzzers >&2 || exit 1

# in_sandbox CORPUS FOUND WORD...: the words of env(1), with the directories as /corpus and /found
in_sandbox() {
	corpus=$1
	found=$2
	shift 2
	build/drydock sandbox run --quiet --time $((seconds + 120)) --memory 4G --bind /usr:/usr:ro --bind "$root/build/fuzz:/build:ro" \
		--bind "$corpus:/corpus" --bind "$found:/found" -- /usr/bin/env "$@"
}

all=$(for f in build/release/tests/*/fuzz_*; do
	[ -x "$f" ] || continue
	case $f in *.d) continue ;; esac
	"$f" --list | sed "s|^|$(basename "$(dirname "$f")")/|"
done)
for name in ${wanted:-$all}; do
	printf '%s\n' "$all" | grep -qxF -- "$name" || { echo "fuzz: there is no target $name; there are:" $all >&2 && exit 2; }
done

bad=0
printf '%-24s %12s %8s %8s %s\n' target inputs edges corpus found
for name in ${wanted:-$all}; do
	room=${name%/*}
	target=${name#*/}
	corpus=$root/build/fuzz-corpus/$room.$target
	found=$root/build/fuzz-found/$room.$target
	mkdir -p "$corpus" "$found"
	"build/release/tests/$room/fuzz_$room" --corpus "$target" tests "$corpus" || exit 1
	chmod -R a+rwX "$corpus" "$found"
	in_sandbox "$corpus" "$found" DD_FUZZ="$target" ASAN_OPTIONS=detect_leaks=0 "/build/tests/$room/fuzz_$room" -max_total_time="$seconds" \
		-timeout=10 -rss_limit_mb=2048 -max_len=16384 -artifact_prefix=/found/ -print_final_stats=1 /corpus >build/fuzz-found/"$room.$target".log 2>&1
	awk -v name="$name" -v corpus="$(find "$corpus" -type f | wc -l)" -v found="$(find "$found" -type f | wc -l)" '
		/^stat::number_of_executed_units/ { inputs = $2 }
		/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
		END { printf "%-24s %12s %8s %8s %s\n", name, inputs ? inputs : "did not run", edges, corpus, found }' build/fuzz-found/"$room.$target".log
	grep -E '^==.*ERROR|^SUMMARY|runtime error|does not hold' build/fuzz-found/"$room.$target".log | head -n 4 | sed 's/^/    /'
	grep -q '^stat::number_of_executed_units' build/fuzz-found/"$room.$target".log && [ -z "$(find "$found" -type f)" ] || bad=1
done
[ $bad = 0 ] || echo "fuzz: what was found, and the logs, are in build/fuzz-found" >&2
exit $bad
