#!/bin/sh
# One application from every kind of source gives the same result, and sources that mean harm do none.
. "$(dirname "$0")/../tap.sh"
app=$apps/tiny-make

stands_up() { # NAME SOURCE
	up "$2"
	is "$1" "$status $(json '[.outcome, .tests.passed] | join(" ")')" "0 up 2"
}

mkdir "$tmp/a" && cp -R "$app" "$tmp/a/knots-1.0"
for kind in gz:-z xz:-J bz2:-j zst:--zstd; do
	tar -C "$tmp/a" -c "${kind#*:}" -f "$tmp/knots.tar.${kind%%:*}" knots-1.0
	stands_up "archive .tar.${kind%%:*}" "$tmp/knots.tar.${kind%%:*}"
done
tar -C "$app" -cz -f "$tmp/flat.tgz" .
stands_up "an archive without a common directory" "$tmp/flat.tgz"
(cd "$tmp/a" && zip -qr "$tmp/knots.zip" knots-1.0)
stands_up "archive .zip" "$tmp/knots.zip"

# --- names that are bytes: the tests of the application want each of them
mkdir "$tmp/named" && cp -R "$app/." "$tmp/named"
latin=$(printf 'caf\351.txt') line=$(printf 'new\nline.txt') bell=$(printf 'a\007bell\033[31m.txt')
for name in "$latin" "two  words.txt" "$line" "$bell" "-n" '$(id)`.txt' ; do
	mkdir -p "$tmp/named/of $name" && printf %s "$name" >"$tmp/named/of $name/$name"
