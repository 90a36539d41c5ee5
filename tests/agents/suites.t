#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The benchmark of programs of others, on one of our own in the same form: a program that hangs for a bug is solved by its oracle, which
# knows the solution that the loop does not see.  The solution has a macro that is no expression.
. "$(dirname "$0")/../tap.sh"

one=$tmp/suite/exercises/practice/half
mkdir -p "$one/.meta" "$one/.docs"
echo '{"files": {"solution": ["half.c", "half.h"]}}' >"$one/.meta/config.json"
echo 'int half(int n);' >"$one/half.h"
printf '#include "half.h"\nint half(int n)\n{\n\twhile (n %% 2)\n\t\tn += 2;\n\treturn n / 2;\n}\n' >"$one/half.c"
printf '#include "half.h"\n#define rounded(n) int up = (n) + (n) %% 2; up; up = 0\nint half(int n)\n{\n\tfor (rounded(n))\n\t\treturn up / 2;\n\treturn 0;\n}\n' >"$one/.meta/example.c"
cp "$one/.meta/example.c" "$one/.docs/answer.txt"
cat >"$one/test_half.c" <<'C'
#include "half.h"
#include <stdio.h>
#define TEST_IGNORE() return 0
static int check(int n, const char *name, int is, int wanted)
{
	printf("%sok %d - %s\n", is == wanted ? "" : "not ", n, name);
	return fflush(stdout);
}
int main(void)
{
	puts("1..3");
	check(1, "even", half(8), 4);
	check(2, "odd", half(7), 4);
	TEST_IGNORE();
	return check(3, "another odd", half(9), 5);
}
C
printf 'all: tests.out\n\ntests.out: half.c test_half.c half.h\n\t$(CC) -o $@ half.c test_half.c\n\ncheck: tests.out\n\ttimeout 3 ./tests.out\n' >"$one/makefile"

row() { sed -n "s/^$1  *//p" "$tmp/out" | awk '{ $NF = ""; print }' | sed 's/ *$//'; }
mkdir "$tmp/results"
run env OUT="$tmp/results" STATE="$state" EXERCISM="$tmp/suite" QUIXBUGS="" bash tools/bench_suites.sh
is "it is solved, with its tests untouched" "$(row 'exercism C: solved')|$(row 'exercism C: tests changed')" "1 of 1 (of 1 there)|0"
is "by the oracle, in one attempt, in its source alone" "$(cat "$tmp/results/c.tsv")" "$(printf 'half\tfixed\thalf.c\t1')"
is "all its tests ran, and ended" "$(json '[.after.cases | to_entries[] | select(.key | startswith("test/")) | .value] | join(" ")' "$tmp/results/c-half.json")" "passed passed passed passed"
is "before it hung" "$(json '.before.cases["test/command/make check"]' "$tmp/results/c-half.json")" error
has "what is not given is told" "$tmp/out" "give QUIXBUGS=DIR"
done_testing
