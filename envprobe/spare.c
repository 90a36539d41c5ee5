#include "envprobe/spare.h"

#include "base/fs.h"
#include "envprobe/decide.h"
#include "envprobe/detect.h"
#include "envprobe/resolve.h"
#include "envprobe/source_worker.h"

#include <ctype.h>
#include <string.h>

#define MAX_LEFT 40    /* sources, and packages that sources import, of one run */
#define MAX_SWITCHES 3 /* that are tried */
#define MAX_FAILED 20  /* files that do not compile, of one build */
#define MAX_ANSWER ((size_t)1 << 20)

struct spare {
	struct strlist left;  /* packages whose importers are left out; paths of sources that are */
	char *lacks, *where;  /* of the first package; NULL */
	struct strlist tried; /* switches */
	/* The switch of the last attempt, and the file that did not compile without it, or was missing; NULL. */
	char *off, *file;
	char *slug, *option; /* how it is told */
};

void
spare_destroy(struct spare *s)
{
	if (!s)
		return;
	strlist_cleanup(&s->left);
	strlist_cleanup(&s->tried);
	free(s->lacks);
	free(s->where);
	free(s->off);
	free(s->file);
	free(s->slug);
	free(s->option);
	free(s);
}

bool
spare_lacks(const struct loop *l, const char **ret_name, const char **ret_where)
{
	if (!l->spare || !l->spare->lacks)
		return false;
	*ret_name = l->spare->lacks;
	*ret_where = l->spare->where;
	return true;
}

static void
add_feature_off(struct loop *l, char *feature, char *input)
{
	struct feature_off *f = feature_off_list_add(&l->r->features_off);
	f->feature = feature;
	f->input = input;
}

/* May it go without?  Asked once; who answers otherwise has the build fail. */
static bool
may_leave(struct loop *l, const char *slug, const char *text, const struct problem *p)
{
	OWN(strlist) struct strlist both = {0};
	OWN_FREE char *where = place_in_message(str_of(p->text));
	const struct decision d = {
		.slug = slug, .alternatives = &both, .text = text, .where = where, .why = p->text};
	strlist_add(&both, "leave out");
	strlist_add(&both, "keep");
	return strcmp(decide(l, &d), both.v[0]) == 0;
}

/* A condition for the find(1) of the command that failed, and of those that are written like it; false: it has none. */
static bool
add_condition(struct loop *l, const struct command *failed, const char *condition)
{
	OWN_FREE char *run = mem_strdup(failed->run);
	const char *at = strstr(run, " -print");
	struct command_list *c = &l->r->project.commands;
	for (size_t i = 0; at && i < c->n; i++)
		if (strcmp(c->v[i].run, run) == 0) {
			free(c->v[i].run);
			c->v[i].run = mem_printf("%.*s %s%s", (int)(at - run), run, condition, at);
		}
	return at != NULL;
}

/* ---- sources of tests ---- */

static bool
is_package_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.");
	return n && !name[n] && isalpha((unsigned char)*name);
}

/* By its path, as the conditions have it, too. */
#define TEST_PATHS "\\( -path '*/test/*' -o -path '*/tests/*' -o -name '*Test.java' \\)"
static bool
is_of_tests(struct str message)
{
	const char *end = message.n ? memchr(message.p, ':', message.n) : NULL;
	OWN_FREE char *path = end ? mem_printf("/%.*s", (int)(end - message.p), message.p) : NULL;
	return path && (strstr(path, "/test/") || strstr(path, "/tests/") ||
			       str_ends(str_of(path), "Test.java"));
}

static bool
is_wanting(const struct loop *l, const struct command *c, const struct problem *p)
{
	bool package = p->kind == (enum problem_kind)NEED_JAVA ||
		       (p->kind == PROBLEM_REMOVED && strstr(p->text, "error: package "));
	return package && is_package_name(p->name) && !strlist_has(&l->spare->left, p->name) &&
	       (c->sources == SOURCES_OF_TESTS || is_of_tests(str_of(p->text)));
}

static void
tell_left(struct loop *l, const struct problem *p)
{
	struct spare *s = l->spare;
	OWN_FREE char *where = place_in_message(str_of(p->text));
	const char *place = where ? where : p->text;
	strlist_add(&s->left, p->name);
	strlist_addf(&l->r->options,
		"tests=without the sources that import %s, which cannot be had (%s)", p->name,
		place);
	add_feature_off(l, mem_printf("tests whose sources import %s (%s)", p->name, place),
		mem_printf("the Java package %s", p->name));
	if (s->lacks)
		return;
	s->lacks = mem_strdup(p->name);
	s->where = mem_strdup(place);
}