done
sed -i 's/^echo 1..2/echo 1..3/' "$tmp/named/test.sh"
cat >>"$tmp/named/test.sh" <<'T'
n=0
for d in of*; do
	name=${d#of }
	[ "$(cat "$d/$name")" = "$name" ] && n=$((n + 1))
done
[ $n = 6 ] && echo "ok 3 - names" || echo "not ok 3 - names"
T
tar -C "$tmp" -cz -f "$tmp/named.tgz" named
for source in "$tmp/named" "$tmp/named.tgz"; do
	up "$source"
	is "names that are bytes (${source##*/})" "$status $(json '[.outcome, .tests.passed] | join(" ")')" "0 up 3"
done
run "$drydock" replay --quiet --json --state "$state" "$(json .recipe)" "$tmp/named"
is "a replay with them" "$status $(json '[.outcome, .tests.passed] | join(" ")')" "0 up 3"

# --- git: a path, a bare repository, smart HTTP, git://, and a ref of each kind
git_() { git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main -c commit.gpgsign=false "$@"; }
mkdir "$tmp/git"
git_ init -q "$tmp/git/work"
cp -R "$app/." "$tmp/git/work"
git_ -C "$tmp/git/work" add . && git_ -C "$tmp/git/work" commit -qm one
git_ -C "$tmp/git/work" tag v1
git_ -C "$tmp/git/work" checkout -qb broken
sed -i s/1.852/1.9/ "$tmp/git/work/knots.c"
git_ -C "$tmp/git/work" commit -qam "wrong factor"
git_ -C "$tmp/git/work" checkout -q main
git_ clone -q --bare "$tmp/git/work" "$tmp/git/knots.git"
before=$(digest "$tmp/git/work")
stands_up "a work tree with .git" "$tmp/git/work"
is "which is as it was" "$(digest "$tmp/git/work")" "$before"
stands_up "a bare repository by path" "$tmp/git/knots.git"

# --- equal files, another history
mkdir "$tmp/aged" && cat >"$tmp/aged/Makefile" <<'M'
all: ; touch built
check: ; @echo 1..1; echo "ok 1 - of $$(cd .git/refs/tags && ls)"
M
git_ init -q "$tmp/aged"
git_ -C "$tmp/aged" add . && git_ -C "$tmp/aged" commit -qm one && git_ -C "$tmp/aged" tag north
of_tags() { jq -r .name "$(json .tests.cases)"; }
up "$tmp/aged"
is "a build sees the history" "$status $(of_tags)" "0 of north"
git_ -C "$tmp/aged" tag -d north >/dev/null && git_ -C "$tmp/aged" tag south
up "$tmp/aged"
is "and not that of equal files seen before" "$status $(of_tags)" "0 of south"

chmod -R a+rX "$tmp"
: >"$tmp/ports"
"${DD_BUILD:-$root/build/release}/tests/base/tool_gitd" "$tmp/git" 900 >"$tmp/ports" &
server=$!
on_exit="kill $server 2>/dev/null; $on_exit"
while [ "$(wc -l <"$tmp/ports")" -lt 2 ] && kill -0 $server; do sleep 0.1; done
http=http://127.0.0.1:$(sed -n 's/^http //p' "$tmp/ports")
git=git://127.0.0.1:$(sed -n 's/^git //p' "$tmp/ports")
asked() { jq -r '.requests[] | .url // .path' "$(json .report | sed 's/html$/json/')" >"$tmp/asked"; }
stands_up "smart HTTP" "$http/knots.git"
asked
has "what it asked for is in the report" "$tmp/asked" "$http/knots.git/git-upload-pack"
stands_up "git://" "$git/knots.git"
asked
has "that it connected is in the report" "$tmp/asked" "tcp://${git#git://}"
stands_up "a tag" "$http/knots.git#v1"
up "$http/knots.git#broken"
is "a branch, which has a wrong factor" "$status $(json '[.outcome, .tests.passed, .tests.failed] | join(" ")')" \
	"1 tests-failed 1 1"
stands_up "a commit" "$git/knots.git#$(git -C "$tmp/git/work" rev-parse v1)"
up "$http/knots.git#nowhere"
is "a ref that is not there is a usage error" "$status" 2
has "which names it" "$tmp/err" "source $http/knots.git#nowhere: the repository has no branch or tag 'nowhere'"
up "$http/other.git"
is "a repository that is not there, too" "$status $(cat "$tmp/err")" \
	"2 drydock: source $http/other.git: its server has no git repository of that name; check the URL"
up "$git/other.git"
is "nor by git://" "$status" 2
has "which names the URL" "$tmp/err" "source $git/other.git: "
hasnt "and no address of the sandbox" "$tmp/err" 127.0.0.1:9418
kill $server 2>/dev/null

# --- what cannot be read
up "$tmp/nothing-here"
is "a path that is not there is a usage error" "$status" 2
has "which names it" "$tmp/err" nothing-here
head -c 300 "$tmp/knots.tar.gz" >"$tmp/cut.tar.gz"
up "$tmp/cut.tar.gz"
is "an archive cut short is a usage error" "$status" 2
echo "no archive at all" >"$tmp/text.tar.gz"
up "$tmp/text.tar.gz"
is "a text is no archive" "$status" 2
mkdir "$tmp/wide"
cp -R "$app/." "$tmp/wide" && head -c 30000000 /dev/zero >"$tmp/wide/zero"
tar -C "$tmp/wide" -czf "$tmp/wide.tar.gz" .
up --disk 20M "$tmp/wide.tar.gz"
has "an archive that is more than the limit: what to do" "$tmp/err" "exceeded the disk limit; give it more with --disk"
up
is "no source is a usage error" "$status" 2

# --- what means harm
mkdir -p "$tmp/evil/sub" && echo harm >"$tmp/evil/file"
tar -C "$tmp/evil" -czf "$tmp/climb.tar.gz" --transform 's|^file|../../../../../../../../tmp/drydock-climbed|' file
tar -C "$tmp/evil" -czPf "$tmp/absolute.tar.gz" --transform "s|^file|$tmp/absolute-harm|" file
for kind in climb absolute; do
	up "$tmp/$kind.tar.gz"
	is "an archive with a path that leads out ($kind) is refused" "$status" 2
done
ok "and nothing was written" sh -c '[ ! -e /tmp/drydock-climbed ] && [ ! -e "$1" ]' sh "$tmp/absolute-harm"
mkdir "$tmp/linked"
cp -R "$app/." "$tmp/linked" && ln -s /etc/shadow "$tmp/linked/shadow" && ln -s . "$tmp/linked/loop"
mkfifo "$tmp/linked/pipe"
stands_up "a tree with links out, a circle and a pipe" "$tmp/linked"
done_testing
