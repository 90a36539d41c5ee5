#!/bin/sh
# Any mode: what is found out, fetched and kept is the same whoever starts drydock.
# Applications whose packages come from an npm registry: the machine's own, and one of ours on loopback with
# a login, a scope and packages that mean harm.
. "$(dirname "$0")/../tap.sh"
# What is removed below from the state that scripts share are only packages of npm, which no script near this one has.

run_dir() { dirname "$(json .report)"; }
# layer of the packages of the last run; its journal knows
modules_layer() {
	sqlite3 "$1/journal.db" "select result from step where key like '%/modules%'" | jq -r '.layer // empty' | head -n 1
}
outcome() { json '[.outcome, .tests.passed, .tests.failed] | join(" ")'; }

# --- applications of ours, with a lock file that has digests and no addresses
for app in npm-tides npm-winch; do
	before=$(digest "$apps/$app")
	up "$apps/$app"
	is "$app stands up" "$(outcome)" "up 3 0"
	is "$app: the source is as it was" "$(digest "$apps/$app")" "$before"
	recipe=$(dirname "$(json .recipe)")
	lock=$recipe/drydock.lock.json
	ok "$app: every archive is locked by digest and integrity" jq -e '[.modules[].artefacts[]
		| (.sha256 | test("^[0-9a-f]{64}$")) and (.integrity | startswith("sha512-")) and .kind == "npm" and .version != null]
		| length > 1 and all' "$lock"
	hasnt "$app: no address in the recipe" "$recipe" 127.0.0.1
	layer=$(modules_layer "$(run_dir)")
	tree=$(digest "$state/layers/$layer/fs")
	ok "$app: the layer is node_modules alone" test "$(ls -A "$state/layers/$layer/fs")" = node_modules
	object=$(jq -r '.modules[0].artefacts[0].sha256' "$lock" | sed 's|^..|&/|')
	rm "$state/cas/$object" # as a collection may, when the run that fetched it is gone and another keeps the layer
	up "$apps/$app"
	is "$app: an archive that was collected comes again with the next run" "$(outcome) $([ -e "$state/cas/$object" ] && echo there)" "up 3 0 there"
	rm -rf "$state/layers/$layer"
	run "$drydock" replay --json --quiet --state "$state" --offline "$recipe" "$apps/$app"
	is "$app: replayed offline, from the store" "$(outcome)$(cat "$tmp/err")" "up 3 0"
	is "$app: to the same node_modules" "$(digest "$state/layers/$layer/fs" 2>&1)" "$tree"
	rm -rf "$state/layers/$layer"
	up --offline "$apps/$app"
	is "$app: stands up offline, too, from what is known" "$(outcome)$(cat "$tmp/err")" "up 3 0"
done
is "lifecycle scripts and the addon are built without network" "$(json '.build.commands | join("; ")')" \
	"npm rebuild bufferutil; node-gyp rebuild"

