#!/bin/sh
# drydock fix without a model: old C and old Python, the branch it leaves in a repository, and that a killed repair ends
# as an undisturbed one.
. "$(dirname "$0")/../tap.sh"
export XDG_CONFIG_HOME="$tmp/config" # where no model is
unset DRYDOCK_MODELS ANTHROPIC_API_KEY OPENAI_API_KEY GEMINI_API_KEY 2>/dev/null

# fix ARGS...: drydock fix --json
fix() { run "$drydock" fix --json --quiet --state "$state" "$@"; }

# repository DIR: DIR becomes a repository with one commit, and with hooks and filters that tell that they ran
repository() {
	git -C "$1" init -q -b main && git -C "$1" add -A &&
		git -C "$1" -c user.name=a -c user.email=a@example.org commit -q -m first
	for hook in reference-transaction post-commit pre-commit post-index-change; do
		printf '#!/bin/sh\ntouch "%s"\n' "$tmp/hook-ran" >"$1/.git/hooks/$hook"
		chmod 755 "$1/.git/hooks/$hook"
	done
	git -C "$1" config filter.spy.clean "touch $tmp/filter-ran; cat"
	git -C "$1" config core.fsmonitor "touch $tmp/monitor-ran"
	echo '*.c filter=spy' >"$1/.git/info/attributes"
}
# quietly GIT-ARGS...: git that runs nothing of the repository
quietly() { git -c core.hooksPath=/dev/null -c core.fsmonitor=false -C "$app" "$@"; }

app=$tmp/tidebook
cp -r "$apps/fix-tidebook" "$app"
repository "$app"
before=$(digest "$app")
head=$(cat "$app/.git/HEAD" "$app/.git/refs/heads/main")

# --- a build that fails, until it does not
fix --patch "$tmp/fix.patch" "$app"
is "old C is fixed" "$status $(json .outcome)" "0 fixed"
cp "$tmp/out" "$tmp/first"
is "it did not build before, and its tests pass now" "$(json '[.before.outcome, .after.outcome] | join(" ")')" "build-failed up"
is "by case" "$(json '[.before.cases["compile/main.c"], .after.cases["compile/main.c"], .after.cases["test/tests/the table of day 6"]] | join(" ")')" \
	"failed passed passed"
is "nothing is left" "$(json '.left | length')" 0
is "every gate of the attempt that was kept is told" \
	"$(json '[.attempts[] | select(.verdict == "kept") | .gates[] | .gate + "=" + .result] | join(" ")')" \
	"parses=passed writes=not-run untampered=passed symbols=passed builds=passed tests=passed lint=not-run coverage=not-run integration=not-run e2e=not-run screens=not-run parity=not-run judged=passed secure=passed review=not-run"
is "undefined symbols of what could be compiled before are the same" \
	"$(json '[.attempts[] | select(.verdict == "kept") | .units[] | .symbols] | unique | join(" ")')" "same unknown"
ok "a call is not renamed: close, where the compiler offers pclose" grep -q 'close(1)' "$app/main.c"
hasnt "in the patch" "$tmp/fix.patch" pclose
has "a declaration is the real one" "$tmp/fix.patch" "+double height_of(struct tide *t);"
has "of the old style, it claims nothing about parameters" "$tmp/fix.patch" "+int complain();"
has "the header that declares a call" "$tmp/fix.patch" "+#include <unistd.h>"
run=$(json .run)

# --- whose its lines are
blame() { run "$drydock" blame --json --state "$state" "$run" "$1"; }
for number in $(seq 1 20); do
	blame "main.c:$number"
	[ "$(json .text)" != '#include <unistd.h>' ] || break
done
is "a line of a rule is that rule's" "$(json '[.by, .attempt.author, (.rules | length | tostring), .rules[0].rule, .rules[0].for] | map(tostring) | join(" ")')" "rule c 1 header close"
blame Makefile:1
is "a line of the source is its author's" "$(json '[.by, .origin.author, .origin.subject] | join(" ")')" "source a first"

