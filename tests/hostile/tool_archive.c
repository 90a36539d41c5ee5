/*
 * tool_archive KIND [PATH]: print a hostile tar archive, written by hand, because no archiver would.  PATH is
 * what it aims at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100],
		magic[8], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};

static char aim[100];

static void
entry(const char *name, char type, unsigned long long size, const char *link, unsigned mode)
{
	static struct header h;
	unsigned sum = 0;
	memset(&h, 0, sizeof(h));
	memcpy(h.name, name, strnlen(name, 100));
	(void)snprintf(h.mode, sizeof(h.mode), "%07o", mode);
	(void)snprintf(h.uid, sizeof(h.uid), "%07o", 0u);
	(void)snprintf(h.gid, sizeof(h.gid), "%07o", 0u);
	char digits[32];
	(void)snprintf(digits, sizeof(digits), "%011llo", size);
	memcpy(h.size, digits, 11);
	(void)snprintf(h.mtime, sizeof(h.mtime), "%011o", 1000000000u);
	h.type = type;
	memcpy(h.link, link, strnlen(link, 100));
	memcpy(h.magic, "ustar\00000", 8);
	(void)snprintf(h.major, sizeof(h.major), "%07o", 1u);
	(void)snprintf(h.minor, sizeof(h.minor), "%07o", 3u);
	memset(h.sum, ' ', 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	(void)snprintf(h.sum, sizeof(h.sum), "%06o", sum);
	(void)fwrite(&h, 1, sizeof(h), stdout);
}

static void
content(const char *text, size_t n)
{
	static const char zeros[512];
	(void)fwrite(text, 1, n, stdout);
	(void)fwrite(zeros, 1, (512 - n % 512) % 512, stdout);
}

static void
file(const char *name, const char *text)
{
	entry(name, '0', strlen(text), "", 0644);
	content(text, strlen(text));
}

static void
good(void)
{
	file("app/Makefile", "all:\n\t@true\ncheck:\n\t@! test -e pwned\n");
	file("app/README", "read me\n");
}

static void
climb(void)
{
	file("../../../../../../../../../tmp/drydock-hostile-attack", "harm\n");
}

static void
absolute(void)
{
	file(aim, "harm\n");
}

static void
through_link(void)
{
	entry("app/dir", '2', 0, aim, 0777);
	file("app/dir/harm", "harm\n");
}

static void
through_relative_link(void)
{
	entry("app/dir", '2', 0, "../../../../../../../../../tmp", 0777);
	file("app/dir/drydock-hostile-attack", "harm\n");
}

static void
hard_link(void)
{
	entry("app/linked", '1', 0, aim, 0644);
	good();
}

/* Written through the link to the file outside. */
static void
hard_link_written(void)
{
	entry("app/linked", '1', 0, aim, 0644);
	file("app/linked", "harm\n");
}

static void
hard_link_up(void)
{
	entry("app/linked", '1', 0, "../../../../../../../../etc/passwd", 0644);
}

static void
link_to_link(void)
{
	entry("app/soft", '2', 0, aim, 0777);
	entry("app/hard", '1', 0, "app/soft", 0644);
	file("app/hard", "harm\n");
}

static void
devices(void)
{
	entry("app/mem", '3', 0, "", 0666);
	entry("app/disk", '4', 0, "", 0666);
	entry("app/fifo", '6', 0, "", 0666);
	good();
}

static void
duplicates(void)
{
	good();
	file("app/same", "first\n");
	file("app/same", "second\n");
	entry("app/same", '5', 0, "", 0755);
}

static void
set_id(void)
{
	entry("app/tool", '0', 5, "", 06755);
	content("tool\n", 5);
	good();
}

static void
deep(void)
{
	static char name[100];
	for (int i = 0; i < 48; i++)
		(void)strcat(name, "d/");
	for (int i = 0; i < 4; i++) { /* as pax would say it, past any depth */
		static char longer[8192];
		for (int k = 0; k < 2000; k++)
			(void)strcpy(longer + 2 * k, "d/");
		entry("././@LongLink", 'L', strlen(longer) + 1, "", 0644);
		content(longer, strlen(longer) + 1);
		entry(name, '5', 0, "", 0755);
	}
}

/* Nearly two gigabytes of nothing, which compress to almost nothing. */
static void
bomb(void)
{
	static char block[1 << 20];
	entry("app/bomb", '0', 0, "", 0644);
	for (int i = 0; i < 7; i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "app/bomb%d", i);
		entry(name, '0', 256ULL << 20, "", 0644);
		for (int k = 0; k < 256; k++)
			(void)fwrite(block, 1, sizeof(block), stdout);
	}
}

static void
huge_promise(void)
{
	entry("app/huge", '0', 077777777777ULL, "", 0644);
	content("x", 1);
}

static void
git_directory(void)
{
	good();
	file("app/.git/config",
		"[core]\n\tfsmonitor = touch pwned\n\tsshCommand = touch pwned\n[filter \"x\"]\n\tsmudge = touch pwned\n");
	file("app/.git/HEAD", "ref: refs/heads/main\n");
	entry("app/.git/hooks/post-checkout", '0', 26, "", 0755);
	content("#!/bin/sh\ntouch /work/pwned", 26);
}

static const struct {
	const char *name;
	void (*write)(void);
} kinds[] = {
	{"good", good},
	{"climb", climb},
	{"absolute", absolute},
	{"through-link", through_link},
	{"through-relative-link", through_relative_link},
	{"hard-link", hard_link},
	{"hard-link-written", hard_link_written},
	{"hard-link-up", hard_link_up},
	{"link-to-link", link_to_link},
	{"devices", devices},
	{"duplicates", duplicates},
	{"set-id", set_id},
	{"deep", deep},
	{"bomb", bomb},
	{"huge-promise", huge_promise},
	{"git-directory", git_directory},
};

int
main(int argc, char **argv)
{
	static const char end[1024];
	if (argc < 2)
		return 99;
	(void)snprintf(aim, sizeof(aim), "%s", argc > 2 ? argv[2] : "/etc/passwd");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, argv[1]) == 0) {
			kinds[i].write();
			(void)fwrite(end, 1, sizeof(end), stdout);
			return fflush(stdout) == 0 ? 0 : 1;
		}
	return 98;
}
