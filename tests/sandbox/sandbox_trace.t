#!/bin/sh
# Alone: it measures, and sweeps.
# drydock sandbox trace: what a command looked for, found, connected to and was denied.
. "$(dirname "$0")/../tap.sh"
trace() { run "$drydock" sandbox trace --state "$state" "$@"; }
"$drydock" sandbox run --state "$state" -- true >/dev/null 2>&1 # with the base image

trace --json -- sh -c 'nosuchtool; cat /etc/debian_version; perl -e 1; unshare -U true; exit 5'
is "it exits as the command does" "$status" 5
ok "standard output is one JSON object" jq -e 'type == "object"' "$tmp/out"
is "one search a name" "$(json '[.searches[] | select(.name == "nosuchtool")] | length')" 1
is "found nowhere, in all directories of PATH" \
	"$(json '.searches[] | select(.name == "nosuchtool") | [.found, .tried > 1] | tostring')" '[null,true]'
is "with the command line that looked for it" \
	"$(json '.searches[] | select(.name == "nosuchtool") | .args | startswith("sh -c nosuchtool")')" true
is "which package a file came from" "$(json '[.files[] | select(.package == "perl-base" and .executed)][0].path')" /usr/bin/perl
layer=$(json '[.files[] | select(.package == "perl-base" and .executed)][0].layer')
ok "and which layer" grep -qx "layer $layer" "$state/images/base.ref"
is "denied calls" "$(json '.denied[0] | [.call, .profile] | tostring')" '["unshare","browser"]'
hasnt "no path of this machine" "$tmp/out" "$root/"

for how in "" --exact; do
	trace $how --json -o "$tmp/trace" -- perl -MSocket -e '
		socket(S, AF_INET, SOCK_STREAM, 0); connect(S, sockaddr_in(5432, inet_aton("127.0.0.1"))); print "said"'
	is "a refused connection ${how:-(default)}" \
		"$(json '.connections[] | select(.target == "127.0.0.1:5432") | .refused' "$tmp/trace")" true
	is "the command's own output stays its own ${how:-(default)}" "$(cat "$tmp/out")" said
done
is "exact says so" "$(json .method "$tmp/trace")" "ptrace, exact"

trace -- sh -c 'cat "/nosuch$(printf "\033]0;x\007")"'
has "for people" "$tmp/err" "looked for and found nowhere"
ok "nothing in it speaks to a terminal" sh -c '! grep -q "$(printf "\033")" "$1"' sh "$tmp/err"
trace --exact --net nosuch -- true
is "bad options are usage errors" "$status" 2
done_testing
