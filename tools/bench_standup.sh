#!/bin/bash
# `make bench-standup [LIST=FILE|DIR] [NAMES="a b"] [PARTS="up known ..."]`: drydock up over real archives, as tables.
#
#   tools/bench_standup.sh LIST [NAME...]
#
# LIST holds lines of seven tab-separated columns (a first line of titles is skipped): source package,
# version, build system, known needs, what it stands for, expected outcome, and the archives as
# "file:sha256 ...".  Archives are fetched with apt's source download through a private list that adds
# deb-src to the machine's own sources, checked against their digest, and kept in CACHE; the packaging
# that comes along is deleted unread.  A directory of archives will do, too: nothing is known of those.
# STATE, OUT, CACHE and LIMIT (seconds a package and step) may be set in the environment.  PARTS, all of them
# unless named:
#
#   up        outcome, cases that ran, attempts; the seconds up to the verdict, and of pruning after it
#   known     the same run again with every download in the store, nothing learnt and no layer of packages taken
#             from it, not pruned; beside it the pruned recipe (the known needs) installed, built and tested under
#             the same conditions, and what the first takes of the second
#   replay    the recipe twice without a network (as root in a network namespace of its own): what differs
#   minimal   a set found by deletion: everything that discovery wanted before pruning, and the packages that the
#             distribution builds it with; each is hidden in turn with what only it brings along, and needed when
#             outcome, files made, their libraries, texts or cases differ.  At most SAMPLE of them a package (0:
#             all; the figures are then estimates).  Of the packages found: how many are needed; of those needed:
#             how many were found
#   rival     ognibuild of this machine's sources, as root in drydock's sandbox with those sources, on an image with
#             build-essential: does its build, and does its test command, exit with 0
#   resolve   building the package index, and resolving one of the names that the runs needed
set -u
export LC_ALL=C.UTF-8
top=$(cd "$(dirname "$0")/.." && pwd)
list=${1:?usage: bench_standup.sh LIST [NAME...]}
shift
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/drydock-bench}
out=${OUT:-$top/build/bench-standup}
limit=${LIMIT:-1800}
sample=${SAMPLE:-0}
parts=${PARTS:-up known replay minimal rival resolve}
drydock=$top/build/drydock
mkdir -p "$cache/archives" "$out"

part() { [[ " $parts " == *" $1 "* ]]; }

# timed FILE COMMAND...: standard output to FILE.json, the rest to FILE.err; the seconds to $took
timed() {
	local file=$1 start=$EPOCHREALTIME
	shift
	timeout -k 30 "$limit" "$@" >"$file.json" 2>"$file.err" </dev/null
	took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
}

# dd COMMAND ARGS...: the words of a drydock command on the state of the measurement
words() { printf '%s\n' "$drydock" "$1" --json --quiet ${STATE:+--state "$STATE"} "${@:2}"; }
dd_timed() {
	local file=$1 argv
	shift
	mapfile -t argv < <(words "$@")
	timed "$file" "${argv[@]}"
}

. "$top/tools/bench/apt_source.sh"

# have FILE SHA256
have() {
	[ -f "$cache/archives/$1" ] && [ "$(sha256sum <"$cache/archives/$1")" = "$2  -" ]
}

# get NAME FILE SHA256: the archive into the cache
get() {
	have "$2" "$3" && return 0
	local d
	d=$(mktemp -d "$cache/get.XXXXXX")
	(cd "$d" && APT_CONFIG=$apt_conf apt-get source --download-only "$1") >>"$out/apt.log" 2>&1
	if [ ! -f "$d/$2" ]; then # the packaging may be gone while the archive is still served
		local uri
		uri=$(cd "$d" && APT_CONFIG=$apt_conf apt-get source --print-uris --download-only "$1" 2>/dev/null |
			sed -n "s|^'\([^']*/\)[^/']*\.dsc'.*|\1|p" | head -n 1)
		[ -n "$uri" ] && curl -fsSL -o "$d/$2" "$uri$2" >>"$out/apt.log" 2>&1
	fi
	[ -f "$d/$2" ] && mv "$d/$2" "$cache/archives/$2"
	rm -rf "$d"
	have "$2" "$3"
}

# median of the numbers on standard input; "-" of none
median() { sort -n | awk '{ v[NR] = $1 } END { print NR ? (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 : "-" }'; }

# what FILE EXPRESSION: of a result
what() { jq -r "$2" "$1" 2>/dev/null; }
is_built() { case $(what "$1" .outcome) in up | built | tests-failed) return 0 ;; *) return 1 ;; esac; }

