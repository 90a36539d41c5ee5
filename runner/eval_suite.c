#include "runner/eval.h"

#include "agents/author.h"
#include "base/fs.h"
#include "base/hash.h"
#include "runner/commands.h"
#include "runner/models_files.h"
#include "runner/tree_digest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_JSON ((size_t)1 << 20)
#define MAX_INTENT ((size_t)1 << 20)

void
eval_suite_cleanup(struct eval_suite *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].dir);
		free(s->v[i].source);
		free(s->v[i].intent);
		free(s->v[i].hidden);
	}
	free(s->v);
	*s = (struct eval_suite){0};
}

void
eval_config_cleanup(struct eval_config *c)
{
	free(c->name);
	free(c->models);
	*c = (struct eval_config){0};
}

struct case_file {
	char *source, *intent, *hidden;
	int64_t hidden_cases;
	struct {
		int64_t seconds, tokens;
		double usd;
	} budget;
};

#define O(member) offsetof(struct case_file, member)
static const struct json_field budget_fields[] = {
	{"seconds", JSON_K_INT, O(budget.seconds) - O(budget), false, NULL, NULL, 0},
	{"tokens", JSON_K_INT, O(budget.tokens) - O(budget), false, NULL, NULL, 0},
	{"usd", JSON_K_REAL, O(budget.usd) - O(budget), false, NULL, NULL, 0},
	{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
};
static const struct json_field case_fields[] = {
	{"source", JSON_K_STRING, O(source), true, NULL, NULL, 0},
	{"intent", JSON_K_STRING, O(intent), false, NULL, NULL, 0},
	{"hidden", JSON_K_STRING, O(hidden), true, NULL, NULL, 0},
	{"hidden_cases", JSON_K_INT, O(hidden_cases), true, NULL, NULL, 0},
	{"budget", JSON_K_OBJECT, O(budget), true, NULL, budget_fields, 0},
	{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
};

/* A file or a directory, whole. */
static int
digest_of(const char *path, struct hash_hex *ret, struct dd_err *err)
{
	struct tree_digest tree;
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, DD_EINVAL, "%s: %s", path, strerror(errno));
	if (!fs_is_dir(path))
		return hash_fd(fd, ret, NULL, err);
	int rc = tree_digest(fd, &tree, err);
	if (rc == 0)
		*ret = tree.digest;
	return rc;
}

/* A path of a file of settings; heap. */
static char *
beside(const char *dir, const char *path)
{
	return *path == '/' || !*dir ? mem_strdup(path) : fs_join(dir, path);
}

static int
take_case(const struct case_file *f, struct eval_case *c, struct dd_err *err)
{
	struct hash_hex source, hidden;
	OWN_FREE char *from = beside(c->dir, f->source), *over = beside(c->dir, f->hidden);
	if (f->hidden_cases < 1 || f->hidden_cases > 100000)
		return err_set(err, DD_EINVAL, "hidden_cases is from 1 to 100000");
	if (f->budget.seconds < 1 || f->budget.seconds > 1000000000 || f->budget.tokens < 0 ||
		!(f->budget.usd >= 0 && f->budget.usd < 1e6))
		return err_set(
			err, DD_EINVAL, "budget: seconds is at least 1, the rest is no limit");
	int rc = command_absolute_path(from, &c->source, err);
	if (rc == 0)
		rc = command_absolute_path(over, &c->hidden, err);
	if (rc == 0 && !fs_is_dir(c->hidden))
		rc = err_set(err, DD_EINVAL, "%s is no directory", over);
	if (rc == 0 && (fs_is_below(c->hidden, c->source) || strcmp(c->hidden, c->source) == 0))
		rc = err_set(err, DD_EINVAL, "the hidden tests are within the source");
	if (rc == 0 && f->intent) {
		OWN_FREE char *page = beside(c->dir, f->intent);
		OWN(buf) struct buf text = {.max = MAX_INTENT};
		rc = fs_read(page, MAX_INTENT, &text, err);
		if (rc == 0)
			c->intent = str_dup(str_trim(buf_str(&text)));
	}
	if (rc == 0)
		rc = digest_of(c->source, &source, err);
	if (rc == 0)
		rc = digest_of(c->hidden, &hidden, err);
	if (rc < 0)
		return rc;
	c->hidden_cases = f->hidden_cases;
	c->seconds = f->budget.seconds;
	c->tokens = f->budget.tokens;
	c->usd = f->budget.usd;
	OWN_FREE char *numbers = mem_printf("%lld %lld %lld %.9f", (long long)c->hidden_cases,
		(long long)c->seconds, (long long)c->tokens, c->usd);
	c->digest = hash_fields((const struct str[]){str_of(source.s), str_of(hidden.s),
					str_of(c->intent ? c->intent : ""), str_of(numbers)},
		4);
	return 0;
}

static int
read_case(const char *suite, const char *name, struct eval_case *c, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	struct case_file f = {0};
	c->name = mem_strdup(name);
	c->dir = fs_join(suite, name);
	OWN_FREE char *path = fs_join(c->dir, "case.json");
	int rc = json_parse_file(path, MAX_JSON, &j, err);
	if (rc == 0)
		rc = json_decode(j, case_fields, true, &f, "case", err);
	if (rc == 0)
		rc = take_case(&f, c, err);
	json_release(case_fields, &f);
	if (rc == -DD_ENOENT || rc == -DD_ECORRUPT)
		rc = -DD_EINVAL;
	if (rc < 0) {
		OWN_FREE char *why = mem_strdup(err_msg(err));
		dd_err_cleanup(err);
		return err_set(err, DD_EINVAL, "%s: %s", path, why);
	}
	return 0;
}

int
eval_suite_read(const char *dir, struct eval_suite *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist names = {0};
	struct eval_suite s = {0};
	OWN_FREE char *root = NULL;
	int rc = command_absolute_path(dir, &root, err);
	if (rc == 0)
		rc = fs_is_dir(root) ? fs_list(root, &names, err)
				     : err_set(err, DD_EINVAL, "%s is no directory", dir);
	s.v = mem_zalloc(names.n + 1, sizeof(*s.v));
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		OWN_FREE char *file = mem_printf("%s/%s/case.json", root, names.v[i]);
		if (!fs_exists(file))
			continue;
		if (s.n == EVAL_MAX_CASES)
			rc = err_set(
				err, DD_EINVAL, "%s has more than %d cases", dir, EVAL_MAX_CASES);
		else
			rc = read_case(root, names.v[i], &s.v[s.n++], err);
	}
	if (rc == 0 && !s.n)
		rc = err_set(err, DD_EINVAL, "%s has no case: a directory with a case.json", dir);
	if (rc < 0)
		eval_suite_cleanup(&s);
	else
		*ret = s;
	return rc;
}

