#!/bin/sh
# The application of a run, running: reachable only where it was asked for, and gone with the drydock that runs it.
. "$(dirname "$0")/../tap.sh"

# a port that was free a moment ago, below those that the kernel gives to others
port=$(perl -MIO::Socket::INET -e 'for (1 .. 1000) { my $p = 10000 + int rand 20000;
	IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $p, Listen => 1) and print($p), last }')
url=http://127.0.0.1:$port
# start ARGS...: in the background, until it runs or is over; its status comes from `ended`
start() {
	: >"$tmp/started"
	"$drydock" start --quiet --state "$state" "$@" >"$tmp/started" 2>"$tmp/start.err" &
	pid=$!
	on_exit="kill -9 $pid 2>/dev/null; rm -rf $tmp"
	for i in $(seq 1200); do
		[ -s "$tmp/started" ] || ! kill -0 $pid 2>/dev/null && break
		sleep 0.1
	done
}
ended() { eventually sh -c "! kill -0 $pid 2>/dev/null" || kill -9 $pid; wait $pid; status=$?; }
get() { timeout 20 curl --noproxy '*' -s -m 10 "$url$1"; }
# processes of this machine that run the application under the name that only this script gives it
mine=berth$$
running() { pgrep -xc "$mine"; }

# --- the bundled application
up --answers "$apps/harbourbook.answers.json" "$apps/harbourbook"
id=$(json .run)
is "how it is run is found out without a hint, and proven" "$(json '.start.ports | map("\(.port) \(.protocol) \(.status) \(.title)") | join(";")')" \
	"8080 http 200 Berths - north-basin"
