#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock work: a page that a plan has a picture of is looked at with each change of its task, and has to look like it.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"

quay=$tmp/quay
mkdir -p "$quay/tests"
printf 'all: ; touch all\ncheck: ; @perl tests/berths.pl\nrun: ; @perl server.pl\n' >"$quay/Makefile"
printf 'print "1..1\\n"; require "./berths.pl"; print berths() == 7 ? "ok" : "not ok", " 1 - berths\\n";\n' >"$quay/tests/berths.pl"
printf 'sub berths { 7 } 1;\n' >"$quay/berths.pl"
cat >"$quay/server.pl" <<'S'
use IO::Socket::INET;
require "./berths.pl";
my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8085, Listen => 5, ReuseAddr => 1) or die;
my $name = "Quay";
my $head = "<!doctype html><html lang=en><title>Quay</title><h1>$name</h1>";
my $board = "";
while (my $c = $l->accept) {
	my ($path) = <$c> =~ m{^GET (\S+)};
	1 while ($_ = <$c>) && /\S/;
	print $c "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n$head<p>", $path eq "/board" ? $board : berths() . " berths";
	close $c;
}
S
git -C "$quay" init -q -b main
git -C "$quay" add -A
git -C "$quay" -c user.name=a -c user.email=a@example.org commit -q -m first

# What is wanted is drawn by the application as it should be.
cp -r "$quay" "$tmp/drawn"
sed -i 's/my \$name = "Quay"/my $name = "Harbour"/; s/my \$board = ""/my $board = "<b>Departures<\/b>"/' "$tmp/drawn/server.pl"
run "$drydock" up --screens --json --quiet --state "$state" --no-learnt "$tmp/drawn"
drawn=$(json .run)
run "$drydock" qa shoot --json --quiet --state "$state" --run "$drawn" /board -o "$tmp/board"
is "there are pictures of what is wanted" "$status" 0
cp "$state/runs/$drawn/views/01.png" "$tmp/entry.png"
cp "$(ls "$tmp"/board/*.png | grep -v whole | head -n 1)" "$tmp/board.png"
cat >"$tmp/page.md" <<'E'
# Harbour

- The name in server.pl must be "Harbour".
  - it is seen

![The entry page](entry.png)
![The board](board.png)
E
run "$drydock" plan --quiet --state "$state" "$quay" --intent "$tmp/page.md" -o "$tmp/p"
sed -i 's/^- chosen:.*/- chosen: a/; s/^- writes:.*/- writes: `server.pl`/; /^- screen:.*board/s|0.5 %\(.*\)|0.01 %\1, at `/board`|' "$tmp/p/plan.md"
run "$drydock" plan approve --state "$state" --author Ada "$tmp/p"
is "the plan is approved with both pictures" "$status $(grep -c '^- screen' "$tmp/p/plan.md")" "0 2"

NAME='{"path": "server.pl", "find": "my $name = \"Quay\";", "replace": "my $name = \"Harbour\";"}'
BOARD='{"path": "server.pl", "find": "my $board = \"\";", "replace": "my $board = \"<b>Departures</b>\";"}'
cat >"$tmp/tasks/harbour.json" <<END
{"id": "must be", "needs": ["looks like pictures/entry.png", "the page at /board"], "window": 12000, "tools": ["read", "find", "callers", "search", "run", "test"], "answers": [
	{"unless": ["do not look like the pictures of the plan"], "summary": "Call it a harbour", "edits": [$NAME]},
	{"if": ["unlike in pictures/board.png"], "summary": "Call it a harbour, with a board", "edits": [$NAME, $BOARD]}]}
END
models "$tmp/one.json" harbour "" '[{"context": 100}, {"context": 100}]'
run "$drydock" work --json --quiet --no-branch --state "$state" --models "$tmp/one.json" "$tmp/p"
gate() { json ".attempts[$1].gates[] | select(.gate == \"screens\") | .result"; }
like() { json "[.attempts[$1].likeness.pictures[] | [.picture, .at, (.differs <= .most)]] | tojson"; }
is "a change that is not like one of them is refused" "$(gate 0) $(json '.attempts[0].verdict')" "failed dropped"
is "with how far each of them is from what is seen" "$(like 0)" '[["pictures/entry.png","/",true],["pictures/board.png","/board",false]]'
is "one that is like both is kept, and its task is done" "$(json '.attempts[1].verdict') $(json '.tasks[0].outcome') $(json .outcome)" "kept done done"
is "to the pixel" "$(like 1) $(json '[.attempts[1].likeness.pictures[].differs] | add')" '[["pictures/entry.png","/",true],["pictures/board.png","/board",true]] 0'
run_dir=$state/runs/$(json .run)
is "what was seen is kept with the attempt" "$(sha256sum <"$run_dir/attempt-2/like-02.png" | cut -d' ' -f1)" "$(json '.attempts[1].likeness.pictures[1].seen')"
has "and told in the pull request" "$run_dir/pr.md" "/board is 0.00 % another than the picture pictures/board.png (at most 0.01)"

# --- a picture that cannot be decoded is found before anybody is asked
head -c 60 "$tmp/p/pictures/board.png" >"$tmp/part.png" && mv "$tmp/part.png" "$tmp/p/pictures/board.png"
sed -i "s/\(board.png\`\) [0-9a-f]*/\1/" "$tmp/p/plan.md"
run "$drydock" plan approve --state "$state" --author Ada "$tmp/p"
is "of a picture that is only begun a plan can be approved" "$status" 0
: >"$tmp/requests.jsonl"
run "$drydock" work --json --quiet --no-branch --state "$state" --models "$tmp/one.json" "$tmp/p"
is "nobody is asked for what such a picture shows" "$status $(wc -c <"$tmp/requests.jsonl")" "2 0"
has "it is named" "$tmp/err" "the picture \`pictures/board.png\` cannot be looked at"
done_testing