# --- what it leaves in the repository: one new branch, and nothing else
branch=$(json .branch "$tmp/first")
is "the branch is of this run" "$branch" "drydock/$run"
is "no hook, filter or monitor of the repository ran" "$(ls "$tmp" | grep -c ran)" 0
is "what is checked out, and HEAD, are as they were" "$(cat "$app/.git/HEAD" "$app/.git/refs/heads/main")" "$head"
ok "the repository is whole" quietly fsck --strict
is "the branch stands on the commit there was" "$(quietly merge-base "$branch" main)" "$(quietly rev-parse main)"
is "its tree is the patch" "$(quietly diff main "$branch" | git patch-id --stable | cut -d' ' -f1)" "$(git patch-id --stable <"$tmp/fix.patch" | cut -d' ' -f1)"
is "its commits name the run" "$(quietly log --format=%b main.."$branch" | grep -c "^Drydock-Run: $run")" "$(quietly rev-list --count main.."$branch")"
ok "only objects and the branch are new" sh -c '[ -z "$(find "$1/.git" -newer "$2" -type f ! -path "*/objects/*" ! -path "*/refs/heads/drydock/*")" ]' sh "$app" "$app/.git/info/attributes"
pr=$state/runs/$run/pr.md
has "the pull request has the table" "$pr" '| `compile/main.c` | failed | passed |'
hasnt "and no path of this machine" "$pr" "$tmp"
hasnt "nor of the state" "$pr" "$state"
quietly branch -q -D "$branch"

# --- changes that are not committed: no branch that would hold them
cp -r "$app" "$tmp/dirty"
echo '/* not yet */' >>"$tmp/dirty/clock.c"
fix "$tmp/dirty"
is "a file with changes: fixed, without a branch" "$(json '[.outcome, .branch // "none"] | join(" ")')" "fixed none"
is "and it says why" "$(json .no_branch)" "clock.c is not as it was committed"

# --- what is secret is in nothing that a repair writes down
mkdir "$tmp/vault"
cat >"$tmp/vault/vault.c" <<'C'
main()
{
	puts("open");
	return 0;
}
C
cat >"$tmp/vault/Makefile" <<'M'
vault: vault.c
	$(CC) -std=gnu17 -Werror=implicit-int -Werror=implicit-function-declaration -o $@ vault.c
check: vault
	@echo 1..1; test -n "$$VAULT_TOKEN" && ./vault >/dev/null && echo "ok 1 - opened $$VAULT_TOKEN"
M
echo '{"secret:VAULT_TOKEN": "brass-key-31"}' >"$tmp/answers.json"
fix --answers "$tmp/answers.json" "$tmp/vault"
is "it is fixed, with the answer" "$(json '.outcome, .after.cases["test/tests/opened [redacted]"]' | tr '\n' ' ')" "fixed passed "
hasnt "the answer is in nothing that was written" "$state/runs/$(json .run)" brass-key-31

# --- killed, then resumed
want=$(json '.after.cases | tojson' "$tmp/first")
patch=$(sha256sum <"$tmp/fix.patch")
run env DRYDOCK_FAULT=db.commit.before:1+:log DRYDOCK_FAULT_LOG="$tmp/commits" "$drydock" fix --json --quiet --state "$state" "$app"
commits=$(awk '$2 > most { most = $2 } END { print most }' "$tmp/commits")
for quarters in 1 3; do
	run env DRYDOCK_FAULT="db.commit.after:$((commits * quarters / 4))" "$drydock" fix --json --quiet --state "$state" "$app"
	id=$(newest_run "$app")
	is "killed when $quarters quarters were done" "$status" 137
	run "$drydock" resume --json --quiet --state "$state" "$id"
	is "resumed it ends the same" "$(json '.after.cases | tojson') $(sha256sum <"$state/runs/$id/fix.patch")" "$want $patch"
	is "and with its branch" "$(quietly diff main "drydock/$id" | git patch-id --stable | cut -d' ' -f1)" "$(git patch-id --stable <"$tmp/fix.patch" | cut -d' ' -f1)"
	at=$(quietly rev-parse "drydock/$id")
	run "$drydock" resume --json --quiet --state "$state" "$id"
	is "resumed once more, the commit is the same" "$(quietly rev-parse "drydock/$id") $(json .commit)" "$at $at"
done

# --- source for Python 2, which is no repository
before=$(digest "$apps/legacy-python2")
fix "$apps/legacy-python2"
is "Python 2 is made Python 3" "$status $(json '[.outcome, .before.outcome, .after.outcome] | join(" ")')" "0 fixed unsatisfiable built"
has "print is a function" "$(json .patch)" '+print("building the tide table")'
is "the source is as it was" "$(digest "$apps/legacy-python2")" "$before"

# --- Makefile, scripts, link and casts: each is one rule's
slip=$tmp/slipway
mkdir "$slip"
cat >"$slip/Makefile" <<'M'
all: slipway plan.txt crew.txt tide.txt

