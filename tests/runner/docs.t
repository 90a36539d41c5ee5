#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock docs: pages in a branch, each statement tied to lines of the source; docs check lists those that are true no more.
. "$(dirname "$0")/../tap.sh"

git_() { git -C "$app" -c user.name=n -c user.email=n@localhost "$@"; }
docs() { run "$drydock" docs --quiet --state "$state" "$@"; }
stale() { run "$drydock" docs check --quiet --state "$state" "$@"; }
check() { stale --json "$app"; }
commit() { git_ add -A && git_ commit -q -m "$1"; }

app=$tmp/app
mkdir -p "$app/web" "$app/lib"
printf 'import os\nfrom lib import store\n\nSTATE = 0\n\n\ndef page():\n    global STATE\n    STATE = store.load()\n    return os.getenv("PAGE_TITLE")\n' >"$app/web/page.py"
printf 'def load():\n    return 1\n\n\ndef save():\n    return 2\n' >"$app/lib/store.py"
printf 'ours\n' >"$app/README.md"
# names that would be markup, a link, a line of their own
printf 'import os\nos.getenv("X`Y<img src=x onerror=alert(1)>[l](http://x)")\n' >"$app/lib/evil.py"
printf 'def f():\n    pass\n' >"$app/lib/a
# Injected <script>.py"
git -C "$tmp" init -q -b main app
commit one
docs --json "$app"
branch=$(json .branch)
is "pages are a branch of its own on HEAD" "$status $(git_ rev-parse "$branch^") $(git_ rev-parse --abbrev-ref HEAD)" "0 $(git_ rev-parse HEAD) main"
is "with an index, a page a component, AGENTS.md and the statements" "$(git_ diff --name-status main "$branch" | tr '\t\n' '  ')" \
	"A AGENTS.md A docs/drydock/README.md A docs/drydock/component-lib.md A docs/drydock/component-web.md A docs/drydock/statements.jsonl "
is "the work tree is as it was" "$(git_ status --porcelain) $(ls "$app")" " README.md
lib
web"
docs --json "$app"
is "the same source gives the same commit" "$(json .branch)" "$branch"
git_ checkout -q "$branch"
has "a component says what its files define" "$app/docs/drydock/component-lib.md" '- `lib/store.py` defines functions `load`, `save`.'
has "what it reads" "$app/docs/drydock/component-web.md" '- `PAGE_TITLE` is read by `web.page.page`. (`web/page.py:10`)'
has "and who needs it" "$app/docs/drydock/component-lib.md" '- [`web`](component-web.md)'
is "a name is no markup" "$(cat "$app"/docs/drydock/*.md "$app/AGENTS.md" | sed 's/^<!-- made by drydock.*-->$//; s/`[^`]*`//g' | grep -c '[<]\|Injected\|http://')" 0
is "each statement of code has file, line and digest" "$(tail -n +3 "$app/docs/drydock/statements.jsonl" | jq -r 'select(.section != "components") | .places[] | select((.line | not) or (.sha256 | length) != 64) | .file')" ""
is "the digest is that of the line" "$(tail -n +3 "$app/docs/drydock/statements.jsonl" | jq -r 'select(.section == "environment" and (.text | test("PAGE_TITLE"))).places[0].sha256')" \
	"$(sed -n 10p "$app/web/page.py" | tr -d '\n' | sha256sum | cut -d' ' -f1)"
check
is "nothing is stale, nothing unsaid while the source is the same" "$status $(json '.stale_count, .unsaid_count, .moved, .changed')" "0 0
0
0
0"
docs "$app"
is "nothing is written twice" "$status $(cat "$tmp/out")" "0 nothing to write: the pages are there"

mkdir "$app/out"
printf 'int made(void)\n{\n\treturn 0;\n}\n' >"$app/out/made.c"
docs --head "$app"
is "--head: what is not committed is not told of" "$status $(cat "$tmp/out")" "0 nothing to write: the pages are there"
stale --head "$app"
is "and nothing of the commit is stale" "$status" 0
stale --json "$app"
is "without it, what lies there is" "$status $(json '.unsaid | map(select(test("out/made.c"))) | length > 0')" "0 true"
rm -r "$app/out"

