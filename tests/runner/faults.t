#!/bin/sh
# Any call that changes the disk fails: drydock says in one line which and why, and the same run resumed
# ends as the undisturbed one.  Exhaustive: the calls of a collection.  A spread of the places, each time with
# another effect: those of a run, of a resume, of reading, of removals, of a replay, and of a run that installs
# packages and compiles the index.  All of them with `make faults`.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/runner/resumed.sh"
app=$apps/tiny-missing
POINTS=${DD_FAULT_POINTS:-16}
READS=${DD_FAULT_READS:-3}
COLD=${DD_FAULT_COLD:-2}
REPLAYS=${DD_FAULT_REPLAYS:-4}
REMOVALS=${DD_FAULT_REMOVALS:-4}

up --image base "$apps/tiny-none" # so that there is a base image
base_state "$tmp/base" && s=$tmp/state && linked_state "$tmp/base" "$s"
ok "a state directory of its own" test -d "$s/layers"
quiet_up() { # NAME=VALUE...
	run env "$@" "$drydock" up --no-learnt --quiet --json --state "$s" "$app"
}

# --- the undisturbed run: the comparison itself must hold
for round in warm want again; do
	quiet_up
	essence "$s" "$(json .run)" >"$tmp/$round"
	[ $round = again ] || rm -rf "$s/runs/"*
done
is "undisturbed: outcome" "$(json .outcome)" up
is "two undisturbed runs are the same" "$(diff "$tmp/again" "$tmp/want" | cut -c1-300 | head -n 5)" ""
is "an undisturbed run leaves nothing" "$(settled "$s")" ""
cp -r "$(dirname "$(json .recipe)")" "$tmp/recipe"
rm -rf "$s/runs/"*

# --- nothing of this reaches a pod
run env DRYDOCK_FAULT=io:1000:EIO DRYDOCK_FAULT_LOG="$tmp/none" "$drydock" sandbox run --state "$s" -- /usr/bin/env
is "a command in a pod" "$status" 0
hasnt "does not see the wish" "$tmp/out" DRYDOCK

# sweep NAME CALLS POINTS EFFECTS COMMAND...: the command under a fault at POINTS of its calls, and the rest
sweep() {
	name=$1 calls_=$2 points=$3 effects=$4
	shift 4
	${prepare:-:}
	rm -f "$tmp/calls"
	run env DRYDOCK_FAULT="$calls_:1+:log" DRYDOCK_FAULT_LOG="$tmp/calls" "$@"
	# Of many equal calls in a row, the first.
	awk '{ is = $1 " " $4 } is != last { print NR } { last = is }' "$tmp/calls" >"$tmp/starts"
	calls=$(wc -l <"$tmp/starts")
	rm -rf "$s/runs/"*
	: >"$tmp/bad"
	: >"$tmp/absorbed"
	[ "$points" != all ] || points=$((calls * $(echo "$effects" | wc -w)))
	n_=0
	while [ $n_ -lt "$points" ]; do
		# Spread over the calls, and each time another effect; all calls once for each effect if there are enough.
		i=$(sed -n "$((n_ * calls / points + 1))p" "$tmp/starts")
		effect=$(echo "$effects" | tr ' ' '\n' | sed -n "$((n_ % $(echo "$effects" | wc -w) + 1))p")
		n_=$((n_ + 1))
		# How many writes a stream takes differs from run to run, with the network by a factor: what was not reached
		# is tried earlier.
		for at in "$i" $((i * 3 / 4)) $((i / 2)) $((i / 4)) $((i / 8 + 1)); do
			wish=$calls_:$at:$effect
			case $effect in *+) wish=$calls_:$at+:${effect%+} ;; esac
			rm -rf "$tmp/injected" "$s/runs/"*
			${prepare:-:}
			run env DRYDOCK_FAULT="$wish" DRYDOCK_FAULT_LOG="$tmp/injected" "$@"
			[ ! -s "$tmp/injected" ] || break
		done
		{ judge_end && judge_rest "$s" "$@"; } >"$tmp/wrong"
		[ ! -s "$tmp/wrong" ] || { echo "$wish ($(head -n 1 "$tmp/injected")):" && cat "$tmp/wrong"; } >>"$tmp/bad"
	done
	is "$name: $points faults in $calls places, $(wc -l <"$tmp/absorbed") of them without harm" "$(cat "$tmp/bad")" ""
	# What may fail unseen: the checkpoint of a closed journal and the files SQLite can do without, a plan that
	# is kept for speed, and the removal of a directory that the next start sweeps.
	[ "$calls_" != remove ] || return 0 # what is left of pods goes with the next start, and is looked for
	is "$name: which ones" "$(grep -vE '\(database\)$|/journal\.db[a-z-]*$|/pods/((doomed|new)-|[0-9a-f]+-[0-9]+-[0-9]+$)|/plans(/|$)' "$tmp/absorbed" | head -n 5)" ""
}

