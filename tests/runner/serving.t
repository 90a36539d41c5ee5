#!/bin/sh
# Services that the tests need: ready before the tests begin, in a run, in a replay and by the recipe's files.
. "$(dirname "$0")/../tap.sh"

mkdir "$tmp/tide"
cat >"$tmp/tide/Makefile" <<'M'
all: ; touch all
check: ; @perl client.pl
M
cat >"$tmp/tide/client.pl" <<'S'
use IO::Socket::INET;
my @at = ("127.0.0.1", 15433);
my $s = IO::Socket::INET->new(PeerAddr => $at[0], PeerPort => $at[1]) or die "no tide: $@\n";
print "1..1\nok 1 - ", scalar <$s>;
S
# it takes longer to be ready than anybody would sleep
cat >"$tmp/tide/server.pl" <<'S'
use IO::Socket::INET;
sleep 4;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 15433, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $l->accept) { print $c "high\n"; close $c }
S
printf '{"service:localhost:15433": "perl server.pl"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/tide"
is "one that is slow to start is waited for" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
recipe=$(json .recipe)
dir=$(dirname "$recipe")
is "the recipe knows when it is ready" "$(json '.services[0].port' "$recipe")" 15433
run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$tmp/tide"
is "so does a replay" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
mkdir "$tmp/docker"
awk -f tests/dockerfile.awk "$dir/Dockerfile" >"$tmp/docker/script"
is "the Dockerfile has only what the runner knows" "$?" 0
chmod -R a+rX "$tmp"
run "$drydock" sandbox run --state "$state" --net provision --bind "$tmp/tide:/context:ro" \
	--bind "$tmp/docker:/docker:ro" -- /bin/bash /docker/script
is "and the Dockerfile waits" "$status $(tail -n 1 "$tmp/out")" "0 ok 1 - high"
awk '/^## Test/ { on = 1 } on && /^```/ { inside = !inside; next } on && inside' "$dir/BUILD.md" | sed '/^## /q' >"$tmp/docker/told"
run "$drydock" sandbox run --state "$state" --bind "$tmp/tide:/tide:ro" --bind "$tmp/docker:/docker:ro" -- \
	/bin/bash -c 'make() { perl client.pl; }; cd /tide && . /docker/told; kill %1'
is "and so does who follows BUILD.md" "$(tail -n 1 "$tmp/out")" "ok 1 - high"

# --- by a UNIX socket, and one that goes to the background by itself
sed -i 's|IO::Socket::INET;|IO::Socket::UNIX;|; s|^my @at.*||; s|INET->new(PeerAddr.*) or|UNIX->new(Peer => "/var/tmp/tide.sock") or|' "$tmp/tide/client.pl"
cat >"$tmp/tide/server.pl" <<'S'
use IO::Socket::UNIX;
exit if fork;
sleep 3;
my $l = IO::Socket::UNIX->new(Local => "/var/tmp/tide.sock", Listen => 5) or die;
while (my $c = $l->accept) { print $c "low\n"; close $c }
S
printf '{"service:/var/tmp/tide.sock": "perl server.pl"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/tide"
is "a socket is waited for, too" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"

# --- what belongs to its user it may write: its tree, its home, /tmp
cat >"$tmp/tide/server.pl" <<'S'
use IO::Socket::UNIX;
for my $at ("tide.log", "$ENV{HOME}/tide.log", "/tmp/tide.log") { open my $f, ">", $at or die "$at: $!\n" }
my $l = IO::Socket::UNIX->new(Local => "/var/tmp/tide.sock", Listen => 5) or die;
while (my $c = $l->accept) { print $c "low\n"; close $c }
S
up --answers "$tmp/answers.json" "$tmp/tide"
is "one writes to its tree, its home and /tmp" "$(json '[.outcome, .tests.passed] | join(" ")') $(jq -r '.message // empty' "$(json .tests.cases)")" "up 1 "

# --- one that does not start
printf '{"service:/var/tmp/tide.sock": "echo no such tide >&2; exit 7"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/tide"
is "one that ends is a case that failed, with what it said" \
	"$(json .outcome) $(jq -r 'select(.suite == "services") | .status + ": " + .message' "$(json .tests.cases)")" \
	"tests-failed error: service 1--var-tmp-tide.sock ended with 7: no such tide"
done_testing
