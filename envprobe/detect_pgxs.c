/*
 * Extensions of PostgreSQL, whose makefile includes that of an installed server.  Their tests ("installcheck") speak
 * to a server that has the extension among its own files.  The server finds those beside its program, wherever that
 * lies, so that the tests get a copy of both, which they may install into, and a server of it.
 */
#include "envprobe/detect.h"

#include "envprobe/scan.h"

#include <string.h>

/* In one directory $d, as /usr has it: the server, what it reads, and a link to its headers. */
static const char run[] =
	"d=$(mktemp -d) && v=$(pg_config --bindir) && v=${v%/bin} && s=$(pg_config --sharedir) && "
	"mkdir -p \"$d${v%/*}\" \"$d${s%/*}\" \"$d/usr/include\" && cp -a \"$v\" \"$d$v\" && "
	"cp -a \"$s\" \"$d$s\" && ln -s /usr/include/postgresql \"$d/usr/include/postgresql\" && "
	"export PATH=\"$d$v/bin:$PATH\" PGHOST=\"$d\" PGUSER=postgres && "
	"make install PG_CONFIG=\"$d$v/bin/pg_config\" >/dev/null && "
	"initdb -D \"$d/data\" -U postgres -A trust >/dev/null && "
	"pg_ctl -w -D \"$d/data\" -l \"$d/log\" -o \"-F -k $d -c listen_addresses=''\" start >/dev/null || exit; "
	"make installcheck PG_CONFIG=\"$d$v/bin/pg_config\"; s=$?; "
	"find . -name regression.diffs -exec cat {} +; pg_ctl -D \"$d/data\" -m immediate stop >/dev/null; "
	"rm -rf \"$d\"; exit $s";

/* NAME = value, with something behind it; "?=", "+=" and ":=", too. */
static bool
is_set(struct str line, const char *name)
{
	size_t n = strlen(name);
	if (!str_starts(line, name) || line.n <= n)
		return false;
	struct str rest = str_trim((struct str){line.p + n, line.n - n});
	if (rest.n && strchr("?+:", rest.p[0]))
		rest = (struct str){rest.p + 1, rest.n - 1};
	return rest.n && rest.p[0] == '=' && str_trim((struct str){rest.p + 1, rest.n - 1}).n;
}

void
detect_pgxs(struct str makefile, struct project *p)
{
	struct str rest = makefile, line;
	unsigned pgxs = 0, tests = 0;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		struct str plain = str_trim(line);
		if (!pgxs && str_starts(plain, "include") && memmem(plain.p, plain.n, "PGXS", 4))
			pgxs = n;
		if (!tests && (is_set(plain, "REGRESS") || is_set(plain, "ISOLATION")))
			tests = n;
	}
	if (!pgxs)
		return;
	OWN_FREE char *why = scan_cite(p->evidence, pgxs);
	detect_need(p, NEED_PACKAGE, "postgresql-server-dev-all", SCOPE_BUILD, false, why);
	if (!tests)
		return;
	OWN_FREE char *at = scan_cite(p->evidence, tests);
	detect_need(p, NEED_PACKAGE, "postgresql", SCOPE_TEST, false, at);
	detect_test(p, FORMAT_AUTO, NULL, at, run);
}
