#!/bin/sh
# What a run finds out about connections, files and choices: reported, asked for, answered, replayed.
. "$(dirname "$0")/../tap.sh"

# --- connections that nobody took, in builds and in tests
mkdir "$tmp/calls"
cat >"$tmp/calls/Makefile" <<'M'
hull: ; -bash -c 'exec 3<>/dev/tcp/10.9.8.7/80'
	touch hull
check:
	@-bash -c 'exec 3<>/dev/tcp/127.0.0.1/4' 2>/dev/null
	@-bash -c 'exec 3<>/dev/tcp/127.0.0.1/4' 2>/dev/null
	@-perl -MSocket -e 'socket($$s, PF_UNIX, SOCK_STREAM, 0); connect($$s, pack_sockaddr_un("/run/harbour.sock"))'
	@echo "1..1"; echo "ok 1 - floats"
M
# refused FILE: "what by times when" of each
refused() {
	jq -r '.refused[] | [.target, (.program | sub(".*/"; "")), .count, .step, .attempt] | join(" ")' "$1" | sort
}
up "$tmp/calls"
is "calls: outcome" "$(json .outcome)" up
page=$(json .report)
dir=$(dirname "$(json .recipe)")
is "refused connections of builds and tests" "$(refused "${page%.html}.json")" "10.9.8.7:80 bash 1 build 1
127.0.0.1:4 bash 2 tests 1
unix:/run/harbour.sock perl 1 tests 1"
has "the page names where to" "$page" "<td>127.0.0.1:4</td>"
has "and when" "$page" "<td>attempt 1, tests</td>"
run "$drydock" replay --json --quiet --state "$state" --offline "$dir" "$tmp/calls"
page=$(json .report)
is "a replay reports its own" "$(refused "${page%.html}.json")" "10.9.8.7:80 bash 1 build 0
127.0.0.1:4 bash 2 tests 0
unix:/run/harbour.sock perl 1 tests 0"

done_testing