/* Each as it is written in an import, with the dots taken as dots. */
static char *
importers_of(const struct strlist *packages, const struct command *c)
{
	OWN(buf) struct buf names = {0};
	for (size_t i = 0; i < packages->n; i++) {
		buf_puts(&names, i ? "|" : "");
		for (const char *p = packages->v[i]; *p; p++)
			buf_printf(&names, *p == '.' ? "\\." : "%c", *p);
	}
	OWN_FREE char *grep = mem_printf(
		"-exec grep -aqE '^[[:space:]]*import[[:space:]]+(static[[:space:]]+)?(%s)[.;]' {} \\;",
		names.p);
	return c->sources == SOURCES_OF_TESTS ? mem_printf("! %s", grep)
					      : mem_printf("! \\( " TEST_PATHS " %s \\)", grep);
}

static bool
leave_tests(struct loop *l, struct command *c)
{
	OWN(strlist) struct strlist packages = {0};
	for (size_t i = 0; i < l->problems.n && l->spare->left.n < MAX_LEFT; i++) {
		const struct problem *p = &l->problems.v[i];
		if (!is_wanting(l, c, p))
			continue;
		if (!may_leave(l, "test-sources",
			    "Are sources of tests to be left out that want what cannot be had", p))
			return false;
		tell_left(l, p);
		strlist_add(&packages, p->name);
	}
	if (!packages.n)
		return false;
	OWN_FREE char *condition = importers_of(&packages, c);
	return add_condition(l, c, condition);
}

/* ---- asking the tree ---- */

struct asking {
	struct loop *l;
	const json_t *what;
};

static int
do_ask(void *ctx, json_t **ret_result, struct dd_err *err)
{
	struct asking *a = ctx;
	const struct source_question q = {
		.worker = "spare", .input = a->what, .max_bytes = MAX_ANSWER};
	return source_ask(a->l->spec->state, a->l->spec->source, &q, ret_result, err);
}

int
spare_ask_tree(struct loop *l, const char *key, const struct strlist *paths, json_t **ret,
	struct dd_err *err)
{
	OWN_FREE char *step = mem_printf("attempt/%lld/spare/%s", (long long)l->n, key);
	OWN_JSON json_t *what = json_pack("{s:o}", key, json_from_strings(paths));
	struct asking a = {l, what};
	return journal_step(l->spec->journal, step, do_ask, &a, ret, err);
}

/* ---- sources that nothing builds or runs ---- */

char *
spare_path(const char *dir, const char *name)
{
	bool above;
	OWN_FREE char *below = fs_plain_path(str_of(name), &above);
	OWN_FREE char *path = tree_join(dir ? dir : "", below);
	return above || *name == '/' || !*below || !detect_is_plain(path, "_-./+@,=") ? NULL
										      : TAKE(path);
}

/* All that the check could not read; false: one of them has a name that cannot be put into a command. */
static bool
find_unread(const struct loop *l, const struct command *c, struct strlist *ret)
{
	for (size_t i = 0; i < l->problems.n; i++) {
		const struct problem *p = &l->problems.v[i];
		if (p->kind != PROBLEM_UNREAD)
			continue;
		OWN_FREE char *path = spare_path(c->dir, p->name);
		if (!path)
			return false;
		strlist_add_new(ret, path);
	}
	return ret->n > 0;
}

/* As many as are left out, at least, compile: else the tree is of another time. */
static bool
are_few(const struct loop *l, const struct strlist *unread)
{
	size_t n = l->spare->left.n + unread->n;
	return n <= MAX_LEFT && (int64_t)(2 * n) <= l->r->project.checked;
}

static void
leave_source(struct loop *l, struct command *c, const char *path, const char *why)
{
	const char *here = c->dir ? path + strlen(c->dir) + 1 : path;
	OWN_FREE char *condition = mem_printf("! -path './%s'", here);
	strlist_add(&l->spare->left, path);
	if (!add_condition(l, c, condition))
		return;
	strlist_addf(&l->r->options,
		"sources=without %s, which does not compile and which nothing else names", path);
	add_feature_off(l, mem_printf("%s, which does not compile (%s)", path, why),
		mem_strdup("a version of its language that takes it, or a source that is mended"));
}

