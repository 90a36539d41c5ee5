#!/bin/sh
# Alone: it measures the machine, and looks for what is left on it.
# Output that harms whoever reads it: ten gigabytes, a line that never ends, a record that grows with every name,
# orders to terminals, markup; through the sandbox alone and through a whole run.
. "$(dirname "$0")/hostile.sh"

# --- the supervisor stays small whatever comes
small() { # NAME MIB: of drydock's own memory
	ok "$1: drydock stays below $2 MiB ($(($(result .own_kib) / 1024)))" test "$(result .own_kib)" -lt $(($2 * 1024))
}
pod attack_output "--count" --- build "$at" lines "${DD_LOG_MIB:-10240}"
is "a log of ten gigabytes comes whole" "$(result .printed)" $((${DD_LOG_MIB:-10240} * 1048576))
small "a log of ten gigabytes" 64
pod attack_output "--count" --- build "$at" line 1024
is "a line of a gigabyte comes whole" "$(result .printed)" 1073741824
small "a line of a gigabyte" 64
pod attack_exhaust "--trace" --- build "$at" opens 50000 3000
is "names without end, while they are recorded" "$(cat "$tmp/out")" "opens tried"
small "names without end" 200

# --- a whole run of an application that floods its logs and writes to terminals
mkdir "$tmp/noisy"
cp "$tmp/programs/attack_output" "$tmp/noisy/attack"
cat >"$tmp/noisy/Makefile" <<'M'
all:
	./attack escapes
	./attack line 64
	./attack escapes
check:
	@./attack escapes
	@printf 'ok 1 - \033]0;owned\007 \033]52;c;aGFybQ==\007 ti\342\200\256tle \302\233 \nnot ok 2 - \033[31m\342\200\256\302\233<script>alert(1)</script>\r\n1..2\n'; false
M
"$drydock" up --state "$state" "$tmp/noisy" >"$tmp/out" 2>"$tmp/err" </dev/null
"$drydock" report --state "$state" >"$tmp/report.text" 2>&1 </dev/null
run=$(ls -t "$state/runs" | head -n 1)
dir=$state/runs/$run
is "the application was judged" "$(jq -r '[.outcome, .tests.passed, .tests.failed] | join(" ")' "$dir/report.json")" "tests-failed 1 1"
# C0 but tab and newline, DEL, C1 as bytes or in UTF-8, and overrides of direction
controls=$(printf '[\001-\010\013-\037\177]')
for f in out err report.text; do
	ok "no control character on the terminal ($f)" sh -c '! LC_ALL=C grep -q "$1" "$2"' sh "$controls" "$tmp/$f"
	ok "nor a C1 control or an override ($f)" sh -c '! LC_ALL=C grep -qP "\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|(?<![\x80-\xff])[\x80-\x9f]" "$1"' sh "$tmp/$f"
done
for f in report.html report.json tests.jsonl; do
	ok "no control character in $f" sh -c '! LC_ALL=C grep -q "$1" "$2"' sh "$controls" "$dir/$f"
done
ok "no override in the report" sh -c '! LC_ALL=C grep -qP "\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]" "$1"' sh "$dir/report.html"
ok "no markup of the target in the report" sh -c '! grep -q "<script>alert" "$1" && grep -q "&lt;script&gt;" "$1"' sh "$dir/report.html"
build_log=$(ls "$dir"/logs/*build.log | head -n 1)
test_log=$(ls "$dir"/logs/*tests.log | head -n 1)
ok "the log itself is the target's bytes" sh -c 'LC_ALL=C grep -qF "$(printf "\033]52;c;aGFybQ==\007")" "$1"' sh "$test_log"
ok "and bounded" test "$(stat -c %s "$build_log")" -lt $((20 << 20))
has "with a line that says how much is left out" "$build_log" "bytes left out"
"$attacks/tool_pty" "$drydock" logs --state "$state" "$run" "$(basename "$test_log")" >"$tmp/shown"
ok "a terminal is shown it with its controls made visible" sh -c \
	'tr -d "\r" <"$1" >"$1.plain"; ! LC_ALL=C grep -q "$2" "$1.plain" && grep -qF "\\x1b]52" "$1.plain"' sh "$tmp/shown" "$controls"
same_host "this machine is as it was"
done_testing
