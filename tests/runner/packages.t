#!/bin/sh
# Any mode: what is found out, fetched and kept is the same whoever starts drydock.
# The recipe requires what was used, and nothing that a run only tried.
. "$(dirname "$0")/../tap.sh"

names() { json '[.packages[].name] | sort | join(" ")'; }

# --- what is opened under another name proves a package, too
mkdir "$tmp/hull"
cat >"$tmp/hull/Makefile" <<'M'
hull: hull.c ; cc -o hull hull.c $$(pkg-config --libs zlib)
check: ; @python3 -c 'print("1..1"); print("ok 1")'
M
echo 'int main(void) { return 0; }' >"$tmp/hull/hull.c"
up "$tmp/hull"
is "through links, and through a package that is a name for others" \
	"$(json '.packages[] | select(.name | test("^(gcc|pkg-config|python3)$")) | [.name, .proof] | join(": ")')" \
	"gcc: /usr/bin/gcc
pkg-config: /usr/bin/pkg-config (of pkgconf, which it brings)
python3: /usr/bin/python3 (of python3-minimal, which it brings)"

# --- an attempt that ends where the one before did
mkdir "$tmp/oar"
cat >"$tmp/oar/CMakeLists.txt" <<'M'
cmake_minimum_required(VERSION 3.5)
project(oar C)
enable_testing()
add_executable(oar oar.c)
add_test(NAME row COMMAND oar)
add_test(NAME sink COMMAND oar down)
M
cat >"$tmp/oar/oar.c" <<'C'
#include <sys/stat.h>
int main(int n, char **v)
{
	struct stat s;
	(void)v;
	if (n > 1) /* a program that is looked for, and would not help */
		(void)!(stat("/usr/local/bin/xsltproc", &s) && stat("/usr/bin/xsltproc", &s));
	return n - 1;
}
C
up "$tmp/oar"
is "gained nothing" "$(json .outcome) $(json '.attempts[-1].learnt')" \
	"tests-failed gained nothing; its packages were taken out again"
is "and its packages are gone" "$(names)" "cmake gcc libc6-dev make"
is "from the recipe, too" "$(json '[.batches[].requested[]] | sort | join(" ")' "$(json .recipe)")" "cmake gcc libc6-dev make"
run "$drydock" replay --json --quiet --state "$state" --offline "$(json .recipe)" "$tmp/oar"
is "which ends the same" "$(json '[.outcome, .tests.passed, .tests.failed] | join(" ")')" "tests-failed 1 1"

# --- what tests were said to need, and nothing used
mkdir "$tmp/log"
printf '[project]\nname = "log"\nversion = "1"\n' >"$tmp/log/pyproject.toml"
printf 'simplejson\npyyaml\n' >"$tmp/log/requirements-test.txt"
printf 'import unittest\nimport simplejson\nclass T(unittest.TestCase):\n\tdef test_x(self):\n\t\tsimplejson.loads("1")\n' \
	>"$tmp/log/test_log.py"
up "$tmp/log"
is "what was declared and not used is left out" "$(json .outcome) $(json '[.packages[].name | select(test("yaml|simplejson"))] | join(" ")')" \
	"up python3-simplejson"
is "after an attempt that showed it" "$(json '.attempts[-1] | [.ended, .learnt] | join(", ")')" "the same, needs no python3-yaml"
echo 'python3 -c "import simplejson"; python3 -c "import yaml" 2>/dev/null || echo gone; exit' >"$tmp/typed"
"$drydock" shell --state "$state" "$(json .run)" <"$tmp/typed" >"$tmp/shell" 2>&1
ok "a shell of the run is without it" grep -qx gone "$tmp/shell"
"$drydock" shell --state "$state" --attempt 1 "$(json .run)" <"$tmp/typed" >"$tmp/shell" 2>&1
ok "one of the attempt before has it" sh -c '! grep -qx gone "$1"' sh "$tmp/shell"

# --- what nothing opens may be needed all the same
mkdir "$tmp/flag"
cat >"$tmp/flag/Makefile" <<'M'
all: ; touch all
check: ; @echo 1..1; command -v xmllint >/dev/null && echo ok 1 || echo not ok 1
M
up "$tmp/flag"
is "then it stays" "$(json .outcome) $(names)" "up libxml2-utils make"
is "for that attempt says so" "$(json '.attempts[-1].ended')" "not the same"

# --- what tests skip cases for is had, where that does no harm
mkdir -p "$tmp/idle/t"
cat >"$tmp/idle/Makefile" <<'M'
all: ; touch all
check: ; @prove -v t
M
cat >"$tmp/idle/t/a.t" <<'P'
print "1..2\nok 1 - rows\n";
print eval { require Try::Tiny } ? "ok 2 - tries\n" : "ok 2 # SKIP Try::Tiny not installed\n";
P
up "$tmp/idle"
is "cases that were skipped run" "$(json '[.outcome, .tests.passed, .tests.skipped, (.attempts | length)] | join(" ")') $(names)" \
	"up 2 0 3 libtry-tiny-perl make perl"
