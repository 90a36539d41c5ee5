#!/bin/sh
# A state directory that was damaged: what is lost is noticed before it is used, named, made again where that
# can be, and hides nothing else.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/runner/resumed.sh"
app=$apps/tiny-missing

up --image base "$apps/tiny-none" # so that there is a base image
base_state "$tmp/base" && s=$tmp/state && linked_state "$tmp/base" "$s"
quiet_up() { run env "$@" "$drydock" up --no-learnt --quiet --json --state "$s" "$app"; }
resume() { run "$drydock" resume --quiet --json --state "$s" "$@"; }
last_run() { ls "$s/runs" | tail -n 1; }
result_of() { # RUN STEP FIELD
	sqlite3 "$s/runs/$1/journal.db" "select json_extract(result, '\$.$3') from step where key = '$2'"
}

quiet_up
rm -rf "$s/runs/"*
quiet_up
is "undisturbed: outcome" "$(json .outcome)" up
whole=$(json .run)
essence "$s" "$whole" >"$tmp/want"

# --- a journal that somebody else is writing to; the answer takes a while and is asked for below
busy=$(json .run)
mkdir -m 700 "$tmp/other" "$tmp/other/runs"
cp -a "$s/mode" "$tmp/other"
cp -a "$s/runs/$busy" "$tmp/other/runs"
sqlite3 "$tmp/other/runs/$busy/journal.db" "begin immediate" ".shell touch '$tmp/held'; while [ -e '$tmp/held' ]; do sleep 0.1; done" >/dev/null 2>&1 &
holder=$!
on_exit="rm -f $tmp/held; wait $holder; $on_exit"
eventually test -e "$tmp/held"
"$drydock" runs --state "$tmp/other" --pin "$busy" >"$tmp/busy.out" 2>"$tmp/busy.err" &
asker=$!

# --- journals that cannot be read
damaged() { # HOW FILE-COMMAND...
	how=$1
	shift
	quiet_up
	id=$(json .run)
	journal=$s/runs/$id/journal.db
	"$@"
	run "$drydock" runs --state "$s"
	is "$how: the runs are listed" "$status" 0
	ok "$how: it is named" grep -qE "^$id  damaged .*journal" "$tmp/out"
	ok "$how: the others are there" grep -qE "^$whole  up " "$tmp/out"
	run "$drydock" runs --state "$s" --json
	is "$how: as JSON, too" "$(json ".[] | select(.run == \"$id\") | .state + \" \" + (.why | length > 10 | tostring)")" "damaged true"
	resume "$id"
	is "$how: no resume" "$status" 3
	ok "$how: and it says why" grep -qE "^drydock: run $id: journal: .*/journal.db" "$tmp/err"
	is "$how: in one line" "$(wc -l <"$tmp/err")" 1
	run "$drydock" report --state "$s" "$whole"
	is "$how: another run's report" "$status" 0
	run "$drydock" gc --state "$s" --keep 9 --dry-run
	is "$how: gc works" "$status" 0
	rm -rf "$s/runs/$id"
}
garbage() { head -c 20000 /dev/urandom >"$journal"; }
damaged "a journal of garbage" garbage
damaged "an empty journal" eval ': >"$journal"'
damaged "a journal cut short" eval 'truncate -s 5000 "$journal"'
damaged "a lost journal" eval 'rm "$journal"'
# The page of the steps alone: the run can be listed and cannot go on.
quiet_up DRYDOCK_FAULT=db.commit.after:8
id=$(last_run)
sqlite3 "$s/runs/$id/journal.db" "pragma wal_checkpoint(truncate)" >/dev/null
head -c 2000 /dev/zero | tr '\0' X | dd of="$s/runs/$id/journal.db" bs=1 seek=4096 conv=notrunc 2>/dev/null
run "$drydock" runs --state "$s"
ok "a page overwritten: listed" grep -q "^$id" "$tmp/out"
resume "$id"
is "a page overwritten: no step is taken for undone" "$status" 3
has "and it says why" "$tmp/err" "$id/journal.db: database disk image is malformed"
rm -rf "$s/runs/$id"
run "$drydock" gc --state "$s" --keep 9
is "what a removed run leased is let go" "$(ls "$s/leases" | grep -c '^run-')" "$(ls "$s/runs" | wc -l)"

