#!/bin/sh
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
mkdir "$tmp/copy" && cp -r "$tmp/tree/." "$tmp/copy" && rm "$tmp/copy/.git"
tests_end() { up "$tmp/copy" >/dev/null; json '.outcome'; }
sed -i 's/LIMIT = 12/LIMIT = 1/; s/total = total + one/total = total - one/' "$tmp/copy/tides/gauge.py"
is "they fail where the code does something else" "$(tests_end)" tests-failed

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