/* ---- configurations ---- */

static const struct json_field config_fields[] = {
	{"name", JSON_K_STRING, offsetof(struct eval_config, name), false, NULL, NULL, 0},
	{"models", JSON_K_STRING, offsetof(struct eval_config, models), false, NULL, NULL, 0},
	{"strict", JSON_K_BOOL, offsetof(struct eval_config, strict), false, NULL, NULL, 0},
	{NULL, JSON_K_STRING, 0, false, NULL, NULL, 0},
};

/* Its own file, where it names one, by its absolute path. */
static int
take_models(const char *config, struct eval_config *c, struct dd_err *err)
{
	if (!c->models)
		return 0;
	OWN_FREE char *dir = mem_strndup(config, (size_t)(fs_name(config) - config)), *real = NULL;
	OWN_FREE char *path = beside(dir, c->models);
	int rc = command_absolute_path(path, &real, err);
	if (rc < 0)
		return rc;
	free(c->models);
	c->models = TAKE(real);
	return 0;
}

/* Results are of what it does, and not of its name: the table of models as it is loaded now, and who may write. */
static int
digest_config(struct eval_config *c, struct dd_err *err)
{
	OWN(models) struct models all = {0};
	int rc = models_files_load(c->models, &all, err);
	if (rc < 0)
		return rc;
	const struct model *author = author_first(&all);
	c->digest = hash_fields(
		(const struct str[]){str_of(all.digest.s), str_of(author ? author->name : ""),
			str_of(c->strict ? "strict" : "")},
		3);
	return 0;
}

int
eval_config_read(const char *path, struct eval_config *ret, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	struct eval_config c = {0};
	int rc = path ? json_parse_file(path, MAX_JSON, &j, err) : 0;
	if (rc == 0 && path)
		rc = json_decode(j, config_fields, true, &c, "config", err);
	if (rc == 0)
		rc = take_models(path ? path : "", &c, err);
	if (rc == 0)
		rc = digest_config(&c, err);
	if (rc < 0) {
		OWN_FREE char *why = mem_strdup(err_msg(err));
		eval_config_cleanup(&c);
		dd_err_cleanup(err);
		return err_set(err, DD_EINVAL, "%s: %s", path ? path : "as it is", why);
	}
	if (!c.name)
		c.name = mem_strdup(path ? fs_name(path) : "as it is");
	*ret = c;
	return 0;
}
