#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock graph likely: the files that a change is likely to touch, from what is known before it.
. "$(dirname "$0")/../tap.sh"

tree=$tmp/tree
db=$tmp/map.db
mkdir -p "$tree/src" "$tree/tests"
git() { command git -C "$tree" -c user.name=t -c user.email=t@localhost "$@"; }
git init --quiet
commit() { git add . && git commit --quiet --no-gpg-sign -m "$1"; }
echo 'def hub(x): return x' >"$tree/src/hub.py"
echo 'def far(): return "elsewhere"' >"$tree/src/zfar.py"
printf 'def parcel_weight(items):\n    return sum(items)\n' >"$tree/src/parcel.py"
printf 'from src.hub import hub\n\n\ndef uses():\n    return hub(1)\n' >"$tree/src/caller.py"
echo 'def nothing(): pass' >"$tree/src/unrelated.py"
echo 'def test_hub(): pass' >"$tree/tests/test_hub.py"
for i in $(seq 10 34); do echo "P$i = 0" >"$tree/src/p$i.py"; done
commit begin
changes=0
touch_both() { # FILE, so many times with the hub
	for k in $(seq "$2"); do
		changes=$((changes + 1))
		echo "# $changes" >>"$tree/src/hub.py"
		echo "# $changes" >>"$tree/src/$1.py"
		commit "change $changes"
	done
}
for i in $(seq 10 34); do touch_both "p$i" 2; done
touch_both zfar 30
echo "# by hand" >>"$tree/src/p13.py"
commit "See to the moorings"
echo "# by hand" >>"$tree/src/p12.py"
commit "See to the moorings in the moonlight"
run "$drydock" graph ingest --quiet --state "$state" --db "$db" "$tree"
likely() { run "$drydock" graph likely --json --state "$state" --db "$db" "$@"; }
place() { json "[.files[].file] | index(\"$1\")"; }

likely "anything" --seed src/hub.py
is "what is named comes first" "$status $(place src/hub.py)" "0 0"
is "what changed with it most is among the next, however many did" "$(json '[.files[1:3][] | select(.file == "src/zfar.py").reasons[]] | any(startswith("changed together"))')" true
is "the test of the same name is among them" "$(json '[.files[] | select(.file == "tests/test_hub.py").reasons[]] | any(startswith("of the same name"))')" true
ok "and what uses it, before what has nothing to do with it" test "$(place src/caller.py)" -lt 5
likely "how much does a parcel weigh, its weight"
is "by the text alone" "$(place src/parcel.py) $(json '.files[0].name')" "0 src.parcel.parcel_weight"
likely "the moorings by moonlight"
is "what earlier changes touched that said the like, the likest first" \
	"$(json '[.files[] | select(.reasons | any(startswith("changed when the like was said"))).file] | join(" ")') $(json '.files[0].reasons | any(. == "changed when the like was said (1.00)")')" \
	"src/p12.py src/p13.py true"
likely "" --seed src/hub.py
is "by the seed alone" "$status $(place src/hub.py)" "0 0"
likely "hub" --seed src/hub.py --max 2
is "no more than asked for" "$(json '.files | length')" 2
likely "hub" --seed src/none.py
is "a seed that is not there is a usage error" "$status $(wc -l <"$tmp/err")" "2 1"
run "$drydock" graph likely --state "$state" --db "$db" "hub" --seed src/hub.py
has "in words" "$tmp/out" "src/hub.py  (named (1.00)"
done_testing
