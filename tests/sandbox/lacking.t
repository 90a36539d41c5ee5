#!/bin/sh
# A machine that lacks what the sandbox is made of: nothing of the command runs, and people are told what is missing.
. "$(dirname "$0")/../tap.sh"
lacking() {
	what=$1
	shift
	run "${DD_BUILD:-$root/build/release}/tests/sandbox/tool_lacking" "$what" "$drydock" sandbox run --state "$state" "$@"
}
"$drydock" sandbox run --quiet --state "$state" -- /bin/true # builds the base image when it is absent

lacking namespace: -- /bin/echo reached
is "within the limits it runs" "$status $(cat "$tmp/out")" "0 reached"
for kind in user:user mnt:mount pid:process net:network ipc:IPC uts:UTS cgroup:cgroup; do
	lacking "namespace:${kind%:*}" -- /bin/echo reached
	is "without a ${kind#*:} namespace nothing runs" "$status $(cat "$tmp/out")" "125 "
	has "and that is what people are told" "$tmp/err" "user.max_${kind%:*}_namespaces leaves no ${kind#*:} namespace"
done
lacking call:unshare -- /bin/echo reached
is "without unshare nothing runs" "$status $(cat "$tmp/out")" "125 "
has "and that is what people are told" "$tmp/err" "cannot make a user namespace (see drydock doctor): Function not implemented"
mkdir "$tmp/bound"
for call in fsopen fsconfig fsmount open_tree mount_setattr move_mount pivot_root seccomp; do
	lacking "call:$call" --bind "$tmp/bound:/mnt" -- /bin/echo reached
	is "without $call nothing runs" "$status $(cat "$tmp/out")" "125 "
	has "and that is what people are told" "$tmp/err" "($call): Function not implemented"
done
done_testing
