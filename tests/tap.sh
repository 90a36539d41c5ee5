# Functions for test scripts that speak TAP; a script sources it and ends with `done_testing`.
#
#   $drydock   the front program        $tmp   a directory of the script's own, removed at the end
#   $state     the state directory the scripts share (with the base image, made by the first that asks)

set -u
cd "${DD_ROOT:-$(dirname "$0")/../..}" || exit 99
root=$PWD
drydock=$root/build/drydock
state=${DD_TEST_STATE:-$root/build/test-state}
apps=$root/tests/apps
tmp=$(mktemp -d "${TMPDIR:-/tmp}/drydock-t.XXXXXX") || exit 99
on_exit="rm -rf $tmp"
trap 'eval "$on_exit"' EXIT
trap 'exit 99' HUP INT TERM
n=0
failed=0

# ok NAME COMMAND...: the command must succeed
ok() {
	name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/.ok" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "# failed: $*"
		sed 's/^/# /' "$tmp/.ok"
		failed=$((failed + 1))
	fi
}

# is NAME GOT WANTED
is() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | sed 's/^/#   got: /'
		printf '%s\n' "$3" | sed 's/^/#   wanted: /'
		failed=$((failed + 1))
	fi
}

# has NAME FILE TEXT: the file has the text; hasnt: it has not (and is there)
has() { ok "$1" grep -qF -e "$3" "$2"; }
hasnt() { ok "$1" sh -c '[ -e "$1" ] && ! grep -rqF -e "$2" "$1"' sh "$2" "$3"; }

# skip NAME REASON
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# run COMMAND...: its output to $tmp/out and $tmp/err, its status to $status
run() {
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

# json EXPRESSION [FILE]: what jq says, strings bare; of the last output unless a file is named
json() { jq -r "$1" "${2:-$tmp/out}" 2>&1; }

# up ARGS...: drydock up --json, whatever was learnt before and without a look at its pages; the Dockerfile it made is looked at, too
up() {
	run "$drydock" up --json --quiet --state "$state" --no-learnt --no-screens "$@"
	dockerfile=$(dirname "$(json '.recipe // empty')")/Dockerfile
	[ ! -f "$dockerfile" ] || awk -f tests/hadolint.awk "$dockerfile" >>"$tmp/.dockerfiles"
}

# eventually COMMAND...: it succeeds, within two minutes; for what others do at the same time, on a machine that may be busy
eventually() {
	for turn_ in $(seq 1200); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	false
}

# has_stopped PID: stopped by itself, or over: not to be told to go on before
has_stopped() { ! grep -qs '^State:[[:space:]]*[^TXZ[:space:]]' "/proc/$1/status"; }

# newest_run SOURCE: the id of the newest run of a source; the state is shared with a script that runs beside this one
newest_run() { "$drydock" runs --json --state "$state" | jq -r --arg s "$1" '[.[] | select(.source == $s)][0].run // empty'; }

# A state directory that has the base image, the index and the downloads, by hard links; no other layer.
base_state() { # DIR
	mkdir -m 700 "$1" "$1/layers" "$1/leases" "$1/images" || return 1
	cp -p "$state/mode" "$1/mode"
	cp -al "$state/images/base.ref" "$1/images"
	cp -al "$state/index" "$state/cas" "$1" 2>/dev/null # from which a collection may take something
	cp -al "$state/leases/image-base" "$1/leases" || return 1
	for key in $(sed -n 's/^layer //p' "$state/images/base.ref"); do
		cp -al "$state/layers/$key" "$1/layers" || return 1
	done
	# Not what a script that runs beside this one is just writing, nor its locks.
	find "$1/index" \( -name '*tmp' -o -name '*lock' \) -type f -delete
}

# The same at another place, in no time: the layers of the base image are used where they are.
linked_state() { # DIR NEW
	mkdir -m 700 "$2" "$2/layers" && cp -al "$1/mode" "$1/images" "$1/index" "$1/cas" "$1/leases" "$2" &&
		ln -s "$1"/layers/* "$2/layers"
}

# own_state: from here on $state is one that no other script uses, with the base image, the index and what was downloaded
own_state() {
	"$drydock" up --quiet --no-learnt --image base --state "$state" "$apps/tiny-none" >/dev/null 2>&1 # so that they are there
	base_state "$tmp/own" || exit 99
	state=$tmp/own
}

# digest DIR: of names, modes, link targets and contents
digest() {
	(cd "$1" && find . -printf '%p %m %y %l\n' | sort && find . -type f -print0 | sort -z |
		xargs -0 sha256sum) | sha256sum
}

done_testing() {
	[ ! -e "$tmp/.dockerfiles" ] || is "every Dockerfile keeps DL3008, DL3009, DL3015 and DL4006" "$(cat "$tmp/.dockerfiles")" ""
	echo "1..$n"
	exit $((failed > 0))
}
