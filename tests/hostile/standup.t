#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# An application whose own build, tests and services take all there is: the run ends, says which limit it was, and
# so does a replay.  The limits of every pod are those of --memory, --disk and --pids, or the default ones.
. "$(dirname "$0")/hostile.sh"

# app NAME BUILD TESTS: in $tmp/NAME
app() {
	mkdir "$tmp/$1" && cp "$tmp/programs/attack_exhaust" "$tmp/$1/attack"
	printf 'all:\n\t%s\ncheck:\n\t%s\n' "$2" "$3" >"$tmp/$1/Makefile"
}
no_attack_here() { ! pgrep -f "^\./attack "; }
# ended NAME OUTCOME DIAGNOSIS: of the last run
ended() {
	is "$1" "$(json '[.outcome, .diagnosis.class, (.diagnosis.text | sub("make -j[0-9]+"; "make") | sub("; .*"; ""))] | join(": ")')" "$2: limit: $3"
	ok "$1: all of it is gone" eventually no_attack_here
}
last_run() { echo "$state/runs/$(json .run)"; }

app memory-in-tests @true './attack memory'
up --memory 256M "$tmp/memory-in-tests"
ended "tests that take memory without end" tests-failed '"make check" was ended: it needed more than its memory limit'
has "with the cause in the log" "$(last_run)/logs/attempt-1-tests.log" "cause memory"
run "$drydock" replay --json --quiet --state "$state" --memory 256M "$(last_run)/recipe" "$tmp/memory-in-tests"
ended "the same in a replay" tests-failed '"make check" was ended: it needed more than its memory limit'
app memory-in-build './attack memory' @true
up --memory 256M "$tmp/memory-in-build"
ended "a build that takes memory without end" build-failed '"make" was ended: it needed more than its memory limit'
app disk-in-tests @true './attack disk .'
up --disk 64M "$tmp/disk-in-tests"
ended "tests that fill the disk" tests-failed '"make check" was ended: it wrote more than its disk limit'
app disk-in-build './attack disk .' @true
up --disk 64M "$tmp/disk-in-build"
ended "a build that fills the disk" build-failed '"make" was ended: it wrote more than its disk limit'
app forks-in-build './attack forks' @true
up --pids 200 "$tmp/forks-in-build"
ended "a build that forks without end" build-failed '"make" was ended: it started more processes than its limit'
app forks-in-tests @true './attack forks'
up --pids 200 "$tmp/forks-in-tests"
ended "tests that fork without end" tests-failed '"make check" was ended: it started more processes than its limit'
up "$tmp/forks-in-tests"
ended "the same without an option" tests-failed '"make check" was ended: it started more processes than its limit'

# A service that the application brings takes what its tests need beside it.
app service-memory @true './client'
cat >"$tmp/service-memory/server.pl" <<'P'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:15441", Listen => 5, ReuseAddr => 1) or die;
my $c;
1 until ($c = $s->accept()) && <$c>;
exec "/work/attack", "memory";
P
cat >"$tmp/service-memory/client" <<'P'
#!/usr/bin/perl
use IO::Socket::INET;
my $c = IO::Socket::INET->new("127.0.0.1:15441") or die "Connection refused\n";
print $c "go\n";
1 while <$c>;
sleep 20;
print "1..1\nok 1 - afloat\n";
P
chmod 755 "$tmp/service-memory/client"
printf '{"service:localhost:15441": "perl /work/server.pl"}\n' >"$tmp/answers.json"
up --memory 256M --answers "$tmp/answers.json" "$tmp/service-memory"
ended "a service that takes memory without end" tests-failed '"make check" was ended: it needed more than its memory limit'

# --- a service: one that takes all before it is ready, one that does so when it is asked, while the tests wait
mkdir "$tmp/service" && cp "$tmp/programs/attack_exhaust" "$tmp/service/attack"
cat >"$tmp/service/Makefile" <<'M'
all: ; touch all
check: ; @perl -MIO::Socket::INET -e 'my $$s = IO::Socket::INET->new("127.0.0.1:15433") or die; print <$$s>; sleep 60'
M
cat >"$tmp/service/server.pl" <<'S'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 15433, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $l->accept) { close $c; fork or exec "./attack", @ARGV }
S
service() { # ATTACK OPTIONS TEXT
	printf '{"service:localhost:15433": "./attack %s"}\n' "$1" >"$tmp/answers.json"
	# shellcheck disable=SC2086
	up --answers "$tmp/answers.json" $2 "$tmp/service"
	ended "a service and its $1" tests-failed "\"1-localhost-15433\" was ended: it $3"
	# shellcheck disable=SC2086
	run "$drydock" replay --json --quiet --state "$state" --answers "$tmp/answers.json" $2 "$(last_run)/recipe" "$tmp/service"
	ended "the same in a replay" tests-failed "\"1-localhost-15433\" was ended: it $3"
	printf '{"service:localhost:15433": "perl server.pl %s"}\n' "$1" >"$tmp/answers.json"
	# shellcheck disable=SC2086
	up --answers "$tmp/answers.json" $2 "$tmp/service"
	ended "a service and its $1 beside the tests" tests-failed "\"make check\" was ended: it $3"
}
service memory "--memory 256M" "needed more than its memory limit"
service forks "--pids 200" "started more processes than its limit"
service "disk ." "--disk 64M" "wrote more than its disk limit"
same_host "this machine is as it was"
done_testing