# --- what changes
sed -i '1i # a comment' "$app/web/page.py"
check
is "lines that moved are no lie" "$status $(json .stale_count) $(json '.moved > 2')" "0 0 true"
sed -i 's/PAGE_TITLE/TITLE/' "$app/web/page.py"
check
is "a line that changed its meaning is named" "$status $(json '.stale[] | select(.section == "environment") | .text, .why[]')" '1 `PAGE_TITLE` is read by `web.page.page`.
web/page.py:10 has changed or is gone'
is "what is new is told and fails nothing" "$(json '.unsaid | map(select(startswith("`TITLE` is read"))) | length')" 1
stale "$app"
has "as text, too" "$tmp/out" '`PAGE_TITLE` is read by `web.page.page`.'
git_ checkout -q -- web
rm "$app/lib/store.py"
check
is "a file that vanished" "$status $(json '.stale[] | select(.section == "files") | .text, .why[]')" '1 `lib/store.py` defines functions `load`, `save`.
lib/store.py is gone
lib/store.py is gone'
git_ checkout -q -- lib
rm "$app/docs/drydock/component-web.md"
check
is "a page that vanished" "$status $(json '.stale[] | .text')" "1 docs/drydock/component-web.md"
git_ checkout -q -- docs
sed -i 's/"text":/"text": /' "$app/docs/drydock/statements.jsonl"
stale "$app"
is "statements that somebody edited are not believed" "$status $(grep -c 'not as drydock docs wrote it' "$tmp/err")" "2 1"
git_ checkout -q -- docs

# --- what is somebody's stays
printf 'by hand\n' >>"$app/docs/drydock/component-web.md"
printf 'mine\n' >"$app/AGENTS.md"
rm -r "$app/lib"
commit two
docs --json "$app"
is "what people wrote is kept, and ours goes beside it" "$status $(json '.kept | sort | join(" ")') $(git_ show "$(json .branch)":AGENTS.md)" \
	"0 AGENTS.md docs/drydock/component-web.md mine"
is "the page of a component that is gone says so" "$(git_ show "$(json .branch)":docs/drydock/component-lib.md | sed -n 2p)" "# No such component"
is "its links begin where it is" "$(git_ show "$(json .branch)":docs/drydock/AGENTS.md | grep -c '](README.md)') $(git_ show "$(json .branch)":docs/drydock/AGENTS.md | grep -c '](docs/')" "1 0"
is "nobody's README is touched" "$(git_ show "$(json .branch)":README.md)" ours
rm -rf "$app/docs"
ln -s /etc "$app/docs"
docs --patch "$tmp/no" "$app"
is "a link in the place of the directory is not followed" "$status $(grep -c 'docs is no directory of the tree' "$tmp/err")" "2 1"
rm "$app/docs"

# --- without a repository
tar -C "$app" --exclude=.git -czf "$tmp/app.tar.gz" .
docs "$tmp/app.tar.gz"
is "an archive gets no branch: it is said where pages can go" "$status $(grep -c -e '--patch FILE or --output DIR' "$tmp/err")" "2 1"
docs --patch "$tmp/p" --output "$tmp/o" "$tmp/app.tar.gz"
mkdir "$tmp/a"
tar -C "$tmp/a" -xzf "$tmp/app.tar.gz"
git -C "$tmp/a" init -q
git -C "$tmp/a" apply "$tmp/p"
is "a patch, and a directory with the same pages" "$status $(diff -r "$tmp/a/docs" "$tmp/o/docs" 2>&1)" "0 "
docs --output "$tmp/o" "$tmp/app.tar.gz"
is "a directory with something in it is left alone" "$status" 2
stale "$tmp/app.tar.gz"
is "a tree without pages is a usage error" "$status $(wc -l <"$tmp/err")" "2 1"

# --- with a run
mkdir "$tmp/run"
printf 'all:\n\t@:\ncheck:\n\t@test "$$GREETING" = hello\n' >"$tmp/run/Makefile"
printf 'environment:\n  - name: GREETING\n    value: hello\n' >"$tmp/run/drydock.yaml"
up "$tmp/run"
id=$(json .run)
docs --run "$id" --output "$tmp/r"
has "the recipe of a run says how it is tested" "$tmp/r/AGENTS.md" '- Test: `make check`'
has "what it needs" "$tmp/r/AGENTS.md" '- The variable `GREETING` is `hello`.'
has "and which run that was" "$tmp/r/AGENTS.md" "As found out by run $id of this tree."
docs --patch "$tmp/p2" "$tmp/run"
is "the newest run of a source is found by itself" "$(grep -c "^+As found out by run $id" "$tmp/p2")" 2
docs --run none --patch "$tmp/p3"
is "a run that is not there" "$status" 2
done_testing
