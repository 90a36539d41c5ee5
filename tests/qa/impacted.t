#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# What each case of a run's tests reaches: recorded, told by the map, and enough to leave out cases that a change cannot affect.
# Whether it is, mutants show: whatever case fails of a source with one function changed has to be among those that are named.
# Every third mutant; all of them with DD_IMPACTED_EACH=1.
. "$(dirname "$0")/../tap.sh"
EACH=${DD_IMPACTED_EACH:-3}

commit() { # DIR: all of it
	git -C "$1" add -A && git -C "$1" -c user.name=t -c user.email=t@t commit -qm change
}
impacted() { # DIR [OPTION...]: of what HEAD changed
	dir_=$1
	shift
	run "$drydock" qa impacted --json --quiet --state "$state" --run "$(cat "$dir_.run")" "$@" HEAD~1..HEAD
}
forget() { git -C "$1" reset -q --hard HEAD~1; }
named() { json '.cases[].id' | sort | tr '\n' ' '; }

# begin NAME: stood up, in a map, and recorded
begin() {
	cp -r "$apps/reach-$1" "$tmp/$1"
	git init -q -b main "$tmp/$1"
	commit "$tmp/$1"
	up "$tmp/$1"
	json .run >"$tmp/$1.run"
	"$drydock" graph ingest --quiet --state "$state" "$tmp/$1" >/dev/null
	run "$drydock" qa record --json --quiet --state "$state" --run "$(cat "$tmp/$1.run")"
}
# tests PLACE: the cases that the map knows to reach it
tests() { "$drydock" graph tests --json --state "$state" --dir "$1" "$2" | jq -r '.cases[]' | sort | tr '\n' ' '; }
edges() { "$drydock" graph export --state "$state" --dir "$1" | jq -r 'select(.prov == "runtime" and .kind == "'"$2"'") | .src.name + ">" + .dst.name'; }

# In the pod of the run: each mutant in turn, built and tested; what failed, as "MUTANT CASE".
failing() { # DIR BUILD TEST
	awk -v each="$EACH" '(NR - 1) % each == 0' "$1.mutants" >"$1.some" && mv "$1.some" "$1.mutants"
	{
		echo "cat >/tmp/mutants <<'drydock-end'"
		cat "$1.mutants"
		printf '%s\n' drydock-end "cat >/tmp/mutate <<'drydock-end'"
		cat <<EOF
while IFS='|' read -r name file change; do
	cp "\$file" /tmp/was
	sed -i "\$change" "\$file"
	cmp -s "\$file" /tmp/was && echo "@ \$name nothing"
	{ $2; } >/tmp/log 2>&1 || echo "@ \$name broken"
	{ $3; } 2>/dev/null | sed "s/^/@ \$name /"
	cp /tmp/was "\$file"
done </tmp/mutants
EOF
		printf '%s\n' drydock-end 'sh /tmp/mutate' exit
	} | "$drydock" shell --state "$state" "$(cat "$1.run")" 2>&1 | tr -d '\r' | sed -n 's/^@ //p' >"$1.failing"
}
# Of each mutant: what fails and is not named (missed), and how many cases are named.
judge() { # DIR
	missed= named=0 mutants=0 killed=0
	while IFS='|' read -r name file change; do
		sed -i "$change" "$1/$file"
		commit "$1"
		impacted "$1"
		named=$((named + $(json '.cases | length')))
		mutants=$((mutants + 1))
		fails=$(sed -n "s/^$name //p" "$1.failing")
		[ -z "$fails" ] || killed=$((killed + 1))
		for case in $fails; do
			json '.cases[].id' | grep -qxF "$case" || missed="$missed $name:$case"
		done
		forget "$1"
	done <"$1.mutants"
}

# --- Python
begin tariff
is "each case runs alone, and of each all is known" "$status $(json '.groups, .cases, .lost' | tr '\n' ' ')" "0 12 12 0 "
is "the map has what was seen to run" "$(json '.mapped, .share' | tr '\n' ' ')" "true 100 "
dir=$tmp/tariff
is "the tests of a line are a fact" "$(tests "$dir" tariff/dues.py:38)" "tests.test_dues.Accounts.test_refund/test_refund "
is "which comes before guesses" \
	"$("$drydock" graph tests --json --state "$state" --dir "$dir" tariff/dues.py:38 | jq -r '.recorded, .items[0].prov, .items[0].entity.name' | tr '\n' ' ')" \
	"true runtime tests.test_dues.Accounts.test_refund "