cat >"$tmp/idle/t/b.t" <<'P'
print "1..1\n";
print eval { require IPC::Run3 } ? "not ok 1 - sinks\n" : "ok 1 # SKIP IPC::Run3 not installed\n";
P
up "$tmp/idle"
is "not where one fails that was skipped" "$(json '[.outcome, .tests.passed, .tests.skipped] | join(" ")')" "up 1 2"
is "which the attempt says" "$(json '.attempts[2].ended')" "no more tests run"
is "and the result, with how many" "$(json .tests.note)" \
	"with libtry-tiny-perl, libipc-run3-perl installed, 2 cases passed and 1 failed, so that what asks for it is left skipped"

# --- a command of tests that passes because it skips all it has
mkdir "$tmp/lazy"
cat >"$tmp/lazy/Makefile" <<'M'
all: ; touch all
check: ; @command -v bc >/dev/null || echo "Can't find bc, skipping..."; echo "no such-tool found"
M
up "$tmp/lazy"
is "is given what it says it cannot find" "$(json '[.outcome, .tests.passed] | join(" ")') $(names)" "up 1 bc make"
sed 's/command -v bc/false/' "$tmp/lazy/Makefile" >"$tmp/lazy/m" && mv "$tmp/lazy/m" "$tmp/lazy/Makefile"
up "$tmp/lazy"
is "and that it skips is told where that does not help" "$(json '.tests.note | split("; ")[-1]') $(names)" \
	"it says that it skips: Can't find bc, skipping... make"

# --- tests that only a makefile has which the build wrote
mkdir "$tmp/written"
cat >"$tmp/written/configure" <<'M'
#!/bin/sh
t=che
printf 'all: ; touch all\n%s: ; @echo 1..1 && echo ok 1 - afloat\n' "${t}ck" >Makefile
M
chmod 755 "$tmp/written/configure"
up "$tmp/written"
is "are found behind it, and run" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
run "$drydock" replay --json --quiet --state "$state" --offline "$(json .recipe)" "$tmp/written"
is "in a replay, too" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"

# --- of what nothing was seen to use, only what is needed stays
mkdir "$tmp/halves"
cat >"$tmp/halves/Makefile" <<'M'
hull: hull.c
	cc -o $@ hull.c
check: ; @echo 1..1; command -v xmllint >/dev/null && echo ok 1 || echo not ok 1
M
cat >"$tmp/halves/hull.c" <<'C'
#ifdef BZLIB
#include <bzlib.h>
#endif
#ifdef ZLIB
#include <zlib.h>
#endif
#include <stdio.h>
int
main(void)
{
	return puts("afloat") < 0;
}
C
up "$tmp/halves"
is "also of what the build was said to need" "$(json .outcome) $(names)" "up gcc libc6-dev libxml2-utils make"
is "which several attempts show" "$(json '[.attempts[] | select(.pruning) | .ended] | unique | join(" ")')" \
	"not the same the same"
run "$drydock" replay --json --quiet --state "$state" --offline "$(json .recipe)" "$tmp/halves"
is "and a replay" "$(json '[.outcome, .tests.passed] | join(" ")')" "up 1"
up --no-prune "$tmp/halves"
is "--no-prune keeps them" "$(json .outcome) $(names) $(json '[.attempts[] | select(.pruning)] | length')" \
	"up gcc libbz2-dev libc6-dev libxml2-utils make zlib1g-dev 0"

# --- what was guessed beside what was needed, and is run where it is there
mkdir "$tmp/probes"
printf 'all:\n\t@tree --version >/dev/null 2>&1 || :\n\t@bc --version >/dev/null 2>&1\n\ttouch all\n' >"$tmp/probes/Makefile"
up "$tmp/probes"
is "what was not needed goes, though it was run" "$(json .outcome) $(names)" "built bc make"
is "of what was guessed, all of it" "$(json '[.attempts[] | select(.pruning | not) | .added[]] | sort | join(" ")')" "bc make tree"

# --- what is off, because two packages exclude each other
mkdir "$tmp/mail"
cat >"$tmp/mail/configure.ac" <<'M'
AC_INIT([mail],[1])
AM_INIT_AUTOMAKE([foreign])
AC_PATH_PROG([EXIM], [exim4], [no])
AC_PATH_PROG([QUEUE], [postqueue], [no])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
M
echo 'all-local: ; touch mail' >"$tmp/mail/Makefile.am"
up "$tmp/mail"
is "the feature, and what would switch it on" "$(json '.features_off[] | [.feature, .input] | join(" | ")')" \
	"program postqueue (configure.ac:4: AC_PATH_PROG(postqueue)) | the package postfix, which cannot be installed beside the others"
has "BUILD.md says so" "$(dirname "$(json .recipe)")/BUILD.md" "for want of the package postfix"
has "and the report" "$(json .report)" "for want of the package postfix"
up "$tmp/hull"
is "nothing is off where everything was installed" "$(json '.features_off | length')" 0
done_testing