# --- a registry of ours: public packages at /, those of @dock below /private/ and only with a login
token=t0ken-of-the-dock-77
mkdir -p "$tmp/www/private" "$tmp/home" "$tmp/packages"
"${DD_BUILD:-$root/build/release}/tests/base/tool_httpd" "$tmp/www" 1800 /private/ "Bearer $token" >"$tmp/port" 2>>"$tmp/requests" &
server=$!
on_exit="kill $server 2>/dev/null; $on_exit"
while [ ! -s "$tmp/port" ] && kill -0 $server; do sleep 0.1; done
registry=http://127.0.0.1:$(sed 's/^http //' "$tmp/port")
export HOME="$tmp/home" npm_config_globalconfig=/dev/null DOCK_TOKEN=$token
cat >"$HOME/.npmrc" <<-RC
	registry=$registry/
	@dock:registry=$registry/private/
	${registry#http:}/private/:_authToken=\${DOCK_TOKEN}
RC

# publish DIR [BELOW]: what a registry says of the package there.  Addresses name a host that only the
# registry itself knows, as one behind a proxy does.
publish() {
	name=$(jq -r .name "$1/package.json")
	version=$(jq -r .version "$1/package.json")
	place=${2:-}/$name
	file=${name##*/}-$version.tgz
	mkdir -p "$tmp/www$place/-" "$tmp/stage"
	rm -rf "$tmp/stage/package" && cp -R "$1" "$tmp/stage/package"
	tar -C "$tmp/stage" -czf "$tmp/www$place/-/$file" package
	integrity=sha512-$(openssl dgst -sha512 -binary "$tmp/www$place/-/$file" | openssl base64 -A)
	[ -s "$tmp/www$place/index.json" ] || echo '{"versions":{}}' >"$tmp/www$place/index.json"
	jq --slurpfile m "$1/package.json" --arg i "$integrity" --arg t "https://registry.behind.example$place/-/$file" \
		'.name = $m[0].name | .["dist-tags"].latest = $m[0].version | .versions[$m[0].version] = ($m[0]
		+ {dist: {tarball: $t, integrity: $i}, hasInstallScript: (($m[0].scripts.postinstall // "") != "")})' \
		"$tmp/www$place/index.json" >"$tmp/index" && mv "$tmp/index" "$tmp/www$place/index.json"
}

# rope: a package whose script would write a mark and call home
mkdir "$tmp/packages/rope"
cat >"$tmp/packages/rope/package.json" <<'P'
{"name": "rope", "version": "1.0.0", "main": "rope.js", "scripts": {"postinstall": "node mark.js"}}
P
echo 'exports.length = 12;' >"$tmp/packages/rope/rope.js"
cat >"$tmp/packages/rope/mark.js" <<M
const http = require('http'), fs = require('fs');
const tried = {};
let left = 2;
for (const url of ['$registry/stolen', 'http://127.0.0.1:3142/npm0/stolen'])
	http.get(url, (r) => done(url, r.statusCode)).on('error', (e) => done(url, e.code));
function done(url, how) {
	tried[url] = how;
	if (--left === 0) fs.writeFileSync(__dirname + '/mark.json', JSON.stringify(Object.values(tried)));
}
M
publish "$tmp/packages/rope"
mkdir "$tmp/packages/crane"
echo '{"name": "@dock/crane", "version": "2.1.0", "main": "crane.js", "dependencies": {"rope": "^1.0.0"}}' >"$tmp/packages/crane/package.json"
echo 'exports.lift = (t) => t + require("rope").length;' >"$tmp/packages/crane/crane.js"
publish "$tmp/packages/crane" /private

# application DIR: wants both, and does what it can to have npm do more than fetch
application() {
	mkdir -p "$1"
	echo '{"name": "quay", "version": "1.0.0", "dependencies": {"@dock/crane": "^2.0.0"},
	"scripts": {"preinstall": "touch /work/preinstall-ran", "test": "node test.js"}}' >"$1/package.json"
	cat >"$1/.npmrc" <<-RC
		registry=$registry/stolen/
		@dock:registry=$registry/stolen/
		ignore-scripts=false
		node-options=--require /work/evil.js
	RC
	cat >"$1/test.js" <<-'T'
		const fs = require('fs'), path = require('path');
		const mark = JSON.parse(fs.readFileSync('node_modules/rope/mark.json'));
		const secret = ['t0ken', 'of', 'the', 'dock', '77'].join('-');
		const ok = (good, name) => console.log(`${good ? 'ok' : 'not ok'} - ${name}`);
		function holds(dir, depth) {
			if (depth > 5) return false;
			let names = [];
			try { names = fs.readdirSync(dir, { withFileTypes: true }); } catch { return false; }
			return names.some((e) => {
				const p = path.join(dir, e.name);
				if (e.isDirectory()) return holds(p, depth + 1);
				try { return e.isFile() && fs.readFileSync(p).includes(secret); } catch { return false; }
			});
		}
		console.log('1..3');
		ok(require('@dock/crane').lift(3) === 15, 'the crane lifts');
		ok(mark.every((how) => how === 'ECONNREFUSED'), `scripts have no network: ${mark}`);
		ok(!JSON.stringify(process.env).includes(secret) && !['/work', '/etc', '/home', '/root', '/npm', '/tmp', '/run'].some((d) => holds(d, 0)),
			'the login is nowhere inside');
	T
	echo 'require("fs").writeFileSync("/work/evil-ran", "");' >"$1/evil.js"
}

application "$tmp/quay"
up "$tmp/quay"
is "packages of two registries, one with a login" "$(outcome)" "up 3 0"
[ "$(json .outcome)" = up ] || sed 's/^/# /' "$(run_dir)"/logs/*modules.log "$(run_dir)"/logs/*.log
first=$(dirname "$(json .recipe)")
run=$(run_dir)
is "the login went to its registry and nowhere else" "$(sort -u "$tmp/requests" | sed 's/ \/.*\(private\|rope\).* / \1 /' | sort -u)" \
	"200 private given
200 rope none"
hasnt "the login is in nothing that was written" "$run" "$token"
hasnt "nor in what is known of registries" "$state/npm" "$token"
layer=$(modules_layer "$run")
ok "no script ran while there was a network" sh -c '! find "$1" -name "*ran" -o -name mark.json | grep -q .' sh "$state/layers/$layer/fs"
is "they ran in the build, the application's own, too" "$(json '.build.commands | join("; ")')" "npm rebuild rope; npm run preinstall"
ok "the lock file that npm made is part of the recipe" jq -e '.packages["node_modules/@dock/crane"].version == "2.1.0"' "$first/package-lock.json"
has "and the Dockerfile installs from it" "$first/Dockerfile" "npm ci --ignore-scripts"
hasnt "without an address" "$first/package-lock.json" http

# --- again, from a lock file: nothing is asked for but archives; from version 1 of the format; out of step
again() { # NAME DIR: with what is known forgotten
	rm -rf "$state/npm" "$state/layers/$layer"
	: >"$tmp/requests"
	up "$2"
	is "$1" "$(outcome)" "up 3 0"
	layer=$(modules_layer "$(run_dir)")
}
cp "$first/package-lock.json" "$tmp/quay"
again "from a lock file" "$tmp/quay"
ok "no metadata was asked for" sh -c '! grep -v "\.tgz " "$1"' sh "$tmp/requests"
jq '{name, version, lockfileVersion: 1, requires: true, dependencies: (.packages | del(.[""]) | with_entries(.key |= sub("node_modules/"; ""))
	| map_values({version, integrity}))}' "$first/package-lock.json" >"$tmp/quay/package-lock.json"
again "from a lock file of version 1" "$tmp/quay"
jq 'del(.packages["node_modules/rope"])' "$first/package-lock.json" >"$tmp/quay/package-lock.json"
again "from a lock file that is out of step" "$tmp/quay"
ok "the recipe has one that is not" jq -e '.packages["node_modules/rope"].version == "1.0.0"' "$(dirname "$(json .recipe)")/package-lock.json"
echo '{' >"$tmp/quay/package-lock.json"
again "from a lock file that is none" "$tmp/quay"
jq '.packages["node_modules/rope"].integrity = "sha512-" + ("A" * 86) + "=="' "$first/package-lock.json" >"$tmp/quay/package-lock.json"
up "$tmp/quay"
is "other bytes than the lock file wants" "$(json '[.outcome, .diagnosis.class] | join(" ")')" "unsatisfiable changed-upstream"
cp "$first/package-lock.json" "$tmp/quay"
mkdir "$tmp/www/elsewhere" # a registry that keeps its archives where none does by convention
mv "$tmp/www/rope/-/rope-1.0.0.tgz" "$tmp/www/elsewhere/1"
sed -i s,/rope/-/rope-1.0.0.tgz,/elsewhere/1, "$tmp/www/rope/index.json"
again "from a registry with ways of its own" "$tmp/quay"
ok "whose archive is locked where it lies" jq -e '[.modules[].artefacts[].path] | contains(["/elsewhere/1"])' "$(json .recipe)"
rm "$tmp/quay/package-lock.json"

# --- a gc beside it takes nothing: neither what is known and about to be used, nor what just came
g=$tmp/g
mkdir -m 700 "$g" "$g/leases"
cp -p "$state/mode" "$g"
cp -al "$state/images" "$state/index" "$state/cas" "$state/npm" "$state/layers" "$g"
cp -al "$state"/leases/image-* "$g/leases"
beside_gc() { # FAULT OPTION...: the run stops there, everything that nobody leases goes, and it goes on
	fault=$1
	shift
	rm -rf "$g/layers/$layer" "$g/runs/"* "$tmp/reached"
	DRYDOCK_FAULT=$fault DRYDOCK_FAULT_LOG="$tmp/reached" "$drydock" up --no-learnt --json --quiet --state "$g" "$@" "$tmp/quay" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	case $fault in
	*:stop)
		eventually has_stopped $pid
		"$drydock" gc --quiet --keep 0 --max-bytes 1 --state "$g" >"$tmp/gc"
		kill -CONT $pid
		;;
	esac
	wait $pid
}
rm -rf "$g/npm"
beside_gc egress.adopted:1:stop
is "a gc when everything has come" "$(outcome)$(cat "$tmp/err")" "up 3 0"
has "that was the place" "$tmp/reached" "egress.adopted 1 stop"
layer=$(modules_layer "$(run_dir)")
beside_gc mkdir:1+:log --offline
at=$(grep -n '/pods/npm-' "$tmp/reached" | cut -d: -f1 | head -n 1)
cp -al "$state/cas/." "$g/cas" # more that nobody leases
beside_gc "mkdir:$at:stop" --offline
is "a gc before npm runs, offline" "$(outcome)$(cat "$tmp/err")" "up 3 0"
ok "which took something" grep -qE 'removed 0 runs, .* [1-9][0-9]* downloads' "$tmp/gc"
rm -rf "$g"

# --- killed while it fetches, and resumed
rm -rf "$state/npm" "$state/layers/$layer"
: >"$tmp/requests"
echo 400 >"$tmp/www/.delay"
"$drydock" up --no-learnt --json --quiet --state "$state" "$tmp/quay" >/dev/null 2>&1 &
pid=$!
eventually grep -q rope "$tmp/requests"
kill -9 $pid
wait $pid 2>/dev/null
rm "$tmp/www/.delay"
run "$drydock" resume --json --quiet --state "$state" "$(newest_run "$tmp/quay")"
is "killed while it fetches, and resumed" "$(outcome)" "up 3 0"

# --- what no registry has
mkdir "$tmp/git" "$tmp/other"
echo '{"name": "sloop", "version": "1.0.0", "dependencies": {"rope": "git+ssh://git@host.example/rope.git"},
	"scripts": {"test": "node test.js"}}' >"$tmp/git/package.json"
echo 'console.log("1..1"); console.log(require("rope").length === 12 ? "ok 1" : "not ok 1");' >"$tmp/git/test.js"
cp "$tmp/git/test.js" "$tmp/other"
up "$tmp/git"
is "a package from git is a question" "$(json '[.outcome, (.questions[] | select(.blocking) | .id), .diagnosis.class] | join(" ")')" \
	"blocked decision:npm-rope needs-answer"
has "which names where from" "$tmp/out" "git+ssh://git@host.example/rope.git"
run=$(json .run)
echo '{"decision:npm-rope": "^1.0.0"}' >"$tmp/answers.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$run"
is "a version that the registry has stands for it" "$(outcome)" "up 1 0"
has "others are told how" "$(dirname "$(json .recipe)")/Dockerfile" "npm pkg set 'dependencies[rope]=^1.0.0'"
run "$drydock" replay --json --quiet --state "$state" --offline "$(json .recipe)" "$tmp/git"
is "and a replay knows" "$(outcome)" "up 1 0"
for spec in user/repo https://host.example/x.tgz file:../x.tgz git@host.example:x.git; do
	jq --arg s "$spec" '.dependencies.rope = $s' "$tmp/git/package.json" >"$tmp/other/package.json"
	up "$tmp/other"
	is "$spec is a question, too" "$(json .outcome)" blocked
done
echo '{' >"$tmp/other/package.json"
up "$tmp/other"
is "a package.json that is none" "$(json '[.outcome, .diagnosis.class] | join(" ")')" "build-failed bad-manifest"
jq '.dependencies = {} | .devDependencies = {rope: "user/repo"} | .scripts.test = "echo 1..1; echo ok 1"' "$tmp/git/package.json" >"$tmp/other/package.json"
up "$tmp/other"
is "for development only, it is left out" "$(outcome) $(json '.features_off | length')" "up 1 0 1"
jq '.dependencies = {"no-such-rope": "1"}' "$tmp/git/package.json" >"$tmp/other/package.json"
up "$tmp/other"
is "what the registry has not" "$(json '[.outcome, .diagnosis.class] | join(" ")')" "unsatisfiable no-provider"
jq '.dependencies = {rope: "9"}' "$tmp/git/package.json" >"$tmp/other/package.json"
up "$tmp/other"
is "a version it has not" "$(json '[.outcome, .diagnosis.class] | join(" ")')" "unsatisfiable no-provider"
DOCK_TOKEN=wrong
rm -rf "$state/npm"
up "$tmp/quay"
is "a login that is wrong" "$(json '[.outcome, .diagnosis.class] | join(" ")')" "unsatisfiable no-login"
DOCK_TOKEN=$token

# --- packages of the tree's own
mkdir -p "$tmp/yard/parts/hull"
echo '{"name": "yard", "private": true, "workspaces": ["parts/*"], "scripts": {"test": "node test.js"}}' >"$tmp/yard/package.json"
sed s/rope/hull/ "$tmp/git/test.js" >"$tmp/yard/test.js"
echo '{"name": "hull", "version": "1.0.0", "main": "hull.js", "dependencies": {"rope": "*"}}' >"$tmp/yard/parts/hull/package.json"
echo 'module.exports = require("rope");' >"$tmp/yard/parts/hull/hull.js"
up "$tmp/yard"
is "workspaces" "$(outcome)" "up 1 0"
has "are copied before npm runs" "$(dirname "$(json .recipe)")/Dockerfile" "parts/hull/package.json /work/parts/hull/"
mkdir -p "$tmp/own/node_modules/rope"
cp "$tmp/git/test.js" "$tmp/own"
cp "$tmp/packages/rope/rope.js" "$tmp/packages/rope/package.json" "$tmp/own/node_modules/rope"
jq '.dependencies.rope = "1.0.0"' "$tmp/git/package.json" >"$tmp/own/package.json"
: >"$tmp/requests"
up "$tmp/own"
is "packages that the tree brings along are not fetched" "$(outcome) $(wc -l <"$tmp/requests")" "up 1 0 0"

# --- versions that do not go together, by the rules that newer npm has
mkdir "$tmp/packages/mast" "$tmp/clash" "$tmp/deep"
echo '{"name": "mast", "version": "1.0.0", "peerDependencies": {"rope": "^2.0.0"}}' >"$tmp/packages/mast/package.json"
publish "$tmp/packages/mast"
sed 's/1.0.0/2.0.0/' "$tmp/packages/rope/package.json" >"$tmp/p" && mv "$tmp/p" "$tmp/packages/rope/package.json"
publish "$tmp/packages/rope"
jq '.dependencies = {rope: "1.0.0", mast: "1.0.0"}' "$tmp/git/package.json" >"$tmp/clash/package.json"
cp "$tmp/git/test.js" "$tmp/clash"
up "$tmp/clash"
is "a clash of peers is passed over, as it was when npm was older" "$(outcome)" "up 1 0"
has "and said" "$(dirname "$(json .recipe)")/Dockerfile" "npm ci --ignore-scripts --legacy-peer-deps"

# --- an application below the root of its source
cp -R "$tmp/quay" "$tmp/deep/app"
sed -i s,/work/evil.js,/work/app/evil.js, "$tmp/deep/app/.npmrc"
up "$tmp/deep"
is "an application in a directory" "$(outcome)" "up 3 0"

# --- the Dockerfile, carried out in the sandbox: the login stays outside there, too
mkdir "$tmp/context" "$tmp/docker"
recipe=$(dirname "$(json .recipe)")
cp -R "$tmp/deep/." "$tmp/context"
cp "$recipe/package-lock.json" "$tmp/context"
awk -f tests/dockerfile.awk "$recipe/Dockerfile" >"$tmp/docker/script"
is "the Dockerfile has only what the runner knows" "$?" 0
chmod -R a+rX "$tmp"
: >"$tmp/requests"
run "$drydock" sandbox run --state "$state" --net provision --bind "$tmp/context:/context:ro" \
	--bind "$tmp/docker:/docker:ro" -- /bin/bash /docker/script
ok "the Dockerfile's tests: the crane lifts" grep -q "^ok - the crane lifts" "$tmp/out"
ok "the login is nowhere inside" grep -q "^ok - the login is nowhere inside" "$tmp/out"
has "it was given outside" "$tmp/requests" "/private/@dock/crane/-/crane-2.1.0.tgz given"
grep -q "^ok - the crane" "$tmp/out" || tail -n 30 "$tmp/err" | sed 's/^/# /'

# --- the registry is gone
kill $server 2>/dev/null
run "$drydock" replay --json --quiet --state "$state" --offline "$first" "$tmp/quay"
is "a replay needs no registry" "$(outcome)" "up 3 0"
rm -rf "$state/npm"
jq '.dependencies.rope = "^1"' "$tmp/git/package.json" >"$tmp/other/package.json"
up "$tmp/other"
is "without one, what is new is our failure and can be resumed" "$status" 3
has "which says why" "$tmp/err" "npm"
up --offline "$tmp/other"
is "offline it is said, too" "$status" 3
has "with the reason" "$tmp/err" "offline"
done_testing
