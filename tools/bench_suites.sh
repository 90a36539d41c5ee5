#!/bin/bash
# `make bench-fix QUIXBUGS=DIR EXERCISM=DIR`: programs of others with a bug, or a stub, repaired through the stand-in, which knows the
# solution (profile oracle): what is measured is the loop, and nothing of a model.  Each program is repaired by itself, in a
# tree that has its source and its tests and no solution, history or description of it.  A suite that is not given is told as not run.
#
#   PROGRAMS=n   of each suite at most n, spread evenly (0: all)     SUITE_S=s  begin none of a suite after so many seconds (0: all)
#   ONLY=suite   python, java or c     NAMES=regex   of programs
#                                    STATE, OUT as for tools/bench_fix.sh
export DD_ROOT=$(cd "$(dirname "$0")/.." && pwd)
out=${OUT:-$DD_ROOT/build/bench-fix}
export DD_TEST_STATE=${STATE:-$out/state} STANDIN_S=86400
mkdir -p "$out"
. "$DD_ROOT/tests/tap.sh"
. "$DD_ROOT/tests/agents/authors.sh"
export LC_ALL=C.UTF-8

row() { printf '%-64s %-24s %s\n' "$1" "$2" "$3"; }

cat >"$tmp/tasks/judge.json" <<'END'
{"id": "You review a change", "needs": ["C1", "C2", "C3"], "answers": [
	{"answer": "{\"verdict\": \"accept\", \"reason\": \"it is the solution\", \"defects\": []}"}]}
END

