#!/bin/sh
# Any mode: what is found out, fetched and kept is the same whoever starts drydock.
# Every download is in the report, once, also when drydock was killed while it fetched.
. "$(dirname "$0")/../tap.sh"
app=$apps/tiny-missing

up --image base "$apps/tiny-none" # so that there is a base image, and an index

# cold DIR [index]: the base image and nothing that was fetched for it, or the package index, too
cold() {
	rm -rf "$1"
	mkdir -m 700 "$1" "$1/layers" "$1/leases" || return 1
	cp -p "$state/mode" "$1/mode"
	cp -al "$state/images" "$1"
	cp -al "$state/leases/image-base" "$1/leases"
	[ $# = 1 ] || cp -al "$state/$2" "$1"
	for key in $(sed -n 's/^layer //p' "$state/images/base.ref"); do
		cp -al "$state/layers/$key" "$1/layers" || return 1
	done
}

requests() { # STATE RUN
	jq -r '.requests[] | "\(.status) \(.url) \(.sha256 // "-")"' "$1/runs/$2/report.json"
}

# the digests of what was installed; each must have been fetched
installed() { # STATE RUN
	jq -r '.downloads[].artefacts[].sha256' "$1/runs/$2/report.json" | sort -u
}
fetched() { requests "$@" | awk '$1 == 200 { print $3 }' | sort -u; }

undisturbed() { # NAME [index]
	cold "$tmp/$1" ${2:+"$2"}
	run "$drydock" up --no-learnt --quiet --json --state "$tmp/$1" "$app"
	is "$1: undisturbed" "$(json .outcome)" up
	requests "$tmp/$1" "$(json .run)" | sort >"$tmp/$1.want"
	is "$1: each request is there once" "$(uniq -d "$tmp/$1.want")" ""
	ok "$1: some archives were installed" test -n "$(installed "$tmp/$1" "$(json .run)")"
	is "$1: every archive installed is among the downloads" \
		"$(installed "$tmp/$1" "$(json .run)" | while read -r d; do fetched "$tmp/$1" "$(json .run)" | grep -q "$d" || echo "$d"; done)" ""
	rm -rf "${tmp:?}/$1"
}

# killed NAME FAULT [index]: killed there, resumed, the same list
killed() {
	cold "$tmp/k" ${3:+"$3"}
	DRYDOCK_FAULT=$2 run "$drydock" up --no-learnt --quiet --json --state "$tmp/k" "$app"
	is "$1, $2: killed" "$status" 137
	run "$drydock" resume --quiet --json --state "$tmp/k"
	is "$1, $2: resumed" "$(json .outcome)" up
	requests "$tmp/k" "$(json .run)" | sort >"$tmp/got"
	is "$1, $2: the same downloads, each once" "$(diff "$tmp/$1.want" "$tmp/got")" ""
	is "$1, $2: nothing that came was fetched again" \
		"$(jq '[.requests[] | select(.url | endswith(".deb")) | .times] | max' "$tmp/k/runs/$(json .run)/report.json")" 1
	rm -rf "$tmp/k"
}

# --- a replay that may not ask finds what it needs in the store, or fails
cold "$tmp/k" index
run "$drydock" up --no-learnt --quiet --json --state "$state" "$app"
recipe=$(json .recipe)
run "$drydock" replay --quiet --json --offline --state "$tmp/k" "$recipe" "$app"
is "replay --offline, with nothing in the store" "$status" 3
has "says what to do" "$tmp/err" "do it once without --offline, or replay a bundle"
is "asks nobody" "$(cat "$tmp"/k/runs/*/egress.jsonl 2>/dev/null | grep -c '"status"')" 0
run "$drydock" replay --quiet --json --state "$tmp/k" "$recipe" "$app"
is "it may ask: then it fetches" "$status $(json .outcome)" "0 up"
rm -rf "${tmp:?}/k"

undisturbed archives index
killed archives egress.close:1 index
killed archives egress.adopted:1 index
undisturbed everything
killed everything egress.close:2
done_testing
