#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# What a source should not hold: found where it is, told without repeating it, and not found where it is not.
. "$(dirname "$0")/../tap.sh"

# scan [OPTION...] SOURCE
scan() { run "$drydock" scan --json --quiet --state "$state" "$@"; }
# rules: of the last scan, "LEVEL RULE FILE:LINE" a line
rules() { json '.findings[] | "\(.level) \(.rule) \(.path):\(.line)"'; }

tree=$tmp/tree
mkdir -p "$tree/src" "$tree/tests" "$tree/node_modules/x" "$tree/.git"
key=$(printf 'AK%s' 'IAQ3EGRV7TN5JX2KLM')
value=$(printf 'b7F%s' '2kQ9xW4mZt')
printf -- '-----BEGIN RSA %s KEY-----\nMIIB\n' PRIVATE >"$tree/server.pem"
printf 'aws: %s\npassword = "%s"\npassword = "changeme1234"\nurl = ftp://me:%s@files.example/\n' "$key" "$value" "$value" >"$tree/site.conf"
cp "$tree/server.pem" "$tree/tests/"
cp "$tree/server.pem" "$tree/node_modules/x/"
cp "$tree/server.pem" "$tree/.git/"
cat >"$tree/src/a.c" <<'X'
/* gets(line) is not called here */
// strcpy(a, b)
char *a(char *line) { fgets(line, 9, stdin); return gets(line); }
void b(const char *s) { printf("%s", s); printf(s); system("ls"); system(s); }
X
cat >"$tree/src/a.py" <<'X'
import ast, yaml, subprocess
ast.literal_eval(x)
eval(x)
yaml.safe_load(x); yaml.load(x, Loader=yaml.SafeLoader)
yaml.load(x)
subprocess.run(["ls", x])
subprocess.run("ls " + x, shell=True)
cur.execute("SELECT a FROM b WHERE c = %s", (x,))
cur.execute("SELECT a FROM b WHERE c = '%s'" % x)
cur.execute(f"DELETE FROM b WHERE c = {x}")
X
cat >"$tree/src/a.php" <<'X'
<?php include 'head.php'; echo htmlspecialchars($_GET['a']);
include $_GET['page'];
echo $_GET['a'];
X
cat >"$tree/src/a.js" <<'X'
document.title = x; el.textContent = x;
el.innerHTML = x;
new Function(x)();
X
printf 'curl -s https://tools.example/i.sh | sh\ncurl -s https://tools.example/i.sh >i.sh\n' >"$tree/install.sh"
head -c 100000 /dev/zero >"$tree/zero.c"
mkfifo "$tree/pipe"
ln -s /etc/shadow "$tree/shadow.c"
scan "$tree"
is "each is found, once, and nothing else" "$(rules)" "error secret/private-key server.pem:1
error secret/aws-access-key site.conf:1
error unsafe/c-gets src/a.c:3
error unsafe/php-include src/a.php:2
warning unsafe/shell-pipe install.sh:1
warning secret/assigned site.conf:2
warning secret/url-password site.conf:4
warning unsafe/c-format src/a.c:4
warning unsafe/c-shell src/a.c:4
warning unsafe/js-html src/a.js:2
warning unsafe/js-eval src/a.js:3
warning unsafe/php-echo src/a.php:3
warning unsafe/python-eval src/a.py:3
warning unsafe/python-yaml src/a.py:5
warning unsafe/python-shell src/a.py:7
warning unsafe/sql-formatted src/a.py:9
warning unsafe/sql-interpolated src/a.py:10
note secret/private-key tests/server.pem:1"
is "errors fail" "$status" 1
ok "no secret is repeated" sh -c '! grep -e "$1" -e "$2" "$3" "$4"' sh "$key" "$value" "$tmp/out" "$tmp/err"
is "what is no text is counted" "$(json .left_out)" 1

# --- a report, and what is new against it
scan --sarif "$tmp/first.sarif" --fail-on never "$tree"
is "never is never" "$status" 0
is "a report has all of it" "$(jq -r '[.version, (.runs[0].results | length), (.runs[0].results | map(.baselineState) | unique[])] | join(" ")' "$tmp/first.sarif")" "2.1.0 18 new"
ok "and no secret" sh -c '! grep -e "$1" -e "$2" "$3"' sh "$key" "$value" "$tmp/first.sarif"
sed -i '1i\
int lines_move;' "$tree/src/a.c"
scan --known "$tmp/first.sarif" "$tree"
is "what only moved is known" "$status $(json '[.new.error, .new.warning, .known] | join(" ")')" "0 0 0 18"
printf '%s\n' "$(printf 'AS%s' 'IAQ3EGRV7TN5JX2KLM')" >>"$tree/site.conf"
scan --known "$tmp/first.sarif" "$tree"
is "one more is not" "$status $(json '[.findings[] | select(.known | not) | .rule] | join(" ")')" "1 secret/aws-access-key"
scan --known "$tree/site.conf" "$tree"
is "what is no report is named" "$status $(cat "$tmp/err")" "2 drydock: $tree/site.conf: no SARIF report: it is not JSON"

# --- advisories: a directory, a file of lines, an archive
mkdir "$tmp/app" "$tmp/osv"
printf 'flask==2.0.1\n' >"$tmp/app/requirements.txt"
advisory='{"id": "X-2", "summary": "lets\u001b[31m in", "affected": [{"package": {"ecosystem": "PyPI", "name": "Flask"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.2"}]}]}]}'
echo "$advisory" >"$tmp/osv/X-2.json"
printf '%s\n%s\n' "$(echo "$advisory" | sed s/X-2/X-3/)" "$advisory" >"$tmp/lines.json"
(cd "$tmp/osv" && cp X-2.json X-4.json && sed -i s/X-2/X-4/ X-4.json && zip -q ../all.zip X-4.json && rm X-4.json)
for osv in osv:X-2 lines.json:X-3,X-2 all.zip:X-4; do
	scan --osv "$tmp/${osv%%:*}" --fail-on warning "$tmp/app"
	is "advisories in ${osv%%:*}" "$status $(json '[.findings[].rule] | sort | reverse | join(",")')" "1 $(echo "${osv#*:}" | tr , '\n' | sort -r | paste -sd,)"
done
run "$drydock" scan --state "$state" --osv "$tmp/osv" "$tmp/app"
has "in words, safe for a terminal" "$tmp/out" "requirements.txt:1: warning: flask 2.0.1 is affected by X-2: lets"
hasnt "without its escapes" "$tmp/out" "$(printf '\033')"
scan --osv "$tmp/nowhere" "$tmp/app"
is "advisories that are not there" "$status" 2

# --- of a run: its source, and what was installed for it
up "$apps/tiny-perl"
id=$(json .run)
advisory='{"id": "X-5", "affected": [{"package": {"ecosystem": "Debian:12", "name": "perl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}'
echo "$advisory" >"$tmp/perl.json"
scan --run --osv "$tmp/perl.json" "$id"
is "an installed package is found by its source" "$(json '.findings[0] | [.rule, .path] | join(" ")')" "X-5 drydock.lock.json"
scan "$tmp/nothing-here"
is "a source that is not there" "$status" 2
scan --fail-on everything "$tree"
is "a level that there is not" "$status" 2
done_testing
