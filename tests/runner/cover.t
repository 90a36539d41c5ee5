#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock cover: tests of what functions do today, kept when they are proven.
. "$(dirname "$0")/../tap.sh"

app=$tmp/tides
mkdir -p "$app/tides" "$app/tests"
printf 'from setuptools import setup\nsetup(name="tides", version="1", packages=["tides"])\n' >"$app/setup.py"
: >"$app/tides/__init__.py"
cat >"$app/tides/gauge.py" <<'END'
"""Readings of a gauge."""
import random
import time

LIMIT = 12


def grade(level: int) -> str:
    if level < 0:
        raise ValueError("below the gauge")
    if level > LIMIT:
        return "flood"
    return "calm" if level < 4 else "high"


def mean(levels):
    total = 0
    for one in levels:
        total = total + one
    return total / len(levels)


def clamp(level: int, low: int = 0) -> int:
    if level < low:
        return low
    return level + 0


def names(gauges: list) -> list:
    seen = set(str(one) for one in gauges) | {"north", "south", "east", "west"}
    return list(seen)


def forget(level: int):
    kept = [level]
    del kept


def now():
    return int(time.time())


def noisy(level):
    return level + spread()


def spread():
    return random.random()


def tell(level):
    print(level)


def every(levels):
    for one in levels:
        yield one
END
cat >"$app/tides/starts.py" <<'END'
import sys

sys.setrecursionlimit(2000)


def twice(level: int) -> int:
    return level * 2
END
mkdir "$app/tools"
printf 'def knot(turns: int) -> int:\n    return turns + 1\n' >"$app/tools/rope.py"
cat >"$app/tests/test_gauge.py" <<'END'
import unittest

from tides.gauge import grade, mean


class Gauge(unittest.TestCase):
    def test_calm(self):
        self.assertEqual(grade(1), "calm")


if __name__ == "__main__":
    unittest.main()
END
git -C "$app" init -q -b main
git -C "$app" add -A
git -C "$app" -c user.name=a -c user.email=a@example.org commit -q -m first
cover() { run "$drydock" cover --json --quiet --state "$state" "$@"; }
row() { json ".functions[] | select(.name == \"$1\") | $2"; }
# in_tree DIR COMMAND: on a copy of it, in the sandbox, with the Python of this machine; standard input is the command's
in_tree() {
	"$drydock" sandbox run --quiet --state "$state" --time 20 --bind /usr:/usr:ro --bind "$root/runner/data:/tool:ro" --bind "$1:/tree:ro" -- \
		/bin/sh -c "cp -r /tree /tmp/tree && cd /tmp/tree && $2" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# --- the tool by itself: what is pure, where modules and functions use each other in every way
graph=$tmp/graph
mkdir -p "$graph/loud"
for k in $(seq 40); do
	printf 'import left%d, right%d\n' $((k + 1)) $((k + 1)) | tee "$graph/left$k.py" >"$graph/right$k.py"
done
printf 'import left1, right1\n\n\ndef half(n: int) -> int:\n    return n // 2\n' >"$graph/top.py"
printf 'def first(n):\n    return second(n) if n else third(n)\n\n\ndef second(n):\n    return first(n - 1)\n\n\ndef third(n):\n    print(n)\n' >"$graph/ring.py"
printf 'import ring\n\n\ndef far(n):\n    return ring.third(n)\n' >"$graph/shore.py"
printf 'print(1)\n' >"$graph/loud/__init__.py"
printf 'def whisper(n):\n    return n\n' >"$graph/loud/quiet.py"
printf '{"before": {}, "seconds": 15}' >"$tmp/request"
in_tree "$graph" "touch left41.py right41.py && python3 -B /tool/cover.py record" <"$tmp/request"
is "modules that import each other on very many ways are each looked at once" "$status $(row half '(.cases | length > 0 | tostring) + " " + (.reason | tostring)')" "0 true null"
is "functions that use each other are not pure where one of them is not" "$(for f in third second first; do row $f .reason; done)" "it calls print, line 10
it uses first, which is not pure: it uses third, which is not pure: it calls print, line 10
it uses third, which is not pure: it calls print, line 10"
is "nor who uses it by the name of its module" "$(row far .reason)" "it uses third, which is not pure: it calls print, line 10"
is "a package that does more is in the way of its modules" "$(row whisper .reason)" "loud/__init__.py does more than define when it is imported, line 1"

# --- what is known when the time is up
slow=$tmp/slow
mkdir "$slow"
printf 'def add(n):\n    return n + 1\n\n\ndef wait(n):\n    while n > 0:\n        n = n - 1\n    return n\n' >"$slow/slow.py"
jq -n '{seconds: 4, mutants: ([{path: "slow.py", line: 2, text: "    return n - 1"}] + [range(9) | {path: "slow.py", line: 7, text: "        n = n - 0"}]),
	files: [{path: "test_slow.py", module: "slow", source: "slow.py", root: ".",
		text: "from slow import add, wait\n\n\ndef test_add():\n    assert add(1) == 2\n\n\ndef test_wait():\n    assert wait(2) == 0\n",
		tests: [{name: "test_add", lines: [2]}, {name: "test_wait", lines: [6, 7, 8]}]}]}' >"$tmp/request"
