#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# The gate of a repair that looks at the application's pages: what people see may not change, unless the goal asks for it.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"

quay=$tmp/quay
mkdir -p "$quay/tests"
printf 'all: ; touch all\ncheck: ; @sh tests/run.sh\nrun: ; @perl server.pl\n' >"$quay/Makefile"
printf 'half() { echo $(($1 / 2)); }\n' >"$quay/half.sh"
cat >"$quay/tests/run.sh" <<'S'
. ./half.sh
check() { n=$((n + 1)); [ "$2" = "$3" ] && echo "ok $n - $1" || printf 'not ok %d - %s\n# got %s, wanted %s\n' $n "$1" "$2" "$3"; }
echo 1..2
check "half of an even quay" "$(half 8)" 4
check "half of an odd quay" "$(half 7)" 4
S
cat >"$quay/server.pl" <<'S'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8083, Listen => 5, ReuseAddr => 1) or die;
my $name = "Quay";
my $page = "<!doctype html><html lang=en><title>Quay</title><h1>$name</h1><p>7 berths";
while (my $c = $l->accept) { 1 while ($_ = <$c>) && /\S/; print $c "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n$page"; close $c }
S
cp -r "$quay" "$tmp/clock"
sed -i 's/7 berths/" . int(rand 1e9) . " waves/; s/^my \$page = \(.*\);$/sub page { \1 }/; s/\$page"; close/" . page(); close/' "$tmp/clock/server.pl"
UP='{"path": "half.sh", "find": "echo $(($1 / 2))", "replace": "echo $((($1 + 1) / 2))"}'
NAME='{"path": "server.pl", "find": "my $name = \"Quay\";", "replace": "my $name = \"Harbour\";"}'
task quay <<END
{"needs": ["half of an odd quay"], "answers": [
	{"unless": ["earlier attempts"], "summary": "With another name", "edits": [$UP, $NAME]},
	{"if": ["refused, because pages that are seen look otherwise: differs in http://127.0.0.1:8083/"], "summary": "Round up", "edits": [$UP]}]}
END
models "$tmp/quay.json" quay "" '[{"context": 100, "candidates": 3}]'
gate() { written ".by[$1].gates[] | select(.gate == \"screens\") | .result"; }

run "$drydock" up --screens --json --quiet --state "$state" --no-learnt "$tmp/quay" # there is an image of a browser now
fix --no-branch --models "$tmp/quay.json" "$quay"
pr=$state/runs/$(json .run)/pr.md
is "a change of what is seen is refused" "$status $(json .outcome) $(written '.by[0].verdict') $(gate 0)" "0 fixed dropped failed"
is "the page is named, with what is there" "$(written '.by[0].screens.findings[0] | .path + " " + (.text | test("pixels differ: .*Harbour") | tostring)')" "http://127.0.0.1:8083/ true"
is "a change that nobody sees passes" "$(written '.by[1].verdict') $(gate 1) $(written '.by[1].screens.pages[0] | .result')" "kept passed same"
picture() { sha256sum <"$state/runs/$(json .run)/$1/views/01.png" | cut -d' ' -f1; }
has "the pull request has the digests of both pictures" "$pr" "http://127.0.0.1:8083/: differs, sha256 $(picture before) before, $(picture attempt-2) after"
hasnt "and no path of this machine" "$pr" "$state"

# --- pages that nobody can look at any more: the application ends, but not where it is stood up, which is soon after its build
ebb=$tmp/ebb
cp -r "$quay" "$ebb"
printf 'all: ; date +%%s >built\ncheck: ; @sh tests/run.sh\nlint: ; @! grep -q built server.pl || sleep 20\nrun: ; @perl server.pl\n' >"$ebb/Makefile"
END='{"path": "server.pl", "find": "use IO::Socket::INET;", "replace": "use IO::Socket::INET;\nopen my $b, \"<\", \"built\" or die;\ndie \"the tide is out\\n\" if time() - <$b> > 20;"}'
task ebb <<END
{"needs": ["half of an odd quay"], "answers": [
	{"unless": ["earlier attempts"], "summary": "With an end", "edits": [$UP, $END]},
	{"if": ["refused, because pages that are seen look otherwise: unseen"], "summary": "Round up", "edits": [$UP]}]}
END
models "$tmp/ebb.json" ebb "" '[{"context": 100, "candidates": 3}]'
fix --no-branch --models "$tmp/ebb.json" "$ebb"
is "a change that keeps its pages from being looked at is refused" "$status $(written '.by[0].verdict') $(gate 0)" "0 dropped failed"
is "and why nobody can is told" "$(written '.by[0].screens.findings[0] | .kind + " " + (.text | test("cannot be looked at any more: .*the tide is out") | tostring)')" "unseen true"
is "where the pages stay it passes" "$(written '.by[1].verdict') $(gate 1)" "kept passed"

# --- what a goal asks for is shown
task goal <<END
{"needs": ["Call the quay a harbour"], "answers": [{"summary": "Call it so", "edits": [$UP, $NAME]}]}
END
models "$tmp/goal.json" goal "" '[{"context": 100}]'
fix --no-branch --models "$tmp/goal.json" --goal "Call the quay a harbour where it is seen." "$quay"
is "with a goal it is told, not refused" "$(written '.by[0].verdict') $(gate 0)" "kept told"
has "to who reads the pull request" "$state/runs/$(json .run)/pr.md" "http://127.0.0.1:8083/: differs, sha256"

# --- a page that changes by itself
sed 's/With another name/Round up/; s/, \$NAME//' "$tmp/tasks/quay.json" | jq -c '.answers = [.answers[1] | del(.if)]' >"$tmp/tasks/clock.json"
models "$tmp/clock.json" clock "" '[{"context": 100}]'
fix --no-branch --models "$tmp/clock.json" "$tmp/clock"
is "is no reason, and shows nothing" "$(written '.by[0].verdict') $(gate 0) $(written '.by[0].screens.pages[0] | .result')" "kept not-run not-still"
done_testing
