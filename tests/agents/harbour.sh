# The application work-harbour as a tree of the test's own, $app, and its first repair: for test scripts, behind authors.sh.

app=$tmp/harbour
cp -r "$apps/work-harbour" "$app"
rm "$app/intent.md" # which tells of all that is asked for here

# commit SUBJECT: all of it, in a repository that is made where there is none
commit() {
	[ -e "$app/.git" ] || git -C "$app" init -q -b main
	git -C "$app" add -A && git -C "$app" -c user.name=a -c user.email=a@example.org commit -q -m "$1"
}

# The goal, a task "first" that fulfils it, and first.models, in which an author and a reviewer do so.
pilot_task() {
	GOAL='`fee` in fee.c must add 5 crowns for the pilot, and tests/fees.sh must say so.'
	jq -n --arg id "holds:
$GOAL" '{id: $id, needs: ["return length * rate_of(flag);"], answers: [
		{summary: "Add five crowns for the pilot", edits: [{path: "tests/fees.sh", find: "\"\" 30.00", replace: "\"\" 35.00"},
			{like: "return length . rate_of", replace: "\treturn length * rate_of(flag) + 5;"}]}]}' >"$tmp/tasks/first.json"
	models "$tmp/first.models" first judge '[{"context": 100}]'
}
