#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# Trees of files that harm whoever stores, stacks, measures or deletes them, and root file systems that mislead
# whoever mounts on them.  In a state directory of its own, on the tools root.
. "$(dirname "$0")/hostile.sh"
shared=$state
state=$tmp/state
key() { printf '%s' "$*" | sha256sum | cut -c1-64; }
echo secret >"$tmp/secret" && chmod 644 "$tmp/secret"

# frozen NAME WORDS...: the attack makes a work tree, which is frozen as a layer
frozen() {
	layer=$(key "$*")
	pod attack_tree "--tools --freeze-work $layer" --- build "$at" "$@"
	is "$1: stored" "$status $(tail -n 1 "$tmp/out")" "0 $1 made"
}
# upon LAYER SCRIPT: in a pod on that work tree
upon() { pod attack_tree "--tools --work $1" --- build /bin/sh -c "$2"; }

frozen deep 3000
upon "$layer" 'cd /work; for i in $(seq 50); do cd d; done; ls'
is "deep: the next pod reads it" "$(cat "$tmp/out")" d
frozen names
upon "$layer" 'ls /work | wc -l'
is "names: all of them come back" "$(cat "$tmp/out")" 20 # one has a newline
frozen modes
upon "$layer" 'cat /work/locked/in/file; /work/setuid; chmod -R u+rwX /work; cat /work/locked/in/file'
is "modes: only their owner opens them again" "$(cat "$tmp/out")" x
is "modes: the store, with its set-id files, is closed to others" "$(find "$state" -maxdepth 0 -perm 700 | wc -l)" 1
frozen links "$tmp/secret"
upon "$layer" 'cat /work/absolute /work/root/etc/shadow /work/magic 2>/dev/null; cat /work/climbing | head -c 4; ls /work | grep -c link'
is "links: lead nowhere but in the pod" "$(cat "$tmp/out")" "root1001"

# --- a layer that has come to belong to this machine's root, set-id bits and capabilities with it
[ $mode = user ] || {
	owned=$(key owned) after=$(key after)
	pod attack_reach "--tools --freeze-work $owned" --- build /bin/sh -c "cd /work && mkdir dir && echo secret >dir/file &&
		chmod 600 dir/file && echo mine >file && cp $at set-id && cp $at capable"
	chown -R 0:0 "$state/layers/$owned" && chmod 6755 "$state/layers/$owned/fs/set-id"
	setfattr -n security.capability -v 0x0100000200ffffff00ffffff0000000000000000 "$state/layers/$owned/fs/capable"
	before=$(digest "$state/layers/$owned")
	for profile in build provision image; do
		pod attack_reach "--tools --work $owned --freeze-work $after" --- $profile "$at" who-am-i --- $profile /work/set-id who-am-i \
			--- $profile /work/capable who-am-i --- $profile /bin/sh -c 'cd /work; echo x >>file; echo x >new
			chmod 4777 set-id; chown 0:0 capable; mv file moved; mv dir/file dir/moved; ln set-id hard; rm -f set-id
			cat dir/file moved new 2>/dev/null'
		is "a layer of this machine's root gives nobody more ($profile)" "$(sort -u "$tmp/out" | wc -l) $(tail -n 1 "$tmp/out")" "2 x"
		is "it is as it was, and nothing above it is root's ($profile)" \
			"$(digest "$state/layers/$owned") $(find "$state/layers/$after/fs" -mindepth 1 -uid 0 ! -type c)" "$before "
		rm -rf "${state:?}/layers/$after"
	done
}

# --- what overlayfs would take for its own orders
pod attack_tree "--tools --freeze-work $(key low)" --- build /bin/sh -c 'mkdir /work/dir /work/other; echo low >/work/dir/low; echo hidden >/work/other/x'
pod attack_tree "--tools --freeze-work $(key orders)" --- build "$at" orders /other
pod attack_tree "--tools --work $(key low) --work $(key orders)" --- build /bin/sh -c 'ls /work/dir; cat /work/file'
ok "orders to the overlay do not redirect it" sh -c '! grep -qE "x|hidden" "$1"' sh "$tmp/out"

# --- races against what takes the tree away
for i in 1 2 3; do
	pod attack_tree "--tools --time 300 --freeze-work $(key swaps $i)" --- build "$at" swaps "$tmp/secret"
	is "a tree that changes while it is frozen: the command ends first ($i)" "$(result .cause)" time
	upon "$(key swaps $i)" 'cat /work/a/file /work/evil/file; ls -l /work/a /work/evil | grep -c -- "->"; cat /work/a /work/evil 2>/dev/null'
	is "and its links lead nowhere ($i)" "$(cat "$tmp/out")" own1
done
is "the file outside is as it was" "$(cat "$tmp/secret")" secret

# --- roots whose mount points are links: refused, or nothing of them outside
root_of() { # POINT TARGET EXPECTED
	layer=$(key root "$@")
	pod attack_tree "--tools --freeze-work $layer" --- build "$at" root "$1" "$2"
	pod attack_tree "--root $layer" --- build /bin/attack inspect
	case $3 in
	protected) is "a root whose $1 is ${2#"$tmp"/}: protected" "$(cat "$tmp/out")" "inspect protected" ;;
	*) is "a root whose $1 is ${2#"$tmp"/}: refused" "$status $(cat "$tmp/out")$(grep -c "$3" "$tmp/err")" "99 1" ;;
	esac
}
mkdir "$tmp/victim" && echo keep >"$tmp/victim/hosts" && chmod -R a+rwX "$tmp/victim"
root_of none x protected
root_of proc /tmp "is a link"
root_of proc /elsewhere "is a link"
root_of dev /elsewhere "is a link"
root_of tmp /proc "is a link"
root_of run /elsewhere "is a link"
root_of work / "is a link"
root_of builder /proc "is a link"
root_of home /tmp protected
root_of etc /elsewhere protected
root_of etc /proc/sys/kernel "cannot make /etc/hosts"
root_of etc "$tmp/victim" "cannot make /etc/hosts"
root_of hosts /proc/sys/kernel/core_pattern protected
root_of hosts "$tmp/victim/hosts" protected
root_of hostname x "cannot remove /etc/hostname"
is "the file a root pointed at is as it was" "$(cat "$tmp/victim/hosts") $(ls "$tmp/victim")" "keep hosts"

# --- and all of it can be measured and deleted
run timeout 300 "$drydock" gc --state "$state"
is "everything stored can be deleted" "$status $(ls "$state/layers" | wc -l) $(ls "$state/pods" | wc -l)" "0 0 0"
state=$shared
same_host "this machine is as it was"
done_testing