in_tree "$slow" "python3 -B /tool/cover.py mutants" <"$tmp/request"
is "a change that never ends takes nothing away from what is proven" "$status $(json '.killed | tostring')" '0 {"slow":{"test_add":[2],"test_wait":[]}}'
printf '{"seconds": 15, "commands": [], "a": [], "b": []}' >"$tmp/request"
in_tree "$slow" "python3 -I /tool/cover.py write" <"$tmp/request"
is "where installed packages could run, no test is written" "$([ "$status" != 0 ] && cat "$tmp/err")" "tests are written where Python loads nothing but its own modules"
in_tree "$slow" "python3 -I -S /tool/cover.py write" <"$tmp/request"
is "elsewhere they are" "$status $(json .style)" "0 unittest"

# --- a project, stood up

cover "$app"
is "without a stand-up it says what to do" "$status $(grep -c "drydock up $app" "$tmp/err")" "2 1"
up "$app"
id=$(json .run)
is "it is stood up" "$(json .outcome)" up
before=$(digest "$app/tides")

cover "$app"
branch=$(json .branch) commit=$(json .commit)
is "tests are written" "$status $(json .run) $(json .style)" "0 $id unittest"
is "for the functions that can be called without an effect" "$(json '[.functions[] | select(.tests | length > 0) | .name] | join(" ")')" "grade mean clamp"
is "which are run more than before" "$(row grade '"\(.before) \(.after) \(.lines)"') $(row mean '"\(.before) \(.after) \(.lines)"')" "3 5 5 0 4 4"
is "what differs with the order of hashes is refused" "$(row names .reason)" "it gives something else with another time, seed or order of hashes"
is "and what no change shows" "$(row forget .reason)" "no change of its lines makes the test fail"
is "and what the project's own tests cannot import, while the others stay" "$(row knot .reason)" "the project's own test commands do not run more of it with the tests"
is "and what has an effect, or chance, each with its reason" "$(for f in now noisy tell every twice; do row $f .reason; done)" "it uses time, line $(grep -n 'time.time' "$app/tides/gauge.py" | cut -d: -f1)
it uses spread, which is not pure: it uses random, line $(grep -n 'random.random' "$app/tides/gauge.py" | cut -d: -f1)
it calls print, line $(grep -n 'print(' "$app/tides/gauge.py" | cut -d: -f1)
a generator
tides/starts.py does more than define when it is imported, line 3"
is "on a branch of one commit, with one file" "$(git -C "$app" rev-list --count "main..$branch") $(git -C "$app" diff --name-only main "$branch")" "1 tests/test_characterisation_tides_gauge.py"
cover --patch "$tmp/patch" "$id"
is "the same again, by the name of the run, gives the same commit" "$(json .commit)" "$commit"
ok "and that as a patch" sh -c 'git -C "$1" diff main "$2" | git patch-id --stable | cut -d" " -f1 >"$3.a"; git patch-id --stable <"$3" | cut -d" " -f1 | cmp - "$3.a"' sh "$app" "$branch" "$tmp/patch"
is "the source is as it was" "$(digest "$app/tides") $(git -C "$app" -c core.hooksPath=/dev/null status --porcelain | wc -l)" "$before 0"

# --- each test tells: with the branch checked out, a changed function is seen by it, in the sandbox
git -C "$app" worktree add -q "$tmp/tree" "$branch"
work="$tmp/tree/tests/test_characterisation_tides_gauge.py"
has "what is raised is expected" "$work" "with self.assertRaises(ValueError):"
has "and what is returned" "$work" "self.assertEqual(grade("
rm "$tmp/tree/.git"
in_tree "$tmp/tree" "python3 -m unittest tests/test_characterisation_tides_gauge.py" </dev/null
is "they pass where it does the same" "$status" 0
sed -i 's/LIMIT = 12/LIMIT = 1/; s/total = total + one/total = total - one/' "$tmp/tree/tides/gauge.py"
in_tree "$tmp/tree" "python3 -m unittest tests/test_characterisation_tides_gauge.py" </dev/null
is "they fail where the code does something else" "$status $(sed -n 's/^FAIL: \(test_[a-z]*\).*/\1/p' "$tmp/err" | sort -u | tr '\n' ' ')" "1 test_grade test_mean "

# --- what has changed since, and where tests can go
echo >>"$app/tides/gauge.py"
cover "$app"
is "what has changed since is refused" "$status $(grep -c "is not what run $id stood up any more: drydock up $app" "$tmp/err")" "2 1"
git -C "$app" checkout -q -- tides
run "$drydock" cover --quiet --state "$state" --no-branch "$id"
is "without a branch or a patch there is no place for them" "$status $(grep -c -e '--patch FILE says' "$tmp/err")" "2 1"

# --- tests of the kind that the project has
knots=$tmp/knots
mkdir -p "$knots/tests"
printf 'from setuptools import setup\nsetup(name="knots", version="1", py_modules=["knots"])\n' >"$knots/setup.py"
printf 'def tie(rope: str, turns: int = 1) -> str:\n    if not rope:\n        raise ValueError("no rope")\n    return rope * turns + "!"\n' >"$knots/knots.py"
printf 'import pytest\n\nimport knots\n\n\ndef test_there():\n    assert knots and pytest\n' >"$knots/tests/test_knots.py"
up "$knots"
cover --patch "$tmp/knots.patch" "$knots"
is "functions are written for pytest" "$status $(json .style) $(row tie '"\(.before) \(.after) \(.lines)"')" "0 pytest 0 3 3"
has "with what it calls an exception that is expected" "$tmp/knots.patch" "+    with pytest.raises(ValueError):"
done_testing
