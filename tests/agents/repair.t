#!/bin/sh
# What a model's repair is called, where its tests are hard to run, where what is wanted contradicts itself, and where the table
# of models is another one when it goes on.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"

# gates ATTEMPT: of the last output, those of one attempt of a model
gates() { written ".by[$1].gates | map(.gate + \"=\" + .result) | join(\" \")"; }

# --- tests that talk to a service which remembers, and a change of files whose names alone would fill a command line
ferry=$tmp/ferry
mkdir -p "$ferry/tests"
printf 'all: ; touch all\ncheck: ; @sh tests/run.sh\n' >"$ferry/Makefile"
cat >"$ferry/rates.pl" <<'P'
# rates: tells the rate of a zone, and the number of the next ticket.
use strict;
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 4711, Listen => 5, ReuseAddr => 1) or die;
my $tickets = 0;
while (my $c = $s->accept) {
	my $asked = <$c> // "";
	print $c $asked =~ /^zone (\d+)/ ? 3 * $1 + 1 : ++$tickets, "\n";
	close $c;
}
P
cat >"$ferry/fare.pl" <<'P'
# fare ZONE PEOPLE: what a party pays.
use strict;
use IO::Socket::INET;
sub ask { my $c = IO::Socket::INET->new("127.0.0.1:4711") or die; print $c "$_[0]\n"; my $a = <$c>; chomp $a; $a }
if ($ARGV[0] eq "ticket") { print ask("ticket"), "\n"; exit }
my ($zone, $people) = @ARGV;
my $rate = ask("zone $zone");
print $rate + $people, "\n";
P
cat >"$ferry/tests/run.sh" <<'S'
check() { n=$((n + 1)); [ "$2" = "$3" ] && echo "ok $n - $1" || printf 'not ok %d - %s\n# got %s, wanted %s\n' $n "$1" "$2" "$3"; }
echo 1..3
check "the first ticket" "$(perl fare.pl ticket)" 1
check "two in zone two" "$(perl fare.pl 2 2)" 14
check "five in zone three" "$(perl fare.pl 3 5)" 50
S
printf '{"service:localhost:4711": "perl rates.pl"}\n' >"$tmp/answers.json"
far=$(printf 'harbour-%03d/' $(seq 1 110))
notes=$(for i in 1 2 3 4 5 6 7; do printf ', {"path": "%snote-%d.txt", "find": "", "replace": "read\\n"}' "$far" $i; done)
task ferry <<END
{"needs": ["two in zone two"], "answers": [{"summary": "Multiply", "edits": [
	{"path": "fare.pl", "find": "print \$rate + \$people", "replace": "print \$rate * \$people"}$notes]}]}
END
models "$tmp/ferry.json" ferry "" '[{"context": 100}]'
fix --no-branch --models "$tmp/ferry.json" --answers "$tmp/answers.json" "$ferry"
is "tests that need a service, which begins anew, are judged" "$status $(json .outcome) $(written '.by[0].judged | [.ended // "to the end", (.runs > 3)] | join(" ")')" \
	"0 fixed to the end true"
is "by the checks that they can be judged by" "$(written '.by[0].judged.checks | [.blind, .special, .deaf, .bypassed] | join(" ")')" "passed passed passed passed"

# --- tests that do not pass where changes are judged: they write to no file
toll=$tmp/toll
mkdir -p "$toll/tests"
printf '%s\n' 'all: ; touch all' 'check: ; @test ! -f /dev/stdout && sh tests/run.sh' >"$toll/Makefile"
printf 'half() { echo $(($1 / 2)); }\n' >"$toll/half.sh"
cat >"$toll/tests/run.sh" <<'S'
. ./half.sh
check() { n=$((n + 1)); [ "$2" = "$3" ] && echo "ok $n - $1" || printf 'not ok %d - %s\n# got %s, wanted %s\n' $n "$1" "$2" "$3"; }
echo 1..2
check "half of an even toll" "$(half 8)" 4
check "half of an odd toll" "$(half 7)" 4
S
git -C "$toll" init -q -b main
git -C "$toll" add -A
git -C "$toll" -c user.name=a -c user.email=a@example.org commit -q -m first
UP='{"path": "half.sh", "find": "echo $(($1 / 2))", "replace": "echo $((($1 + 1) / 2))"}'
task toll <<END
{"needs": ["half of an odd toll"], "answers": [{"summary": "Round up", "edits": [$UP]}]}
END
models "$tmp/toll.json" toll "" '[{"context": 100}]'
fix --models "$tmp/toll.json" "$toll"
is "what cannot be judged is kept, and not called fixed" "$status $(json '.outcome + " " + .after.outcome') $(written '.by[0].verdict')" "1 improved up kept"
is "its gate did not run" "$(gates 0 | grep -o 'judged=[a-z-]*')" "judged=not-run"
is "and why is among what is left" "$(json '.left[] | select(.kind == "unjudged") | .what')" \
	"whether it repairs, or only makes the tests pass: its tests do not pass when they are run alone"
is "the branch is offered" "$(git -C "$toll" show "$(json .branch):half.sh")" 'half() { echo $((($1 + 1) / 2)); }'
has "clearly labelled" "$state/runs/$(json .run)/pr.md" "**Not judged to the end**"