# --- a run directory that lost files
lost() { # WHAT...: of the finished run; resumed, it is there again
	(cd "$s/runs/$whole" && rm -r "$@") || echo "nothing to lose: $*"
	resume "$whole"
	is "lost $*: it is written again" "$(json .outcome) $(essence "$s" "$whole" 2>&1 | diff "$tmp/want" - | cut -c1-200 | head -n 5)" "up "
}
lost report.html
lost tests.jsonl
lost result.json
lost recipe
lost recipe/Dockerfile report.json
lost lock
quiet_up DRYDOCK_FAULT=db.commit.after:8 # before the build
id=$(last_run)
rm -r "$s/runs/$id/logs"
resume "$id"
is "lost logs before the build: it goes on" "$(essence "$s" "$id" 2>&1 | diff "$tmp/want" - | cut -c1-200)" ""

# --- layers and the index, of a run that has still to go on
gone() { # WHAT STEP COMMAND: lost between the build and the tests
	quiet_up DRYDOCK_FAULT=db.commit.after:"$commits"
	id=$(last_run)
	source=$(result_of "$id" source layer)
	install=$(result_of "$id" attempt/1/install 'root[#-1]')
	build=$(result_of "$id" attempt/1/build layer)
	base=$(result_of "$id" base 'layers[1]')
	index=$(result_of "$id" index digest)
	[ -n "$build" ] || echo "the run did not come far enough"
	eval "$3"
	resume "$id"
	is "lost $1: it ends as it would have" "$(essence "$s" "$id" 2>&1 | diff "$tmp/want" - | cut -c1-200 | head -n 5)" ""
	has "lost $1: and says so" "$tmp/err" "doing step $2 and what follows again"
	is "lost $1: nothing is left over" "$(settled "$s")" ""
	rm -rf "$s/runs/$id"
}
for commits in $(seq 10 24); do # the first after the build
	quiet_up DRYDOCK_FAULT=db.commit.after:$commits
	id=$(last_run)
	build=$(result_of "$id" attempt/1/build layer)
	rm -rf "$s/runs/$id"
	[ -z "$build" ] || break
done
gone "tree of the source" source 'rm -rf "$s/layers/$source/fs"'
gone "tree of the build" attempt/1/build 'rm -rf "$s/layers/$build/fs"'
gone "layer of the build" attempt/1/build 'rm -rf "$s/layers/$build"'
gone "tree of the packages" attempt/1/install 'rm -rf "$s/layers/$install/fs"'
gone "layer that was not whole before a power cut" attempt/1/build 'echo another-boot >"$s/layers/$build/boot"'

# --- downloads whose bytes changed
quiet_up
object=$(sqlite3 "$s/runs/$(json .run)/journal.db" "select json_extract(result, '\$.batch.artefacts[3].sha256') from step where key = 'attempt/1/install'")
path=$s/cas/$(echo "$object" | cut -c1-2)/$(echo "$object" | cut -c3-)
install=$(result_of "$(json .run)" attempt/1/install 'root[#-1]')
change() { # without changing the one it is a link to
	cp "$path" "$path.new" && chmod u+w "$path.new" && printf X | dd of="$path.new" bs=1 seek=100 conv=notrunc 2>/dev/null && mv -f "$path.new" "$path"
	rm -rf "$s/layers/$install"
}
change
run "$drydock" up --no-learnt --quiet --json --offline --state "$s" "$app"
is "a changed download, offline: exit status" "$status" 3
ok "it is named" grep -qF "warning: packages: object $path was damaged" "$tmp/err"
ok "and that it cannot be had" grep -qE '^drydock: .*are not in the store, and --offline' "$tmp/err"
is "and the run can go on when it is there" "$("$drydock" runs --state "$s" --json | jq -r '.[0].state')" interrupted
quiet_up
is "online it is fetched" "$(json .outcome)" up
change
quiet_up
is "a changed download, online: outcome" "$(json .outcome)" up
ok "it is named" grep -qF "warning: packages: object $path was damaged" "$tmp/err"
is "what is in the store is whole again" "$(sha256sum <"$path" | cut -d' ' -f1)" "$object"
is "the damaged ones are kept aside" "$(ls "$s/cas/quarantine" | wc -l)" 2
rm -rf "$s/layers/$install" && : >"$path.new" && mv -f "$path.new" "$path"
quiet_up
is "an empty download: outcome" "$(json .outcome)" up

