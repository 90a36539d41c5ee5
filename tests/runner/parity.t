#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock qa parity: a translated program against its original, on inputs that are generated.
. "$(dirname "$0")/../tap.sh"
planted=$apps/cargobook-perl/planted.tsv

# One tree with the original, its port, ports with one planted change each, and small programs.
app=$tmp/twins
mkdir -p "$app/port"
cp -R "$apps/cargobook/." "$app"
cp "$apps/cargobook-perl/cargobook.pl" "$app/port"
for name in message empty-export-status book-mode; do
	perl "$apps/plant.pl" "$planted" $name <"$apps/cargobook-perl/cargobook.pl" >"$app/port/$name.pl"
done
printf '#!/bin/sh\nod -An -N4 -tx4 /dev/urandom\n' >"$app/port/number.sh"
printf '#!/bin/sh\ncase $1 in *7*) echo seven >/tmp/seven ;; esac; [ $# -lt 2 ] || echo 2 >out; [ "$2" ] || exit 3\n' >"$app/port/loud.sh"
printf '#!/bin/sh\n[ $# -lt 2 ] || echo 2 >out; [ "$2" ] || exit 3\n' >"$app/port/calm.sh"
printf '#!/usr/bin/perl\nexit 0;\n' >"$app/port/mute.pl"
printf '#!/usr/bin/perl\nuse Socket;\nsocket(my $s, AF_INET, SOCK_STREAM, 0); connect($s, pack_sockaddr_in(7, inet_aton("127.0.0.1")));\nexit 0;\n' >"$app/port/caller.pl"
printf '#!/bin/sh\necho $$\n' >"$app/port/pid.sh"
printf '#!/bin/sh\n(:)\necho $$\n' >"$app/port/pids.sh"
printf '#!/bin/sh\n{ head -c 4000000 /dev/zero; echo; } >big\n' >"$app/port/big.sh"
printf '#!/bin/sh\n{ head -c 4000000 /dev/zero; printf x; } >big\n' >"$app/port/bigger.sh"
printf '#!/bin/sh\nrm -f f; echo a >f; chmod 0 f\n' >"$app/port/shut.sh"
printf '#!/bin/sh\nrm -f f; echo b >f; chmod 0 f\n' >"$app/port/shut2.sh"
printf '#!/bin/sh\necho "${QUAY_TOKEN:?}"\n' >"$app/port/tell.sh"
printf '{"secret:QUAY_TOKEN": "quay-key-77"}\n' >"$tmp/answers.json"
printf '#!/bin/sh\necho "$1" >>log; chmod 600 log; ln -sf log "l$#"; mkdir -p d; cat log; stat -c %%A *; test -s log\n' >"$app/port/keeps.sh"
sed 's/^echo "$1"/n=$(cat \/tmp\/calls 2>\/dev\/null); echo $((n + 1)) >\/tmp\/calls; &/' "$app/port/keeps.sh" >"$app/port/counts.sh"
printf '#!/bin/sh\nkill -ABRT $$\n' >"$app/port/dies.sh"
printf '#!/bin/sh\nexit 134\n' >"$app/port/exits.sh"
chmod 755 "$app"/port/*
up --answers "$tmp/answers.json" "$app"
id=$(json .run)
is "it is stood up" "$(json .outcome)" up
parity() { run "$drydock" qa parity --json --quiet --state "$state" "$@" "$id" "$id"; }
counts() { json '"\(.differences | length) \(.ended)"'; }

# --- the true port
parity --original ./cargobook --port ./port/cargobook.pl --cases 50
is "the port does what the original does" "$status $(counts) $(json '.unsteady')" "0 0 cases 0"
is "on calls that tests and the usage have" "$(json '[.sources[].path] | index("tests/run.sh") != null')" true
ok "and on many kinds of line" test "$(json .kinds)" -gt 40
cp "$tmp/out" "$tmp/first"
parity --original ./cargobook --port ./port/cargobook.pl --cases 50
ok "the same seed plays the same" cmp "$tmp/out" "$tmp/first"

# --- planted changes, each in its channel
channel() { json '.differences[0].channels[0]'; }
for change in message=errors empty-export-status=exit book-mode=files; do
	name=${change%=*}
	parity --original ./cargobook --port "./port/$name.pl" --differences 1 --cases 400 -o "$tmp/$name.json"
	is "$name is found, in ${change#*=}" "$status $(counts) $(channel)" "1 1 differences ${change#*=}"
done
is "made as small as it goes" "$(json '.differences[0].case | "\(.files | length) \(.steps | length) \(.steps[0].args[0])"' "$tmp/empty-export-status.json")" "0 1 export"
is "with what both did" "$(json '.differences[0] | "\(.original.exit) \(.port.exit)"' "$tmp/empty-export-status.json")" "2 0"
is "and the files that are not the same" "$(json '[.differences[0].files[] | "\(.path) \(.original.mode) \(.port.mode)"][0]' "$tmp/book-mode.json")" "./work/cargo.txt 644 600"

# --- played again
parity --original ./cargobook --port ./port/message.pl --replay "$tmp/message.json"
is "a difference is played again" "$status $(counts)" "1 1 cases"
parity --original ./cargobook --port ./port/cargobook.pl --replay "$tmp/message.json"
is "and is gone where the port is right" "$status $(counts)" "0 0 cases"
echo '{"steps": []}' >"$tmp/no.json"
parity --original ./cargobook --port ./port/cargobook.pl --replay "$tmp/no.json"
is "what is no case is refused" "$status $(grep -c 'not a case' "$tmp/err")" "2 1"

# --- what is made elsewhere, and what never is the same
parity --original ./port/calm.sh --port ./port/loud.sh --differences 1 --cases 200
is "a file that is made elsewhere is told by its path" "$status $(channel) $(json '.differences[0].port.created[0]')" "1 created /tmp/seven"
parity --original ./port/mute.pl --port ./port/caller.pl --differences 1 --cases 20
is "and where it connected to" "$status $(channel) $(json '.differences[0].port.connections[0]')" "1 connections 127.0.0.1:7"
parity --original ./port/dies.sh --port ./port/exits.sh --differences 1 --cases 5
is "a signal is not the exit that a shell makes of it" "$status $(channel) $(json '.differences[0] | "\(.original.signal) \(.port.exit)"')" "1 exit 6 134"
parity --original ./port/number.sh --port ./port/number.sh --cases 12
is "where the original always differs from itself, nothing was compared" "$status $(grep -c 'does not do the same twice' "$tmp/err")" "2 1"

echo '[{"steps": [{"args": []}]}, {"steps": [{"args": ["1"]}, {"args": ["2"]}, {"args": ["3"]}]}]' >"$tmp/three.json"
parity --original ./port/pid.sh --port ./port/pids.sh --replay "$tmp/three.json"
is "where it does so on some, as when it tells the numbers of processes, nothing is claimed" "$status $(counts) $(json '"\(.cases) \(.unsteady)"')" "0 0 cases 2 1"

# --- what was played before is not played again, as long as that is the same
parity --original ./port/keeps.sh --port ./port/keeps.sh --cases 40
is "calls that are known in their files are not played again, and those do again what they did" \
	"$status $(counts) $(json '"\(.remembered > 20) \(.forgot) \(.unsteady)"')" "0 0 cases true null 0"
parity --original ./port/counts.sh --port ./port/counts.sh --cases 20
is "all are, once a call reaches for something elsewhere" "$status $(json '"\(.remembered) \(.forgot)"')" "0 0 a call reached beyond its files"
parity --original ./port/caller.pl --port ./port/caller.pl --cases 12
is "and those that looked for a server that is not there, and no others for it" "$status $(json '"\(.remembered) \(.forgot)"')" "0 0 null"
parity --original ./port/pid.sh --port ./port/pid.sh --cases 40
is "and where one did not do again what it did; nothing is claimed" "$status $(json '"\(.differences | length) \(.forgot != null)"')" "0 0 true"

# --- one that hangs, beside one that prints more than waits in a pipe
echo '[{"steps": [{"args": []}]}]' >"$tmp/once.json"
parity --original "sleep 60" --port "perl -e print(q(x)x200000);exit(3)" --replay "$tmp/once.json"
is "what one prints is taken while another is waited for: only that one met its limit" \
	"$status $(json '.differences[0] | "\(.original.ended) \(.port.ended) \(.port.exit)"')" "1 time none 3"

# --- what is long, and what nobody may read
parity --original ./port/big.sh --port ./port/bigger.sh --cases 2 --differences 1
is "files that are long are compared to their end, and told in short" \
	"$status $(channel) $(json '.differences[0].files[] | select(.path == "./work/big") | "\(.original.bytes) \(.original.text | length) \(.original.digest == .port.digest)"')" \
	"1 files 4000001 2000 false"
parity --original ./port/shut.sh --port ./port/shut2.sh --cases 2 --differences 1
is "and those that nobody may read" "$status $(channel) $(json '.differences[0].files[0].port.text')" "1 files b"

# --- secrets
parity --original ./port/calm.sh --port ./port/tell.sh --cases 2 --differences 1 -o "$tmp/secret.json"
is "a secret is in no report" "$(grep -c quay-key-77 "$tmp/secret.json") $(json '.differences[0].port.output' "$tmp/secret.json")" "0 [redacted]"

# --- which program
parity --port ./port/cargobook.pl
is "several programs have to be chosen from" "$status $(grep -c 'say --original: cargobook, port/' "$tmp/err")" "2 1"
parity --original ./cargobook --port ./port/none.pl --cases 5
is "one that is not there is no port" "$status $(grep -c 'the port is not there' "$tmp/err")" "2 1"
parity --original "sh ./port/none.sh" --port "sh ./port/nothing.sh" --cases 5
is "and two that are not there are not the same" "$status $(grep -c 'the original is not there' "$tmp/err")" "2 1"
run "$drydock" qa parity --state "$state" --original ./cargobook --port ./port/message.pl --cases 200 --differences 1 "$id" "$id"
has "for people it is a script" "$tmp/out" '  $ PROGRAM '
done_testing