# middle WAS IS: {find, replace} in JSON: what differs, with three lines on both sides, or all where that is there twice
middle() {
	perl -MJSON::PP -e '
		my ($was, $is) = map { local $/; open my $f, "<:utf8", $_ or die; <$f> } @ARGV;
		my @w = split /(?<=\n)/, $was; my @i = split /(?<=\n)/, $is; my ($from, $to) = (0, 0);
		$from++ while $from < @w && $from < @i && $w[$from] eq $i[$from];
		$to++ while $to < @w - $from && $to < @i - $from && $w[-1 - $to] eq $i[-1 - $to];
		$from = $from > 3 ? $from - 3 : 0; $to = $to > 3 ? $to - 3 : 0;
		my ($find, $replace) = map { join "", @{$_}[$from .. $#$_ - $to] } \(@w, @i);
		($find, $replace) = ($was, $is) if $find eq "" || index($was, $find) != rindex($was, $find);
		print JSON::PP->new->utf8->encode({find => $find, replace => $replace})' "$1" "$2"
}
# knows TASK TREE PATH SOLUTION [PATH SOLUTION]: the author of one program; what it has to be shown is the first line that the solution lacks
knows() {
	local task=$1 tree=$2 edits='[]' needs='[]' line
	shift 2
	while [ $# -gt 0 ]; do
		line=$(diff "$tree/$1" "$2" | sed -n 's/^< //p' | grep -m 1 '[a-zA-Z]' || true)
		[ -z "$line" ] || needs=$(jq -c --arg l "$line" '. + [$l]' <<<"$needs")
		cmp -s "$tree/$1" "$2" || edits=$(jq -c --arg p "$1" --argjson e "$(middle "$tree/$1" "$2")" '. + [{path: $p} + $e]' <<<"$edits")
		shift 2
	done
	jq -n --argjson e "$edits" --argjson n "$needs" '{id: "You repair the source", needs: $n, tools: ["read", "run", "test"], window: 12000,
		requirements: ["R1", "R2", "R3"], look: {name: "read", args: {path: $e[0].path, from: null, to: null}}, answers: [{summary: "Mend it", edits: $e}]}' >"$tmp/tasks/$task.json"
}

# repair SUITE NAME TREE SOLUTION...: one line of the suite's table
repair() {
	local suite=$1 name=$2 tree=$3 verdict touched
	shift 3
	for solution; do # nothing of the answers is where the loop can see it
		if find "$tree" -type f -exec cmp -s "$solution" {} \; -print | grep -q .; then
			echo "$name	leaked	" >>"$out/$suite.tsv"
			return
		fi
	done
	models "$tmp/$suite.models" "$suite" judge '[{"context": 100, "candidates": 2}]'
	timeout -k 10 "${LIMIT:-600}" "$drydock" fix --json --quiet --no-branch --state "$state" --models "$tmp/$suite.models" "$tree" \
		>"$out/$suite-$name.json" 2>"$out/$suite-$name.err"
	verdict=$(jq -r .outcome "$out/$suite-$name.json" 2>/dev/null)
	touched=$(sed -nE 's/^(---|\+\+\+) [ab]\///p' "$(jq -r '.patch // "/dev/null"' "$out/$suite-$name.json" 2>/dev/null)" 2>/dev/null | sort -u | xargs)
	printf '%s\t%s\t%s\t%s\n' "$name" "${verdict:-ended}" "$touched" "$(jq -r '[.attempts[] | select(.model)] | length' "$out/$suite-$name.json" 2>/dev/null)" >>"$out/$suite.tsv"
	rm -rf "$tree"
}

# Names on standard input that NAMES fits, at most PROGRAMS of them.
some() { grep -E -e "/?(${NAMES:-.*})\$" | awk -v n="${PROGRAMS:-0}" '{ all[NR] = $0 } END { for (i = 0; i < (n && n < NR ? n : NR); i++) print all[1 + (n && n < NR ? int(i * NR / n) : i)] }'; }
is_late() { [ "${SUITE_S:-0}" -gt 0 ] && [ $SECONDS -gt $((began + SUITE_S)) ]; }

# summary SUITE TITLE HAS TESTS: HAS programs are there; TESTS is a pattern of paths that are tests
summary() {
	awk -F'\t' -v title="$2" -v has="$3" -v tests="$4" '
		{ n++; fixed += $2 == "fixed"; if ($2 != "fixed") left = left " " $1 "=" $2; changed += $3 ~ tests }
		END { printf "%s: solved\t%d of %d (of %d there)\tall\n%s: tests changed\t%d\t0\n", title, fixed, n, has, title, changed
			if (left) printf "  not solved:%s\t\t\n", left }' "$out/$1.tsv" |
		while IFS=$(printf '\t') read -r what value wanted; do row "$what" "$value" "$wanted"; done
}

# How tests of a program are run, in a Makefile, which is what the suites say of it in words; a bug may be that it never ends.
python_tree() { # NAME TREE
	mkdir -p "$2/python_programs" "$2/python_testcases" "$2/json_testcases"
	cp "$QUIXBUGS/python_programs/$1.py" "$2/python_programs/"
	cp "$QUIXBUGS/python_testcases/test_$1.py" "$QUIXBUGS"/python_testcases/{load_testdata,node}.py "$2/python_testcases/"
	cp "$QUIXBUGS/json_testcases/$1.json" "$2/json_testcases/" 2>/dev/null
	cp "$QUIXBUGS/python_programs/node.py" "$2/python_programs/" 2>/dev/null
	cp "$QUIXBUGS/conftest.py" "$2/"
	printf 'all:\n\tpython3 -m py_compile python_programs/%s.py\n\ncheck: all\n\ttimeout -k 1 30 python3 -m pytest -v -p no:cacheprovider python_testcases\n' "$1" >"$2/Makefile"
}
part_python() {
	local name tree began=$SECONDS
	: >"$out/python.tsv"
	ls "$QUIXBUGS"/python_testcases/test_*.py | sed 's|.*/test_||; s/\.py$//' >"$tmp/python.names"
	for name in $(some <"$tmp/python.names"); do
		is_late && break
		tree=$tmp/python/$name
		python_tree "$name" "$tree"
		# Behind the program, the solutions list other ones as text.
		{
			awk '/^"""$/ { exit } { print }' "$QUIXBUGS/correct_python_programs/$name.py"
			awk '/^"""$/ { there = 1 } there { print }' "$tree/python_programs/$name.py"
		} >"$tmp/solution.py"
		knows python "$tree" "python_programs/$name.py" "$tmp/solution.py"
		repair python "$name" "$tree" "$tmp/solution.py" "$QUIXBUGS/correct_python_programs/$name.py"
	done
	summary python "QuixBugs, Python" "$(wc -l <"$tmp/python.names")" '(^| )(python_testcases|json_testcases|conftest)'
}

java_tree() { # NAME TREE
	mkdir -p "$2/java_programs" "$2/java_testcases/junit"
	cp "$QUIXBUGS/java_programs/$1.java" "$2/java_programs/"
	for helper in Node WeightedEdge; do cp "$QUIXBUGS/java_programs/$helper.java" "$2/java_programs/" 2>/dev/null; done
	cp "$QUIXBUGS/java_testcases/junit/$1_TEST.java" "$QUIXBUGS/java_testcases/junit/QuixFixOracleHelper.java" "$2/java_testcases/junit/"
	printf 'CP = /usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar:out\nall:\n\tmkdir -p out\n\tjavac -nowarn -encoding UTF-8 -cp $(CP) -d out java_programs/*.java java_testcases/junit/*.java\n\ncheck: all\n\ttimeout -k 1 120 java -cp $(CP) org.junit.runner.JUnitCore java_testcases.junit.%s_TEST\n' "$1" >"$2/Makefile"
}
part_java() {
	local name tree began=$SECONDS
	: >"$out/java.tsv"
	ls "$QUIXBUGS"/java_testcases/junit/*_TEST.java | sed 's|.*/||; s/_TEST\.java$//' >"$tmp/java.names"
	for name in $(some <"$tmp/java.names"); do
		is_late && break
		tree=$tmp/java/$name
		java_tree "$name" "$tree"
		sed 's/^package correct_java_programs;/package java_programs;/' "$QUIXBUGS/correct_java_programs/$name.java" >"$tmp/solution.java"
		knows java "$tree" "java_programs/$name.java" "$tmp/solution.java"
		repair java "$name" "$tree" "$tmp/solution.java" "$QUIXBUGS/correct_java_programs/$name.java"
	done
	summary java "QuixBugs, Java" "$(wc -l <"$tmp/java.names")" '(^| )java_testcases'
}

# All tests are wanted, as the suite itself checks its solutions: what says of a test that it is ignored is taken out before.
c_tree() { # DIR NAME TREE
	mkdir -p "$3"
	cp -r "$1"/. "$3/"
	rm -rf "$3"/.meta "$3"/.docs "$3"/.approaches "$3"/.articles "$3"/.git
	sed -i '/TEST_IGNORE();/d' "$3"/test_*.c
}
part_c() {
	local name tree dir file pairs began=$SECONDS
	: >"$out/c.tsv"
	find "$EXERCISM" -path '*/practice/*/.meta/example.c' | sed 's|/.meta/example.c$||' | sort >"$tmp/c.names"
	for dir in $(some <"$tmp/c.names"); do
		is_late && break
		name=$(basename "$dir") file=$(jq -r '.files.solution[0]' "$dir/.meta/config.json" | sed 's/\.[ch]$//')
		tree=$tmp/c/$name
		c_tree "$dir" "$name" "$tree"
		[ -f "$tree/$file.c" ] && [ -f "$tree/$file.h" ] || continue
		pairs=("$file.c" "$tmp/example.c" "$file.h" "$dir/.meta/example.h")
		sed "s/\"example\.h\"/\"$file.h\"/" "$dir/.meta/example.c" >"$tmp/example.c"
		[ -f "$dir/.meta/example.h" ] || pairs=("$file.c" "$tmp/example.c")
		knows c "$tree" "${pairs[@]}"
		repair c "$name" "$tree" "$dir/.meta/example.c" "$tmp/example.c"
	done
	summary c "exercism C" "$(wc -l <"$tmp/c.names")" '(^| )(test_|test-framework|makefile)'
}

wants() { [ -z "${ONLY:-}" ] || [ "$ONLY" = "$1" ]; }
if [ -n "${QUIXBUGS:-}" ]; then
	wants python && part_python
	wants java && part_java
else
	row "QuixBugs" "not run" "give QUIXBUGS=DIR"
fi
if [ -z "${EXERCISM:-}" ]; then
	row "exercism C" "not run" "give EXERCISM=DIR"
else
	wants c && part_c
fi
exit 0