# ---- up

part_up() { # NAME ARCHIVE
	local f=$out/$1.up facts
	dd_timed "$f" up --no-learnt "$2"
	facts=$(what "$f.json" '[.outcome, .tests.passed, .tests.failed, .tests.skipped, ([.attempts[] | select(.pruning | not)] | length),
		([.attempts[] | select(.pruning) | .seconds] | add // 0 | round), (.packages | length)] | @tsv')
	printf '%s\t%s\t%s\n' "$1" "${facts:-error	0	0	0	0	0	0}" "$took" >>"$out/up.tsv"
	tail -n 1 "$out/up.tsv" | awk -F'\t' '{ printf "%-32s %-13s %6d %6d %5d %4d %7.1f %6d %4d", $1, $2, $3, $4, $5, $6, $9 - $7, $7, $8 }'
}

# ---- known

part_known() { # NAME ARCHIVE
	local f=$out/$1.known recipe up=-
	recipe=$(what "$out/$1.up.json" '.recipe // empty')
	[ -n "$recipe" ] || { printf ' %7s %7s %6s' - - - && return; }
	dd_timed "$f-up" up --no-learnt --no-prune --install-anew --offline "$2"
	up=$took
	dd_timed "$f" replay --install-anew --offline "$recipe" "$2"
	is_built "$f.json" || { printf ' %7s %7s %6s' "$up" failed - && return; }
	printf '%s\t%s\t%s\n' "$1" "$up" "$took" >>"$out/known.tsv"
	awk -v a="$up" -v b="$took" 'BEGIN { printf " %7.1f %7.1f %6.2f", a, b, a / b }'
}

# ---- replay

# Without a network: what another user has no right to is said.
alone=()
[ "$(id -u)" != 0 ] || alone=(unshare --net --)

# same FILE WANT: all that a replay compares but bytes, and the counts of the run it is of
same() {
	[ "$(what "$1" '[.differences | .missing, .added, .linked, .text, .tests | length] | add')" = 0 ] &&
		[ "$(what "$1" '[.outcome, .tests.passed, .tests.failed, .tests.skipped] | @tsv')" = "$2" ]
}

part_replay() { # NAME ARCHIVE
	local f=$out/$1.replay recipe good=0 bytes='' argv want
	recipe=$(what "$out/$1.up.json" '.recipe // empty')
	[ -n "$recipe" ] || { printf ' %6s %6s' - - && return; }
	want=$(what "$out/$1.up.json" '[.outcome, .tests.passed, .tests.failed, .tests.skipped] | @tsv')
	for time in 1 2; do
		mapfile -t argv < <(words replay --offline "$recipe" "$2")
		timed "$f-$time" "${alone[@]}" "${argv[@]}"
		same "$f-$time.json" "$want" && good=$((good + 1))
		bytes=$bytes${bytes:+,}$(what "$f-$time.json" '.differences.bytes | length')
	done
	printf '%s\t%d\n' "$1" "$good" >>"$out/replay.tsv"
	printf ' %6s %6s' "$good/2" "$bytes"
}

# ---- minimal

# What the distribution builds it with and this machine's sources have: names, without its own packaging tools.
distribution_needs() { # NAME VERSION
	APT_CONFIG=$apt_conf apt-cache showsrc "$1" 2>/dev/null | awk -v version="$2" '
		/^Package: / { at = 0 }
		/^Version: / { v = $2; sub(/^[0-9]+:/, "", v); at = index(v, version) == 1 }
		/^Build-Depends(-Indep|-Arch)?: / && at { sub(/^[^ ]* /, ""); print }' | tr ',' '\n' |
		sed 's/|.*//; s/\[.*\]//; s/([^)]*)//; s/<[^>]*>//g; s/:[a-z]*//; s/ //g' | sort -u |
		grep -vE '^(debhelper.*|dh-.*|dpkg-dev.*|cdbs|quilt|libmodule-build-perl|pkg-.*-tools|gem2deb|pkg-js-tools|pkg-php-tools)?$' |
		while read -r p; do apt-cache show "$p" >"$out/show" 2>/dev/null && [ -s "$out/show" ] && echo "$p"; done
}

part_minimal() { # NAME ARCHIVE VERSION
	local f=$out/$1.minimal recipe found all p n=0 want
	is_built "$out/$1.up.json" || { printf ' %5s %5s' - - && return; }
	found=$(what "$out/$1.up.json" '.packages[].name')
	{
		echo packages:
		distribution_needs "$1" "$3" | sed 's/^/- /'
	} >"$f.yaml"
	dd_timed "$f" up --no-learnt --no-prune --facts "$f.yaml" "$2"
	recipe=$(what "$f.json" '.recipe // empty')
	all=$(what "$f.json" '.packages[].name' | sort)
	[ -n "$recipe" ] || { printf ' %5s %5s' - - && return; }
	[ "$sample" = 0 ] || all=$(for p in $all; do echo "$(sha256sum <<<"$p") $p"; done | sort | awk '{ print $3 }' | head -n "$sample")
	want=$(what "$f.json" '[.outcome, .tests.passed, .tests.failed, .tests.skipped] | @tsv')
	dd_timed "$f-all" replay --offline "$recipe" "$2"
	same "$f-all.json" "$want" || { printf ' %5s %5s' unsteady - && return; }
	for p in $all; do
		dd_timed "$f-one" replay --offline --without "$p" "$recipe" "$2"
		if same "$f-one.json" "$want"; then n=no; else n=yes; fi
		printf '%s\t%s\t%s\t%s\n' "$1" "$p" "$n" "$(grep -qxF -e "$p" <<<"$found" && echo found || echo -)" >>"$out/minimal.tsv"
	done
	awk -F'\t' -v name="$1" '$1 == name { f += $4 == "found"; m += $3 == "yes"; both += $3 == "yes" && $4 == "found" }
		END { printf " %5s %5s", f ? sprintf("%.2f", both / f) : "-", m ? sprintf("%.2f", both / m) : "-" }' "$out/minimal.tsv"
}

# ---- rival

cat >"$out/rival.sh" <<'R'
cd /root && export DEBIAN_FRONTEND=noninteractive HOME=/root LANG=C.UTF-8
if [ "$1" = root ]; then
	{ apt-get update && apt-get install -y --no-install-recommends build-essential ognibuild brz-debian python3-debian sudo xz-utils \
		bzip2 unzip; } >/out/install.log 2>&1 && apt-get clean && cd / && tar --one-file-system --exclude=./out --exclude=./scripts \
		--exclude=./tmp/* --exclude=./proc/* --exclude=./sys/* --exclude=./dev/* --exclude=./run/* -cf /out/layer.tar .
	exit
fi
mkdir tree && tar --no-same-owner -xf "$1" -C tree --strip-components 1 && cd tree || exit
start=$(date +%s)
timeout "$2" ogni --resolve=apt build </dev/null; build=$?
timeout "$2" ogni --resolve=apt test </dev/null; test=$?
echo "rival: $build $test $(($(date +%s) - start))"
R

# What every build of it begins with, made once: the base image, what Debian takes for granted in a build, and ognibuild.
rival_image() {
	local d=$out/rival-image sum
	"$drydock" image list ${STATE:+--state "$STATE"} | grep -q '^ognibuild' && return
	mkdir -p "$d" && chmod 777 "$d"
	timeout -k 30 1800 "$drydock" sandbox run --quiet --net provision ${STATE:+--state "$STATE"} --bind "$d:/out" --bind "$out:/scripts:ro" -- \
		/bin/sh /scripts/rival.sh root </dev/null || return
	sum=$(sha256sum <"$d/layer.tar" | cut -d' ' -f1)
	printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$sum" >"$d/config.json"
	printf '[{"Config":"config.json","RepoTags":["ognibuild:latest"],"Layers":["layer.tar"]}]' >"$d/manifest.json"
	tar -cf "$d/image.tar" -C "$d" manifest.json config.json layer.tar && rm -f "$d/layer.tar"
	"$drydock" image import --quiet --skip-special ${STATE:+--state "$STATE"} "$d/image.tar" ognibuild
	rm -rf "$d"
}

part_rival() { # NAME ARCHIVE
	local f=$out/$1.rival dir build test sec
	dir=$(dirname "$2")
	timed "$f" "$drydock" sandbox run --quiet --image ognibuild --net provision --time "$((limit * 2))" ${STATE:+--state "$STATE"} \
		--bind "$dir:/archives:ro" --bind "$out:/scripts:ro" -- /bin/sh /scripts/rival.sh "/archives/$(basename "$2")" "$limit"
	mv "$f.json" "$f.log"
	read -r build test sec < <(sed -n 's/^rival: //p' "$f.log" | tail -n 1)
	printf '%s\t%s\t%s\t%s\n' "$1" "${build:-none}" "${test:-none}" "${sec:-0}" >>"$out/rival.tsv"
	awk -v b="${build:-none}" -v t="${test:-none}" -v s="${sec:-0}" 'BEGIN { printf " %5s %5s %5d", b == "0" ? "yes" : "no", b == "0" && t == "0" ? "yes" : "no", s }'
}

# ---- resolve

part_resolve() {
	local tool=$top/build/release/tests/envprobe/tool_index state=${STATE:-/var/lib/drydock}
	cat "$out"/*.up.json | jq -r '.packages[].why' 2>/dev/null | sed -n 's/^\([a-z]*\) \([^ ]*\) (.*/\1 \2/p' | sort -u |
		DRYDOCK_PROGRAMS=$top/build "$tool" "$state" |
		awk '{ printf "index: built in %s s; one name of %d: %s microseconds, the slowest %s\n", $1, $2, $3, $4 }'
}

# ---- the table

header() {
	part up && printf '%-32s %-13s %6s %6s %5s %4s %7s %6s %4s' package outcome passed failed skip att. sec prune pkg
	part known && printf ' %7s %7s %6s' warm known ratio
	part replay && printf ' %6s %6s' replay bytes
	part minimal && printf ' %5s %5s' prec recall
	part rival && printf ' %5s %5s %5s' rival tests sec
	printf '\n'
}

row() { # NAME ARCHIVE VERSION
	part up && part_up "$1" "$2"
	part known && part_known "$1" "$2"
	part replay && part_replay "$1" "$2"
	part minimal && part_minimal "$1" "$2" "$3"
	part rival && part_rival "$1" "$2"
	printf '\n'
}

totals() {
	printf '\n'
	part up && awk -F'\t' '{ n++; o[$2]++; ran += $3 + $4 } $3 + $4 > 0 { executed++ }
		END { printf "%d packages: ", n; for (k in o) printf "%s %d, ", k, o[k]; printf "tests really run in %d (%d cases)\n", executed, ran }' "$out/up.tsv"
	part up && echo "attempts, median: $(cut -f 6 "$out/up.tsv" | median); pruning, median: $(cut -f 7 "$out/up.tsv" | median) s"
	part known && [ -s "$out/known.tsv" ] && echo "discovery against the known needs, up to the verdict, median of $(wc -l <"$out/known.tsv"): $(awk -F'\t' '{ printf "%.2f\n", $2 / $3 }' "$out/known.tsv" | median)"
	part replay && awk -F'\t' '{ n++; all += $2 == 2 } END { printf "replayed without a network, twice with the same result: %d of %d\n", all, n }' "$out/replay.tsv"
	part minimal && awk -F'\t' '{ f += $4 == "found"; m += $3 == "yes"; both += $3 == "yes" && $4 == "found" }
		END { printf "packages against the set found by deletion (%d tried): precision %.2f, recall %.2f\n", NR, f ? both / f : 0, m ? both / m : 0 }' "$out/minimal.tsv"
	part rival && awk -F'\t' '{ b += $2 == "0"; t += $2 == "0" && $3 == "0" } END { printf "ognibuild: %d of %d build, %d tests exit with 0\n", b, NR, t }' "$out/rival.tsv"
	part resolve && part_resolve
}

# each FUNCTION: NAME ARCHIVE VERSION of what was asked for
each() {
	local name version archives main
	if [ -d "$list" ]; then
		for main in "$list"/*.tar.* "$list"/*.tgz "$list"/*.zip; do
			[ -f "$main" ] || continue
			name=$(basename "$main")
			[ ${#names[@]} -eq 0 ] || [[ " ${names[*]} " == *" $name "* ]] || continue
			"$1" "$name" "$(realpath "$main")" -
		done
		return
	fi
	while IFS=$'\t' read -r name version _ _ _ _ archives; do
		[ "$name" = source ] && continue
		[ ${#names[@]} -eq 0 ] || [[ " ${names[*]} " == *" $name "* ]] || continue
		main=$(tr ' ' '\n' <<<"$archives" | grep -E '\.orig\.tar\.[a-z0-9]+:' | head -n 1)
		if get "$name" "${main%:*}" "${main##*:}"; then
			"$1" "$name" "$cache/archives/${main%:*}" "$version"
		else
			printf '%-32s not fetched\n' "$name"
		fi
	done <"$list"
}

names=("$@")
apt_config "$cache/apt" "$out/apt.log"
for p in up known replay minimal rival; do
	! part $p || : >"$out/$p.tsv"
done
part up && rm -f "$out"/*.up.json
part rival && rival_image
header
each row
totals
