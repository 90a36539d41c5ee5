#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# ARCHITECTURE.md against the tree, in both directions: which room includes from which, which headers a room
# shows, which library has its home where; and that nothing includes in a circle.
. "$(dirname "$0")/../tap.sh"
page=$root/ARCHITECTURE.md

# block NAME: the fenced table of that name
block() { awk -v name="$1" '$0 == "```" name { on = 1; next } /^```/ { on = 0 } on && NF' "$page"; }

# The longest room that the path lies in.
find . -path ./build -prune -o -path ./tests/apps -prune -o -path ./tests/graph/cases -prune -o -path ./tools -prune -o -name '*.[ch]' -print | sed 's|^\./||' >"$tmp/files"
block rooms | awk '{ print $1 }' >"$tmp/rooms"

# FILE ROOM INCLUDED-ROOM INCLUDED-FILE, of our own includes
while read -r f; do
	sed -n 's/^#include "\([a-z_\/]*\.h\)".*/\1/p' "$f" | sed "s|^|$f |"
done <"$tmp/files" | awk -v rooms="$(tr '\n' ' ' <"$tmp/rooms")" '
	BEGIN { n = split(rooms, R, " ") }
	function room(path,   i, best) {
		sub(/^tests\/hostile\//, "tests/sandbox/", path)
		sub(/^tests\//, "", path)
		best = ""
		for (i = 1; i <= n; i++)
			if (index(path, R[i] "/") == 1 && length(R[i]) > length(best)) best = R[i]
		return best
	}
	{ print $1, room($1), ($2 ~ /^tests\// ? "tests" : room($2)), $2 }' >"$tmp/includes"
ok "the graph was read" test "$(wc -l <"$tmp/includes")" -gt 300
is "every file lies in a room" "$(awk '$2 == "" || $3 == "" { print $1 }' "$tmp/includes" | sort -u)" ""

# --- rooms
awk '$2 != $3 && $3 != "tests" && $1 !~ /^tests\// { print $2 " " $3 }' "$tmp/includes" | sort -u >"$tmp/edges"
block rooms | awk -F'->' '{ gsub(/ /, "", $1); gsub(/,/, " ", $2); n = split($2, to, " "); for (i = 1; i <= n; i++) print $1 " " to[i] }' |
	sort -u >"$tmp/drawn"
is "includes that the picture does not allow" "$(comm -23 "$tmp/edges" "$tmp/drawn")" ""
is "arrows of the picture that nothing uses" "$(comm -13 "$tmp/edges" "$tmp/drawn")" ""
is "tests include only what their room may" "$(awk '$1 ~ /^tests\// && $3 != "tests" && $2 != $3 { print $2 " " $3 }' "$tmp/includes" |
	sort -u | comm -23 - "$tmp/drawn")" ""
ok "no room depends on itself in a circle" sh -c 'tsort "$1" >/dev/null' sh "$tmp/drawn"
ok "no header includes itself in a circle" sh -c \
	'awk "\$1 ~ /\\.h\$/ { print \$1, \$4 }" "$1" | tsort >/dev/null' sh "$tmp/includes"

# --- headers shown
awk '$2 != $3 && $3 != "tests" && $1 !~ /^tests\// { h = $4; sub(/^.*\//, "", h); sub(/\.h$/, "", h); print $3 " " h }' \
	"$tmp/includes" | sort -u >"$tmp/used"
block headers | awk -F: '{ gsub(/ /, "", $1); n = split($2, h, " "); for (i = 1; i <= n; i++) print $1 " " h[i] }' | sort -u >"$tmp/shown"
is "headers used from outside that are not shown" "$(comm -23 "$tmp/used" "$tmp/shown")" ""
is "headers shown that nobody uses" "$(comm -13 "$tmp/used" "$tmp/shown")" ""

# --- libraries
block libraries | while read -r name headers homes package; do
	for h in $(echo "$headers" | tr ',' ' '); do
		grep -lE "^#include <($h)>" $(cat "$tmp/files") | sort >"$tmp/users"
		wanted=$(echo "$homes" | tr ',' '\n' | sort | tr '\n' ' ' | sed 's/ $//')
		case $homes in
		tests) bad=$(grep -v '^tests/' "$tmp/users") ;;
		*) bad=$(grep -v '^tests/' "$tmp/users" | while read -r u; do case " $wanted " in *" $u "*) ;; *) echo "$u" ;; esac; done) ;;
		esac
		[ -z "$bad" ] || echo "$name: $h is included by $bad"
		[ -s "$tmp/users" ] || echo "$name: nobody includes $h"
	done
	grep -qE "^$package( |$)" deps.txt || echo "$name: $package is not in deps.txt"
