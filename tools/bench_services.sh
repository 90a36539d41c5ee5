#!/bin/bash
# `make bench-services [NAMES="a b"]`: packages with maintainer scripts that need several ids, installed and
# asked something, in both privilege modes (the other mode only when started by root), as a table.
#
#   tools/bench_services.sh [NAME...]     of tests/images/services/; all of them when none is named
#
# OUT (results), STATE_ROOT and STATE_USER (state directories, kept for the next time) may be set in the
# environment.  The seconds are those of the installation (archives are there) and of starting and asking.
set -u
export LC_ALL=C.UTF-8
top=$(cd "$(dirname "$0")/.." && pwd)
out=${OUT:-$top/build/bench-services}
limit=${LIMIT:-900}
mkdir -p "$out"
cd "$top/tests/images/services" || exit 2
[ $# -gt 0 ] || set -- *

# table MODE STATE COMMAND...: the table of a mode; COMMAND runs what it is given
table() {
	local mode=$1 state=$2 name
	shift 2
	: >"$out/$mode.tsv"
	for name in "${names[@]}"; do
		timeout -k 10 "$limit" "$@" "$programs/tool_service" "$state" "$services/$name" fresh 2>"$out/$name.$mode.err" |
			tee -a "$out/$mode.tsv" | sed "s/^/$mode	/" >&2
	done
}

names=("$@")
programs=$top/build/release/tests/images services=$PWD
export DRYDOCK_PROGRAMS=$top/build
own=$([ "$(id -u)" = 0 ] && echo root || echo user)
state=$([ "$own" = root ] && echo "${STATE_ROOT:-$out/state-root}" || echo "${STATE_USER:-$out/state-user}")
table "$own" "$state" env

# Started by root: the same as an ordinary user that owns nothing but a copy of the programs.
if [ "$own" = root ]; then
	home=${STATE_USER:-/var/tmp/drydock-bench-services}
	uid=65533
	mkdir -p "$home/programs"
	cp "$top"/build/drydock* "$programs/tool_service" "$home/programs/"
	cp -r "$top/tests/images/services" "$home/"
	chown -R "$uid:$uid" "$home"
	programs=$home/programs services=$home/services
	export DRYDOCK_PROGRAMS=$programs
	table user "$home/state" setpriv --reuid=$uid --regid=$uid --clear-groups --no-new-privs env HOME="$home"
fi

awk -F '\t' '
	FNR == 1 { mode = FILENAME; sub(/.*\//, "", mode); sub(/\.tsv$/, "", mode); modes[++m] = mode }
	{
		if (!($1 in seen)) { seen[$1] = ++n; order[n] = $1 }
		row[$1, mode] = sprintf("%s | %s | %s | %s", $2 == "installed" ? "yes" : "no: " $2, $3, $4, $5)
		installed[mode] += $2 == "installed"; answered[mode] += $4 == "answers"
	}
	END {
		head = "| package |"; rule = "|---|"
		for (i = 1; i <= m; i++) { head = head " " modes[i] ": installs | s | then | s |"; rule = rule "---|---|---|---|" }
		print head "\n" rule
		for (i = 1; i <= n; i++) {
			line = "| " order[i] " |"
			for (j = 1; j <= m; j++) line = line " " ((order[i], modes[j]) in row ? row[order[i], modes[j]] : "did not end | | |") " |"
			print line
		}
		for (j = 1; j <= m; j++) printf "%s: %d of %d install, %d services answer\n", modes[j], installed[modes[j]], n, answered[modes[j]]
	}' "$out"/*.tsv | tee "$out/table.md"
