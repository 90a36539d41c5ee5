#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The tests of a run again: reports, two runs against each other, a flake and its cause.
. "$(dirname "$0")/../tap.sh"

qa() { run "$drydock" qa "$@" --quiet --state "$state"; }

cp -r "$apps/tiny-make" "$tmp/app"
up "$tmp/app"
before=$(json .run)
qa test --run "$before" --json
is "its tests pass again, with their level" "$status $(json '.passed, .failed, .flaky, .levels.unit.passed' | tr '\n' ' ')" "0 2 0 0 2 "
qa test --run "$before" --format junit -o "$tmp/report.xml"
is "JUnit goes to a file" "$status $(grep -c '<testcase ' "$tmp/report.xml") $(wc -c <"$tmp/out")" "0 2 0"
qa test --run "$before" --format tap
is "TAP" "$(grep -c '^ok ' "$tmp/out") $(sed -n 2p "$tmp/out")" "2 1..2"
qa test --run "$before" --format xml
is "another format is refused" "$status" 2

# --- against another run
qa compare "$before" "$before"
is "a run against itself" "$status $(cat "$tmp/out")" "0 no case ended otherwise"
name=$("$drydock" qa test --quiet --state "$state" --run "$before" --json | jq -r '.cases[0].name')
printf 'echo 1..1\necho "not ok 1 - %s"\necho "# it is low"\nexit 1\n' "$name" >"$tmp/app/test.sh"
up "$tmp/app"
after=$(json .run)
qa compare "$before" "$after" --json
is "what broke and what vanished" "$status $(json '.counts.regression, .counts.vanished' | tr '\n' ' ')" "1 1 1 "
is "with its message" "$(json '.changes[0].message')" "it is low"
qa compare "$after" "$before"
is "the other way it is a fix" "$status $(cut -d ' ' -f 1 "$tmp/out" | tr '\n' ' ')" "0 new fix 1 "
qa test --run "$after"
is "a run whose tests fail fails" "$status" 1

# --- what a test tool itself ran again
printf 'echo 1..1\necho "ok 1 - second try"\nprintf "  ---\\n  flaky: true\\n  ...\\n"\n' >"$tmp/app/test.sh"
up "$tmp/app"
is "is counted, and marked in its case alone" \
	"$(json .tests.flaky) $(jq -r '.name, .flaky' "$(json .tests.cases)" | tr '\n' ' ')$(grep -c flaky "$state/runs/$before/tests.jsonl")" \
	"1 second try true 0"

# --- a flake
mkdir "$tmp/flaky"
cat >"$tmp/flaky/setup.py" <<'EOF'
from setuptools import setup
setup(name="berths", version="1")
EOF
cat >"$tmp/flaky/test_berths.py" <<'EOF'
import os
import socket
import unittest


def reaches(family, address):
    with socket.socket(family) as s:
        return s.connect_ex(address) == 0


class Berths(unittest.TestCase):
    def test_a_stable(self):
        pass

    def test_b_leaves_a_note(self):
        open("note", "w").close()

    def test_c_order(self):
        self.assertFalse(os.path.exists("note"))

    def test_d_stable_failure(self):
        self.fail("always")

    # Behind test_b it fails always, alone at every other time; what it looks for first is never there.
    def test_e_network(self):
        self.assertFalse(reaches(socket.AF_UNIX, "/run/harbour"))
        port = 8007 if os.path.exists("note") or os.urandom(1)[0] < 128 else 8008
        with socket.create_server(("127.0.0.1", 8008)):
            self.assertTrue(reaches(socket.AF_INET, ("127.0.0.1", port)))
EOF
echo '{"secret:harbour": "127.0.0.1:8007"}' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/flaky"
cp "$tmp/out" "$tmp/flaky.json"
# Six runs alone of which all end the same (one of 32) tell nothing.
for try in 1 2 3; do
	qa test --run "$(jq -r .run "$tmp/flaky.json")" --causes --json
	[ "$(json '.flakes[1].cause')" != network ] || break
done
is "a test that another spoils is a flake, so is one that cannot reach something at times, and no other is" \
	"$status $(json '.flakes[].id | sub(".*[./]"; "")' | tr '\n' ' ')" "1 test_c_order test_e_network "
is "the cause of that is the network, by the address that was not reached" "$(json '.flakes[1] | .cause + " " + .evidence')" \
	"network a connection to [redacted] was refused each time it failed, and never when it passed"
is "its cause is the order, with the test that spoils it" "$(json '.flakes[0].cause') $(json '.flakes[0].with' | grep -o 'test_b_leaves_a_note$')" \
	"order test_b_leaves_a_note"
flaky=$state/runs/$(jq -r .run "$tmp/flaky.json")
is "which is kept for drydock qa compare" "$(jq -r '.[0].cause' "$flaky/later/flakes.json")" order
is "with what the tests printed" "$("$drydock" logs --state "$state" "${flaky##*/}" qa-tests | grep -c '^FAIL.*test_c_order')" 1
is "without what is a secret" "$(jq -r '.[1].evidence' "$flaky/later/flakes.json" | cut -d' ' -f1-5)" "a connection to [redacted] was"
has "and on a page of their own" "$flaky/later/flakes.html" "<td>order</td>"
has "which the report names" "$flaky/report.html" "<a href='later/flakes.html'>"
run "$drydock" report --json --state "$state" "${flaky##*/}"
is "the facts of the run have them" "$(json '.outcome, .flakes[0].cause' | tr '\n' ' ')" "tests-failed order "
run "$drydock" verify --json --state "$state" "${flaky##*/}"
is "beside what is attested, which is as it was" "$(json '[(.problems, .unlisted) | length] | tostring')" "[0,0]"

# --- more cases than one command holds: 240 whose names have 450 letters
mkdir "$tmp/many"
sed s/berths/many/ "$tmp/flaky/setup.py" >"$tmp/many/setup.py"
cat >"$tmp/many/test_many.py" <<'EOF'
import os
import unittest


class Many(unittest.TestCase):
    def test_z_order(self):
        self.assertFalse(os.path.exists("note"))


for i in range(240):
    def case(self, leaves=i == 120):
        if leaves:
            open("note", "w").close()
    setattr(Many, "test_%03d_%s" % (i, "x" * 450), case)
EOF
up "$tmp/many"
qa test --run "$(json .run)" --causes --json
is "what spoils a case is found, part by part" "$status $(json '.flakes[] | .cause, .with' | grep -o '^order$\|test_[0-9]*_' | tr '\n' ' ')" "1 order test_120_ test_120_ "
done_testing