done >"$tmp/libraries"
is "each library has its one home and its package" "$(cat "$tmp/libraries")" ""
block libraries | awk '$1 != "-" { print $1 }' | sort >"$tmp/listed"
{ sed -n 's/^PKGS := //p' Makefile | tr ' ' '\n'; echo libseccomp; } | sort >"$tmp/linked"
is "the libraries the Makefile links are those" "$(cat "$tmp/linked")" "$(cat "$tmp/listed")"

# --- what the programs link (DESIGN: the front and the box start at once)
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' '; }
for p in drydock drydock-box; do
	is "$p links libc at most" "$(needed "build/$p" | tr ' ' '\n' | grep -vE '^(libc\.so\.6|ld-linux.*)?$')" ""
	# Without musl the ordinary C library serves, as a shared one.
	command -v musl-gcc >/dev/null && [ -z "${SAN:-}" ] &&
		is "$p is static" "$(needed "build/$p")$(readelf -l "build/$p" | grep INTERP)" ""
	ok "$p is position-independent" sh -c 'readelf -h "$1" | grep -q "Type:.*DYN"' sh "build/$p"
done
ok "drydock-core links the others" sh -c 'echo "$1" | grep -q libjansson' sh "$(needed build/drydock-core)"
lazy=$(sed -n 's/^LAZY := .*,,\(.*\))$/\1/p' Makefile | tr ' ' '|')
[ "$(uname -m)" != x86_64 ] || [ -n "${SAN:-}" ] ||
	is "but for those that are loaded when they are used" "$(needed build/drydock-core | tr ' ' '\n' | grep -E "^lib(${lazy:-.*})[.-]")" ""

# --- names that must not be written down
is "no registry is named" "$(grep -rnIE --exclude-dir=build --exclude-dir=.git --exclude=architecture.t --exclude=up.t \
	'(deb|security)\.debian\.org|registry\.npmjs|pypi\.org|crates\.io' . | head -n 5)" ""
# In every room.  Not meant: pipes, terminals, /proc, control groups, what is measured or written inside a pod.
calls_of_disk='write|writev|pwritev?|fsync|fdatasync|syncfs|rename|renameat2?|link|linkat|symlinkat?|mkdir|mkdirat|f?truncate'
calls_of_disk="$calls_of_disk|creat|mknod|mknodat|mkfifo|mkdtemp|mkos?temps?|copy_file_range|sendfile|splice|(posix_)?fallocate|unlink|unlinkat|rmdir|remove"
is "calls that change a disk are those of base/io.h" "$(xargs grep -nE \
	"(^|[^_a-zA-Z>.])($calls_of_disk)\\(" <"$tmp/files" |
	grep -vE '^(tests|tools|sandbox/box|runner/data)/|^base/(io|fault|log|own|spawn|spawn_capture)\.c|^sandbox/(exec|pod|limits|doctor)\.c|^runner/intake_worker\.c' |
	grep -vE ':[[:space:]]*(/?\*|//)|truncate\(marker, 0\)')" ""
# A statement that has the flag, up to its end.
is "and so are those that make a file" "$(grep -vE '^(tests|tools|sandbox/box|runner/data)/|^base/(io|fault)\.c' "$tmp/files" | xargs awk '
	/;|[{}]$/ { text = text $0; if (text ~ /[^_a-z](open|openat|openat2)\(.*(O_CREAT|O_TMPFILE)/) print FILENAME ":" FNR; text = ""; next }
	{ text = text $0 }')" ""
is "no file is longer than 800 lines" "$(xargs wc -l <"$tmp/files" | awk '$2 != "total" && $1 > 800 { print $2 }')" ""
done_testing