is "a call through a decorator is a relation" "$(edges "$dir" calls | grep -c 'wrapper>.*due$')" 1
is "so is a file that a test opens" "$(edges "$dir" opens | grep 'data/rates.txt' | sed 's/.*\.\(test_[a-z_]*\)>.*/\1/' | sort | tr '\n' ' ')" \
	"test_large test_per_ton test_says_what_is_owed test_small "
cat >"$dir.mutants" <<'EOF'
days|tariff/dues.py|s/return -(-hours/return 1 - (-hours/
wrapper|tariff/dues.py|s/result = f(\*args)/result = f(*args) + 1/
due|tariff/dues.py|s/(tons) \* days/(tons) + days/
init|tariff/dues.py|s/self.lines = \[\]/self.lines = [1]/
charge|tariff/dues.py|s/append(due(tons, hours))/append(due(hours, tons))/
refund|tariff/dues.py|s/append(-amount)/append(amount)/
total|tariff/dues.py|s/return sum(self.lines)/return -sum(self.lines)/
str|tariff/dues.py|s/%s owes/%s pays/
load|tariff/rates.py|s/line.split()) for line/line.split()[::-1]) for line/
per_ton|tariff/rates.py|s/tons >= limit/tons < limit/
describe|tariff/rates.py|s/from %d/to %d/
width|tariff/sluice.py|s/3 \* gates/2 * gates/
high|tariff/tides.py|s/(tide) + 1/(tide) + 2/
hours|tariff/tides.py|s/tide \* 6/tide * 7/
fits|tariff/sluice.py|s/beam < width/beam > width/
main|tariff/sluice.py|s/(2))/(3))/
EOF
failing "$dir" true \
	"PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -v 2>&1 | sed -n 's,^\\([a-z_]*\\) (\\(.*\\)) \\.\\.\\. [FE].*,\\2/\\1,p'"
judge "$dir"
is "every mutant of Python makes a test fail" "$mutants $killed $(grep -c -e nothing -e broken "$dir.failing")" "$(wc -l <"$dir.mutants") $mutants 0"
is "no case that fails is left out" "$missed" ""
is "and fewer are named than there are" "$((named < mutants * 12 * 2 / 3))" 1
echo "# of Python $named of $((mutants * 12)) cases are named"

sed -i 's/1000 20/1000 30/' "$dir/data/rates.txt"
commit "$dir"
impacted "$dir"
is "a file of data affects those that open it" "$(json '.all, (.cases | length)' | tr '\n' ' ')" "null 4 "
forget "$dir"
echo pier >"$dir/data/berths.txt"
commit "$dir"
impacted "$dir"
is "what is read once, by the first run of all tests, affects all" "$(json '.all, (.cases | length)' | tr '\n' ' ')" \
	"data/berths.txt: it is read when the tests run for the first time: what is made of it may be tested 12 "
forget "$dir"
echo '"""More."""' >"$dir/tariff/more.py"
commit "$dir"
impacted "$dir"
is "a new file affects all of them, and it is said why" "$(json '.all, (.cases | length)' | tr '\n' ' ')" \
	"tariff/more.py: it is new, and nothing tells who will read it 12 "
forget "$dir"
sed -i 's/DAY_H = 24/DAY_H = 12/' "$dir/tariff/dues.py"
commit "$dir"
impacted "$dir"
is "so does what the build reads, when it is changed outside of functions" "$(json '.all, (.cases | length)' | tr '\n' ' ')" \
	"tariff/dues.py: the build reads it 12 "
sed -i 's/append(-amount)/append(amount)/' "$dir/tariff/dues.py"
commit "$dir"
impacted "$dir"
is "and when the first revision is not what was recorded" "$(json '.all, (.cases | length)' | tr '\n' ' ')" \
	"tariff/dues.py: the tests were recorded on another state of it 12 "
forget "$dir"
forget "$dir"

