#!/bin/sh
# Any mode: it looks at what is made in the sandbox, not at the sandbox.
# Builds that configure makes: what is mended is what a person wrote, not what is made of it.
. "$(dirname "$0")/../tap.sh"
export XDG_CONFIG_HOME="$tmp/config" # where no model is
unset DRYDOCK_MODELS ANTHROPIC_API_KEY OPENAI_API_KEY GEMINI_API_KEY 2>/dev/null

fix() { run "$drydock" fix --json --quiet --no-branch --state "$state" "$@"; }
fixes() { json '[.attempts[] | select(.verdict == "kept") | .fixes[] | .rule + " " + .path] | sort | join(", ")'; }
added() { grep "^+" "$state/runs/$(json .run)/fix.patch" | grep -v '^+++' | cut -c2-; }

# --- Makefile comes of Makefile.in, and another of a part
dock=$tmp/dock
mkdir -p "$dock/part"
cat >"$dock/configure" <<'A'
#!/bin/sh
for made in Makefile part/Makefile; do
	sed "s|@configure_input@|$made: made by configure|; s|@prefix@|/usr|; s|@CC@|${CC:-cc}|; s|@CFLAGS@|-O1|; s|@LIBS@||; s|@DOCK_NAME@|north|" $made.in >$made
done
A
chmod 755 "$dock/configure"
cat >"$dock/Makefile.in" <<'M'
# @configure_input@
prefix = @prefix@
CC = @CC@
CFLAGS = @CFLAGS@
LIBS = @LIBS@

all: dock
	$(MAKE) -C part

dock: dock.c
	$(CC) $(CFLAGS) -DNAME='"@DOCK_NAME@"' -o $@ dock.c $(LIBS)

check: all
	sh check.sh
M
cat >"$dock/part/Makefile.in" <<'M'
# @configure_input@
all: list.txt

list.txt:
        ./list.sh >$@
M
printf '#!/bin/sh\necho @oar@\n' >"$dock/part/list.sh"
cat >"$dock/dock.c" <<'C'
#include <math.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	printf("%s %.1f\n", NAME, sqrt(argc * 4.0));
	return argv[0] == 0;
}
C
cat >"$dock/check.sh" <<'S'
echo 1..2
[ "$(./dock)" = "north 2.0" ] && echo "ok 1 - the dock" || echo "not ok 1 - the dock"
[ "$(cat part/list.txt)" = @oar@ ] && echo "ok 2 - the list" || echo "not ok 2 - the list"
S
fix "$dock"
is "what configure makes is mended where it comes from" "$status $(json '[.outcome, .before.outcome, .after.outcome] | join(" ")')" "0 fixed build-failed up"
is "by the rules for it" "$(fixes)" "interpreter part/Makefile.in, library Makefile.in, tab part/Makefile.in"
is "the lines are those of the template" "$(added | sort)" "$(printf '\t%s\n' "\$(CC) \$(CFLAGS) -DNAME='\"@DOCK_NAME@\"' -o \$@ dock.c \$(LIBS) -lm" 'sh ./list.sh >$@' | sort)"

done_testing
