# Authors and reviewers of a repair, which are the stand-in: for test scripts, behind tap.sh.
#
#   models FILE AUTHOR REVIEWER LADDER   task NAME   judge_accepts REASON   fix ARGS...   requests TASK   asked TASK
#   written EXPRESSION
export XDG_CONFIG_HOME="$tmp/config" HOME="$tmp/home"
unset DRYDOCK_MODELS ANTHROPIC_API_KEY OPENAI_API_KEY GEMINI_API_KEY 2>/dev/null
mkdir -p "$tmp/config" "$tmp/home" "$tmp/tasks"
key=standin-key

. "$root/tests/agents/standin.sh"
begin_standin "${STANDIN_S:-1200}" --tasks "$tmp/tasks"
echo "$key" >"$tmp/key"

# models FILE AUTHOR REVIEWER LADDER: a table with an author and, unless it is "", a reviewer, each with the tasks of that name
models() {
	cat >"$1" <<-END
	{"providers": {"one": {"api": "anthropic-messages", "family": "alpha", "base_url": "$at/oracle+task=$2", "version": "2026-10-21",
			"auth": "bearer", "key_command": ["cat", "$tmp/key"]},
		"two": {"api": "openai-responses", "family": "beta", "base_url": "$at/oracle+task=$3/v1", "auth": "bearer",
			"key_command": ["cat", "$tmp/key"]}},
	"ladder": $4,
	"models": {"writer": {"provider": "one", "context": {"window": 30000, "effective": 12000, "max_output": 2000},
			"prices": {"input": 3, "output": 15}, "abilities": {"tools": true, "format": true, "thinking": "adaptive"}, "roles": ["write"]}
		$([ -z "$3" ] || echo ', "reader": {"provider": "two", "context": {"window": 30000, "effective": 12000, "max_output": 2000},
			"prices": {"input": 1, "output": 4}, "abilities": {"format": true}, "roles": ["review"]}')}}
	END
}
# task NAME: standard input, and what every author needs
task() { jq -c ". + {id: \"You repair the source\", window: 12000, tools: [\"read\", \"find\", \"callers\", \"search\", \"run\", \"test\"],
	requirements: [\"R1\", \"R2\", \"R3\"], rules: [\"Tests, and what runs them, are not yours to change\"]}" >"$tmp/tasks/$1.json"; }
# judge_accepts REASON: the task "judge", of a reviewer that is told what it has to be
judge_accepts() {
	jq -n --arg reason "$1" '{id: "You review a change", needs: ["C1", "C2", "C3"],
		answers: [{answer: ({verdict: "accept", reason: $reason, defects: []} | tostring)}]}' >"$tmp/tasks/judge.json"
}
fix() { run "$drydock" fix --json --quiet --state "$state" "$@"; }

# requests TASK: what was asked of it, in bodies of JSON, a line each
requests() { jq -c "select(.profile == \"oracle+task=$1\") | .body" "$tmp/requests.jsonl" 2>/dev/null; }
# written EXPRESSION: of the last output, with .by, the attempts of models
written() { json ".by = [.attempts[] | select(.model)] | $1"; }
asked() { requests "$1" | grep -c .; }
