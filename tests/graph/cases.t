#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# Small trees in each language and the relations they have: all of them, so that one too many is as wrong as one
# that is missing.  A line of `expect`: KIND SOURCE -> TARGET FILE [CONDITION]; "-" is no file: not resolved.
. "$(dirname "$0")/../tap.sh"

for dir in tests/graph/cases/*/; do
	name=$(basename "$dir")
	run "$drydock" graph ingest --quiet --state "$state" --db "$tmp/$name.db" "$dir"
	"$drydock" graph export --state "$state" --db "$tmp/$name.db" |
		jq -r 'select(.kind != "contains") | "\(.kind) \(.src.name) -> \(.dst.name) \(.dst.file // "-") \(.cond // "")"' |
		sed 's/ $//' | LC_ALL=C sort >"$tmp/got"
	LC_ALL=C sort "$dir/expect" | diff - "$tmp/got" >"$tmp/diff"
	is "relations of $name" "$(cat "$tmp/diff")" ""
done

# What is said with confidence is right: nothing in the cases is resolved to what is not there.
is "no name outside has a target here" "$(for f in "$tmp"/*.db; do
	"$drydock" graph export --state "$state" --db "$f" |
		jq -r 'select((.dst.name | test("println|WriteLine|strlen|printf|join|append")) and .dst.file != null) | .dst.name'
done)" ""
done_testing
