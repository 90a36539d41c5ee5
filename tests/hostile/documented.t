#!/bin/sh
# docs/security.md: every test it names is there, and no script of this directory goes unnamed.
. "$(dirname "$0")/../tap.sh"
page=$root/docs/security.md

# FILE TAB NAME, of the last cell of each row
awk -F' [|] ' '/^[|]/ && !/^[|]-/ { cell = $NF; sub(/ [|]$/, "", cell); n = split(cell, t, "<br>")
	for (i = 1; i <= n; i++) if (t[i] ~ /^[a-z_]+\.[a-z]+: /) { f = t[i]; sub(/: .*/, "", f); sub(/^[^:]*: /, "", t[i]); print f "\t" t[i] } }' \
	"$page" >"$tmp/named"
ok "the page was read" test "$(wc -l <"$tmp/named")" -gt 60
is "every row of a table names a test" "$(awk -F' [|] ' '/^[|]/ && !/^[|]-/ && !/^[|] What is attempted/ && $NF !~ /\.(t|c|tsv): /' "$page")" ""
while IFS="$(printf '\t')" read -r file test; do
	[ "$(find tests -name "$file" | wc -l)" = 1 ] || echo "no file $file"
	case $file in
	*.tsv) awk -F'\t' -v t="$test" '$1 == t { found = 1 } END { exit !found }' "$(find tests -name "$file")" ;;
	*) find tests -name "$file" -exec grep -qF -e "$test" {} + ;;
	esac || echo "$file: $test"
done <"$tmp/named" >"$tmp/missing"
is "every test it names exists" "$(cat "$tmp/missing")" ""
is "every script of hostile tests is named" "$(for t in tests/hostile/*.t; do
	t=${t##*/}
	[ "$t" = documented.t ] || grep -q "^${t%.t}\.t" "$tmp/named" || grep -q "^${t%.t}\.tsv" "$tmp/named" || echo "$t"
done)" ""
done_testing
