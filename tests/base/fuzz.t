#!/bin/sh
# Each parser of ours with its seeds and what becomes of them, in the sandbox; `make fuzz` looks on by coverage.
. "$(dirname "$0")/../tap.sh"

# play ROOM [INPUTS]
play() {
	run "$drydock" sandbox run --quiet --time 120 --state "$state" --bind /usr:/usr:ro --bind "$DD_BUILD:/build:ro" --bind "$root/tests:/tests:ro" -- \
		"/build/tests/$1/fuzz_$1" /tests "${2:-300}"
}

targets=0
for f in "$DD_BUILD"/tests/*/fuzz_*; do
	case $f in *.d) continue ;; esac
	room=${f##*/fuzz_}
	play "$room"
	is "$room: every target comes to its end" "$status $(grep '^# ' "$tmp/out")" "0 "
	targets=$((targets + $(grep -c '^ok ' "$tmp/out")))
	is "$room: they are those that it lists" "$(sed -n 's/^ok [0-9]* - \([^:]*\):.*/\1/p' "$tmp/out")" "$("$f" --list)"
done
ok "there are targets" test "$targets" -gt 40
done_testing
