#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# Two pods in one network (a browser and the application it looks at): from each side, in every profile that runs
# code of others, nothing of the other can be reached but its servers, and nobody rules the network.
. "$(dirname "$0")/hostile.sh"

# from WHERE PROFILE: all attacks from there ("@": the second pod) on a process in the other one
from() {
	case $1 in @) victim= ;; *) victim=@ ;; esac
	side=$(case $1 in @) echo second ;; *) echo first ;; esac)
	pod attack_network "" --- "$victim+build" "$at" victim word --- "$1$2" "$at" signal-peer word \
		--- "$1$2" "$at" credentials-of-peer word --- "$1$2" "$at" signal-all --- "$1$2" "$at" owner-of-network \
		--- "$1$2" "$at" add-address --- "$1$2" "$at" interface-down --- "$1$2" "$at" switches \
		--- "$1$2" "$at" end-victim word
	is "the other's processes cannot be signalled, nor the network ruled (from the $side, $2)" "$(cat "$tmp/out")" \
		"signal-peer EINVAL
credentials-of-peer process 0
signal-all tried
owner-of-network EPERM
add-address EPERM
interface-down EPERM
switches tried
victim lives"
}
for profile in build service:daemon browser debug provision image; do
	from "" $profile
	from @ $profile
done

# The same question in a network that is the pod's own has another answer for root inside.
pod attack_network "" --- provision "$at" owner-of-network
is "root inside is in the namespace that owns a network of its own" "$(cat "$tmp/out")" "owner-of-network done"
same_host "this machine is as it was"
done_testing