/* What the log says of the first that did not compile. */
static const char *
reason_of(const struct loop *l)
{
	const struct problem *p = problem_first(&l->problems, PROBLEM_REMOVED);
	p = p ? p : problem_first(&l->problems, PROBLEM_UNREAD);
	return p->text;
}

static int
leave_checked(struct loop *l, struct command *c, bool *ret, struct dd_err *err)
{
	OWN(strlist) struct strlist unread = {0};
	OWN_JSON json_t *told = NULL;
	if (!find_unread(l, c, &unread) || !are_few(l, &unread))
		return 0;
	int rc = spare_ask_tree(l, "unread", &unread, &told, err);
	if (rc < 0 || json_array_size(json_object_get(told, "unused")) != unread.n)
		return rc; /* one of them is used: the others do not matter */
	if (!may_leave(l, "sources",
		    "Are sources to be left out that do not compile and that nothing else names",
		    problem_first(&l->problems, PROBLEM_UNREAD)))
		return 0;
	for (size_t i = 0; i < unread.n; i++)
		leave_source(l, c, unread.v[i], reason_of(l));
	*ret = true;
	return 0;
}

/* ---- features ---- */

/* The words of a name, in small letters, without "lib" before and a version behind. */
static void
add_words(const char *name, struct strlist *ret)
{
	while (*name) {
		size_t n = 0;
		while (isalnum((unsigned char)name[n]))
			n++;
		size_t skip = n > 4 && strncmp(name, "lib", 3) == 0 ? 3 : 0, end = n;
		while (end > skip && isdigit((unsigned char)name[end - 1]))
			end--;
		OWN_FREE char *word = mem_strndup(name + skip, end - skip);
		for (char *c = word; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (end - skip >= 2)
			strlist_add_new(ret, word);
		name += n + (name[n] != '\0');
	}
}

static bool
is_word_of_switches(const char *word)
{
	static const char *const words[] = {"use", "with", "without", "enable", "disable", "build",
		"have", "support", "plugin", "backend", "lib", NULL};
	return str_is_one(str_of(word), words);
}

static bool
is_word_of_tests(const char *word)
{
	static const char *const words[] = {"test", "tests", "testing", NULL};
	return str_is_one(str_of(word), words);
}

/* What stands before its "ENABLE" is the project's own name. */
bool
spare_concerns(const char *name, const struct strlist *about)
{
	OWN(strlist) struct strlist words = {0};
	size_t from = 0, n = 0;
	add_words(name, &words);
	for (size_t i = 0; i < words.n; i++)
		if (is_word_of_switches(words.v[i]) && i + 1 < words.n)
			from = i + 1;
	for (size_t i = from; i < words.n; i++) {
		if (is_word_of_switches(words.v[i]))
			continue;
		if (is_word_of_tests(words.v[i]) || !strlist_has(about, words.v[i]))
			return false;
		n++;
	}
	return n > 0;
}

/* Words of headers that are of no compiler's package, and of those packages; true: there are such. */
static bool
words_of_libraries(const struct loop *l, const json_t *headers, struct strlist *ret)
{
	size_t i;
	json_t *one;
	json_array_foreach (headers, i, one) {
		struct need n = {.kind = NEED_HEADER, .name = (char *)json_string_value(one)};
		if (!n.name)
			continue;
		struct resolution r = resolve_need(l->index, &n);
		bool library = r.package && strcmp(r.package, "libc6-dev") != 0 &&
			       strncmp(r.package, "libstdc++", 9) != 0 &&
			       package_list_has(&l->r->packages, str_of(r.package));
		if (library) {
			OWN_FREE char *package = mem_strdup(r.package);
			if (str_ends(str_of(package), "-dev")) /* of any library */
				package[strlen(package) - 4] = '\0';
			add_words(n.name, ret);
			add_words(package, ret);
		}
		resolution_cleanup(&r);
	}
	return ret->n > 0;
}

static const struct build_switch *
choose_switch(struct loop *l, const struct strlist *about)
{
	const struct build_switch_list *all = &l->r->project.switches;
	for (size_t i = 0; i < all->n; i++)
		if (!strlist_has(&l->spare->tried, all->v[i].off) &&
			spare_concerns(all->v[i].name, about))
			return &all->v[i];
	return NULL;
}

/* Files of the tree that a compiler does not take; what the linker says is of none. */
static void
find_failed(const struct loop *l, struct strlist *ret)
{
	for (size_t i = 0; i < l->problems.n && ret->n < MAX_FAILED; i++) {
		const struct problem *p = &l->problems.v[i];
		if (p->kind == PROBLEM_COMPILE && strstr(p->text, "error: ") &&
			strchr(p->name, '.'))
			strlist_add_new(ret, p->name);
	}
}

/* ---- a copy of somebody else's code that the source is to have, and has not ---- */

static bool
is_word_of_copies(const char *word)
{
	static const char *const words[] = {"vendored", "vendor", "bundled", "bundle", "internal",
		"included", "embedded", "builtin", NULL};
	return str_is_one(str_of(word), words);
}

bool
spare_is_copy(const char *name, const char *missing)
{
	OWN(strlist) struct strlist words = {0}, about = {0};
	static const char *const against[] = {"disable", "no", "not", "without", NULL};
	bool copy = false, same = false;
	add_words(name, &words);
	add_words(missing, &about);
	for (size_t i = 0; i < words.n; i++) {
		if (str_is_one(str_of(words.v[i]), against))
			return false; /* a switch against copies stands for none */
		copy = copy || is_word_of_copies(words.v[i]);
		same = same ||
		       (copy && !is_word_of_copies(words.v[i]) &&
			       !is_word_of_switches(words.v[i]) && strlist_has(&about, words.v[i]));
	}
	return same;
}

/* A header or file of it that was missed, and the switch that takes the system's instead. */
static const struct build_switch *
choose_copy(const struct loop *l, const struct problem **ret_missing)
{
	const struct build_switch_list *all = &l->r->project.switches;
	for (size_t k = 0; k < l->problems.n; k++) {
		const struct problem *p = &l->problems.v[k];
		if (p->kind != PROBLEM_HEADER && p->kind != PROBLEM_PATH)
			continue;
		*ret_missing = p;
		for (size_t i = 0; i < all->n; i++)
			if (!strlist_has(&l->spare->tried, all->v[i].off) &&
				spare_is_copy(all->v[i].name, p->name))
				return &all->v[i];
	}
	return NULL;
}

static struct command *
configuring(struct loop *l)
{
	struct command_list *c = &l->r->project.commands;
	struct command *last = NULL;
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].phase == PHASE_CONFIGURE)
			last = &c->v[i];
	return last;
}

