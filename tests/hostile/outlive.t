#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# Not ending: what ignores signals, has no parent, attacks the processes that watch it, or holds the output.
# A command has one second; it must be over at its deadline and one second more (the machine may be busy: three),
# and nothing of it may be left.
. "$(dirname "$0")/hostile.sh"

ended() { result '[.exit, .signal, .cause] | map(tostring) | join(" ")'; }
# over NAME EXPECTED-ROOT EXPECTED-USER WORDS...: exit, signal and cause; "A or B" where it is for the clock to say
over() {
	what=$1
	case $mode in root) wanted=$2 ;; *) wanted=$3 ;; esac
	shift 3
	# A watcher that others leave no processor is late: the least of three is its own.
	for try in 1 2 3; do
		attack outlive "--time 1" "$@"
		[ "$(result .wall_ms)" -ge 4000 ] || break
	done
	case $wanted in *" or $(ended)") wanted=$(ended) ;; *) wanted=${wanted%% or *} ;; esac
	is "$what" "$(ended)" "$wanted"
	ok "$what: in time" test "$(result .wall_ms)" -lt 4000
	ok "$what: 0 orphans" eventually no_attack
}

over "sleeps for ever" "null 9 time" "null 9 time" sleeps
over "ignores every signal" "null 9 time" "null 9 time" ignores
over "waits for a child in vfork" "null 9 time" "null 9 time" vforked
over "leaves daemons" "0 null none" "0 null none" daemonised
over "gives the watcher a child" "0 null none" "0 null none" adopted
over "holds the output open" "0 null none" "0 null none" holds-output
# As root the sandbox's own processes have another id than the target; as a user they have the same, and a
# watcher that is killed or stopped takes its command with it.
over "stops everything it can" "null 9 time" "null 9 signal" stop-all
over "kills everything it can" "null 9 time" "null 9 signal" kill-all
over "kills the watcher" "null 9 time" "null 9 signal" signal-watcher 9
over "stops the watcher" "null 9 time" "null 9 signal" signal-watcher 19
over "takes the processor from the watcher" "null 9 time" "null 9 time" starve-watcher
# A limit on its time kills it when the clock finds it running in the moment that is left.
over "limits the watcher" "0 null none" "0 null none or null 9 signal" limit-watcher
over "signals pid 1 with all there is" "0 null none" "0 null none" signal-init
is "which lives" "$(cat "$tmp/out")" "signal-init alive"

# --- beside a service, which lives on
pod attack_outlive "--time 2000" --- +service:daemon /bin/sleep 6 --- build "$at" kill-all --- build /bin/sh -c \
	'for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline; echo; done | grep -o "^/bin/sleep 6" | sort -u'
case $mode in
root) is "a command that kills all it can is ended alone" "$(jq -r .cause "$tmp/result" | tr '\n' ' ')$(cat "$tmp/out")" \
	"time none time /bin/sleep 6" ;;
# One id for all: it may end the service's watcher, and so the service; each is told of as ended by a signal.
*) is "a command that kills all it can is ended" "$(jq -r .cause "$tmp/result" | tr '\n' ' ')" "signal none signal " ;;
esac

# --- drydock itself is killed, at any moment
for wait in 0.05 0.2 0.6; do
	"$drydock" sandbox run --quiet --state "$state" --bind "$tmp/programs/attack_outlive:$at:ro" -- "$at" ignores 2>/dev/null &
	victim=$!
	sleep $wait
	kill -9 $victim
	wait $victim 2>/dev/null
	ok "killed after $wait s: its processes die with it" eventually no_attack
done
"$drydock" sandbox run --quiet --state "$state" -- /bin/true
same_host "the next one finds and removes what they left"
done_testing