sweep "warm" io "$POINTS" "ENOSPC EIO ENOSPC+ EIO+ short kill" "$drydock" up --no-learnt --quiet --json --state "$s" "$app"
sweep "reading" read "$READS" "EIO" "$drydock" up --no-learnt --quiet --json --state "$s" "$app"

sweep "removing" remove "$REMOVALS" "EIO EROFS+" "$drydock" up --no-learnt --quiet --json --state "$s" "$app"

# --- a run that was killed half-way is resumed: what it has done is in the journal
quiet_up DRYDOCK_FAULT=db.commit.after:10
mv "$s/runs" "$tmp/half"
half() {
	rm -rf "$s/runs" && cp -a "$tmp/half" "$s/runs"
}
prepare=half
sweep "resuming, reading" read "$READS" "EIO" "$drydock" resume --quiet --json --state "$s"
sweep "resuming" io "$READS" "EIO+ ENOSPC" "$drydock" resume --quiet --json --state "$s"
prepare=

# --- where packages are installed and the index is compiled
cold() {
	rm -rf "$s" && linked_state "$tmp/base" "$s" && rm -rf "$s"/index/*/files-* "$s"/index/*/plans
}
prepare=cold
sweep "cold" io "$COLD" "ENOSPC EIO short kill" "$drydock" up --no-learnt --quiet --json --state "$s" "$app"
prepare=

# --- a replay
quiet_up # its packages
rm -rf "$s/runs/"*
replay() { run "$drydock" replay --quiet --json --state "$s" "$tmp/recipe" "$app"; }
replay
essence "$s" "$(json .run)" >"$tmp/want"
rm -rf "$s/runs/"*
sweep "replay" io "$REPLAYS" "ENOSPC EIO+" "$drydock" replay --quiet --json --state "$s" "$tmp/recipe" "$app"

# --- what is collected goes whole or stays: each call of a gc, and some of its very many removals
quiet_up
cp -al "$s" "$tmp/full"
names() { (cd "$1/layers/$2" && find . | sort); }
for layer in $(ls "$s/layers"); do
	names "$s" "$layer" >"$tmp/names.$layer"
done
gc_under() { # WISH: with what is wrong then in $tmp/bad
	rm -rf "$s" "$tmp/injected" && cp -al "$tmp/full" "$s"
	run env DRYDOCK_FAULT="$1" DRYDOCK_FAULT_LOG="$tmp/injected" "$drydock" gc --keep 0 --state "$s"
	[ -s "$tmp/injected" ] || return
	for layer in $(ls "$s/layers"); do
		names "$s" "$layer" | cmp -s - "$tmp/names.$layer" || echo "gc, $1: layer $layer is half there"
	done >>"$tmp/bad"
	run "$drydock" gc --keep 0 --state "$s"
	[ "$status" = 0 ] || echo "gc, $1: the next one fails: $(cat "$tmp/err")" >>"$tmp/bad"
	[ -z "$(ls "$s/runs")$(settled "$s")" ] || echo "gc, $1: left: $(ls -A "$s/runs") $(settled "$s")" >>"$tmp/bad"
}
: >"$tmp/bad"
for i in $(seq 60); do
	gc_under "io:$i:EIO"
	[ -s "$tmp/injected" ] || break
done
is "gc: each of $((i - 1)) calls failed" "$(cat "$tmp/bad")" ""
ok "gc makes some calls" test "$i" -gt 5
: >"$tmp/bad"
gc_under remove:1+:log
removals=$(wc -l <"$tmp/injected")
for i in $(seq 0 $((REMOVALS - 1))); do
	gc_under "remove:$((i * removals / REMOVALS + 1))$([ $((i % 2)) = 0 ] || echo +):EROFS"
done
is "gc: $REMOVALS of $removals removals failed" "$(cat "$tmp/bad")" ""
done_testing
