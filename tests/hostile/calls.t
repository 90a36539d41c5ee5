#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# Every system call with a known misuse: in each profile, in the numbers of each ABI that the kernel takes, and
# by each way round the filter.  calls.tsv says what each must answer; it is the same in both privilege modes.
. "$(dirname "$0")/hostile.sh"

[ "$(uname -m)" = x86_64 ] || { skip "the calls of calls.tsv" "their numbers are for x86-64"; done_testing; }
table=$root/tests/hostile/calls.tsv

# expected PROFILE: "NAME OUTCOME" lines
expected() {
	awk -F'\t' -v profile="$1" '!/^#/ {
		outcome = $2
		n = split($3, differ, " ")
		for (i = 1; i <= n; i++) { split(differ[i], d, "="); if (d[1] == profile) outcome = d[2] }
		print $1, outcome }' "$table"
}

# --- one by one where the target's own code runs
pod attack_calls "" --- build "$at" native
cp "$tmp/out" "$tmp/build"
while read -r name outcome; do
	is "$name" "$(awk -v n="$name" '$1 == n { print $2 }' "$tmp/build")" "$outcome"
done <<E
$(expected build)
E
is "and no call more or less" "$(awk '{ print $1 }' "$tmp/build" | sort)" "$(expected build | awk '{ print $1 }' | sort)"
for profile in test service parser provision image browser debug; do
	user=$profile
	[ $profile = service ] && user=service:daemon
	pod attack_calls "" --- $user "$at" native
	expected $profile >"$tmp/expected"
	is "all calls in the profile $profile" "$(diff "$tmp/expected" "$tmp/out")" ""
done

# --- the same when a supervisor listens, and then each is on record
for profile in build parser provision; do
	pod attack_calls --trace --- $profile "$at" native
	expected $profile >"$tmp/expected"
	is "all calls while they are recorded ($profile)" "$(grep -v '^denied ' "$tmp/out" | diff "$tmp/expected" -)" ""
done
for call in keyctl bpf perf_event_open userfaultfd io_uring_setup unshare clone setns mount fsopen ptrace socket ioctl; do
	pod attack_calls --trace --- build "$at" native --- build "$at" terminal
	ok "recorded: $call" grep -q "^denied $call " "$tmp/out"
done

# --- other ABIs: whatever the call, it is not there; a machine without the interrupt of i386 ends who uses it
calls=$(grep -cv '^#' "$table")
for abi in int80 x32; do
	for profile in build parser provision; do
		pod attack_calls "" --- $profile "$at" $abi
		is "no call of the ABI $abi ($profile)" "$(grep -cvE ' ENOSYS$|^int80:[^ ]+ Segmentation fault$' "$tmp/out") $(($(wc -l <"$tmp/out") >= calls))" "0 1"
	done
done

# --- ways round it
for way in thread restart own-filter exec; do
	case $way in thread) name=user-in-$way ;; *) name=user-after-$way ;; esac
	attack calls "" $name
	is "a user namespace ${name#user-}" "$(cat "$tmp/out")" "$name EPERM"
done
attack reach "" second-wall
is "no user namespaces behind the filter, either" "$(cat "$tmp/out")" "second-wall 0"
pod attack_reach "" --- parser "$at" second-wall
is "nor for a parser" "$(cat "$tmp/out")" "second-wall 0"

# --- what is left of limits and personality
attack calls "--disk 1G" limits
is "limits cannot be raised" "$(tr '\n' ' ' <"$tmp/out")" "raise-core unchanged raise-fsize EPERM raise-nofile EPERM "
attack calls "" lower-core
is "nor the core limit lowered, behind which this machine's core handler waits" "$(cat "$tmp/out")" "lower-core kept"
attack calls "" no-randomize
is "a process may do without address space randomisation for itself" "$(cat "$tmp/out")" "no-randomize done"

# --- terminals
attack calls "" own-terminal
is "typing into a terminal of its own, and its line discipline" "$(grep -E 'sti|linux|setd|no-terminal' "$tmp/out" | tr '\n' ' ')" \
	"own-tiocsti EPERM own-tiocsti-high EPERM own-tioclinux EPERM own-tioclinux-high EPERM own-tiocsetd EPERM "
for what in terminal spoil-terminal; do
	run "$attacks/tool_pty" "$drydock" sandbox run --quiet --state "$state" --bind "$tmp/programs/attack_calls:$at:ro" -- "$at" $what
	tr -d '\r' <"$tmp/out" >"$tmp/$what"
done
for request in tiocsti tiocsti-high tioclinux tioclinux-high tiocsetd tioccons tiocsctty; do
	is "$request on the caller's terminal" "$(awk -v r=$request '$1 == r { print $2 }' "$tmp/terminal")" EPERM
done
is "nothing is typed into the caller's terminal" "$(grep pending "$tmp/terminal")" "pending 0"
is "its modes, flags and openness are put back" "$(grep -E '^(spoil|modes|waiting|open)' "$tmp/spoil-terminal" | tr '\n' ' ')" \
	"spoil-terminal spoilt modes same waiting yes open yes "
same_host "this machine is as it was"
done_testing
