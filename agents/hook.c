#include "agents/hook.h"

#include "base/match.h"

#include <string.h>

/* ---- paths ---- */

static void
match_destroy_ptr(struct match_set **set)
{
	match_destroy(*set);
}

static bool
compile(const char *pattern, struct match_set **ret)
{
	OWN(dd_err) struct dd_err why = {0};
	const struct match_rule rule = {.id = "hook", .pattern = pattern};
	return match_compile(&rule, 1, STR(""), ret, &why) == 0;
}

/* What may match nothing is asked of what comes behind it; a comment of an extended pattern ends with its line. */
static bool
compile_any(const char *pattern, struct match_set **ret)
{
	OWN_FREE char *around =
		mem_printf("^(?=.*?(?:%s%s)).", pattern, strstr(pattern, "(?x") ? "\n" : "");
	return compile(pattern, ret) || compile(around, ret);
}

static bool
on_hit(void *ctx, const struct match_hit *hit)
{
	(void)hit;
	*(bool *)ctx = true;
	return false;
}

/* Take away what the pattern is found in, or (wanted) what it is not found in.  False: it cannot be read. */
static bool
filter(const char *pattern, bool wanted, struct strlist *paths)
{
	__attribute__((cleanup(match_destroy_ptr))) struct match_set *set = NULL;
	OWN(strlist) struct strlist left = {0};
	if (!*pattern)
		return true;
	if (!compile_any(pattern, &set))
		return false;
	for (size_t i = 0; i < paths->n; i++) {
		OWN(dd_err) struct dd_err why = {0};
		bool found = false;
		if (match_text(set, str_of(paths->v[i]), on_hit, &found, &why) < 0)
			return false;
		if (found == wanted)
			strlist_add(&left, paths->v[i]);
	}
	struct strlist all = *paths;
	*paths = left;
	left = all;
	return true;
}

bool
hook_paths(
	const json_t *config, const json_t *hook, const struct strlist *paths, struct strlist *ret)
{
	OWN(strlist) struct strlist left = {0};
	strlist_copy(&left, paths);
	bool readable = filter(json_string_in(config, "files"), true, &left) &&
			filter(json_string_in(config, "exclude"), false, &left) &&
			filter(json_string_in(hook, "files"), true, &left) &&
			filter(json_string_in(hook, "exclude"), false, &left);
	const struct strlist *from = readable ? &left : paths;
	for (size_t i = 0; i < from->n; i++)
		strlist_add(ret, from->v[i]);
	return readable;
}

/* ---- arguments ---- */

/* Does it make some tool write, into files or into its findings' suppression? */
static bool
repairs(const char *arg)
{
	static const char *const words[] = {"-i", "-w", "-a", "-A", NULL};
	static const char *const begins[] = {"--fix", "--unsafe-fixes", "--in-place", "--inplace",
		"--write", "--add-noqa", "--safe-auto", NULL};
	if (str_is_one(str_of(arg), words))
		return true;
	for (size_t i = 0; begins[i]; i++)
		if (str_starts(str_of(arg), begins[i]))
			return true;
	return str_starts(str_of(arg), "--auto") && strstr(arg, "correct");
}

/* The value of one that is left out, in a word of its own. */
static bool
is_value(const char *before, const char *arg)
{
	uint64_t n;
	return (strcmp(before, "-i") == 0 && str_parse_u64(str_of(arg), UINT32_MAX, &n)) ||
	       (strcmp(before, "--fix-type") == 0 && *arg != '-');
}

json_t *
hook_args(const json_t *hook)
{
	json_t *args = json_array(), *arg;
	const char *before = "";
	size_t i;
	json_array_foreach (json_object_get(hook, "args"), i, arg) {
		const char *word = json_string_value(arg);
		if (word && !repairs(word) && !is_value(before, word))
			json_array_append(args, arg);
		before = word ? word : "";
	}
	return args;
}
