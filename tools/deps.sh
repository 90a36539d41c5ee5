#!/bin/sh
# Install the packages of deps.txt that this machine lacks; without the rights to, print the
# command and stop.
#
#   tools/deps.sh [KIND]   those of that kind alone; without it all that building, running and checking need
set -eu
cd "$(dirname "$0")/.."
want=$(awk -v kind="${1:-}" '!/^#/ && NF { if (kind ? $2 == kind : $2 ~ /^(build|run|check)$/) print $1 }' deps.txt)
# A package that another one provides is there, too.
have=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}, ${Provides}\n' 2>/dev/null | sed -n 's/^ii *//p' | tr ',' '\n' | sed 's/^ *//; s/ .*//')
missing=
for p in $want; do
	printf '%s\n' "$have" | grep -qxF -- "$p" || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
install="apt-get install -y --no-install-recommends$missing"
echo "drydock: installing what it needs:$missing" >&2
if [ "$(id -u)" = 0 ]; then
	as=
elif sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; then
	as=sudo
else
	echo "drydock: no rights to install packages here; run this, then try again:" >&2
	echo "    sudo apt-get update && sudo $install" >&2
	exit 3
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! { $as apt-get update && $as env DEBIAN_FRONTEND=noninteractive $install; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "drydock: installing packages failed; the command was: $install" >&2
	exit 3
fi