static void
switch_off(struct loop *l, struct command *c, const struct build_switch *b, const struct problem *p)
{
	struct spare *s = l->spare;
	OWN_FREE char *run = TAKE(c->run);
	c->run = mem_printf("%s %s", run, b->off);
	s->off = mem_strdup(b->off);
	s->file = mem_strdup(p->name);
	s->option = mem_printf("feature=%s, since this does not compile: %s", b->off, p->text);
	strlist_add(&l->r->options, s->option);
	add_feature_off(l, mem_printf("%s (%s)", b->name, b->where),
		mem_printf("a library that %s compiles with: %s", p->name, p->text));
}

/* May the build go on with that switch off?  It is tried, whatever the answer; the slug of the decision, heap, NULL: it may not. */
static char *
may_switch_off(
	struct loop *l, const struct build_switch *b, const char *text, const struct problem *p)
{
	OWN_FREE char *slug = mem_printf("feature-%s", b->name);
	strlist_add(&l->spare->tried, b->off);
	return may_leave(l, slug, text, p) ? TAKE(slug) : NULL;
}

static bool
leave_copy(struct loop *l, struct command *configure)
{
	struct spare *s = l->spare;
	const struct problem *p = NULL;
	const struct build_switch *b = choose_copy(l, &p);
	if (!b)
		return false;
	OWN_FREE char *text = mem_printf(
		"Is what the machine has to be used in the place of %s, a copy that is not there",
		b->name);
	char *slug = may_switch_off(l, b, text, p);
	if (!slug)
		return false;
	OWN_FREE char *run = TAKE(configure->run);
	configure->run = mem_printf("%s %s", run, b->off);
	s->off = mem_strdup(b->off);
	s->file = mem_strdup(p->name);
	s->slug = slug;
	s->option =
		mem_printf("copy=%s, since what it stands for is not there: %s", b->off, p->text);
	strlist_add(&l->r->options, s->option);
	return true;
}

