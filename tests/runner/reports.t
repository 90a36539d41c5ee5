#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# What test tools report is kept whole: messages and times.
. "$(dirname "$0")/../tap.sh"

# --- pytest, whose summary is cut to the width of a terminal
mkdir "$tmp/buoy"
printf '[project]\nname = "buoy"\nversion = "1"\n' >"$tmp/buoy/pyproject.toml"
cat >"$tmp/buoy/test_buoy.py" <<'P'
import pytest, time
class TestBuoy:
    def test_floats(self):
        time.sleep(0.2)
    def test_sinks(self):
        assert "the green buoy off the northern harbour wall" == "the red buoy off the southern harbour wall"
@pytest.mark.skip(reason="fog")
def test_seen():
    pass
P
up "$tmp/buoy"
is "pytest: outcome and counts" "$(json '[.outcome, .tests.passed, .tests.failed, .tests.skipped] | join(" ")')" "tests-failed 1 1 1"
cases=$(json .tests.cases)
is "the names are pytest's" "$(jq -r .id "$cases" | sort | tr '\n' ' ')" \
	"test_buoy.py/TestBuoy::test_floats test_buoy.py/TestBuoy::test_sinks test_buoy.py/test_seen "
has "the message is whole" "$cases" "the red buoy off the southern harbour wall"
ok "times are there" jq -es '.[0].ms >= 200 and .[0].ms < 20000' "$cases"
has "the recipe has the plain command" "$(json .recipe)" 'python3 -m pytest --continue-on-collection-errors -v -rA"'
done_testing
