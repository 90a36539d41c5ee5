#include "envprobe/newer.h"

#include "envprobe/dialect.h"
#include "envprobe/resolve.h"
#include "envprobe/spare.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LAST_NUMBER 99 /* behind the dot, of what is looked for */

void
newer_cleanup(struct newer *n)
{
	free(n->stem);
	free(n->old);
	free(n->now);
	*n = (struct newer){0};
}

/* Where "8.4" begins in "tcl8.4", and behind its dot; false: it does not end so. */
static bool
split(const char *name, size_t *ret_version, size_t *ret_minor)
{
	size_t end = strlen(name), minor = end;
	while (minor && isdigit((unsigned char)name[minor - 1]))
		minor--;
	if (minor == end || end - minor > 2 || !minor || name[minor - 1] != '.')
		return false;
	size_t version = minor - 1;
	while (version && isdigit((unsigned char)name[version - 1]))
		version--;
	if (version == minor - 1 || !version)
		return false;
	*ret_version = version;
	*ret_minor = minor;
	return true;
}

bool
newer_find(const struct pkgindex *x, const struct need *n, struct newer *ret)
{
	size_t version, minor;
	bool versioned = n->kind == NEED_LIBRARY || n->kind == NEED_PROGRAM;
	if (!versioned || !split(n->name, &version, &minor))
		return false;
	for (long i = LAST_NUMBER, old = strtol(n->name + minor, NULL, 10); i > old; i--) {
		OWN_FREE char *name = mem_printf("%.*s%ld", (int)minor, n->name, i);
		const struct need other = {.kind = n->kind, .name = name};
		struct resolution r = resolve_need(x, &other);
		bool there = r.package != NULL;
		resolution_cleanup(&r);
		if (!there)
			continue;
		*ret = (struct newer){mem_strndup(n->name, version), mem_strdup(n->name + version),
			mem_strdup(name + version)};
		return true;
	}
	return false;
}

/* The first problem that a newer version may mend. */
static const struct problem *
find_older(const struct loop *l, struct newer *ret, enum need_kind *ret_kind)
{
	for (size_t i = 0; i < l->problems.n; i++) {
		struct need n;
		if (!problem_to_need(&l->problems.v[i], &n))
			continue;
		struct resolution r = resolve_need(l->index, &n);
		bool older = !r.package && newer_find(l->index, &n, ret);
		*ret_kind = n.kind;
		resolution_cleanup(&r);
		need_cleanup(&n);
		if (older)
			return &l->problems.v[i];
	}
	return NULL;
}

/* False: it was asked for, and that did not help. */
static bool
ask_for_newer(struct loop *l, const struct newer *n, const char *variable, const char *where)
{
	OWN_FREE char *option = mem_printf("version=%s=", variable);
	for (size_t i = 0; i < l->r->options.n; i++)
		if (str_starts(str_of(l->r->options.v[i]), option))
			return false;
	strlist_addf(&l->r->options, "version=%s=%s (%s has %s, and no source has %s%s)", variable,
		n->now, where, n->old, n->stem, n->old);
	dialect_tell_make(l, variable, NULL, n->now);
	return true;
}

int
newer_learn(struct loop *l, bool *ret, struct dd_err *err)
{
	struct newer n = {0};
	enum need_kind kind;
	OWN_JSON json_t *told = NULL;
	OWN(strlist) struct strlist asked = {0};
	const struct problem *p =
		l->r->project.system == SYSTEM_MAKE ? find_older(l, &n, &kind) : NULL;
	if (!p)
		return 0;
	strlist_addf(&asked, "%s %s", n.stem, n.old);
	int rc = spare_ask_tree(l, "assigned", &asked, &told, err);
	const json_t *first = json_array_get(json_object_get(told, "variables"), 0);
	const char *variable = json_string_value(json_object_get(first, "name"));
	const char *where = json_string_value(json_object_get(first, "where"));
	if (rc == 0 && variable && where) {
		OWN_FREE char *name = mem_printf("%s%s", n.stem, n.now);
		const struct need other = {
			.kind = kind, .name = name, .scope = SCOPE_BUILD, .why = (char *)where};
		*ret = ask_for_newer(l, &n, variable, where);
		if (*ret)
			(void)loop_want(l, &other);
	}
	newer_cleanup(&n);
	return rc;
}