# --- those alone
sed -i 's/append(-amount)/append(amount)/' "$dir/tariff/dues.py"
commit "$dir"
up "$dir"
impacted "$dir" --on "$(json .run)"
is "they alone are run on what was built of the second revision" \
	"$status $(json '.tests.failed, .tests.passed, .tests.cases[].name' | tr '\n' ' ')" "1 1 0 test_refund "
"$drydock" graph ingest --quiet --state "$state" "$dir" >/dev/null
is "what was recorded of a file that changed is dropped" "$(tests "$dir" tariff/dues.py:38)$(tests "$dir" tariff/rates.py:21)" \
	"tests.test_rates.Rates.test_describe/test_describe "
run "$drydock" qa impacted --quiet --state "$state" HEAD~1..HEAD
is "a run that was not recorded is named" "$status $(grep -c 'were not recorded: drydock qa record' "$tmp/err")" "2 1"

# --- C
begin cable
dir=$tmp/cable
is "a tree of C is built with counters" "$status $(json '.rebuilt, .cases, .lost, .share' | tr '\n' ' ')" "0 true 5 0 100 "
is "a call through a pointer is a relation" "$(edges "$dir" calls | tr '\n' ' ' | grep -o 'chart_deepest>first')" "chart_deepest>first"
is "what a library called is not one" "$(edges "$dir" calls | grep -c 'chart_deepest>by_depth')" 0
is "a process that was killed has told what it entered" "$(tests "$dir" cable.c:6)" "ctest/crashes ctest/fathoms "
cat >"$dir.mutants" <<'EOF'
round_up|cable.c|s/n + by - 1/n + by + 99/
fathoms|cable.c|s/metres \* 100/metres * 90/
by_wind|cable.c|s/6 : 4/5 : 4/
scope|cable.c|s/, 20)/, 30)/
least|cable.h|s/least ? least : n/least ? n : least/
by_depth|chart.c|s/y->depth - x->depth/x->depth - y->depth/
first|chart.c|s/v\[0\]/v[1]/
deepest|chart.c|s/return pick(v)/return pick(v + 1)/
name|chart.c|s/< 10 ? 0/< 1 ? 0/
EOF
failing "$dir" "cmake --build drydock-build" \
	"(cd drydock-build && ctest) | sed -n 's,.*Test *#[0-9]*: \\([a-z]*\\) .*\\*\\*\\*.*,ctest/\\1,p'"
judge "$dir"
is "every mutant of C makes a test fail" "$mutants $killed $(grep -c -e nothing -e broken "$dir.failing")" "$(wc -l <"$dir.mutants") $mutants 0"
is "no case that fails is left out there" "$missed" ""
is "and fewer are named than there are" "$((named < mutants * 5 / 2))" 1
echo "# of C $named of $((mutants * 5)) cases are named"
sed -i 's/FATHOM_CM 183/FATHOM_CM 180/' "$dir/cable.h"
commit "$dir"
impacted "$dir"
is "a macro affects all of them" "$(json '.all, (.cases | length)' | tr '\n' ' ')" \
	"cable.h: a line outside of the bodies of functions: counters do not see types, data and macros 5 "
forget "$dir"
sed -i 's/return x + 1/return x + 2/' "$dir/chart.c"
commit "$dir"
impacted "$dir"
is "a function that no case enters affects none" "$(json '.all, (.cases | length)' | tr '\n' ' ')" "null 0 "

# --- JavaScript
cp -r "$apps/tiny-node" "$tmp/node"
git init -q -b main "$tmp/node"
commit "$tmp/node"
up "$tmp/node"
json .run >"$tmp/node.run"
run "$drydock" qa record --json --quiet --state "$state" --run "$(cat "$tmp/node.run")"
is "cases that cannot be selected are one group" "$status $(json '.groups, .cases, .mapped' | tr '\n' ' ')" "0 1 2 false "
is "with the functions and lines that V8 counted" \
	"$(jq -r 'select(.cases) | .files["draught.js"].lines[0], (.functions[] | select(.[2] == "draught") | .[1])' "$state/runs/$(cat "$tmp/node.run")/later/reach.jsonl" | tr '\n' ' ')" \
	"5 4 "
run "$drydock" verify --json --state "$state" "$(cat "$tmp/tariff.run")"
is "a record is beside what is attested, which is as it was" "$(json '[(.problems, .unlisted) | length] | tostring')" "[0,0]"
done_testing
