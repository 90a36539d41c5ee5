# Turn a Dockerfile made of the instructions that drydock emits into a shell script that carries them out,
# to be run as root in a sandbox on the base image with the build context at /context:
#
#   awk -f tests/dockerfile.awk -v args="NAME=value;NAME=value" [-v target=STAGE] [-v export=DIR] Dockerfile >script
#
# It carries out one stage with those it is FROM: `target`, else "test", else "build".  What it made below its work
# directory is copied to DIR at the end, and COPY --from=STAGE takes it from /stages/STAGE.  FROM must come first; ARG values and secrets come from `args`, ARG's else from the default.  RUN goes to the
# SHELL that was set or is a JSON array of words, as the user that was set; CMD (JSON form) is run last, with -v behind=1 in the background.  Any other instruction ends it with status 3.

function fail(why) { print "dockerfile: " why ": " $0 > "/dev/stderr"; bad = 1; exit 3 }
function quoted(s) { gsub(/'/, "'\\''", s); return "'" s "'" }
function as_user(command) {
	command = "env" extra " " command
	return user == "" ? command : "setpriv --reuid=" user " --regid=" user " --clear-groups env HOME=/home/" user " " command
}
function put(line) { text[stage] = text[stage] line "\n" }
function run(words) { put("cd " quoted(dir)); put(as_user(words)) }
function unescaped(s,   out, c) {
	for (out = ""; s != ""; s = substr(s, 3)) {
		if (!match(s, /\\/)) return out s
		out = out substr(s, 1, RSTART - 1)
		s = substr(s, RSTART)
		c = substr(s, 2, 1)
		if (c == "u") {
			c = sprintf("%c", 16 * index("123456789abcdef", substr(s, 5, 1)) + index("123456789abcdef", substr(s, 6, 1)))
			s = substr(s, 5)
		}
		else if (c == "n") c = "\n"
		else if (c == "t") c = "\t"
		out = out c
	}
	return out
}
# The words of a JSON array of strings, each quoted for the shell.
function array(s,   out, word) {
	out = ""
	while (match(s, /"([^"\\]|\\.)*"/)) {
		word = substr(s, RSTART + 1, RLENGTH - 2)
		s = substr(s, RSTART + RLENGTH)
		out = out (out == "" ? "" : " ") quoted(unescaped(word))
	}
	return out
}
function base(path) { sub(/.*\//, "", path); return path }
# NAME=value or NAME="value with $REFERENCES"
function assignment(s,   name, value) {
	name = s; sub(/=.*/, "", name)
	value = s; sub(/^[^=]*=?/, "", value)
	if (value !~ /^"/) value = "\"" value "\""
	return name "=" value
}

BEGIN {
	shell = "/bin/sh -c"; dir = "/"; user = ""; from = 0
	n = split(args, pairs, ";")
	for (i = 1; i <= n; i++) { name = pairs[i]; sub(/=.*/, "", name); given[name] = substr(pairs[i], length(name) + 2) }
	print "set -eu"
}

{ # continued lines
	line = pending $0
	if (line ~ /\\$/) { pending = substr(line, 1, length(line) - 1) " "; next }
	pending = ""
	$0 = line
}
/^[[:space:]]*(#|$)/ { next }
!from && $1 != "FROM" { fail("before FROM") }
{ rest = $0; sub(/^[A-Z]+[[:space:]]+/, "", rest) }
$1 == "FROM" {
	if (NF != 4 || $3 != "AS" || $4 in text) fail("unknown form")
	if (from++) { shells[stage] = shell; dirs[stage] = dir; users[stage] = user; commands[stage] = command }
	stage = $4; parent[stage] = $2; text[stage] = ""; command = ""
	if ($2 in text) { shell = shells[$2]; dir = dirs[$2]; user = users[$2]; next }
	if ($2 !~ /^debian:[a-z]+-slim$/) fail("not the base image")
	shell = "/bin/sh -c"; dir = "/"; user = ""
	put("userdel -r builder 2>/dev/null || true # what our base image has and the named one has not")
	next
}
$1 == "SHELL" { shell = array(rest); next }
$1 == "ARG" {
	name = $2; sub(/=.*/, "", name)
	if (name in given) put("export " name "=" quoted(given[name]))
	else if (rest ~ /=/) put("export " assignment(rest))
	else put("export " name "=")
	next
}
$1 == "ENV" { put("export " assignment(rest)); next }
$1 == "USER" { user = $2; next }
$1 == "WORKDIR" { dir = $2; put("mkdir -p " quoted(dir)); next }
# COPY [--from=STAGE] --chown=USER:GROUP . DIRECTORY/, or files of the context instead of "."
$1 == "COPY" {
	place = "/context/"
	if ($2 ~ /^--from=[a-z]+$/) {
		place = "/stages/" substr($2, 8)
		if (!(substr($2, 8) in text)) fail("unknown stage")
		$2 = ""; $0 = $0
	}
	if ($2 !~ /^--chown=[a-z]+:[a-z]+$/ || NF < 4 || $NF !~ /^\/.*\/$/) fail("unknown form")
	owner = $2; sub(/^--chown=/, "", owner)
	put("install -d -o " substr(owner, 1, index(owner, ":") - 1) " -g " substr(owner, index(owner, ":") + 1) " " quoted($NF))
	for (i = 3; i < NF; i++) {
		if ($i !~ /^[A-Za-z0-9._\/+-]+$/) fail("unknown form")
		whole = $i == "." || $i ~ /\/$/
		put("cp -R " quoted(place $i (whole ? "/." : "")) " " quoted($NF))
		put("chown -R " owner " " quoted($NF (whole ? "" : base($i))))
	}
	next
}
$1 == "RUN" {
	extra = ""
	while (match(rest, /^--mount=type=secret,id=[A-Za-z0-9_]+,env=[A-Za-z0-9_]+ /)) {
		name = substr(rest, 1, RLENGTH - 1); sub(/.*=/, "", name)
		extra = extra " " name "=" quoted(given[name])
		rest = substr(rest, RLENGTH + 1)
	}
	if (rest ~ /^--/) fail("options of RUN")
	run(rest ~ /^\[/ ? array(rest) : shell " " quoted(rest))
	extra = ""
	next
}
$1 == "EXPOSE" { if (rest !~ /^[0-9]+$/) fail("unknown form"); next }
$1 == "CMD" { command = array(rest); next }
{ fail("unknown instruction") }

END {
	if (bad) exit 3
	shells[stage] = shell; dirs[stage] = dir; users[stage] = user; commands[stage] = command
	if (target == "") target = "test" in text ? "test" : "build"
	if (!(target in text)) fail("no stage " target)
	for (s = target; s in text; s = parent[s]) all = text[s] all
	printf "%s", all
	if (export != "") printf "mkdir -p %s\ncp -R %s/. %s\n", quoted(export dirs[target]), quoted(dirs[target]), quoted(export dirs[target])
	dir = dirs[target]; user = users[target]
	if (commands[target] != "") printf "cd %s\necho '== CMD'\n%s%s\n", quoted(dir), behind ? "" : "exec ", as_user(commands[target]) (behind ? " &" : "")
}
