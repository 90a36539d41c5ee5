#!/bin/sh
# Calls between the functions of a C project as gcc knows them, compiled in the sandbox: "CALLER CALLEE" lines.
#
#   graph_truth.sh DRYDOCK STATE DIR "FLAGS" FILE...     files are paths below DIR
set -eu
drydock=$1 state=$2 dir=$3 flags=$4
shift 4
"$drydock" sandbox run --quiet --state "$state" --bind /usr:/usr:ro --bind "$dir:/source:ro" -- /bin/sh -c '
	flags=$1; shift; mkdir /tmp/o; cd /tmp/o
	for f in "$@"; do
		gcc -O0 -w $flags -I/source -I"/source/$(dirname "$f")" -fcallgraph-info -c "/source/$f" -o "$(echo "$f" | tr / _).o" || echo "failed: $f" >&2
	done
	cat *.ci' sh "$flags" "$@" | awk '
	function name(s) { sub(/^.*:/, "", s); return s }
	/^node:/ && !/shape : ellipse/ { split($0, q, "\""); defined[name(q[2])] = 1 }
	/^edge:/ { split($0, q, "\""); from[++n] = name(q[2]); to[n] = name(q[4]) }
	END { for (i = 1; i <= n; i++) if (from[i] in defined && to[i] in defined) print from[i], to[i]
		for (d in defined) print d > "/dev/stderr" }' | LC_ALL=C sort -u