# --- a source that cannot be read leaves no run
before=$(ls "$s/runs" | wc -l)
unread() { # NAME STATUS SOURCE TEXT
	run "$drydock" up --no-learnt --quiet --json --state "$s" "$3"
	is "$1: exit status" "$status" "$2"
	has "$1: the message" "$tmp/err" "$4"
	is "$1: one line" "$(wc -l <"$tmp/err")" 1
	is "$1: no run is left" "$(ls "$s/runs" | wc -l)" "$before"
	is "$1: nor anything else" "$(settled "$s")$(ls "$s/leases" | grep -c '^run-')" "$before"
}
mkdir "$tmp/empty" "$tmp/closed"
head -c 5000 /dev/urandom >"$tmp/noise.tar.gz"
tar -C "$apps" -czf "$tmp/cut.tar.gz" harbourbook && truncate -s 3000 "$tmp/cut.tar.gz"
mkfifo "$tmp/fifo"
unread "what is not there" 2 "$tmp/missing" "source $tmp/missing: no such file or directory; give a directory, an archive"
unread "noise" 2 "$tmp/noise.tar.gz" "source $tmp/noise.tar.gz: not a tar or zip archive"
has "noise: the way out" "$tmp/err" "; give a whole archive, or the directory it was made from"
unread "an archive cut short" 2 "$tmp/cut.tar.gz" "source $tmp/cut.tar.gz: "
has "an archive cut short: the way out" "$tmp/err" "; give a whole archive, or the directory it was made from"
unread "an empty directory" 2 "$tmp/empty" "source $tmp/empty: it holds no files; give the directory of an application's sources"
unread "a FIFO" 2 "$tmp/fifo" "neither a directory nor an archive; give a directory, an archive"
for url in http://127.0.0.1:1/x https://127.0.0.1:1/x.git git://127.0.0.1:1/x.git; do
	unread "a server that is not there" 2 "$url" "source $url: its server cannot be reached: "
	has "a server that is not there: the way out" "$tmp/err" "; check the URL, or clone it where that works and give the directory"
	hasnt "a server that is not there: no address of the sandbox" "$tmp/err" 127.0.0.1:3142
done
unread "ssh" 2 "ssh://git@host.example/x.git" "clone it yourself and give the directory"
unread "a login in a URL" 2 "http://me:hush@127.0.0.1:1/x" "clone it yourself and give the directory"
hasnt "a login in a URL is not repeated" "$tmp/err" hush
run "$drydock" up --no-learnt --quiet --offline --state "$s" http://127.0.0.1:1/x
is "a URL offline" "$status $(cat "$tmp/err")" \
	"2 drydock: source http://127.0.0.1:1/x: a repository URL cannot be read --offline; clone it and give the directory"
if [ "$(id -u)" = 0 ]; then
	skip "a file that may not be read" "root reads everything"
else
	echo x >"$tmp/closed/file" && chmod 0 "$tmp/closed/file"
	unread "a file that may not be read" 3 "$tmp/closed" "source $tmp/closed: cannot read file: Permission denied"
fi

# --- an output that cannot be written
run sh -c '"$1" runs --json --state "$2" >/dev/full' sh "$drydock" "$s"
is "a full standard output: exit status" "$status" 3
has "and the message" "$tmp/err" "drydock: standard output: cannot write: No space left on device"

# --- the answer to the question from above
wait $asker
is "a locked journal: exit status" "$?" 3
ok "a locked journal: the message" grep -qE "^drydock: .*$busy/journal.db: database is locked\$" "$tmp/busy.err"
done_testing
