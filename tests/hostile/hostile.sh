# Functions for the scripts beside this one, on top of tests/tap.sh.  What is hostile runs only inside the
# sandbox; outside there are a tool that opens pods, one that plays a terminal, and looks at this machine.
#
#   $mode      root or user, whoever runs the test
#   $at        the name of an attack program inside; its processes are known by it outside, too

. "$(dirname "$0")/../tap.sh"
attacks=${DD_BUILD:-$root/build/release}/tests/hostile
export DRYDOCK_PROGRAMS="${DRYDOCK_PROGRAMS:-$root/build}"
case $(id -u) in 0) mode=root ;; *) mode=user ;; esac
at=/attack-$$
chmod 755 "$tmp"
mkdir "$tmp/programs" && cp "$attacks"/attack_* "$attacks"/*.so.2 "$tmp/programs" && rm -f "$tmp"/programs/*.d
chmod -R a+rX "$tmp/programs"

# attack PROGRAM "OPTIONS" WORDS...: `drydock sandbox run` of it; output and status as of run, the result beside
attack() {
	program=$tmp/programs/attack_$1
	options=$2
	shift 2
	rm -f "$tmp/result"
	# shellcheck disable=SC2086
	run timeout -k 5 120 "$drydock" sandbox run --quiet --state "$state" --result "$tmp/result" $options \
		--bind "$program:$at:ro" -- "$at" "$@"
}
result() { jq -r "$1" "$tmp/result" 2>&1; }

# pod PROGRAM "OPTIONS" [--- PROFILE CMD...]...: tool_pod on the base image or as the options say
pod() {
	program=$tmp/programs/$1
	options=$2
	shift 2
	rm -f "$tmp/result"
	# shellcheck disable=SC2086
	run timeout -k 5 120 "$attacks/tool_pod" "$state" --result "$tmp/result" $options --bind "$program:$at" "$@"
}

# What must be the same before and after: switches, mounts, processes, control groups, names in memory, state.
host_facts() {
	cat /proc/sys/kernel/core_pattern /proc/sys/kernel/panic /proc/sys/kernel/hostname /proc/sys/kernel/sysrq \
		/proc/sys/vm/drop_caches /proc/sys/user/max_user_namespaces /proc/self/autogroup 2>/dev/null
	echo "mounts $(grep -c -F "$state" /proc/self/mounts)"
	echo "processes $(ps -eo args | grep -c "^$at ")"
	echo "groups $(find /sys/fs/cgroup -maxdepth 6 -type d -name "drydock-$tag-*" 2>/dev/null | wc -l)"
	echo "pods $(ls "$state/pods" | wc -l)"
	echo "in /dev/shm and /tmp:" $(ls -ld --time-style=full-iso /dev/shm/left-behind* /tmp/left-behind* /tmp/drydock-hostile-attack* 2>/dev/null)
	echo "devices $(stat -c '%a %U' /dev/null /dev/zero /dev/tty | tr '\n' ' ')"
}

# The tag of this state directory's pods and control groups, from one that is open.
pod_tag() {
	"$drydock" sandbox run --quiet --state "$state" -- /bin/sleep 90 2>/dev/null &
	sleeper=$!
	eventually its_pod
	its_pod | cut -d- -f1
	kill "$sleeper" && wait "$sleeper" 2>/dev/null
	eventually no_pod # behind the result
}
its_pod() { for d in "$state"/pods/*-"$sleeper"-*; do [ -d "$d" ] && basename "$d" && return; done; false; }
no_pod() { [ -z "$(ls -A "$state/pods")" ]; }
no_attack() { ! ps -eo args | grep -q "^$at "; } # its processes are gone

tag=$(pod_tag)
host_facts >"$tmp/host.before"

same_facts() { host_facts >"$tmp/host.after" && cmp -s "$tmp/host.before" "$tmp/host.after"; }
# same_host NAME: nothing of this machine has changed, and nothing of the sandbox is left
same_host() {
	eventually same_facts # what is dead may still be on its way
	is "$1" "$(diff "$tmp/host.before" "$tmp/host.after")" ""
}
