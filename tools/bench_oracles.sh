#!/bin/bash
# Definitions and calls of the map against what a compiler of the language, or its indexer, says of the same tree: javac for
# Java, go/types for Go, the compiler of TypeScript for it and for JavaScript, ast and scip-python for Python, gcc for C++ (what is made
# or ended, operators, and what stands in functions that no source brings gcc to, templates above all, are left apart there).
#
#   bench_oracles.sh DRYDOCK STATE LANGUAGE:TREE...
#
# TREE is a directory; src:SOURCE, which apt fetches from this machine's sources, or npm:NAME, behind either /DIRECTORY for a part of
# it; or deb:PACKAGE/PATH, what that package installs at /PATH.  Oracles are installed and run in the sandbox, where archives are unpacked, too; nothing is kept.  What an oracle
# writes (tools/bench/oracle.*), one a line with tabs: F file; D file, first line, line of the name, name, "function" or "type";
# C caller (file, line of the name, name; 0 and nothing for the file) callee (the same); U caller, name and line of a call whose end it does not know.
#
# Counted are pairs of caller and callee that both are of the tree, made objects among them where the language has a call for that.  What
# the oracle does not know is apart: pairs of a caller and a name or a line of which it says U, and, in Python, methods that syntax calls.
# With VERBOSE=1 each difference is told.
set -u
export LC_ALL=C.UTF-8
here=$(dirname "$0")/bench
drydock=$1 state=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -m 777 "$work/trees" "$work/truth" "$work/archives"
. "$here/apt_source.sh"

# A network to the machine's sources of packages; with this machine's programs, when it has those that are named
provision() {
	local program binds=(--bind /usr:/usr:ro) d
	for program in $1; do
		[[ "$(command -v "$program")" == /usr/* ]] || binds=()
	done
	for d in /etc/java-*; do
		[ ! -d "$d" ] || [ ${#binds[@]} = 0 ] || binds+=(--bind "$d:$d:ro")
	done
	shift
	"$drydock" sandbox run --quiet --state "$state" --net provision "${binds[@]}" "$@"
}

# fetch N WHERE: the tree into $work/trees/N
fetch() {
	local n=$1 where=$2 kind=${2%%:*} name=${2#*:} sub=.
	mkdir -m 777 "$work/trees/$n"
	case $where in
	src:*)
		[ -n "${apt_conf:-}" ] || apt_config "${CACHE:-$work}/apt" "$work/apt.log"
		sub=${name#*/}
		[ "$sub" != "$name" ] || sub=.
		name=${name%%/*}
		mkdir -m 777 "$work/archives/$n"
		(cd "$work/archives/$n" && APT_CONFIG=$apt_conf apt-get source --download-only "$name") >>"$work/apt.log" 2>&1
		rm -f "$work/archives/$n"/*.debian.* "$work/archives/$n"/*.dsc "$work/archives/$n"/*.asc
		"$drydock" sandbox run --quiet --state "$state" --bind /usr:/usr:ro --bind "$work/archives/$n:/archive:ro" --bind "$work/trees/$n:/tree" -- \
			/bin/sh -c 'cd /tmp && tar -xf /archive/*.tar.* --strip-components=1 && cp -a "$1/." /tree' sh "$sub" 2>>"$work/apt.log"
		;;
	deb:*)
		provision none --bind "$work/trees/$n:/tree" -- /bin/sh -c '
			{ apt-get -qq update && cd /tmp && apt-get -qq download "$1" && dpkg-deb -x ./*.deb /tmp/root; } >&2 &&
				cp -a "/tmp/root/$2/." /tree' sh "${name%%/*}" "${name#*/}" 2>>"$work/apt.log"
		;;
	npm:*)
		case $name in
		@*/*/*) sub=${name#*/*/} name=${name%"/${name#*/*/}"} ;;
		@*) ;;
		*/*) sub=${name#*/} name=${name%%/*} ;;
		esac
		provision npm --bind "$work/trees/$n:/tree" -- /bin/sh -c '
			export DEBIAN_FRONTEND=noninteractive npm_config_globalconfig=/etc/npmrc
			command -v npm >&2 || { apt-get -qq update && apt-get -qq install -y --no-install-recommends npm; } >&2
			{ cd /tmp && npm pack "$1" && tar -xf *.tgz; } >&2 &&
				cp -a "/tmp/package/$2/." /tree' sh "$name" "$sub" 2>>"$work/apt.log"
		;;
	*) [ -d "$where" ] && (cd "$where" && tar -cf - --exclude=.git .) | tar -xf - -C "$work/trees/$n" ;;
	esac
	chmod -R a+rX "$work/trees/$n" 2>/dev/null
	[ -n "$(find "$work/trees/$n" -type f -print -quit)" ]
}

cat >"$work/inside.sh" <<'IN'
export DEBIAN_FRONTEND=noninteractive HOME=/tmp GOCACHE=/tmp/go GO111MODULE=off CGO_ENABLED=0 npm_config_globalconfig=/etc/npmrc
language=$1
have() { command -v "$1" >/dev/null || { shift; apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@" >/dev/null; }; }
shift
modules() { mkdir -p /opt/modules && (cd /opt/modules && echo '{}' >package.json && npm install --no-audit --no-fund --ignore-scripts "$@" >/dev/null); }
case $language in
java)
	PATH=$(echo /usr/lib/jvm/*/bin | tr ' ' :):$PATH
	have javac default-jdk-headless
	;;