# --- two parts whose tests contradict each other
dues=$tmp/dues
mkdir -p "$dues/shared" "$dues/orders" "$dues/billing" "$dues/tests"
printf 'all: ; touch all\ncheck: ; @sh tests/run.sh\n' >"$dues/Makefile"
printf 'half() { echo $((($1 + 1) / 2)); }\n' >"$dues/shared/half.sh"
printf '. ./shared/half.sh\necho "order of $(half $1)"\n' >"$dues/orders/share.sh"
printf '. ./shared/half.sh\necho "bill of $(half $1)"\n' >"$dues/billing/share.sh"
cat >"$dues/tests/run.sh" <<'S'
check() { n=$((n + 1)); [ "$2" = "$3" ] && echo "ok $n - $1" || printf 'not ok %d - %s\n# got %s, wanted %s\n' $n "$1" "$2" "$3"; }
echo 1..4
check "orders of an odd sum" "$(sh orders/share.sh 7)" "order of 4"
check "orders of an even sum" "$(sh orders/share.sh 8)" "order of 4"
check "bills of an odd sum" "$(sh billing/share.sh 7)" "bill of 3"
check "bills of an even sum" "$(sh billing/share.sh 6)" "bill of 3"
S
git -C "$dues" init -q -b main
git -C "$dues" add -A
git -C "$dues" -c user.name=a -c user.email=a@example.org commit -q -m first
DOWN='{"path": "shared/half.sh", "find": "$((($1 + 1) / 2))", "replace": "$(($1 / 2))"}'
OTHER='{"path": "shared/half.sh", "find": "$((($1 + 1) / 2))", "replace": "$(($1 / 2 + $1 % 2))"}'
task dues <<END
{"needs": ["bills of an odd sum"], "answers": [
	{"unless": ["Round it down"], "summary": "Round it down", "edits": [$DOWN]},
	{"if": ["cases ended worse"], "unless": ["Round it up"], "summary": "Round it up", "edits": [$OTHER]},
	{"unless": ["Once more down"], "summary": "Once more down", "edits": [$DOWN]},
	{"unless": ["Once more up"], "summary": "Once more up", "edits": [$OTHER]},
	{"summary": "Never asked", "edits": [$DOWN]}]}
END
cat >"$tmp/tasks/sides.json" <<'END'
{"id": "You review a change", "needs": ["one side of a trade-off", "C1", "C2", "C3"], "answers": [
	{"if": ["% 2"], "answer": "{\"verdict\": \"reject\", \"reason\": \"it is said in two ways\", \"defects\": []}"},
	{"answer": "{\"verdict\": \"accept\", \"reason\": \"it rounds down\", \"defects\": []}"}]}
END
models "$tmp/dues.json" dues sides '[{"context": 100, "candidates": 8}]'
fix --models "$tmp/dues.json" "$dues"
id=$(json .run)
is "requirements that contradict each other are told as such" "$status $(json .outcome) $(written '.by | length')" "1 contradictory 4"
is "by the two cases that never pass together" "$(json '.conflicts[0].cases | sort | join(", ")')" "test/tests/bills of an odd sum, test/tests/orders of an odd sum"
is "and what it swings between" "$(json '.conflicts[0].files | join(" ")')" shared/half.sh
side() { json ".conflicts[0].branches[] | select(.passes | index(\"test/tests/$1 of an odd sum\")) | $2"; }
is "each side passed the gates that it can, or is refused" "$(side bills '[.gates[] | .gate + "=" + .result] | join(" ")') $(side orders '[.gates[] | select(.result == "failed") | .gate] | join(" ")')" \
	"parses=passed writes=not-run untampered=passed symbols=passed builds=passed tests=failed lint=not-run coverage=not-run integration=not-run e2e=not-run screens=not-run parity=not-run judged=passed secure=passed review=passed review"
is "one that is refused gets no branch" "$(side orders '[.branch // "none", .why] | join(", ")')" 'none, refused by the gate "review"'
is "the other is a branch" "$(side bills .branch) $(git -C "$dues" branch --list 'drydock/*' | wc -l)" "drydock/$id-$(side bills .branch | tail -c 2) 1"
mkdir "$tmp/side"
git -C "$dues" archive "$(side bills .branch)" | tar -xf - -C "$tmp/side"
chmod -R a+rX "$tmp"
run "$drydock" sandbox run --state "$state" --bind "$tmp/side:/side:ro" -- sh -c 'cd /side && sh tests/run.sh'
is "whose side passes" "$(grep -c '^ok . - bills' "$tmp/out") $(grep -c '^not ok 1 - orders' "$tmp/out")" "2 1"
is "its commit says what was asked of it" "$(git -C "$dues" log -1 --format=%B "$(git -C "$dues" branch --list --format='%(refname:short)' 'drydock/*')" | grep -o 'judged passed, secure passed, review passed')" \
	"judged passed, secure passed, review passed"
has "the pull request asks for a decision" "$state/runs/$id/pr.md" "## A decision is needed"
is "the same edits on the same tree are the same layer" "$(json '[.attempts[] | select(.model) | .layer] | [.[0] == .[2], .[1] == .[3], .[0] == .[1]] | join(" ")' "$state/runs/$id/result.json")" "true true false"

# --- the table of models, when a repair goes on
run env DRYDOCK_FAULT=db.commit.before:30 "$drydock" fix --json --quiet --state "$state" --no-branch --models "$tmp/toll.json" "$toll"
id=$(newest_run "$toll")
is "a repair is killed" "$status" 137
sed -i 's/"max_output": 2000/"max_output": 1999/' "$tmp/toll.json"
run "$drydock" resume --json --quiet --state "$state" "$id"
is "with another table it does not go on" "$status $(grep -c 'the table of models is not the one' "$tmp/err")" "2 1"
sed -i 's/"max_output": 1999/"max_output": 2000/' "$tmp/toll.json"
run "$drydock" resume --json --quiet --state "$state" "$id"
is "with its own it does" "$(json .outcome)" improved
done_testing
