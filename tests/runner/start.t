#!/bin/sh
# The application of a run, running: reachable only where it was asked for, and gone with the drydock that runs it.
. "$(dirname "$0")/../tap.sh"

port=$((20000 + $$ % 20000))
url=http://127.0.0.1:$port
# start ARGS...: in the background, until it runs or is over; its status comes from `ended`
start() {
	"$drydock" start --quiet --state "$state" "$@" >"$tmp/started" 2>"$tmp/start.err" &
	pid=$!
	on_exit="kill -9 $pid 2>/dev/null; rm -rf $tmp"
	for i in $(seq 300); do
		[ -s "$tmp/started" ] || ! kill -0 $pid 2>/dev/null && break
		sleep 0.1
	done
}
ended() { eventually sh -c "! kill -0 $pid 2>/dev/null" || kill -9 $pid; wait $pid; status=$?; }
get() { timeout 20 curl --noproxy '*' -s -m 10 "$url$1"; }
# processes of this machine that run the program
running() { pgrep -xc "$1"; }
eventually() { for i in $(seq 400); do "$@" && return; sleep 0.1; done; false; }

# --- the bundled application
up --answers "$apps/harbourbook.answers.json" "$apps/harbourbook"
id=$(json .run)
ledger='./harbourd --db /tmp/ledger --init sql/schema.sql; exec ./harbourd --db /tmp/ledger --port $PORT'
start "$id" --command "$ledger" --port 8080 --publish "$port"
is "it says where it is" "$(cat "$tmp/started")" "running at $url; drydock stop $id ends it"
is "it is reached there" "$(get /healthz)" ok
is "with the answers of the run" "$(get / | grep -c 'Berths - north-basin')" 1
seq 20 | xargs -P 10 -I {} timeout 20 curl --noproxy '*' -s -m 20 "$url/healthz" >"$tmp/many"
is "by many at once" "$(grep -o ok "$tmp/many" | wc -l)" 20
is "and only by this machine" "$(ss -Hltn "sport = :$port" 2>/dev/null | awk '{ print $4 }')" "127.0.0.1:$port"
run "$drydock" start --quiet --state "$state" "$id"
is "it runs once" "$status $(grep -c 'is running already' "$tmp/err")" "2 1"
run "$drydock" gc --keep 0 --dry-run --json --state "$state" # other scripts have runs there, too
is "gc would leave its run" "$(json .dry_run) $(json ".runs | index(\"$id\")")" "true null"
run "$drydock" stop --state "$state" "$id"
is "drydock stop ends it, and waits" "$status $(running harbourd)" "0 0"
ended
is "which is no failure" "$status" 0
is "nothing listens any more" "$(get /healthz; echo $?)" 7
run "$drydock" stop --state "$state" "$id"
is "what does not run cannot be stopped" "$status" 2
run "$drydock" logs --state "$state" "$id" application
has "what it printed is a log" "$tmp/out" "ready on port 8080"

# --- without --publish
start "$id" --command "$ledger" --port 8080
is "it runs" "$(cut -d';' -f1 "$tmp/started") $(running harbourd)" "running 1"
is "and nothing of this machine reaches it" "$(timeout 20 curl --noproxy '*' -s -m 5 http://127.0.0.1:8080/healthz)" ""
kill -9 $pid
wait $pid 2>/dev/null
ok "killed, it takes the application with it" eventually sh -c '! pgrep -x harbourd >/dev/null'
start "$id" --command "$ledger" --port 8080
is "and can be started again" "$(cut -d';' -f1 "$tmp/started")" running
kill -INT $pid
ended
is "an interrupt ends it" "$status $(running harbourd)" "0 0"

# --- what goes wrong
run "$drydock" start --quiet --state "$state" "$id" --command 'echo no water >&2; exit 3' --port 8080
is "an application that ends at once" "$status $(grep -c 'no water' "$tmp/err")" "1 1"
run "$drydock" start --quiet --state "$state" "$id"
is "one that nobody knows how to start" "$status $(grep -c 'name it with --command' "$tmp/err")" "1 1"
start "$id" --command 'sleep 1; echo ebb'
ended
is "one that ends by itself is told of" "$status $(grep -c 'ended by itself: ebb' "$tmp/start.err")" "1 1"
run "$drydock" start --state "$state" "$id" --publish 70000
is "a port that is none" "$status" 2

# --- with its services, as a Procfile says
mkdir "$tmp/tide"
cat >"$tmp/tide/Makefile" <<'M'
all: ; touch all
check: ; @perl client.pl
M
cat >"$tmp/tide/client.pl" <<'S'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 15433) or die "no tide: $@\n";
print "1..1\nok 1 - ", scalar <$s>;
S
cat >"$tmp/tide/server.pl" <<'S'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 15433, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $l->accept) { print $c "high\n"; close $c }
S
cat >"$tmp/tide/web.pl" <<'S'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ENV{PORT}, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $l->accept) {
	1 while ($_ = <$c>) && /\S/;
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 15433);
	print $c "HTTP/1.0 200 OK\r\n\r\n", "tide: ", $s ? scalar <$s> : "unknown";
	close $c;
}
S
echo 'web: perl web.pl' >"$tmp/tide/Procfile"
printf '{"service:localhost:15433": "perl server.pl"}\n' >"$tmp/answers.json"
up --answers "$tmp/answers.json" "$tmp/tide"
start "$(json .run)" --publish "$port"
is "the command of a Procfile, with the service it uses" "$(get /)" "tide: high"
run "$drydock" stop --state "$state" "$(json .run)"
ended
is "and stopped" "$status" 0

# --- as package.json says
cp -R "$apps/tiny-node" "$tmp/node"
jq '.scripts.start = "node web.js"' "$apps/tiny-node/package.json" >"$tmp/node/package.json"
echo 'require("http").createServer((q, r) => r.end("draught")).listen(process.env.PORT, "127.0.0.1");' >"$tmp/node/web.js"
up "$tmp/node"
start "$(json .run)" --publish "$port"
is "the start script of package.json" "$(get /)" draught
run "$drydock" stop --state "$state" "$(json .run)"
ended
done_testing