is "by what the tests ran" "$(json .start.why)" "the tests: /work/harbourd waited for connections there"
lock=$(json .recipe)
is "the lock says so" "$(jq -c '.commands.ready' "$lock")" '{"port":8080,"protocol":"http"}'
is "and the recipe's Dockerfile" "$(grep -c '^EXPOSE 8080$' "${lock%/*}/Dockerfile") $(grep -c '^CMD .*harbourd' "${lock%/*}/Dockerfile")" "1 1"
has "and BUILD.md" "${lock%/*}/BUILD.md" "exec /work/harbourd --db stage/harbour.db"
start "$id" --json --publish "$port"
is "so that it starts" "$(jq -r '"\(.url) \(.inside[0]) \(.ports[0].title)"' "$tmp/started")" "$url http://127.0.0.1:8080 Berths - north-basin"
is "and answers" "$(get / | grep -c 'Berths - north-basin')" 1
run "$drydock" stop --state "$state" "$id"
ended
run "$drydock" qa shoot / --run "$id" --json --quiet --state "$state"
is "a browser looks at it" "$status $(json '.scenarios[0].steps[0] | .status + " " + .title + " " + (.unmet | tostring)')" '0 passed Berths - north-basin []'
is "and the run keeps what it saw" "$(ls "$state/runs/$id/screens" | tr '\n' ' ')" "01-001.png 01-shoot.jsonl attestation.json "
is "which does not touch what its attestation is about, nor does what the application printed" \
	"$("$drydock" verify --json --state "$state" "$id" | jq -c "[.problems, .unlisted]") $("$drydock" logs --state "$state" "$id" | grep -c "^application.log")" "[[],[]] 1"
ledger="cp harbourd $mine; ./$mine --db /tmp/ledger --init sql/schema.sql; exec ./$mine --db /tmp/ledger --port \$PORT"
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
is "drydock stop ends it, and waits" "$status $(running)" "0 0"
ended
is "which is no failure" "$status" 0
is "nothing listens any more" "$(get /healthz; echo $?)" 7
run "$drydock" stop --state "$state" "$id"
is "what does not run cannot be stopped" "$status" 2
run "$drydock" logs --state "$state" "$id" application
has "what it printed is a log" "$tmp/out" "ready on port 8080"

# --- without --publish
start "$id" --command "$ledger" --port 8080
is "it runs" "$(cut -d';' -f1 "$tmp/started") $(running)" "running 1"
is "and nothing of this machine reaches it" "$(timeout 20 curl --noproxy '*' -s -m 5 http://127.0.0.1:8080/healthz)" ""
kill -9 $pid
wait $pid 2>/dev/null
ok "killed, it takes the application with it" eventually sh -c "! pgrep -x $mine >/dev/null"
start "$id" --command "$ledger" --port 8080
is "and can be started again" "$(cut -d';' -f1 "$tmp/started")" running
kill -INT $pid
ended
is "an interrupt ends it" "$status $(running)" "0 0"

# --- what goes wrong
run "$drydock" start --quiet --state "$state" "$id" --command 'echo no water >&2; exit 3' --port 8080
is "an application that ends at once" "$status $(grep -c 'no water' "$tmp/err")" "1 1"
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

# --- as files of other machines and sources say, each tried until one serves
# tree DIR: one that is built and tested, and has server.pl
tree() {
	mkdir "$1"
	printf 'all: ; touch all\ncheck: ; @echo 1..1; echo ok 1\n' >"$1/Makefile"
	cat >"$1/server.pl" <<'S'
use IO::Socket::INET;
die "no word\n" unless @ARGV;
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[1] // 8081, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $l->accept) { 1 while ($_ = <$c>) && /\S/; print $c "HTTP/1.0 200 OK\r\n\r\n<title>$ARGV[0]</title>"; close $c }
S
}
found() { json '[.start.why, (.start.ports[]? | "\(.port) \(.title)")] | join(" ")'; }
tree "$tmp/unit"
printf '[Service]\nExecStart=/usr/bin/perl /opt/ebb/server.pl ebb\nExecStart=-/opt/ebb/server.pl flood 8082\n' >"$tmp/unit/ebb.service"
sed -i '1i#!/usr/bin/perl' "$tmp/unit/server.pl" && chmod +x "$tmp/unit/server.pl"
up "$tmp/unit"
is "a unit of systemd, with the program that is here" "$(found)" "ebb.service:3 8082 flood"
is "others that did not serve are told of" "$(json '[.starts_tried[] | select(.why == "ebb.service:2") | .ended | test("ended|printed")] | unique | join(" ")')" true
tree "$tmp/docker"
printf 'FROM scratch\nWORKDIR /srv/app\nEXPOSE 8083\nENTRYPOINT ["/usr/bin/perl", "/srv/app/server.pl"]\nCMD ["neap tide", "8083"]\n' >"$tmp/docker/Dockerfile"
up "$tmp/docker"
is "a Dockerfile" "$(found)" "Dockerfile:5, EXPOSE 8083 8083 neap tide"
tree "$tmp/target"
printf 'run: ; @perl server.pl spring $(PORT)\n' >>"$tmp/target/Makefile"
up "$tmp/target"
is "a target of make, told the port" "$(found)" "Makefile:3 8080 spring"
jq '.commands.start.run = "perl server.pl slack 8084"' "$(json .recipe)" >"$tmp/lock.json"
replay() { "$drydock" replay --quiet --json --offline --state "$state" "$@" >"$tmp/out" 2>"$tmp/err"; }
replay "$tmp/lock.json" "$tmp/target"
is "a replay proves what its recipe says, and looks for nothing else" "$(json '.start.ports[0].port, (.starts_tried | length)' | tr '\n' ' ')" "8084 1 "

# --- what does not serve
tree "$tmp/dumb"
printf 'run: ; @echo no water; exit 3\n' >>"$tmp/dumb/Makefile"
rm "$tmp/dumb/server.pl"
up "$tmp/dumb"
is "nothing that serves is no failure" "$status $(json .outcome) $(json .start)" "0 up null"
is "what was tried says how it ended" "$(json '.starts_tried[0].ended' | grep -c 'no water\|ended')" 1
is "the lock has no start" "$(jq -c '.commands | [.start, .ready, .ports]' "$(json .recipe)")" "[null,null,[]]"
run "$drydock" start --quiet --state "$state" "$(json .run)"
is "and nobody knows how to start it" "$status $(grep -c 'name it with --command' "$tmp/err")" "1 1"

# --- a script that is run for each request
mkdir -p "$tmp/request/low"
echo >"$tmp/request/low/boat.txt"
echo 'h1 { color: navy }' >"$tmp/request/tide.css"
cat >"$tmp/request/tide.cgi" <<'E'
#!/usr/bin/perl -wT
use strict;
read STDIN, my $in, $ENV{CONTENT_LENGTH} || 0;
print "Content-Type: text/plain\nStatus: 201 Made\n\n$ENV{REQUEST_METHOD} $ENV{QUERY_STRING} $ENV{PATH_INFO} $ENV{HTTP_COOKIE} $in\n", $ENV{SERVER_PORT} =~ /^\d+$/ ? "" : "no port\n";
E
up "$tmp/request"
id=$(json .run)
is "a script for a web server is started by one" "$(json '.outcome + " " + .start.why + " " + (.start.ports[0].status | tostring)')" "built tide.cgi:1 302"
start "$id" --publish "$port"
is "it is asked as the interface says" "$(timeout 20 curl --noproxy '*' -s -m 10 -b a=b -d boat=ebb -w '%{http_code}' "$url/tide.cgi/low?x=1" | tr '\n' ' ')" \
	"POST x=1 /low a=b boat=ebb 201"
is "by whoever names no host, too" "$(timeout 20 curl --noproxy '*' -s -m 10 -H Host: "$url/tide.cgi" | tr '\n' ' ')" "GET     "
is "a directory is no page" "$(timeout 20 curl --noproxy '*' -s -m 10 -o /dev/null -w '%{http_code}' "$url/low")" 404
is "and what lies beside it is there, and no more" "$(get /tide.css) $(get /.git/config | wc -c)" "h1 { color: navy } 0"
run "$drydock" stop --state "$state" "$id"
ended
done_testing
