#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# Reaching out of the sandbox: files, switches, processes, sockets and names of this machine, the processes of
# the sandbox itself, and rights that were not given.  In every profile that runs code of others.
. "$(dirname "$0")/hostile.sh"

# --- things of this machine to reach for
things=drydock-hostile-$$
mkfifo "$tmp/hold"
"$attacks/tool_host" $things <"$tmp/hold" >"$tmp/there" &
exec 8>"$tmp/hold"
host=$!
on_exit="exec 8>&-; wait $host; $on_exit"
eventually test -s "$tmp/there"
read -r pid port key lacks <"$tmp/there"
is "the things to reach for are there" "$lacks" ""
echo guarded >"$tmp/guarded" && chmod 666 "$tmp/guarded"
host_facts >"$tmp/host.before"

# each PROFILE NAME EXPECTED WORDS...: an attack of attack_reach in that profile
each() {
	profile=$1 what=$2 wanted=$3
	shift 3
	pod attack_reach "" --- "$profile" "$at" "$@"
	is "$what ($profile)" "$(cat "$tmp/out")" "$wanted"
}

for profile in build parser service:daemon browser debug provision image; do
	case $profile in provision | image) escape=same-root privileged=yes ;; *) escape=EPERM privileged=no ;; esac
	each $profile "no switch of the kernel opens" "kernel-switches tried" kernel-switches
	each $profile "no secret of the kernel, no device reads" "kernel-secrets tried" kernel-secrets
	each $profile "pid 1 and the watcher are closed" "box-processes tried" box-processes
	each $profile "a process of this machine is not there" "kill-host-process ESRCH
pidfd-host-process ESRCH
proc-host-process ENOENT" host-process $pid
	each $profile "id maps and clocks cannot be written" "own-files tried" own-files
	each $profile "no descriptor but 0, 1 and 2, none a directory" "descriptors tried" descriptors
	each $profile "a file of this machine has no path" "host-path tried" host-path "$tmp/guarded"
	each $profile "leaving a chroot leads to the pod's root at most" "chroot-escape $escape" chroot-escape "$tmp/guarded"
	each $profile "no mount honours set-id or devices" "mounts tried" mounts
	each $profile "no device is made or changed" "devices tried" devices
	each $profile "an abstract socket of this machine" "abstract-socket ECONNREFUSED" abstract-socket $things
	each $profile "no way to any network" "tcp-host-loopback ECONNREFUSED
tcp ENETUNREACH
udp ENETUNREACH
tcp6 ENETUNREACH
udp6 ENETUNREACH
link-local ENETUNREACH
link-local6 ENETUNREACH
multicast ENETUNREACH
broadcast ENETUNREACH" network $port
	each $profile "the loopback interface cannot be taken down" "interface-down EPERM" interface-down
	case $profile in parser) refused=EPERM ;; *) refused=ENOENT ;; esac
	each $profile "names in memory are the pod's own" "sysv-shm $refused
posix-mq $refused
posix-shm ENOENT" shared-names $key /$things /dev/shm/$things
	[ $privileged = yes ] || {
		pod attack_reach "" --- $profile "$at" rights
		is "no more rights ($profile)" "$(grep -c -E ' (EPERM|EINVAL|EACCES)$' "$tmp/out") $(wc -l <"$tmp/out")" "8 8"
	}
done
is "the process is still there" "$(kill -0 $pid && echo alive)" alive
is "the file is as it was" "$(cat "$tmp/guarded")" guarded

# --- descriptors of the caller
exec 7<"$tmp"
attack reach "" descriptors
exec 7<&-
is "a directory that the caller had open stays outside" "$(cat "$tmp/out")" "descriptors tried"
"$drydock" sandbox run --quiet --state "$state" -- /bin/ls /proc/self/fd/0/.. <"$tmp" >"$tmp/out" 2>"$tmp/err"
is "a directory as standard input is refused" "$? $(cat "$tmp/out")" "2 "
has "and named" "$tmp/err" directory
device=
for d in /dev/fuse /dev/net/tun /dev/loop-control /dev/hwrng /dev/mem; do
	[ -z "$device" ] && [ -r $d ] && device=$d
done
if [ -n "$device" ]; then
	"$drydock" sandbox run --quiet --state "$state" -- /bin/true <"$device" 2>"$tmp/err"
	is "a device as standard input is refused" "$?" 2
else
	skip "a device as standard input is refused" "this user may read none"
