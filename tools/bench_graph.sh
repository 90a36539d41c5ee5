#!/bin/bash
# CPU of a whole ingest beside that of parsing the same files alone, with the same parser; size of the map beside that of
# the source; calls in C against gcc's call graph.  Debian's sources are fetched by apt, the others are what is on this
# machine or is given: C=DIR PYTHON=DIR JAVA=DIR GO=DIR LUA=DIR ZLIB=DIR PYCG=DIR ROUNDS=n, LARGE=DIR EDITS=n ASKED=n for a
# whole tree: its ingest, how long questions, a start with one question, a refresh without a change and one behind an edit take,
# PEER=DIR, where npm installed @colbymchenry/codegraph, with scripts off (it indexes the same trees without a network,
# outside of the sandbox: sources that are trusted), and ORACLES="LANGUAGE:TREE..." as tools/bench_oracles.sh reads it.  What is not there is said to be not run.
set -u
cd "$(dirname "$0")/.." || exit 3
tool=$1 queries=$2
rounds=${ROUNDS:-5}
drydock=build/drydock
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
state=${DD_BENCH_STATE:-$work/state}
echo "load: $(cut -d' ' -f1-3 /proc/loadavg) on $(nproc) processors; $rounds rounds, medians of CPU seconds"

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# CPU seconds of a command, its children's too
cpu() {
	local TIMEFORMAT='%U %S'
	{ time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

# ratio NAME SUFFIX DIR
ratio() {
	local name=$1 suffix=$2 dir=$3
	if [ -z "$dir" ] || [ ! -d "$dir" ]; then
		echo "$name: not run, no source given"
		return
	fi
	rm -rf "$work/tree"
	mkdir "$work/tree"
	(cd "$dir" && find . -type f -name "*.$suffix" -size -2000k | sort | head -n "${FILES:-3000}" | tar -cf - -T -) | tar -xf - -C "$work/tree"
	find "$work/tree" -type f | sort >"$work/list"
	local bytes lines
	bytes=$(xargs cat <"$work/list" | wc -c)
	lines=$(xargs cat <"$work/list" | wc -l)
	: >"$work/parse"
	: >"$work/ingest"
	for _ in $(seq "$rounds"); do
		xargs -n 100000 "$tool" --time parse 1 <"$work/list" | awk '{ s += $1 } END { print s }' >>"$work/parse"
		cpu "$drydock" graph ingest --anew --quiet --state "$state" --db "$work/map.db" "$work/tree" >>"$work/ingest"
	done
	awk -v name="$name" -v p="$(median <"$work/parse")" -v i="$(median <"$work/ingest")" -v b="$bytes" -v l="$lines" \
		-v d="$(stat -c %s "$work/map.db")" 'BEGIN {
		printf "%-8s %7.1f MB %7.0f kLOC  parse %.2f  ingest %.2f  ratio %.2f  map %.2f of the source\n", name, b / 1e6, l / 1e3, p, i, i / p, d / b
	}'
}

# spent NAME COMMAND...: CPU seconds and kB of the largest process, into $work/NAME
spent() {
	local name=$1
	shift
	/usr/bin/time -f '%U %S %M' -o "$work/$name" "$@" >/dev/null 2>&1 || echo "failed" >"$work/$name"
}

# peer NAME: the tree that ratio left, by another tool and by drydock
peer() {
	local name=$1 theirs=${PEER:-/nonexistent}/node_modules/.bin/codegraph
	if [ ! -x "$theirs" ] || [ ! -x /usr/bin/time ]; then
		echo "$name, codegraph: not run, PEER names no directory with it, or there is no time(1)"
		return
	fi
	mkdir -p "$work/home"
	rm -rf "$work/tree/.codegraph"
	spent theirs timeout 1800 unshare -n env HOME="$work/home" CODEGRAPH_TELEMETRY=0 "$theirs" init "$work/tree"
	local bytes
	bytes=$(du -sb "$work/tree/.codegraph" | cut -f 1)
	rm -rf "$work/tree/.codegraph"
	spent ours "$drydock" graph ingest --anew --quiet --state "$state" --db "$work/map.db" "$work/tree"
	if grep -q failed "$work/theirs" "$work/ours"; then
		echo "$name, codegraph: failed"
		return
	fi
	paste "$work/theirs" "$work/ours" | awk -v name="$name" -v b="$bytes" -v d="$(stat -c %s "$work/map.db")" '{
		t = $1 + $2; o = $4 + $5
		printf "%s, codegraph: %.1f s, %.0f MB resident, %.1f MB; drydock %.1f s, %.0f MB, %.1f MB; 1/%.1f, 1/%.1f, 1/%.1f\n",
			name, t, $3 / 1e3, b / 1e6, o, $6 / 1e3, d / 1e6, t / o, $3 / $6, b / d
	}'
}

