#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# Taking all there is.  exhaust.tsv names, for each attack, the cause it must end with where a control group
# holds memory and processes and where the warden watches them, and what must stay within its bound:
# the limit itself, or the limit and the overshoot that `drydock doctor` states.
. "$(dirname "$0")/hostile.sh"

"$drydock" doctor --state "$state" >"$tmp/doctor"
line() { grep -i " $1 limit:" "$tmp/doctor"; }
stated() { line "$1" | sed -n 's/.*overshoot: at most \([0-9]*\) MiB.*/\1/p'; }
case $(line memory) in *cgroup*) column=4 over_memory=3 ;; *) column=5 over_memory=$(stated memory) ;; esac
over_disk=$(stated disk)
# The warden waits for a processor as others do: what is stated is for a machine that has one for it.
busy=$(awk -v cpus="$(nproc)" '{ b = int($1 / cpus); print 1 + (b > 3 ? 3 : b) }' /proc/loadavg)
case $column in 5) over_memory=$((over_memory * busy)) ;; esac
over_disk=$((over_disk * busy))
ok "doctor states what each limit guarantees" sh -c 'for l in memory process disk; do grep -qE " $l limit: .*overshoot" "$1" || exit 1; done' sh "$tmp/doctor"
ok "in numbers" test "${over_memory:-0}" -gt 0 -a "${over_disk:-0}" -gt 0

# within NAME GOT MOST
within() { ok "$1: $2 of at most $3" test "$2" -le "$3" -a "$2" -gt 0; }

# bound_of WHAT: what may be had of it; measured WHAT: what was had
bound_of() {
	limit=$(echo "$options" | sed -n 's/.*--\(memory\|disk\) \([0-9]*\)M.*/\2/p')
	case $1 in
	peak) echo $((limit + over_memory)) ;;
	# The kernel lets a user have 64 MiB in pipes, and two pages in each pipe more.
	peak+pipes) echo $((limit + over_memory + 128)) ;;
	written) echo $((limit + over_disk)) ;;
	# The last thousand it told of; what it had of the others is given back below.
	entries) echo $(((limit + over_disk) * 256)) ;;
	esac
}
measured() {
	case $1 in
	peak*) echo $(($(result .peak_bytes) / 1048576)) ;;
	*) tail -n 1 "$tmp/out" | grep . || echo 0 ;;
	esac
}
judge() { # WHAT NAME
	case $1 in
	peak*) within "$2 peaks in MiB" "$(measured $1)" "$(bound_of $1)" ;;
	written) within "$2 writes in MiB" "$(measured $1)" "$(bound_of $1)" ;;
	entries) within "$2 makes entries" "$(measured $1)" "$(bound_of $1)" ;;
	esac
}
# A watchdog that others leave no processor for a moment is late, as doctor says: the least of three is its own.
was_late() { [ "$1" != - ] && [ "$(measured $1)" -gt "$(bound_of $1)" ]; }

grep -v '^#' "$root/tests/hostile/exhaust.tsv" >"$tmp/table"
while IFS="$(printf '\t')" read -r what options args cgroup watchdog bounded <&3; do
	case $column in 4) wanted=$cgroup ;; *) wanted=$watchdog ;; esac
	[ "$args" = - ] && args=
	for try in 1 2 3; do
		start=$(date +%s)
		# shellcheck disable=SC2086
		attack exhaust "--time 60 $options" $what $args
		took=$(($(date +%s) - start))
		was_late "$bounded" || break
	done
	is "$what${args:+ $args}" "$(result '[.exit, .signal, .cause] | map(tostring) | join(" ")')" "null 9 $wanted"
	judge "$bounded" "$what${args:+ $args}"
	ok "$what${args:+ $args} is over soon" sh -c '[ "$1" -lt 20 ]' sh "$took"
	ok "$what${args:+ $args} is gone" eventually no_attack
done 3<"$tmp/table"

# --- what the kernel refuses by itself
attack exhaust "--disk 32M" sparse /work
is "a sparse file of a terabyte, promised blocks, a far write" "$(tr '\n' ' ' <"$tmp/out")" \
	"truncate EFBIG fallocate EFBIG write-far EFBIG "
attack exhaust "" descriptors
is "descriptors" "$(cat "$tmp/out")" "descriptors bounded EMFILE"

# --- what it is given is not what it takes: as a copy, and as the file itself
head -c 100M /dev/zero >"$tmp/large"
for m in 666 644; do
	chmod $m "$tmp/large"
	run sh -c 'exec "$@" <"$0"' "$tmp/large" "$drydock" sandbox run --quiet --state "$state" --disk 32M --memory 64M -- \
		/bin/sh -c 'sleep 1.5; wc -c'
	is "an input larger than the limits ($m)" "$status $(cat "$tmp/out" "$tmp/err")" "0 104857600"
done

# --- without any option there are limits, too: memory of the machine, disk, 4096 processes
sizes() { "$drydock" sandbox run --quiet --state "$state" $1 -- /bin/sh -c \
	'for d in /tmp /run /dev/shm /home/builder; do echo $(stat -f -c "%b %S" $d); done' | awk '{ printf "%d ", $1 * $2 / 1048576 }'; }
is "trees in memory have a size" "$(sizes "")" "2048 2048 2048 2048 "
is "which is the memory limit where there is one" "$(sizes "--memory 64M")" "64 64 64 64 "

# A control group of its own, as a container has: it, not the machine, has the memory of which the default is a part.
group=
for d in /sys/fs/cgroup/memory /sys/fs/cgroup; do
	for f in memory.limit_in_bytes memory.max; do
		[ -z "$group" ] && mkdir "$d/drydock-test-$$" 2>/dev/null &&
			on_exit="rmdir $d/drydock-test-$$; $on_exit"
		[ -z "$group" ] && { echo 1G >"$d/drydock-test-$$/$f"; } 2>/dev/null && group=$d/drydock-test-$$
	done
done
if [ -n "$group" ]; then
	sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" \
		"$drydock" sandbox run --quiet --state "$state" -- /usr/bin/stat -f -c "%b %S" /tmp >"$tmp/out"
	is "in a container with 1 GiB, three quarters of that" "$(awk '{ print $1 * $2 / 1048576 }' "$tmp/out")" 768
elif [ $mode = root ]; then
	skip "in a container with 1 GiB, three quarters of that" "no control group can be made"
fi

# --- what one command used up is not held against the next in the same pod
pod attack_exhaust "--pids 100 --time 20000" --- build "$at" forks --- build /bin/sh -c 'sleep 0.5; exit 3'
is "after a fork bomb the next command runs" "$(jq -r .cause "$tmp/result" | tr '\n' ' ')$status" "pids none 3"
pod attack_exhaust "--memory 67108864 --time 20000" --- build "$at" memory --- build /bin/sh -c 'sleep 0.5; exit 3'
is "after a memory bomb, too" "$(jq -r .cause "$tmp/result" | tr '\n' ' ')$status" "memory none 3"
pod attack_exhaust "--disk 33554432 --time 20000" --- build "$at" disk /work --- build /bin/sleep 5
is "but a full disk stays full" "$(jq -r .cause "$tmp/result" | tr '\n' ' ')" "disk disk "
same_host "this machine is as it was"
done_testing
