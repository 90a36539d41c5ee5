/*
 * Trees of files that harm whoever stores, measures, stacks or deletes them, made in the working
 * directory; and roots that mislead whoever mounts on them.
 */
#include "tests/hostile/attack.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd >= 0) {
		(void)!write(fd, text, strlen(text));
		(void)close(fd);
	}
}

/* Deeper than any path can say, or any recursion likes. */
static void
deep(const char *name, char **args)
{
	long n = atol(*args), i = 0;
	for (; i < n && mkdir("d", 0755) == 0 && chdir("d") == 0; i++)
		;
	put("bottom", "x");
	say(name, i == n ? "made" : "shallow");
}

static void
names(const char *name, char **args)
{
	char longest[256];
	static const char *const hostile[] = {"new\nline", "\x1b]0;owned\x07", "\x1b[2J",
		"\u202egpj.exe", "\xff\xfe", "-rf", "--", " ", "a\tb", "~", "$(id)", "`id`", "a;b",
		"<script>", "'\"", "*", "\r", "\x7f", NULL};
	(void)args;
	memset(longest, 'n', 255);
	longest[255] = '\0';
	int made = mkdir(longest, 0755) == 0;
	for (size_t i = 0; hostile[i]; i++) {
		put(hostile[i], hostile[i]);
		made += access(hostile[i], F_OK) == 0;
	}
	say(name, made == 19 ? "made" : "some");
}

/* Nothing of it may be entered, read or removed by its owner as it is. */
static void
modes(const char *name, char **args)
{
	(void)args;
	(void)mkdir("locked", 0755);
	(void)mkdir("locked/in", 0755);
	put("locked/in/file", "x");
	(void)mkdir("sticky", 01777);
	put("setuid", "#!/bin/sh\n");
	(void)chmod("setuid", 06755);
	(void)mkdir("setgid", 02755);
	(void)chmod("locked/in/file", 0);
	(void)chmod("locked/in", 0);
	(void)chmod("locked", 0);
	(void)chmod(".", 0);
	say(name, "made");
}

/* Links that lead out, round, and nowhere; and everything that is neither file nor directory. */
static void
links(const char *name, char **args)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "socket"};
	(void)symlink(*args, "absolute");
	(void)symlink("../../../../../../../../../../../../etc/passwd", "climbing");
	(void)symlink("loop-b", "loop-a");
	(void)symlink("loop-a", "loop-b");
	(void)symlink(".", "self");
	(void)symlink("/proc/self/fd/0", "magic");
	(void)symlink("/proc/1/root", "root");
	(void)mkfifo("fifo", 0666);
	(void)!bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a));
	say("whiteout", mknod("whiteout", S_IFCHR, 0) == 0 ? "made" : "refused");
	put("linked", "x");
	for (int i = 0; i < 1000; i++) {
		char path[32];
		(void)snprintf(path, sizeof(path), "link%d", i);
		(void)link("linked", path);
	}
	say(name, "made");
}

/* What overlayfs would read as its own orders, if it believed the target. */
static void
orders(const char *name, char **args)
{
	static const char *const attributes[] = {"user.overlay.redirect", "user.overlay.metacopy",
		"user.overlay.opaque", "user.overlay.origin", "user.overlay.whiteout",
		"trusted.overlay.redirect", "security.capability", NULL};
	int set = 0;
	(void)mkdir("dir", 0755);
	put("dir/own", "own");
	put("file", "own");
	for (size_t i = 0; attributes[i]; i++) {
		set += setxattr("dir", attributes[i], *args, strlen(*args), 0) == 0;
		set += setxattr("file", attributes[i], *args, strlen(*args), 0) == 0;
	}
	printf("%s set %d\n", name, set);
}

/* While the tree is taken away: directories and links to the outside change places, for ever. */
static void
swaps(const char *name, char **args)
{
	(void)mkdir("a", 0755);
	put("a/file", "own");
	(void)symlink(*args, "evil");
	say(name, "swapping");
	for (;;)
		(void)syscall(
			SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "evil", 2 /* RENAME_EXCHANGE */);
}

/* A root file system with this program in it, whose mount points are WHAT. */
static void
root(const char *name, char **args)
{
	static const char *const points[] = {
		"proc", "dev", "tmp", "run", "home", "etc", "work", NULL};
	char target[64];
	(void)mkdir("bin", 0755);
	int in = open("/proc/self/exe", O_RDONLY),
	    out = open("bin/attack", O_WRONLY | O_CREAT, 0755);
	char block[65536];
	for (ssize_t n; (n = read(in, block, sizeof(block))) > 0;)
		(void)!write(out, block, (size_t)n);
	for (size_t i = 0; points[i]; i++) {
		if (strcmp(args[0], points[i]) != 0) {
			(void)mkdir(points[i], 0755);
			continue;
		}
		(void)snprintf(target, sizeof(target), "%s", args[1]);
		if (symlink(target, points[i]) < 0)
			say(name, strerrorname_np(errno));
	}
	(void)mkdir("elsewhere", 0777);
	if (strcmp(args[0], "hosts") == 0)
		(void)symlink(args[1], "etc/hosts");
	if (strcmp(args[0], "builder") == 0)
		(void)symlink(args[1], "home/builder");
	if (strcmp(args[0], "hostname") == 0)
		(void)mkdir("etc/hostname", 0755);
	say(name, "made");
}

/* In such a root: is what protects /proc in place? */
static void
inspect(const char *name, char **args)
{
	(void)args;
	int fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
	say(name, fd >= 0				   ? "unprotected"
		  : access("/proc/self/status", R_OK) == 0 ? "protected"
							   : "no-proc");
}

static void
list(const char *name, char **args)
{
	for (; *args; args++)
		printf("%s %s %s\n", name, *args,
			access(*args, F_OK) == 0 ? "there" : strerrorname_np(errno));
}

static const struct attack attacks[] = {
	{"deep", deep},
	{"names", names},
	{"modes", modes},
	{"links", links},
	{"orders", orders},
	{"swaps", swaps},
	{"root", root},
	{"inspect", inspect},
	{"list", list},
	{NULL, NULL},
};

int
main(int argc, char **argv)
{
	return argc < 2 ? 99 : attack_main(attacks, argc, argv);
}