go) have go golang-go golang-src ;;
cpp) have g++ g++ ;;
python) have python3 python3 && have npm npm && modules @sourcegraph/scip-python@0.6.6 ;;
*) have npm npm && modules typescript@5 ;;
esac
for n; do
	case $language in
	java) java /oracles/Oracle.java "/trees/$n" ;;
	go) go run /oracles/oracle.go "/trees/$n" ;;
	cpp) sh /oracles/oracle_cpp.sh "/trees/$n" ;;
	python)
		echo '[]' >/tmp/none.json
		cp -a "/trees/$n" "/tmp/tree$n" && cd "/tmp/tree$n" &&
			/opt/modules/node_modules/.bin/scip-python index . --project-name tree --project-version 1 --environment /tmp/none.json --output /tmp/index.scip >&2
		python3 /oracles/oracle.py "/tmp/tree$n" /tmp/index.scip
		;;
	*) node --max-old-space-size=3000 /oracles/oracle.mjs /opt/modules "/trees/$n" ;;
	esac | sort -u >"/truth/$n"
done
IN

# The map's entities and relations of the tree N, as text
map() {
	"$drydock" graph ingest --anew --quiet --no-history --state "$state" --db "$work/map.db" "$work/trees/$1" >/dev/null || return
	"$drydock" graph sql --state "$state" --db "$work/map.db" "SELECT 'E', id, parent, file, line, kind, name FROM entities
		WHERE kind IN ('file', 'function', 'method', 'test', 'type')"
	local from=0 rows
	while :; do # an answer is of at most 100,000 rows
		rows=$("$drydock" graph sql --state "$state" --db "$work/map.db" "SELECT 'R', r.src, r.dst, r.kind, r.conf, r.line FROM entities e
			JOIN relations r ON r.src = e.id WHERE e.id BETWEEN $from AND $from + 19999 AND r.kind IN ('calls', 'may-call', 'instantiates') AND r.dst IS NOT NULL")
		[ -z "$rows" ] || printf '%s\n' "$rows"
		from=$((from + 20000))
		[ "$from" -le "$("$drydock" graph sql --state "$state" --db "$work/map.db" 'SELECT max(id) FROM entities')" ] || break
	done
}

total=0 names=() languages=()
for item in "$@"; do
	total=$((total + 1))
	names[total]=${item#*:} languages[total]=${item%%:*}
	fetch "$total" "${item#*:}" || { echo "$item: not run, no source: $(tail -n 1 "$work/apt.log" 2>/dev/null)"; languages[total]=none; }
done
for language in java go python javascript typescript cpp; do
	list=
	for n in $(seq "$total"); do [ "${languages[n]}" != "$language" ] || list="$list $n"; done
	[ -n "$list" ] || continue
	case $language in
	java) needs=javac ;;
	go) needs=go ;;
	cpp) needs=g++ ;;
	python) needs="python3 npm" ;;
	*) needs=npm ;;
	esac
	provision "$needs" --memory 4G --bind "$work/inside.sh:/inside.sh:ro" --bind "$(cd "$here" && pwd):/oracles:ro" \
		--bind "$work/trees:/trees:ro" --bind "$work/truth:/truth" -- /bin/sh /inside.sh "$language" $list >"$work/log" 2>&1
	for n in $list; do
		if ! grep -q '^F' "$work/truth/$n" 2>/dev/null; then
			echo "$language ${names[n]}: not run, no oracle: $(tail -n 1 "$work/log")"
			continue
		fi
		map "$n" >"$work/map"
		awk -F '\t' -v name="$language ${names[n]}" -v language="$language" -v verbose="${VERBOSE:-}" -f "$here/oracles.awk" "$work/truth/$n" "$work/map"
		[ -z "${KEEP:-}" ] || { mkdir -p "$KEEP/$n.$language" && cp -a "$work/trees/$n" "$KEEP/$n.$language/tree" && cp "$work/truth/$n" "$KEEP/$n.$language/truth"; }
	done
done
