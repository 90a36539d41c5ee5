#!/bin/sh
# What would be installed is resolved the same whether what apt keeps of the lists is there, cut off or missing.
. "$(dirname "$0")/../tap.sh"
own_state # of which it breaks the index

index=$(echo "$state"/index/*/lists)
cache=${index%/lists}/cache/srcpkgcache.bin
ok "what apt read of the lists is kept with them" test -s "$cache"
cp "$cache" "$tmp/good.bin"
# resolved HOW: a run with nothing resolved before, and what was resolved to $tmp/HOW
resolved() {
	rm -rf "${index%/lists}/plans"
	up "$apps/tiny-missing"
	is "$1: it is built" "$(json .outcome)" up
	(cd "${index%/lists}/plans" && sha256sum ./*) >"$tmp/$1"
}
resolved good
rm "$cache"
resolved none
is "without it the same is resolved" "$(cat "$tmp/none")" "$(cat "$tmp/good")"
head -c 1000000 "$tmp/good.bin" >"$cache"
resolved cut
is "where it is cut off, too" "$(cat "$tmp/cut")" "$(cat "$tmp/none")"
done_testing