static int
leave_feature(struct loop *l, bool *ret, struct dd_err *err)
{
	struct spare *s = l->spare;
	OWN(strlist) struct strlist failed = {0}, about = {0};
	OWN_JSON json_t *told = NULL;
	struct command *configure = configuring(l);
	if (!l->r->project.switches.n || !configure || s->tried.n >= MAX_SWITCHES)
		return 0;
	*ret = leave_copy(l, configure);
	find_failed(l, &failed);
	if (*ret || !failed.n)
		return 0;
	int rc = spare_ask_tree(l, "failed", &failed, &told, err);
	if (rc < 0 || !words_of_libraries(l, json_object_get(told, "includes"), &about))
		return rc;
	const struct build_switch *b = choose_switch(l, &about);
	for (size_t i = 0; !b && i < failed.n; i++) {
		add_words(fs_name(failed.v[i]), &about);
		b = choose_switch(l, &about);
	}
	if (!b)
		return 0;
	const struct problem *p = problem_first(&l->problems, PROBLEM_COMPILE);
	OWN_FREE char *text = mem_printf(
		"Is %s to be left out, whose code does not compile with the library there is",
		b->name);
	char *slug = may_switch_off(l, b, text, p);
	if (!slug)
		return 0;
	s->slug = slug;
	switch_off(l, configure, b, p);
	*ret = true;
	return 0;
}

/* ---- what did not help ---- */

static void
forget_feature(struct loop *l, const char *name)
{
	struct feature_off_list *all = &l->r->features_off;
	for (size_t i = all->n; i--;) {
		if (!str_starts(str_of(all->v[i].feature), name))
			continue;
		feature_off_cleanup(&all->v[i]);
		memmove(&all->v[i], &all->v[i + 1], (--all->n - i) * sizeof(*all->v));
		return;
	}
}

/*
 * The same file does not compile with the switch: it is not about it.  Or what configures the build does not take it: then the
 * failure is of our making, and true is given, for an attempt without it.
 */
static bool
withdraw(struct loop *l)
{
	struct spare *s = l->spare;
	struct command *c = configuring(l);
	OWN_FREE char *end = s->off ? mem_printf(" %s", s->off) : NULL;
	const bool refused = end && c && l->failed && strcmp(l->failed, c->run) == 0;
	bool vain = refused;
	for (size_t i = 0; s->off && i < l->problems.n; i++)
		vain = vain || ((l->problems.v[i].kind == PROBLEM_COMPILE ||
					l->problems.v[i].kind == PROBLEM_HEADER ||
					l->problems.v[i].kind == PROBLEM_PATH) &&
				       strcmp(l->problems.v[i].name, s->file) == 0);
	if (vain && c && str_ends(str_of(c->run), end)) {
		OWN_FREE char *id = mem_printf("decision:%s", s->slug);
		OWN_FREE char *name = mem_printf("%s (", s->slug + strlen("feature-"));
		c->run[strlen(c->run) - strlen(end)] = '\0';
		loop_forget_options(l, s->option);
		loop_forget_question(l, id);
		forget_feature(l, name);
	}
	free(TAKE(s->off));
	free(TAKE(s->file));
	free(TAKE(s->slug));
	free(TAKE(s->option));
	return refused;
}

/* ---- all of it ---- */

static struct command *
failed_command(struct loop *l)
{
	struct command_list *c = &l->r->project.commands;
	for (size_t i = 0; l->failed && i < c->n; i++)
		if (strcmp(c->v[i].run, l->failed) == 0)
			return &c->v[i];
	return NULL;
}

int
spare_learn(struct loop *l, bool *ret, struct dd_err *err)
{
	struct command *c = failed_command(l);
	if (!l->spare)
		l->spare = mem_zalloc(1, sizeof(*l->spare));
	*ret = withdraw(l);
	if (*ret || !c || l->cause != CAUSE_NONE)
		return 0;
	switch (c->sources) {
	case SOURCES_OF_TESTS:
	case SOURCES_WITH_TESTS:
		*ret = leave_tests(l, c);
		return 0;
	case SOURCES_CHECKED:
		return leave_checked(l, c, ret, err);
	case SOURCES_FIXED:
		return leave_feature(l, ret, err);
	}
	return 0;
}
