# For scripts that stop a run half-way and resume it: what a finished run is, and what must not be left behind.
# Sourced after tap.sh.

# What a finished run is, without what differs from run to run: times, its own id and paths.
essence() { # STATE RUN
	dir=$1/runs/$2
	built=$(sqlite3 "$dir/journal.db" "select json_extract(result, '\$.layer') from step where key like '%build'")
	mask="s|$2|RUN|g; s|$1|STATE|g$(printf '; s|%s|BUILT|g' $built)" # a built tree is its run's own
	scrub='walk(if type == "object" then del(.seconds, .ms, .run, .created, .created_ns, .from_cache, .cached) else . end)'
	sqlite3 "$dir/journal.db" "select key || ' ' || coalesce(result, 'null') from step order by id" |
		jq -RSc "capture(\"^(?<key>[^ ]*) (?<result>.*)\") | [.key, (.result | fromjson? | $scrub)]" | sed "$mask"
	sqlite3 "$dir/journal.db" "select count(*) from step where ended_ns = 0"
	jq -Sc "$scrub" "$dir/result.json" "$dir/recipe/drydock.lock.json" | sed "$mask"
	jq -Sc "$scrub" "$dir/tests.jsonl"
	(cd "$dir" && find . -type f ! -name egress.jsonl | sort) # there where something was fetched
	for layer in $built; do
		digest "$1/layers/$layer/fs"
	done
}

# The name that pods and control groups of a state directory have in common (FNV-1a of its path).
tag_of() { # STATE
	h=2166136261
	for c in $(printf %s "$(realpath "$1")" | od -An -v -tu1); do
		h=$((((h ^ c) * 16777619) & 0xffffffff))
	done
	printf %08x "$h"
}

# Processes of a pod of the state directory: the box says which it is, and what is inside dies with its pid 1.
inside() { # STATE
	grep -lzx "$(tag_of "$1")-[0-9]*-[0-9]*" /proc/[0-9]*/cmdline 2>/dev/null
}

# What must not be there when a run is over.
leftovers() { # STATE
	ls -A "$1/pods"
	find "$1" -path "$1/layers" -prune -o \( -name '*.tmp' -o -name '*drydock-tmp*' -o -name 'tmp*' -o -name '*-journal' -o -name '*-wal' -o -name '.new-*' \) -print
	find "$1/layers" -mindepth 1 -maxdepth 1 -name '*.*' -print
	grep -F "$1" /proc/self/mountinfo
	inside "$1"
	find /sys/fs/cgroup -type d -name "drydock-$(tag_of "$1")-*" 2>/dev/null
}
settled() { # STATE: processes need a moment to see that their drydock is gone
	for turn_ in $(seq 300); do
		left=$(leftovers "$1")
		[ -z "$left" ] && return
		sleep 0.2
	done
	echo "$left"
}

# How what drydock says of itself begins, and how it ends when a disk was full or broken.
rooms='state directory|runs?|journal|log|layer|lease of layer|lease of downloads|sandbox|source|package index|package sources|npm configuration|packages|recipe|report|attestation|start|test results|reading the log|reading what the build made|base image|image base|fetching archives|learnt'
reasons='No space left on device|Input/output error|database or disk is full|disk I/O error|Read-only file system'

# What is wrong with how a run under a fault ended, a line each: $status, and what it said in $tmp/err.
judge_end() {
	[ -s "$tmp/injected" ] || echo "no fault was injected"
	case $status in
	3 | 4) ;;
	0) # it was told of, or it did no harm
		grep -q '^drydock: warning: ' "$tmp/err" || head -n 1 "$tmp/injected" >>"$tmp/absorbed"
		return ;;
	137) grep -q ' kill ' "$tmp/injected" && return ;;
	*) echo "exit status $status" ;;
	esac
	grep '^drydock: ' "$tmp/err" | grep -vE '^drydock: (when the cause is gone: drydock resume|warning: )' >"$tmp/said"
	[ "$(wc -l <"$tmp/said")" = 1 ] || echo "says not one thing: $(head -n 4 "$tmp/err")"
	grep -qE "($reasons)\$" "$tmp/said" || echo "gives no reason: $(cat "$tmp/said")"
	grep -qE "^drydock: ($rooms)[: ].*(/|memory file)" "$tmp/said" || echo "names no room or path: $(cat "$tmp/said")"
	grep -v '^drydock: ' "$tmp/err" | head -n 2
}

# The run is over: what is wrong with its result, and with what it left, a line each.
judge_result() { # STATE RUN
	essence "$1" "$2" >"$tmp/essence" 2>&1
	cmp -s "$tmp/essence" "$tmp/want" || {
		echo "ends otherwise (status $status)"
		diff "$tmp/want" "$tmp/essence" | cut -c1-300 | head -n 6
		head -n 3 "$tmp/err"
	}
	left=$(settled "$1")
	[ -z "$left" ] || echo "left behind: $left"
}

# The run goes on, or is begun anew if there is none; what is wrong then, a line each.  $tmp/want is the
# essence of the undisturbed run.
judge_rest() { # STATE COMMAND...
	s_=$1
	shift
	id=$(ls "$s_/runs" 2>/dev/null | tail -n 1)
	[ "$(ls "$s_/runs" 2>/dev/null | wc -l)" -le 1 ] || echo "more than one run: $(ls "$s_/runs" | tr '\n' ' ')"
	if [ "$status" = 0 ]; then
		"$drydock" gc --state "$s_" --dry-run >/dev/null # sweeps what could not be removed
	elif [ -z "$id" ]; then
		run "$@"
		id=$(ls "$s_/runs" | tail -n 1)
	else
		run "$drydock" resume --quiet --json --state "$s_" "$id"
	fi
	judge_result "$s_" "$id"
	rm -rf "$s_/runs/"*
}
