/*
 * Users of the pod's own root.  Not getpwnam(3): the name service switch would load libraries of
 * the target into this program.
 */
#include "sandbox/box/box.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE (4 << 20)

/* The whole text of a regular file, NUL-terminated, heap; NULL when there is none. */
static char *
read_whole(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	char *text = NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_FILE)
		text = malloc((size_t)st.st_size + 1);
	ssize_t n = text ? read(fd, text, (size_t)st.st_size) : -1;
	(void)close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

/* Cut the next field off a line; NULL at its end. */
static char *
next_field(char **rest, char separator)
{
	char *field = *rest;
	if (!field)
		return NULL;
	char *end = strchr(field, separator);
	if (end)
		*end++ = '\0';
	*rest = end;
	return field;
}

static bool
parse_id(const char *text, uint32_t *ret)
{
	char *end;
	unsigned long v = text ? strtoul(text, &end, 10) : 0;
	if (!text || end == text || *end || v >= UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* name:password:uid:gid:comment:home:shell */
static bool
parse_user(char *line, const char *name, struct box_user *ret)
{
	char *fields[6] = {NULL};
	for (size_t i = 0; i < 6; i++)
		fields[i] = next_field(&line, ':');
	if (!fields[0] || strcmp(fields[0], name) != 0)
		return false;
	return parse_id(fields[2], &ret->uid) && parse_id(fields[3], &ret->gid);
}

/* name:password:gid:member,member */
static void
parse_group(char *line, const char *name, struct box_user *u)
{
	char *fields[3];
	for (size_t i = 0; i < 3; i++)
		fields[i] = next_field(&line, ':');
	uint32_t gid;
	if (!line || !parse_id(fields[2], &gid))
		return;
	for (char *member; (member = next_field(&line, ','));)
		if (strcmp(member, name) == 0 && u->ngroups < BOX_MAX_GROUPS)
			u->groups[u->ngroups++] = gid;
}

bool
user_find(const char *name, struct box_user *ret)
{
	char *text = read_whole("/etc/passwd"), *rest = text;
	bool found = false;
	*ret = (struct box_user){0};
	for (char *line; !found && (line = next_field(&rest, '\n'));)
		found = parse_user(line, name, ret);
	free(text);
	if (!found)
		return false;
	ret->groups[ret->ngroups++] =
		ret->gid; /* as initgroups(3) does: who logs in has one at least */
	text = rest = read_whole("/etc/group");
	for (char *line; (line = next_field(&rest, '\n'));)
		parse_group(line, name, ret);
	free(text);
	return true;
}
