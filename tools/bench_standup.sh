#!/bin/bash
# `make bench-standup [LIST=FILE] [NAMES="a b"]`: drydock up over real upstream archives, as a table.
#
#   tools/bench_standup.sh LIST [NAME...]
#
# LIST holds lines of seven tab-separated columns (a first line of titles is skipped): source package,
# version, build system, known needs, what it stands for, expected outcome, and the archives as
# "file:sha256 ...".  Archives are fetched with apt's source download through a private list that adds
# deb-src to the machine's own sources, checked against their digest, and kept in CACHE; the packaging
# that comes along is deleted unread.  STATE, OUT, CACHE and LIMIT (seconds a package) may be set in the
# environment.
set -u
export LC_ALL=C.UTF-8
top=$(cd "$(dirname "$0")/.." && pwd)
list=${1:?usage: bench_standup.sh LIST [NAME...]}
shift
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/drydock-bench}
out=${OUT:-$top/build/bench-standup}
limit=${LIMIT:-1800}
mkdir -p "$cache/archives" "$out"

# A private apt configuration: the machine's sources with deb-src beside each deb.
apt_config() {
	local d=$cache/apt
	mkdir -p "$d/lists/partial" "$d/cache/archives/partial" "$d/parts"
	rm -f "$d"/parts/*
	local f n=0
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		[ -s "$f" ] || continue
		n=$((n + 1))
		case $f in
		*.sources) sed 's/^Types:.*/Types: deb-src/' "$f" >"$d/parts/$n.sources" ;;
		*.list) sed -n 's/^deb\([[:space:]]\)/deb-src\1/p' "$f" >"$d/parts/$n.list" ;;
		esac
	done
	cat >"$d/apt.conf" <<-CONF
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$d/parts";
		Dir::State::lists "$d/lists";
		Dir::Cache "$d/cache";
		APT::Sandbox::User "root";
	CONF
	apt_conf=$d/apt.conf
	[ -e "$d/fetched" ] || { APT_CONFIG=$apt_conf apt-get update >"$out/apt.log" 2>&1; : >"$d/fetched"; }
}

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

# score NEEDS PACKAGES: "needs found wanted" on one line.  A need is a word of the list (what stands in
# parentheses is optional: finding it is right, missing it is no fault); a package meets it when, bare of
# lib-, -dev, -perl, python3- and digits, one name begins with the other.  The list leaves out the compiler
# and what the build system itself is (its third column names it): such packages count neither way.
score() {
	awk -v needs="$1" -v packages="$2" '
	function bare(s) {
		s = tolower(s)
		sub(/-[0-9][0-9.]*$/, "", s); sub(/^(lib|python3-|golang-|node-|php-)/, "", s)
		sub(/(-dev|-perl|-cli|-cil)$/, "", s); sub(/-[0-9][0-9.]*$/, "", s); gsub(/[0-9.+]+$/, "", s)
		return s
	}
	function implied(p) {
		return p ~ /^(gcc|g\+\+|make|libc6-dev|linux-libc-dev|pkg-config|autoconf|autoconf-archive|automake|libtool|libtool-bin|cmake|meson|ninja-build|python3|python3-dev|perl|libperl-dev|nodejs|npm)$/
	}
	function meets(p, n) { return length(p) > 1 && (index(p, n) == 1 || index(n, p) == 1) }
	BEGIN {
		optional = ""
		while (match(needs, /\([^)]*\)/)) {
			optional = optional " " substr(needs, RSTART + 1, RLENGTH - 2)
			needs = substr(needs, 1, RSTART - 1) substr(needs, RSTART + RLENGTH)
		}
		gsub(/[,+()]/, " ", needs); gsub(/[,+()]/, " ", optional)
		nn = split(needs, N, " "); no = split(optional, O, " "); np = split(packages, P, " ")
		for (i = 1; i <= nn; i++) for (j = 1; j <= np; j++)
			if (meets(bare(P[j]), bare(N[i]))) { met++; break }
		for (j = 1; j <= np; j++) {
			hit = 0
			for (i = 1; i <= nn && !hit; i++) hit = meets(bare(P[j]), bare(N[i]))
			for (i = 1; i <= no && !hit; i++) hit = meets(bare(P[j]), bare(O[i]))
			right += hit
			counted += hit || !implied(P[j])
		}
		print met + 0, nn, right + 0, counted + 0
	}'
}

header() {
	printf '%-32s %-13s %6s %6s %5s %4s %6s %6s %6s %6s\n' package outcome passed failed skip att. sec prune prec recall
}

# row NAME NEEDS ARCHIVE SHA256
row() {
	local json=$out/$1.json start=$SECONDS
	if ! get "$1" "$3" "$4"; then
		printf '%-32s not fetched\n' "$1"
		printf '%s\tnot-fetched\n' "$1" >>"$out/rows"
		return
	fi
	start=$SECONDS
	timeout -k 30 "$limit" "$top/build/drydock" up --json ${STATE:+--state "$STATE"} \
		"$cache/archives/$3" >"$json" 2>"$out/$1.err" </dev/null
	local facts packages met wanted right found
	facts=$(jq -r '[.outcome, .tests.passed, .tests.failed, .tests.skipped, ([.attempts[] | select(.pruning | not)] | length),
		([.attempts[] | select(.pruning) | .seconds] | add // 0 | round)] | @tsv' "$json" 2>/dev/null)
	packages=$(jq -r '[.packages[].name] | join(" ")' "$json" 2>/dev/null)
	read -r met wanted right found < <(score "$2" "$packages")
	printf '%s\t%s\t%d\t%d\t%d\t%d\t%d\n' "$1" "${facts:-error	0	0	0	0	0}" $((SECONDS - start)) "$met" "$wanted" "$right" "$found" |
		tee -a "$out/rows" | awk -F'\t' '{
			printf "%-32s %-13s %6d %6d %5d %4d %6d %6d %6s %6s\n", $1, $2, $3, $4, $5, $6, $8 - $7, $7,
				$12 ? sprintf("%.2f", $11 / $12) : "-", $10 ? sprintf("%.2f", $9 / $10) : "-" }'
}

totals() {
	awk -F'\t' '
	{ n++; o[$2]++; ran += $3 + $4; met += $9; wanted += $10; right += $11; found += $12; sec += $8 }
	$3 + $4 > 0 { executed++ }
	END {
		printf "\n%d packages: ", n
		for (k in o) printf "%s %d, ", k, o[k]
		printf "tests really run in %d (%d cases); precision %.2f, recall %.2f; %d s\n", executed, ran,
			found ? right / found : 0, wanted ? met / wanted : 0, sec
	}' "$out/rows"
}

apt_config
: >"$out/rows"
header
while IFS=$'\t' read -r name _ _ needs _ _ archives; do
	[ "$name" = source ] && continue
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	main=$(tr ' ' '\n' <<<"$archives" | grep -E '\.orig\.tar\.[a-z0-9]+:' | head -n 1)
	row "$name" "$needs" "${main%:*}" "${main##*:}"
done <"$list"
totals
