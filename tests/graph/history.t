#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# What a repository's history gives: what changed together, who owns what, what a difference reaches.
. "$(dirname "$0")/../tap.sh"

tree=$tmp/tree
db=$tmp/map.db
ingest() { run "$drydock" graph ingest --json --state "$state" --db "$db" "$@" "$tree"; }
ask() { run "$drydock" graph "$@" --json --state "$state" --db "$db"; }
as() {
	who=$1
	shift
	git -C "$tree" -c user.name="$who" -c user.email=x@example.org "$@"
}
commit() { as "$1" add -A && as "$1" commit -qm "$2"; }
git init -q "$tree"
chmod 755 "$tree"
printf 'def low(x):\n    return x\n\n\ndef other():\n    return 1\n' >"$tree/low.py"
printf 'from low import low\n\n\ndef high():\n    return low(2)\n' >"$tree/high.py"
printf 'from high import high\n\n\ndef test_high():\n    assert high() == 2\n' >"$tree/test_high.py"
echo 'def alone(): pass' >"$tree/alone.py"
commit Ann first
for i in 1 2 3 4; do
	echo "# $i" >>"$tree/low.py"
	echo "# $i" >>"$tree/high.py"
	commit Bob "both, $i"
done
sed -i 's/return x/return x + 0/' "$tree/low.py"
rm "$tree/alone.py"
commit Ann "low adds"
ingest
ask sql "SELECT a.file, b.file, r.count, r.prov FROM relations r JOIN entities a ON a.id = r.src JOIN entities b ON b.id = r.dst WHERE r.kind = 'co-changes-with' ORDER BY 1"
is "what changed together" "$(json '.rows | tojson')" '[["high.py","low.py",4,"history"],["low.py","high.py",4,"history"]]'
ask sql "SELECT path, commits, owner, owner_commits FROM history ORDER BY path"
is "how often, and who most" "$(json '.rows | tojson')" '[["high.py",4,"Bob",4],["low.py",5,"Bob",4]]'
ask impact --diff HEAD~1..HEAD
is "what was changed" "$(json '[.items[] | select(.relation == "changed").entity.name] | join(" ")')" low.low
is "what it reaches, with the test" "$(json '[.items[] | select(.relation != "changed" and .relation != "imports").entity.name] | sort | unique | join(" ")')" \
	"high.high test_high.test_high"
is "each has its reason" "$(json '[.items[] | select(.reason | test(" at |differ") | not)] | length')" 0
is "what is gone" "$(json '.gone | join(" ")')" alone.py
ask impact --diff HEAD..HEAD
is "nothing differs" "$status $(json '.items | length')" "0 0"
for range in HEAD~1..nowhere nowhere..HEAD HEAD HEAD.. HEAD~1...HEAD; do
	ask impact --diff $range
	is "usage error: $range" "$status $(wc -l <"$tmp/err")" "2 1"
done
ask impact
is "no place and no difference is a usage error" "$status" 2

# --- refreshed as made anew, also when only the history is another one
ingest
is "nothing changed" "$(json .unchanged)" true
as Cid commit -q --amend --no-edit --reset-author
ingest
is "another HEAD makes another map" "$(json '"\(.unchanged) \(.parsed)"')" "false 0"
run "$drydock" graph ingest --quiet --anew --state "$state" --db "$tmp/anew.db" "$tree"
ok "which is the one made anew" cmp "$db" "$tmp/anew.db"

# --- a repository that means harm
printf 'ref: ../../../../etc/passwd\n' >"$tree/.git/HEAD"
ingest
is "a history that cannot be read is left out, and said" "$status $(grep -c 'history is not read' "$tmp/err")" "0 1"
ask impact --diff HEAD~1..HEAD
is "and asked for it is an error" "$([ "$status" = 0 ] || echo refused) $(wc -l <"$tmp/err")" "refused 1"
hasnt "no byte of what it pointed to" "$db" "root:x:"
rm -rf "${tree:?}/.git"
ln -s / "$tree/.git"
ingest
is "a link is no repository" "$status $(grep -c history "$tmp/err")" "0 0"
done_testing
