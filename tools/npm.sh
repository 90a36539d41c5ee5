# Packages of npm by a lock file, for scripts that take files out of them.  The registry is that of the machine's npm
# configuration; what npm has in its cache it takes from there, so that a second time needs no network.
#
# fetch_locked LOCK TO WHAT [OPTION...]: what LOCK/package-lock.json (below the repository) names, into $new/node_modules, no script of
# it run.  $new is a directory in TO, gone with the script.  WHAT is what a message calls it; OPTIONs are npm's.
fetch_locked() {
	lock=$1 to=$2 what=$3
	shift 3
	command -v npm >/dev/null || {
		echo "drydock: npm, which fetches $what, is not installed: \`make deps\` installs it, as root or with sudo" >&2
		exit 3
	}
	mkdir -p "$to"
	new=$(mktemp -d "$to/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 3' HUP INT TERM
	cp "$lock/package.json" "$lock/package-lock.json" "$new/"
	if ! (cd "$new" && npm ci --ignore-scripts "$@" --prefer-offline --no-audit --no-fund --no-bin-links) >"$new/log" 2>&1; then
		tail -n 20 "$new/log" >&2
		echo "drydock: fetching $what failed (npm ci in a copy of $lock)" >&2
		exit 3
	fi
}
