/* The worker "cover": lines of the target's source, changed, and what the tool said, taken from its text. */
#include "runner/cover.h"

#include "agents/judge.h"
#include "base/fs.h"
#include "runner/cover_answer.h"
#include "runner/fix_worker.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX ((size_t)64 << 20)
#define SOURCE_MAX ((size_t)1 << 20)

static void
add_mutant(const char *path, json_int_t line, struct str text, json_t *ret)
{
	json_array_append_new(ret, json_pack("{s:o, s:I, s:o}", "path", json_text(str_of(path)),
					   "line", line, "text", json_text(text)));
}

/* "if X:" the other way round, with what else may stand on the line left as it is. */
static void
negate(const char *path, json_int_t n, struct str line, json_t *ret)
{
	static const char *const words[] = {"if ", "elif ", NULL};
	struct str plain = str_trim(line);
	for (size_t i = 0; words[i]; i++) {
		size_t from = (size_t)(plain.p - line.p) + strlen(words[i]);
		OWN(buf) struct buf out = {0};
		if (!str_starts(plain, words[i]) || !str_ends(plain, ":"))
			continue;
		struct str condition = {line.p + from, plain.n - strlen(words[i]) - 1};
		buf_add(&out, line.p, from);
		buf_puts(&out, "not (");
		buf_add_str(&out, condition);
		buf_puts(&out, "):");
		add_mutant(path, n, buf_str(&out), ret);
	}
}

/* Another result. */
static void
give_nothing(const char *path, json_int_t n, struct str line, json_t *ret)
{
	OWN(buf) struct buf out = {0};
	struct str plain = str_trim(line);
	if (!str_starts(plain, "return ") || str_eq(plain, "return None"))
		return;
	buf_add(&out, line.p, (size_t)(plain.p - line.p));
	buf_puts(&out, "return None");
	add_mutant(path, n, buf_str(&out), ret);
}

/* Another operator or number, another condition, another result. */
static void
change_line(const char *path, json_int_t n, struct str line, json_t *ret)
{
	OWN(buf) struct buf other = {0};
	if (judge_mutant(line, &other))
		add_mutant(path, n, buf_str(&other), ret);
	negate(path, n, line, ret);
	give_nothing(path, n, line, ret);
}

static bool
find_line(struct str text, json_int_t n, struct str *ret)
{
	struct str line;
	while (n > 0 && str_next_line(&text, &line))
		if (--n == 0) {
			*ret = line;
			return true;
		}
	return false;
}

static int
do_mutants(struct str input, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *wanted = NULL, *found = json_array();
	OWN_FREE char *last = NULL;
	OWN_FD int root = open(WORK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;
	json_t *one;
	int rc = json_parse(input, &wanted, err);
	json_array_foreach (wanted, i, one) {
		const char *path = json_string_in(one, "path");
		json_int_t n = json_integer_value(json_object_get(one, "line"));
		struct str line;
		if (!last || strcmp(last, path) != 0) {
			buf_reset(&text);
			free(last);
			last = mem_strdup(path);
			if (!fix_worker_read(root, path, SOURCE_MAX, &text))
				buf_reset(&text);
		}
		if (find_line(buf_str(&text), n, &line))
			change_line(path, n, line, found);
	}
	if (rc == 0)
		*ret = json_incref(found);
	return rc;
}

int
cover_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf input = {.max = INPUT_MAX};
	OWN_JSON json_t *found = NULL;
	bool answer = argc == 3 && strcmp(argv[1], "answer") == 0;
	worker_take_input(&input);
	int rc = answer ? cover_answer_take(argv[2], buf_str(&input), &found, &err)
			: do_mutants(buf_str(&input), &found, &err);
	if (rc == 0)
		rc = json_give(found, &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err_msg(&err));
	return rc < 0 ? 1 : 0;
}
