#!/bin/sh
# kill -9 at any moment, then `drydock resume`: ends as the undisturbed run would, and leaves nothing behind.
# Killed before and after every journal transition, and at random moments, on warm and on cold caches.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/runner/resumed.sh"
app=$apps/tiny-missing
RANDOM_KILLS=${DD_CRASH_RANDOM:-150}
COLD_KILLS=${DD_CRASH_COLD:-12}

# after_kill NAME STATE: the newest run is resumed and compared; one line for what is wrong
after_kill() {
	id=$(ls "$2/runs" 2>/dev/null | tail -n 1)
	if [ "$status" != 137 ]; then
		echo "$1: was not killed (status $status)"
	elif [ -z "$id" ]; then
		run "$drydock" up --no-learnt --quiet --json --state "$2" "$app" # before there was a run
		id=$(ls "$2/runs" | tail -n 1)
	else
		run "$drydock" resume --quiet --json --state "$2" "$id"
	fi
	judge_result "$2" "$id" | sed "s/^/$1: /"
	rm -rf "$2/runs/$id"
}

up --image base "$apps/tiny-none" # so that there is a base image
base_state "$tmp/base" && s=$tmp/warm && linked_state "$tmp/base" "$s"
ok "a state directory of its own" test -d "$s/layers"

# --- the undisturbed run, twice: the comparison itself must hold
ms_of() { # SINCE
	echo $((($(date +%s%N) - $1) / 1000000))
}
for round in first second; do
	start=$(date +%s%N)
	run "$drydock" up --no-learnt --quiet --json --state "$s" "$app"
	[ $round = second ] || cold_span=$(ms_of "$start")
	[ $round = first ] || essence "$s" "$(json .run)" >"$tmp/want"
	[ $round = second ] || essence "$s" "$(json .run)" >"$tmp/before"
	last=$(json .run)
done
is "undisturbed: outcome" "$(json .outcome)" up
is "two undisturbed runs are the same" "$(diff "$tmp/before" "$tmp/want" | cut -c1-300 | head -n 5)" ""
is "an undisturbed run leaves nothing" "$(settled "$s")" ""
transitions=$(sqlite3 "$s/runs/$last/journal.db" "select count(*) from step")
rm -rf "$s/runs/"*

kill_after() { # STATE SECONDS
	"$drydock" up --no-learnt --quiet --json --state "$1" "$app" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	sleep "$2"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	status=$?
}
random() { od -An -N2 -tu2 /dev/urandom | tr -d ' '; }

# Commits until one run passes without being killed.
kill_at_commits() { # STATE before|after
	for i in $(seq 1 200); do
		run env DRYDOCK_FAULT="db.commit.$2:$i" "$drydock" up --no-learnt --quiet --json --state "$1" "$app"
		[ "$status" = 137 ] || break
		after_kill "commit $i, $2" "$1" >>"$tmp/bad.commits"
	done
	echo "$i" >"$tmp/commits"
	echo "$status" >"$tmp/last"
	rm -rf "$1/runs/"*
}

kill_at_random() { # STATE TIMES
	start=$(date +%s%N)
	run "$drydock" up --no-learnt --quiet --json --state "$1" "$app"
	span=$(ms_of "$start")
	rm -rf "$1/runs/"*
	n_=0
	while [ "$n_" -lt "$2" ]; do
		ms=$(($(random) * span / 65536))
		kill_after "$1" "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
		if [ "$status" != 137 ]; then # it was done before
			rm -rf "$1/runs/"*
			continue
		fi
		n_=$((n_ + 1))
		after_kill "after $ms ms of $span" "$1" >>"$tmp/bad.random"
		echo "$n_" >"$tmp/random"
	done
}

# On a cold cache, where packages are installed.
kill_when_cold() { # BASE TIMES
	n_=0
	while [ "$n_" -lt "$2" ]; do
		rm -rf "$tmp/cold" && linked_state "$1" "$tmp/cold"
		ms=$((300 + $(random) * cold_span / 65536))
		kill_after "$tmp/cold" "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
		[ "$status" = 137 ] || continue
		n_=$((n_ + 1))
		after_kill "cold, after $ms ms" "$tmp/cold" >>"$tmp/bad.cold"
		echo "$n_" >"$tmp/cold.n"
	done
	rm -rf "$tmp/cold"
}

# Two lanes at once, with a state directory each: neither may see the other.
lane() { # before|after
	base=$tmp/base
	tmp=$tmp/lane-$1
	mkdir "$tmp" && cp "$tmp/../want" "$tmp/want" && cp -al "$s" "$tmp/warm" || return
	: >"$tmp/bad.commits"
	: >"$tmp/bad.random"
	: >"$tmp/bad.cold"
	kill_at_commits "$tmp/warm" "$1"
	kill_at_random "$tmp/warm" $((RANDOM_KILLS / 2))
	kill_when_cold "$base" $((COLD_KILLS / 2))
	rm -rf "$tmp/warm"
}
(lane before) &
before=$!
(lane after) &
wait $before $!
total=0
for point in before after; do
	d_=$tmp/lane-$point
	killed=$(($(cat "$d_/commits") - 1))
	is "the last commit was reached ($point)" "$(cat "$d_/last")" 0
	ok "there were at least two commits a step ($point: $killed)" test "$killed" -ge $((2 * transitions))
	is "killed $point every transition" "$(cat "$d_/bad.commits")" ""
	is "killed $(cat "$d_/random") times at random" "$(cat "$d_/bad.random")" ""
	is "killed $(cat "$d_/cold.n") times while packages are installed" "$(cat "$d_/bad.cold")" ""
	total=$((total + killed + $(cat "$d_/random") + $(cat "$d_/cold.n")))
done
ok "at 200 points or more in all ($total)" test $total -ge "${DD_CRASH_TOTAL:-200}"

# --- two at once
rm -rf "$s/runs/"*
for n_ in 1 2; do
	"$drydock" up --no-learnt --quiet --json --state "$s" "$app" >"$tmp/out.$n_" 2>"$tmp/err.$n_" &
	eval "pid$n_=$!"
done
wait "$pid1" "$pid2"
for n_ in 1 2; do
	is "two runs at once: number $n_" "$(essence "$s" "$(json .run "$tmp/out.$n_")" | diff "$tmp/want" - | head -n 5)" ""
done
is "and nothing is left of either" "$(settled "$s")" ""
rm -rf "$tmp/base" "$s"
done_testing