slipway: slipway.o
        $(CC) -o $@ slipway.o

plan.txt: plan.sh
	./plan.sh >$@

crew.txt: crew.sh
	@sh ./crew.sh >$@

tide.txt: tide.sh
	./tide.sh >$@

version.h:
	echo '#define VERSION 3' >$@

check: all
	@sh check.sh
M
cat >"$slip/slipway.c" <<'C'
#include "version.h"
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int stop() { exit(1); }

static int order(const char **a, const char **b) { return **a - **b; }

int main(int argc, char **argv)
{
	char *end = -1;
	int none = NULL;
	signal(SIGTERM, stop);
	qsort(argv + 1, argc - 1, sizeof(*argv), order);
	printf("%d %.0f %d %s\n", VERSION, sqrt(argc * 4.0), end == 0 || none, argc > 1 ? argv[1] : "");
	return 0;
}
C
printf '#!/bin/sh\necho plan\n' >"$slip/plan.sh"
printf '#!/bin/sh\ncrew=(oar sail)\necho ${crew[1]}\n' >"$slip/crew.sh"
printf '#!/bin/sh\r\necho tide\r\n' >"$slip/tide.sh"
chmod 755 "$slip/tide.sh"
chmod 444 "$slip/slipway.c" # as sources that come out of a version control of old are
cat >"$slip/check.sh" <<'S'
echo 1..2
[ "$(./slipway c b a)" = "3 4 0 a" ] && echo "ok 1 - it sorts" || echo "not ok 1 - it sorts"
[ "$(cat plan.txt crew.txt tide.txt | xargs)" = "plan sail tide" ] && echo "ok 2 - it plans" || echo "not ok 2 - it plans"
S
repository "$slip"
git -C "$slip" config --unset core.fsmonitor
fix --strict "$slip"
is "a build that breaks outside of the compiler is mended" "$status $(json '[.outcome, .before.outcome, .after.outcome] | join(" ")')" "0 fixed build-failed up"
fixed() { json "[.attempts[] | select(.verdict == \"kept\") | .fixes[] | select(.rule == \"$1\") | .path + \": \" + .text] | join(\", \")"; }
is "a recipe has its tab" "$(fixed tab)" "Makefile: a tab before the recipe"
is "a header that is made is made in time" "$(fixed prerequisite)" "Makefile: slipway.o: version.h"
is "a link has the one library that defines what it lacks" "$(fixed library)" "Makefile: -lm"
is "a script that may not be executed is given to its interpreter" "$(fixed interpreter)" "Makefile: sh ./plan.sh"
is "a script of bash is given to bash" "$(fixed bash)" "Makefile: bash"
is "a script has line ends that its interpreter knows" "$(fixed line-ends)" "tide.sh: line ends of LF"
is "casts say what was done silently" "$(fixed cast)" \
	"slipway.c: (char *)-1, slipway.c: 0, slipway.c: (__sighandler_t)stop, slipway.c: (__compar_fn_t)order"

# --- nothing to do, and nothing that can be done
fix "$apps/tiny-make"
is "what is well is clean" "$status $(json '[.outcome, (.attempts | length)] | join(" ")')" "0 clean 0"
fix "$apps/tiny-broken"
is "what no rule repairs is stuck" "$status $(json '[.outcome, .after.cases.build, .branch // "none"] | join(" ")')" "1 stuck failed none"
ok "and what is left is named" jq -e '.left[] | select(.kind == "error") | .path and .what' "$tmp/out"
fix "$apps/legacy-licence"
is "what waits for an answer is blocked" "$status $(json .outcome)" "1 blocked"
fix "$tmp/absent"
is "a source that is not there is a usage error" "$status" 2

# --- what the source as it is needs of a person
mkdir "$tmp/site"
printf 'site: ; @test -n "$$SITE" || { echo "SITE is not set"; exit 1; }; touch $@\ncheck: ; @echo 1..1; echo "ok 1 - $$SITE"\n' >"$tmp/site/Makefile"
run "$drydock" fix --json --quiet --state "$state" "$tmp/site"
is "it waits for an answer" "$status $(json .outcome)" "1 blocked"
echo '{"env:SITE": "north"}' >"$tmp/answers.json"
run "$drydock" resume --json --quiet --state "$state" --answers "$tmp/answers.json" "$(json .run)"
is "and goes on with it" "$status $(json '.outcome + " " + .after.outcome')" "0 clean up"
done_testing