# calls NAME DIR FLAGS
calls() {
	local name=$1 dir=$2 flags=$3
	if [ -z "$dir" ] || [ ! -d "$dir" ]; then
		echo "$name: not run, no source given"
		return
	fi
	mkdir -p "$work/$name"
	cp "$dir"/*.c "$dir"/*.h "$work/$name"
	# shellcheck disable=SC2046
	sh tools/graph_truth.sh "$drydock" "$state" "$work/$name" "$flags" $(cd "$work/$name" && ls -- *.c) >"$work/truth" 2>"$work/defined"
	"$drydock" graph ingest --anew --quiet --state "$state" --db "$work/$name.db" "$work/$name" >/dev/null
	"$drydock" graph export --state "$state" --db "$work/$name.db" |
		jq -r 'select(.kind == "calls" and .dst.file != null) | "\(.src.name) \(.dst.name) \(if .cond then "conditional" else "-" end)"' |
		awk 'NR == FNR { d[$1] = 1; next } ($1 in d) && ($2 in d)' "$work/defined" - | LC_ALL=C sort -u >"$work/ours"
	awk -v name="$name" 'NR == FNR { t[$1 " " $2] = 1; n++; next }
		{ k = $1 " " $2; if (!(k in s) || $3 == "-") s[k] = $3 }
		END {
			for (k in s) if (k in t) right++; else if (s[k] == "-") wrong++; else apart++
			printf "%-8s %5d calls of gcc: precision %.3f, recall %.3f, %d conditional ones apart\n", name, n, right / (right + wrong), right / n, apart
		}' "$work/truth" "$work/ours"
}

# clocked COMMAND...: seconds of the clock
clocked() {
	local TIMEFORMAT=%R
	{ time "$@" >/dev/null 2>&1; } 2>&1
}

# spread: the median and the 99th percentile of numbers, one a line
spread() {
	sort -n | awk '{ v[NR] = $1 } END { printf "p50 %.3f  p99 %.3f", v[int((NR + 1) / 2)], v[NR - int(NR / 100)] }'
}

# A random file of C of the copy, by the seed $1.
some_file() {
	awk -v seed="$1" 'BEGIN { srand(seed) } { v[NR] = $0 } END { print v[1 + int(rand() * NR)] }' "$work/files"
}

# whole DIR: a tree as a whole, in a copy, which is edited
whole() {
	local dir=$1 copy=$work/whole map=$work/whole.db n
	if [ -z "$dir" ] || [ ! -d "$dir" ] || [ ! -x /usr/bin/time ]; then
		echo "a whole tree: not run, LARGE names no directory, or there is no time(1)"
		return
	fi
	cp -a --reflink=auto "$dir" "$copy"
	refresh() { "$drydock" graph ingest --quiet --no-history --state "$state" --db "$map" "$copy"; }
	/usr/bin/time -f '%U %S %e %M' -o "$work/large" "$drydock" graph ingest --quiet --no-history --state "$state" --db "$map" "$copy" >"$work/counts"
	awk -v d="$(stat -c %s "$map")" -v b="$(du -sb --apparent-size "$copy" | cut -f 1)" '{
		printf "a whole tree: %.0f s of CPU, %.0f s, %.0f MB resident, map %.0f MB, %.2f of the source\n", $1 + $2, $3, $4 / 1024, d / 1e6, d / b
	}' "$work/large"
	cat "$work/counts"
	"$queries" "$map" "${ASKED:-1000}" 1
	(cd "$copy" && find . -name '*.c' -type f | sed 's|^\./||' | LC_ALL=C sort) >"$work/files"
	for n in $(seq 50); do
		clocked "$drydock" graph at "$(some_file "$n"):1" --json --state "$state" --db "$map"
	done >"$work/times"
	echo "a start with one question, seconds of the clock: $(spread <"$work/times")"
	for n in 1 2 3; do clocked refresh; done >"$work/times"
	echo "a refresh when nothing changed, seconds of the clock: $(spread <"$work/times")"
	for n in $(seq "${EDITS:-5}"); do
		printf '\nint drydock_bench_%d(void) { return %d; }\n' "$n" "$n" >>"$copy/$(some_file "$n")"
		clocked refresh
	done >"$work/times"
	echo "a refresh behind an edit of one file, seconds of the clock: $(spread <"$work/times")"
	rm -rf "$copy" "$map"
}

ratio C c "${C:-$PWD}"
peer C
ratio Python py "${PYTHON:-$(python3 -c 'import os; print(os.path.dirname(os.__file__))' 2>/dev/null)}"
peer Python
ratio Java java "${JAVA:-}"
ratio Go go "${GO:-}"
whole "${LARGE:-}"
calls Lua "${LUA:-}" "-DLUA_USE_POSIX -DLUA_COMPAT_5_3"
calls zlib "${ZLIB:-}" "-DHAVE_UNISTD_H -DHAVE_STDARG_H"
if [ -n "${PYCG:-}" ] && [ -d "$PYCG" ]; then
	bash tools/bench_pycg.sh "$drydock" "$state" "$PYCG"
else
	echo "PyCG: not run, no source given"
fi
if [ -n "${ORACLES:-}" ]; then
	# shellcheck disable=SC2086
	bash tools/bench_oracles.sh "$drydock" "$state" $ORACLES
else
	echo "oracles: not run, no trees named"
fi
