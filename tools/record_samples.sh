#!/bin/bash
# Record what real test tools print: each of tests/qa/cases/TOOL is run in the sandbox in five ways, where its test
# "beta" passes, fails, crashes, is skipped, or waits until SIGKILL ends the tool.
#
#   tools/record_samples.sh [TOOL...]
#
# TOOL/packages: what is installed; npm:NAME comes by npm.  TOOL/run.sh: `tool SUFFIX COMMAND` runs the tool in the
# application (TOOL/app) and keeps what it prints as MODE[.SUFFIX].out; reports of its own it writes to $OUT.*.
# expected.json is judged by hand, and not written here.
set -eu
cd "$(dirname "$0")/.."
cases=tests/qa/cases
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cat >"$out/inside.sh" <<'IN'
set -eu
debs= npms=
for p in $(cat /sample/packages); do
	case $p in npm:*) npms="$npms ${p#npm:}" ;; *) debs="$debs $p" ;; esac
done
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends procps $debs >/dev/null
if [ -n "$npms" ]; then
	command -v npm >/dev/null || apt-get -qq install -y --no-install-recommends npm >/dev/null
	mkdir -p /opt/modules && cd /opt/modules && echo '{}' >package.json
	npm install --no-audit --no-fund --ignore-scripts $npms >/dev/null
fi
tool() {
	suffix=$1
	shift
	file=/out/$MODE${suffix:+.$suffix}.out
	[ "$suffix" != - ] || file=/dev/null
	status=0
	if [ "$MODE" = kill ]; then
		timeout -s KILL ${WAIT:-8} "$@" >"$file" 2>&1 </dev/null || status=$?
		pkill -KILL -f 'sleep 60[0]' || :
	else
		timeout 120 "$@" >"$file" 2>&1 </dev/null || status=$?
	fi
	[ -n "$suffix" ] && [ "$suffix" != - ] || echo "$status" >/out/$MODE.status
}
cp -a /sample/app /opt/app
cd /opt/app
[ -z "$npms" ] || ln -s /opt/modules/node_modules .
for MODE in pass fail crash skip kill; do
	export MODE OUT=/out/$MODE
	. /sample/run.sh || :
done
IN
for tool in ${*:-$(ls $cases)}; do
	rm -rf "$out/out"
	mkdir -m 777 "$out/out"
	echo "$tool"
	build/drydock sandbox run -q ${STATE:+--state "$STATE"} --net provision --bind "$out/inside.sh:/inside.sh:ro" \
		--bind "$cases/$tool:/sample:ro" --bind "$out/out:/out" -- /bin/sh /inside.sh || echo "$tool: status $?" >&2
	find "$out/out" -size 0 -delete
	rm -f "$cases/$tool"/*.{out,xml,json.new,status,tap,trs}
	for f in "$out/out"/*; do
		[ -e "$f" ] && cp "$f" "$cases/$tool/"
	done
done
