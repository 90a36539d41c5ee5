#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# Dependencies with known vulnerabilities: a change that brings one in is refused, and those that are left are told.
. "$(dirname "$0")/../tap.sh"
. "$root/tests/agents/authors.sh"

app=$tmp/kiosk
mkdir -p "$app/tests" "$app/plugins"
printf '%s\n' 'all: ; touch all' 'check: ; @sh tests/run.sh' >"$app/Makefile"
printf 'half() { echo $(($1 / 2)); }\n' >"$app/half.sh"
pinned() { printf '[[package]]\nname = "%s"\nversion = "%s"\n' "$@"; }
pinned oar 1.0.0 >"$app/plugins/poetry.lock"
cat >"$app/tests/run.sh" <<'S'
. ./half.sh
check() { n=$((n + 1)); [ "$2" = "$3" ] && echo "ok $n - $1" || printf 'not ok %d - %s\n# got %s, wanted %s\n' $n "$1" "$2" "$3"; }
echo 1..3
check "half of an even toll" "$(half 8)" 4
check "half of an odd toll" "$(half 7)" 4
check "half of another odd toll" "$(half 9)" 5
S
git -C "$app" init -q -b main
git -C "$app" add -A
git -C "$app" -c user.name=a -c user.email=a@example.org commit -q -m first
mkdir "$tmp/osv"
# advisory ID NAME FIXED: it names all versions below
advisory() {
	jq -n --arg id "$1" --arg name "$2" --arg fixed "$3" '{id: $id, summary: "it leaks", modified: "2024-01-01T00:00:00Z",
		severity: [{type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
		affected: [{package: {ecosystem: "PyPI", name: $name}, ranges: [{type: "ECOSYSTEM", events: [{introduced: "0"}, {fixed: $fixed}]}]}]}' >"$tmp/osv/$1.json"
}
advisory X-1 oar 2.0.0
advisory X-2 sail 1.5.0

UP='{"path": "half.sh", "find": "echo $(($1 / 2))", "replace": "echo $((($1 + 1) / 2))"}'
sail() { printf '{"path": "plugins/poetry.lock", "find": "version = \\"1.0.0\\"\\n", "replace": "version = \\"1.0.0\\"\\n\\n[[package]]\\nname = \\"sail\\"\\nversion = \\"%s\\"\\n"}' "$1"; }
task kiosk <<END
{"needs": ["half of an odd toll"], "answers": [
	{"unless": ["X-2"], "summary": "Round up, with a sail", "edits": [$UP, $(sail 1.4.9)]},
	{"if": ["brings in what is unsafe", "sail 1.4.9"], "summary": "Round up, with a newer sail", "edits": [$UP, $(sail 1.5.0)]}]}
END
models "$tmp/kiosk.json" kiosk "" '[{"context": 100, "candidates": 3}]'
fix --models "$tmp/kiosk.json" --osv "$tmp/osv" "$app"
id=$(json .run)
is "what brings in a known vulnerability is refused, and the next is kept" "$status $(json .outcome) $(written '[.by[] | .verdict + " " + (.security.findings | map(.kind) | join(","))] | join("; ")')" \
	"0 fixed dropped X-2; kept "
is "by its gate" "$(written '[.by[0].gates[] | select(.result == "failed") | .gate] | join(" ")')" secure
is "what was there before is left, and told" "$(json '[.left[] | select(.kind == "advisory") | [.advisory, .path] | join(" ")] | join("; ")')" "X-1 plugins/poetry.lock"
is "as known, not as new" "$(json '[.security.vulnerable[].known, .security.new, .security.advisories] | map(tostring) | join(" ")')" "true 0 2"
is "in a report for other tools" "$(jq -r '[.version, (.runs[0].results[] | [.ruleId, .baselineState] | join(" "))] | join(" ")' "$state/runs/$id/findings.sarif")" "2.1.0 X-1 unchanged"
has "and in the text of a pull request" "$state/runs/$id/pr.md" "as before: \`oar 1.0.0"
run "$drydock" guide --json --state "$state" "$id"
is "the guide has a task for it" "$(json '.items[] | select(.id | startswith("advisory:")) | [.id, .gap, (.files | join(","))] | join(" ")')" "advisory:X-1:plugins/poetry.lock minor plugins/poetry.lock"
run "$drydock" verify --json --state "$state" "$id"
is "the report is attested" "$(json '[(.problems | length), (.unlisted | length)] | join(" ")')" "0 0"

# --- from a source that is configured; nothing to mend
git -C "$app" checkout -q "drydock/$id"
run env DRYDOCK_OSV="$tmp/osv" "$drydock" fix --json --quiet --no-branch --state "$state" "$app"
is "where nothing is to be mended, it is told, too" "$status $(json '.outcome + " " + ([.left[] | .kind] | unique | join(" "))')" "0 clean advisory"
mkdir -p "$XDG_CONFIG_HOME/drydock"
(cd "$tmp/osv" && zip -q "$XDG_CONFIG_HOME/drydock/osv.zip" X-1.json)
run "$drydock" scan --json --quiet --fail-on warning --state "$state" "$app"
is "the user's own are found" "$status $(json '[.findings[].rule] | join(" ")')" "1 X-1"
rm "$XDG_CONFIG_HOME/drydock/osv.zip"
fix --no-branch "$app"
is "without advisories nobody says that there are none" "$(json '[.left, .security] | tostring')" "[[],null]"
fix --osv "$tmp/nowhere" "$app"
is "advisories that are not there are told before anything is begun" "$status $(grep -c 'advisories: .*/nowhere: No such file' "$tmp/err")" "2 1"
done_testing
