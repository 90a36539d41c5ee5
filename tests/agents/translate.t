#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# drydock work: a task that its plan calls a translation is held against the original; what behaves otherwise is refused.
. "$(dirname "$0")/../tap.sh"
. tests/agents/authors.sh

app=$tmp/quay
mkdir "$app"
printf 'all: ;\ncheck:\n\t@echo 1..1; [ "$$(sh ./old.sh dues 4)" = 8 ] && echo ok 1 - dues\n' >"$app/Makefile"
cat >"$app/old.sh" <<'END'
#!/bin/sh
case $1 in
dues)
	case $2 in [1-9] | [1-9][0-9] | [1-9][0-9][0-9]) ;; *) exit 4 ;; esac
	[ "$2" -ge 10 ] && echo $(($2 * 3)) || echo $(($2 * 2))
	;;
log) echo "$2" >>log.txt ;;
*) echo "usage: old.sh dues METRES" >&2; echo "       old.sh log TEXT" >&2; exit 2 ;;
esac
END
git -C "$app" init -q -b main
git -C "$app" add -A
git -C "$app" -c user.name=a -c user.email=a@example.org commit -q -m first
printf '# Quay\n\n- old.sh must be written anew as new.sh.\n  - new.sh does what old.sh does\n' >"$tmp/page.md"
"$drydock" plan --quiet --state "$state" "$app" --intent "$tmp/page.md" -o "$tmp/p" 2>/dev/null
sed -i 's/^- chosen:.*/- chosen: a/; s/^- writes:.*/- writes: `new.sh`\n- translates: `sh .\/old.sh`/' "$tmp/p/plan.md"
"$drydock" plan check --state "$state" "$tmp/p" >"$tmp/faults" 2>&1
has "a translation names two commands" "$tmp/faults" 'translates` wants two commands'
sed -i 's/^- translates:.*/- translates: `sh .\/old.sh` `sh .\/new.sh`/' "$tmp/p/plan.md"
run "$drydock" plan approve --state "$state" --author Ada "$tmp/p"
is "with both it is approved" "$status" 0

# What the author writes first is wrong from ten metres to forty.
port() { # LIMIT
	jq -n --arg l "$1" '"case $1 in\ndues)\n\tcase $2 in [1-9] | [1-9][0-9] | [1-9][0-9][0-9]) ;; *) exit 4 ;; esac\n\tif [ \"$2\" " + $l + " ]; then echo $(($2 * 3)); else echo $(($2 * 2)); fi ;;\nlog) echo \"$2\" >>log.txt ;;\n*) echo \"usage: new.sh dues METRES\" >&2\n\techo \"       new.sh log TEXT\" >&2\n\texit 2 ;;\nesac\n"'
}
cat >"$tmp/tasks/port.json" <<END
{"id": "holds:", "needs": ["new.sh"], "window": 12000, "tools": ["read", "find", "callers", "search", "run", "test"], "answers": [
	{"unless": ["it does not do what the original does"], "summary": "Write it anew", "edits": [{"path": "new.sh", "find": "", "replace": $(port "-ge 40")}]},
	{"summary": "Write it anew", "edits": [{"path": "new.sh", "find": "", "replace": $(port "-ge 10")}]}]}
END
models "$tmp/one.json" port "" '[{"context": 100}, {"context": 100}]'
run "$drydock" work --json --quiet --no-branch --state "$state" --models "$tmp/one.json" "$tmp/p"
gate() { json ".attempts[$1].gates[] | select(.gate == \"parity\") | .result"; }
is "what does something else at the limit is refused" "$(gate 0) $(json '.attempts[0].verdict')" "failed dropped"
is "with the calls that show it" "$(json '[.attempts[0].parity.findings[] | select(.text | contains("PROGRAM dues "))] | length > 0')" true
ok "which are said to the author" sh -c 'jq -r "select(.profile == \"oracle+task=port\") | .body | tostring" "$1" | grep -q "does not do what the original does.*PROGRAM dues"' sh "$tmp/requests.jsonl"
is "what does the same is kept" "$(gate 1) $(json '.attempts[1].verdict') $(json '.tasks[0].outcome')" "passed kept done"
is "after many inputs" "$(json '.attempts[1].parity | .cases == 300')" true
done_testing