fi
echo precious >"$tmp/input" && chmod 666 "$tmp/input"
"$drydock" sandbox run --quiet --state "$state" --bind "$tmp/programs/attack_reach:$at:ro" -- "$at" input-again <"$tmp/input" >"$tmp/out"
is "an input file cannot be written through its descriptor" "$(cat "$tmp/input")" precious
chmod 644 "$tmp/input"
"$drydock" sandbox run --quiet --state "$state" --bind "$tmp/programs/attack_reach:$at:ro" -- "$at" input-again <"$tmp/input" >"$tmp/out"
is "nor one that others may only read" "$(cat "$tmp/input")" precious
printf 'earlier secret\n' >"$tmp/log" && chmod 666 "$tmp/log"
"$drydock" sandbox run --quiet --state "$state" --bind "$tmp/programs/attack_reach:$at:ro" -- "$at" output-again >>"$tmp/log"
is "an output file cannot be read through its descriptor" "$(cat "$tmp/log")" "earlier secret
output-again unreadable"
"$drydock" sandbox run --quiet --state "$state" -- /bin/sh -c 'echo a; echo b >&2; echo c' >"$tmp/log" 2>&1
is "both streams into one file keep their order" "$(cat "$tmp/log")" "a
b
c"

# --- rights that files give
pod attack_reach "" --- provision /bin/sh -c "cp $at /set-id; cp $at /capable" --- provision "$at" make-privileged /set-id /capable \
	--- build /set-id who-am-i --- build /capable who-am-i --- service:daemon /set-id who-am-i
is "set-id files and file capabilities give nothing" "$(grep who-am-i "$tmp/out")" "who-am-i 1000 1000 0
who-am-i 1000 1000 0
who-am-i 1 1 0"
has "though they could be made" "$tmp/out" "make-set-id done"

# --- code of the target never runs in the sandbox's own processes
pod libnss_hostile.so.2 "" --- provision /bin/sh -c "cp $at /usr/lib/libnss_hostile.so.2
		cp $at \$(dirname \$(ls /lib/*/libc.so.6 | head -n 1))/libnss_hostile.so.2
		sed -i 's/^passwd:.*/passwd: hostile files/' /etc/nsswitch.conf; touch /etc/mark-nss" \
	--- service:daemon /bin/true --- build /bin/ls /tmp --- build /bin/sh -c 'id daemon >/dev/null; ls /tmp'
is "looking up a user loads nothing from the root" "$(cat "$tmp/out")" "nss-was-loaded"
pod libnss_hostile.so.2 "" --- provision /bin/sh -c "cp $at /usr/lib/libnss_hostile.so.2; touch /etc/mark-nss
		echo /usr/lib/libnss_hostile.so.2 >/etc/ld.so.preload" \
	--- build /proc/self/exe --- build /bin/sh -c 'ls /tmp; cat /tmp/nss-was-loaded'
is "its own program loads nothing from the root when the target runs it" "$(grep -c drydock-box "$tmp/out")" 0
for i in 1 2 3 4 5 6 7 8; do # it lives for a moment only
	pod attack_reach "" --- +build "$at" write-program \
		$(for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo --- build /proc/self/exe; done) --- build /bin/true
	[ $mode = root ] && grep -q "write-program unseen" "$tmp/out" || break
done
# In user mode each command has a user namespace of its own, from which it cannot look into another's processes.
case $mode in user) wanted=unseen ;; *) wanted=refused ;; esac
is "the sandbox's own program cannot be written by what it runs" "$(grep write-program "$tmp/out" | tail -n 1)" "write-program $wanted"
# In user mode the target has its owner's id, so that this is a copy; in root mode it has not.
case $mode in user) wanted='/memfd:drydock-box (deleted)' ;; *) wanted=$(realpath "$root/build/drydock-box") ;; esac
"$drydock" sandbox run --quiet --state "$state" -- /bin/sleep 90 &
sleeper=$!
eventually pgrep -P $sleeper -x drydock-box
box=$(pgrep -P $sleeper -x drydock-box)
is "it runs from a sealed copy where the target has its owner's id" "$(readlink "/proc/$box/exe")" "$wanted"
kill $sleeper
wait $sleeper
for profile in parser provision; do
	pod attack_reach --tools --- $profile "$at" tools-writable
	is "our programs are read-only inside ($profile)" "$(cat "$tmp/out")" "tools-writable tried"
done

# --- the caller's environment
LD_PRELOAD=$tmp/none.so LD_LIBRARY_PATH=$tmp PYTHONSTARTUP=x TOKEN=secret DRYDOCK_STATE=$state \
	"$drydock" sandbox run --quiet --state "$state" -- /bin/sh -c 'cat /proc/self/environ /proc/1/environ 2>/dev/null' >"$tmp/out" 2>/dev/null
ok "no variable of the caller comes in" sh -c '! tr "\0" "\n" <"$1" | grep -qE "LD_|PYTHON|TOKEN|DRYDOCK|secret"' sh "$tmp/out"

same_host "this machine is as it was"
done_testing
