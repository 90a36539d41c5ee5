/*
 * Theory of operation.  The build is run, and make goes on behind a failure, so that what is printed does not depend on what
 * runs at once.  What failed is told by make's own lines, "*** [FILE:LINE: TARGET] Error N", and by the directories it entered.
 * The first rule that has a proposal for one of them that was not tried yet makes it, and the build is run again: the line that
 * the proposal was made for is gone, or the proposal is taken back.
 */
#include "agents/fixer_building.h"
#include "agents/fixer_path.h"

#include "base/fs.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#define MAX_TRIES 24
#define MAX_SYMBOLS 50
#define MARK "drydock-status "

static void
failed_cleanup(struct failed *f)
{
	free(f->dir);
	free(f->makefile);
	free(f->target);
	free(f->also);
	*f = (struct failed){0};
}

static void
change_cleanup(struct change *c)
{
	free(c->path);
	free(c->note);
	buf_cleanup(&c->text);
	free(c->also);
	buf_cleanup(&c->also_text);
	*c = (struct change){0};
}

bool
building_says(struct str s, const char *text)
{
	return s.n && memmem(s.p, s.n, text, strlen(text));
}

/* ---- the tree ---- */

bool
building_read(const struct building *b, const char *path, struct buf *ret)
{
	OWN_FD int fd = -1;
	if (fs_open_in_root(b->spec->root_fd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, &fd, NULL) <
		0)
		return false;
	OWN_FREE char *self = mem_printf("/proc/self/fd/%d", fd);
	ret->max = EDIT_MAX_BYTES;
	return fs_read(self, EDIT_MAX_BYTES, ret, NULL) == 0;
}

/* ---- running ---- */

static struct failed *
add_failed(struct building *b, const char *dir)
{
	b->all = mem_grow(b->all, b->n, &b->cap, sizeof(*b->all));
	b->all[b->n] = (struct failed){.dir = mem_strdup(dir)};
	return &b->all[b->n++];
}

/* "make[1]: *** [Makefile:7: tide] Error 1", "make: *** [<builtin>: tide] Error 1" */
static bool
take_target(struct building *b, const char *dir, struct str line)
{
	const char *open = memmem(line.p, line.n, "*** [", 5);
	const char *shut = open ? memrchr(line.p, ']', line.n) : NULL;
	if (!shut || shut < open + 5)
		return false;
	struct str rest = {open + 5, (size_t)(shut - open - 5)}, file, number, target;
	uint64_t n = 0;
	if (!str_next(&rest, ':', &file) || !str_next(&rest, ':', &number))
		return false;
	if (str_eq(file, "<builtin>"))
		target = str_trim(number);
	else if (str_parse_u64(number, INT32_MAX, &n))
		target = str_trim(rest);
	else
		return false;
	struct failed *f = add_failed(b, dir);
	f->line = n;
	f->target = str_dup(target);
	if (!str_eq(file, "<builtin>"))
		f->makefile = fixer_path(dir, file);
	return true;
}

/* "Makefile:3: *** missing separator.  Stop." */
static void
take_separator(struct building *b, const char *dir, struct str line)
{
	struct failed *f = add_failed(b, dir);
	struct str file, number;
	if (str_next(&line, ':', &file) && str_next(&line, ':', &number) &&
		str_parse_u64(number, INT32_MAX, &f->line))
		f->makefile = fixer_path(dir, file);
}

/* "make: Entering directory 'DIR'" */
static void
take_directory(struct strlist *stack, struct str line)
{
	bool enters = building_says(line, ": Entering directory '");
	const char *open = memchr(line.p, '\'', line.n);
	const char *shut = memrchr(line.p, '\'', line.n);
	if (!open || shut == open || !str_starts(line, "make"))
		return;
	if (enters) {
		struct str path = {open + 1, (size_t)(shut - open - 1)};
		OWN_FREE char *dir = fixer_path("", path);
		strlist_add(stack, dir ? dir : "");
	} else if (building_says(line, ": Leaving directory '") && stack->n) {
		free(stack->v[--stack->n]);
		stack->v[stack->n] = NULL;
	}
}

static const char *const makefiles[] = {"GNUmakefile", "makefile", "Makefile", NULL};

static void
forget_failed(struct building *b)
{
	while (b->n)
		failed_cleanup(&b->all[--b->n]);
}

static struct failed *
find_makefile(const struct building *b, struct failed *f)
{
	for (size_t i = 0; makefiles[i] && !f->makefile; i++) {
		OWN(buf) struct buf text = {0};
		OWN_FREE char *path = fixer_path(f->dir, str_of(makefiles[i]));
		if (path && building_read(b, path, &text))
			f->makefile = TAKE(path);
	}
	return f;
}

static void
read_output(struct building *b)
{
	OWN(strlist) struct strlist stack = {0};
	struct str rest = buf_str(&b->out), line;
	forget_failed(b);
	b->ok = false;
	while (str_next_line(&rest, &line)) {
		const char *dir = stack.n ? stack.v[stack.n - 1] : "";
		if (building_says(line, "*** missing separator"))
			take_separator(b, dir, line);
		if (!take_target(b, dir, line))
			take_directory(&stack, line);
		if (str_starts(line, MARK))
			b->ok = str_eq(line, MARK "0");
	}
	if (!b->n)
		(void)add_failed(b, "");
	for (size_t i = 0; i < b->n; i++)
		template_find(b, find_makefile(b, &b->all[i]));
}

/* A script there, in the tree with all changes. */
static int
run_there(struct building *b, struct str script, struct buf *ret, struct dd_err *err)
{
	size_t n = 0, most = map_count(&b->changed) + 1;
	struct fixer_file *files = mem_zalloc(most, sizeof(*files));
	struct buf *texts = mem_zalloc(most, sizeof(*texts));
	for (struct map_entry *it = map_first(&b->changed); it; it = map_next(it))
		if (building_read(b, map_key(it), &texts[n])) {
			files[n] = (struct fixer_file){map_key(it), buf_str(&texts[n])};
			n++;
		}
	int rc = b->spec->host->run(b->spec->host->ctx, script, files, n, ret, err);
	for (size_t i = 0; i < n; i++)
		buf_cleanup(&texts[i]);
	free(texts);
	free(files);
	return rc;
}

static int
build(struct building *b, struct dd_err *err)
{
	OWN(buf) struct buf script = {0};
	buf_reset(&b->out);
	b->out.max = (size_t)8 << 20;
	buf_puts(&script,
		"cd " WORK_DIR " || exit 1\nexport LC_ALL=C MAKEFLAGS=wk; unset LANGUAGE\n(");
	buf_puts(&script, b->spec->command);
	buf_puts(&script, ") </dev/null >/tmp/drydock-build 2>&1\nstatus=$?\n");
	template_put_script(&script);
	buf_puts(&script, "tail -c 4000000 /tmp/drydock-build\necho; echo \"" MARK "$status\"\n");
	int rc = run_there(b, buf_str(&script), &b->out, err);
	if (rc == 0)
		read_output(b);
	return rc;
}

/* ---- changing lines ---- */

/* Line n (from 1); false: there is none. */
bool
building_line(struct str text, uint64_t n, struct str *ret)
{
	for (uint64_t i = 1; str_next_line(&text, ret); i++)
		if (i == n)
			return true;
	return false;
}

/* Other text in place of a part of a file. */
void
building_put(struct str text, struct str part, struct str by, struct buf *out)
{
	size_t at = (size_t)(part.p - text.p);
	buf_add(out, text.p, at);
	buf_add_str(out, by);
	buf_add(out, part.p + part.n, text.n - at - part.n);
}

/* The first line that has all of it; empty. */
struct str
building_find(const struct building *b, const char *text, const char *more)
{
	struct str rest = buf_str(&b->out), line;
	while (str_next_line(&rest, &line))
		if (building_says(line, text) && building_says(line, more))
			return line;
	return (struct str){"", 0};
}

/* The recipe that failed, with the lines that go on behind it. */
bool
building_recipe(const struct building *b, struct str text, struct str *ret)
{
	struct str next;
	if (!b->failed.line || !building_line(text, b->failed.line, ret))
		return false;
	for (uint64_t n = b->failed.line + 1;
		ret->n && ret->p[ret->n - 1] == '\\' && building_line(text, n, &next); n++)
		ret->n = (size_t)(next.p + next.n - ret->p);
	return true;
}

/* ---- rules ---- */

/* "Makefile:3: *** missing separator" */
static int
rule_tab(struct building *b, struct change *c, struct dd_err *err)
{
	struct str why = building_find(b, "*** missing separator", ""), line;
	OWN(buf) struct buf text = {0};
	uint64_t n = b->failed.line;
	(void)err;
	if (!why.n || !n || !b->failed.makefile || !building_read(b, b->failed.makefile, &text) ||
		!building_line(buf_str(&text), n, &line) || !line.n || line.p[0] != ' ' ||
		!str_trim(line).n)
		return 0;
	c->path = mem_strdup(b->failed.makefile);
	struct str at = buf_str(&text);
	for (uint64_t i = 1; str_next_line(&at, &line); i++) {
		size_t blanks = 0;
		while (blanks < line.n && line.p[blanks] == ' ')
			blanks++;
		if (i >= n && !blanks)
			n = UINT64_MAX; /* behind the recipe all stays */
		if (i >= n)
			buf_putc(&c->text, '\t');
		else
			blanks = 0;
		buf_add(&c->text, line.p + blanks, line.n - blanks);
		buf_puts(&c->text, at.n || str_ends(buf_str(&text), "\n") ? "\n" : "");
	}
	c->why = why;
	c->note = mem_strdup("a tab before the recipe");
	return 0;
}

static void
take_symbols(const struct building *b, struct strlist *ret)
{
	static const char mark[] = "undefined reference to ";
	struct str rest = buf_str(&b->out), line;
	while (str_next_line(&rest, &line) && ret->n < MAX_SYMBOLS) {
		const char *at = memmem(line.p, line.n, mark, sizeof(mark) - 1);
		if (!at)
			continue;
		struct str name = {
			at + sizeof(mark) - 1, line.n - (size_t)(at + sizeof(mark) - 1 - line.p)};
		size_t n = 0;
		for (; name.n && strchr("`'\"", name.p[0]); name.n--)
			name.p += str_starts(name, "symbol ") ? 7 : 1;
		while (n < name.n && (isalnum((unsigned char)name.p[n]) || name.p[n] == '_'))
			n++;
		OWN_FREE char *word = mem_strndup(name.p, n);
		if (n)
			strlist_add_new(ret, word);
	}
}

/* Libraries that can be linked and define symbols: how many of them, and their names; the C library is there anyway. */
static void
put_library_script(const struct strlist *symbols, struct buf *out)
{
	buf_puts(out, "printf '%s\\n'");
	for (size_t i = 0; i < symbols->n; i++) {
		buf_putc(out, ' ');
		buf_put_shell(out, str_of(symbols->v[i]));
	}
	buf_puts(out,
		" >/tmp/drydock-symbols\n"
		"for dir in /usr/lib/*-linux-gnu /lib/*-linux-gnu /usr/lib /usr/local/lib; do\n"
		"\tfor link in $dir/lib*.so; do\n"
		"\t\tname=${link##*/lib}; name=${name%.so}\n"
		"\t\t[ -e $link ] && [ $name != c ] || continue\n"
		"\t\tfor file in $link $dir/lib$name.so.*; do\n"
		"\t\t\tn=$(nm -D --defined-only $file 2>/dev/null | awk '{ sub(/@.*/, \"\", $3); print $3 }' |\n"
		"\t\t\t\tsort -u | grep -xFc -f /tmp/drydock-symbols)\n"
		"\t\t\t[ ${n:-0} = 0 ] || { echo $n $name; break; }\n"
		"\t\tdone\n"
		"\tdone\n"
		"done | sort -u | head -n 200\n");
}

/* The one that defines all of them; NULL: there is none, or another as well.  Heap. */
static char *
library_of(struct str found, size_t symbols)
{
	OWN_FREE char *name = NULL;
	struct str line, count, word;
	uint64_t n;
	while (str_next_line(&found, &line)) {
		if (!str_next_word(&line, &count) || !str_next_word(&line, &word) ||
			!str_parse_u64(count, MAX_SYMBOLS, &n) || n < symbols)
			continue;
		if (name)
			return NULL;
		name = str_dup(word);
	}
	return TAKE(name);
}

/* Before the first rule: the line that has a colon and does not assign. */
static size_t
first_rule(struct str text)
{
	struct str rest = text, line;
	while (str_next_line(&rest, &line)) {
		const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
		bool assigns = colon && memchr(line.p, '=', line.n);
		if (colon && !assigns && line.p[0] != '#' && line.p[0] != '\t')
			return (size_t)(line.p - text.p);
	}
	return text.n;
}

static int
rule_library(struct building *b, struct change *c, struct dd_err *err)
{
	OWN(strlist) struct strlist symbols = {0};
	OWN(buf) struct buf script = {0}, found = {.max = 1 << 20}, text = {0};
	struct fixer_definition_list own = {0};
	take_symbols(b, &symbols);
	if (!symbols.n || !b->failed.makefile || !building_read(b, b->failed.makefile, &text))
		return 0;
	int rc = b->spec->host->find(b->spec->host->ctx, &symbols, &own, err);
	bool of_tree = own.n > 0; /* it is an object that lacks */
	fixer_definition_list_cleanup(&own);
	if (rc < 0 || of_tree)
		return rc;
	put_library_script(&symbols, &script);
	rc = run_there(b, buf_str(&script), &found, err);
	OWN_FREE char *name = rc == 0 ? library_of(buf_str(&found), symbols.n) : NULL;
	struct str recipe, libs;
	if (!name)
		return rc;
	bool is_am = str_ends(str_of(b->failed.makefile), ".am");
	bool of_am = b->failed.am && template_libs(buf_str(&text), &libs);
	c->why = building_find(b, "undefined reference to ", "");
	c->note = mem_printf("-l%s", name);
	c->path = mem_strdup(b->failed.makefile);
	if (is_am) { /* what links is automake's */
		buf_add_str(&c->text, buf_str(&text));
		buf_printf(&c->text, "%sLIBS += -l%s\n", str_ends(buf_str(&text), "\n") ? "" : "\n",
			name);
	} else if (of_am) {
		OWN_FREE char *more = mem_printf(STR_FMT " -l%s", STR_ARG(libs), name);
		building_put(buf_str(&text), libs, str_of(more), &c->text);
	} else if (building_recipe(b, buf_str(&text), &recipe)) {
		struct str end = {recipe.p + recipe.n, 0};
		OWN_FREE char *words = mem_printf(" -l%s", name);
		building_put(buf_str(&text), end, str_of(words), &c->text);
	} else {
		struct str at = {text.p + first_rule(buf_str(&text)), 0};
		OWN_FREE char *line = mem_printf("LDLIBS += -l%s\n", name);
		building_put(buf_str(&text), at, str_of(line), &c->text);
	}
	return 0;
}

/* Is there a rule for this target? */
static bool
makes(struct str makefile, struct str target)
{
	struct str line, targets, word;
	while (str_next_line(&makefile, &line)) {
		if (!line.n || strchr("\t#", line.p[0]) || !memchr(line.p, ':', line.n) ||
			!str_next(&line, ':', &targets))
			continue;
		while (str_next_word(&targets, &word))
			if (word.n == target.n && memcmp(word.p, target.p, word.n) == 0)
				return true;
	}
	return false;
}

/* Are they "src/main.c" and "main.o"? */
static bool
has_stem(struct str source, const char *target)
{
	const char *slash = memrchr(source.p, '/', source.n);
	struct str name =
		slash ? (struct str){slash + 1, source.n - (size_t)(slash + 1 - source.p)} : source;
	const char *dot = memrchr(name.p, '.', name.n), *own = strrchr(target, '/');
	size_t n = dot ? (size_t)(dot - name.p) : name.n;
	own = own ? own + 1 : target;
	return strncmp(own, name.p, n) == 0 && (own[n] == '.' || !own[n]);
}

/* "main.c:2:10: fatal error: version.h: No such file or directory" */
static int
rule_prerequisite(struct building *b, struct change *c, struct dd_err *err)
{
	static const char mark[] = "fatal error: ";
	struct str why = building_find(b, mark, ": No such file or directory");
	const char *at = why.n ? memmem(why.p, why.n, mark, sizeof(mark) - 1) : NULL;
	OWN(buf) struct buf text = {0};
	(void)err;
	if (!at || !b->failed.target || !b->failed.makefile ||
		!building_read(b, b->failed.makefile, &text))
		return 0;
	struct str rest = {at + sizeof(mark) - 1, why.n - (size_t)(at + sizeof(mark) - 1 - why.p)};
	struct str name, source, whole = why;
	if (!str_next(&rest, ':', &name) || !makes(buf_str(&text), name) ||
		!str_next(&whole, ':', &source) || !has_stem(source, b->failed.target))
		return 0;
	c->why = why;
	c->path = mem_strdup(b->failed.makefile);
	c->note = mem_printf("%s: " STR_FMT, b->failed.target, STR_ARG(name));
	buf_add_str(&c->text, buf_str(&text));
	buf_printf(&c->text, "%s%s\n", str_ends(buf_str(&text), "\n") ? "" : "\n", c->note);
	return 0;
}

/* The next word of a recipe that is a script of the tree: its path, heap, and its text. */
static char *
next_script(const struct building *b, struct str *recipe, struct str *ret_word, struct buf *text)
{
	while (str_next_word(recipe, ret_word)) {
		while (ret_word->n && strchr("@-(;", ret_word->p[0]))
			*ret_word = (struct str){ret_word->p + 1, ret_word->n - 1};
		while (ret_word->n && strchr(";)", ret_word->p[ret_word->n - 1]))
			ret_word->n--;
		OWN_FREE char *path = ret_word->n ? fixer_path(b->failed.dir, *ret_word) : NULL;
		buf_reset(text);
		if (path && building_read(b, path, text) && str_interpreter(buf_str(text)).n)
			return TAKE(path);
	}
	return NULL;
}

static bool
is_permitted_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && !strchr("._-+", name.p[i]))
			return false;
	return name.n > 0;
}

/* A mode is no part of a patch that everybody can apply; a command is. */
static int
rule_interpreter(struct building *b, struct change *c, struct dd_err *err)
{
	OWN(buf) struct buf text = {0}, script = {0};
	struct str recipe, word;
	(void)err;
	if (!b->failed.makefile || !building_read(b, b->failed.makefile, &text) ||
		!building_recipe(b, buf_str(&text), &recipe))
		return 0;
	OWN_FREE char *path = next_script(b, &recipe, &word, &script);
	OWN_FREE char *name = path ? str_dup(word) : NULL;
	struct str by = str_interpreter(buf_str(&script)), why = {"", 0};
	if (path)
		why = building_find(b, name, ": Permission denied");
	if (!why.n || !is_permitted_name(by))
		return 0;
	c->why = why;
	c->path = mem_strdup(b->failed.makefile);
	c->note = mem_printf(STR_FMT " %s", STR_ARG(by), name);
	building_put(buf_str(&text), word, str_of(c->note), &c->text);
	return 0;
}

/* Every line has them; what is mixed may be meant. */
static bool
drop_returns(struct str text, struct buf *out)
{
	size_t from = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\n')
			continue;
		if (i == from || text.p[i - 1] != '\r')
			return false;
		buf_add(out, text.p + from, i - 1 - from);
		buf_putc(out, '\n');
		from = i + 1;
	}
	buf_add(out, text.p + from, text.n - from);
	return from > 0;
}

static int
rule_line_ends(struct building *b, struct change *c, struct dd_err *err)
{
	OWN(buf) struct buf text = {0}, script = {0};
	struct str recipe = {"", 0}, word, rest = buf_str(&b->out), line;
	(void)err;
	if (!b->failed.makefile || !building_read(b, b->failed.makefile, &text))
		return 0;
	OWN_FREE char *target = mem_printf(": %s] Error", b->failed.target ? b->failed.target : "");
	while (str_next_line(&rest, &line)) /* what it stopped with */
		if (building_says(line, "***") &&
			(!b->failed.target || building_says(line, target)))
			c->why = line;
	if (drop_returns(buf_str(&text), &c->text)) {
		c->path = mem_strdup(b->failed.makefile);
	} else if (building_recipe(b, buf_str(&text), &recipe)) {
		while (!c->path && (c->path = next_script(b, &recipe, &word, &script))) {
			buf_reset(&c->text);
			if (drop_returns(buf_str(&script), &c->text))
				break;
			free(TAKE(c->path));
		}
	}
	c->note = mem_strdup("line ends of LF");
	return 0;
}

/* What dash says to what only bash has. */
static struct str
bash_line(const struct building *b)
{
	static const char *const marks[] = {"Syntax error: ", "[[: not found", "source: not found",
		"Bad substitution", "declare: not found", "let: not found", "pushd: not found",
		"shopt: not found", "typeset: not found", "function: not found", NULL};
	for (size_t i = 0; marks[i]; i++) {
		struct str line = building_find(b, marks[i], ": ");
		if (line.n)
			return line;
	}
	return (struct str){"", 0};
}

/* "#!/bin/sh -e" */
static void
put_bash(struct str script, struct buf *out)
{
	struct str at = {memmem(script.p, script.n, "sh", 2), 2};
	building_put(script, at, STR("bash"), out);
}

static int
rule_bash(struct building *b, struct change *c, struct dd_err *err)
{
	OWN(buf) struct buf text = {0}, script = {0};
	struct str recipe, word, before = {"", 0}, why = bash_line(b);
	(void)err;
	if (!why.n || !b->failed.makefile || !building_read(b, b->failed.makefile, &text) ||
		!building_recipe(b, buf_str(&text), &recipe))
		return 0;
	struct str all = recipe;
	OWN_FREE char *path = next_script(b, &recipe, &word, &script);
	OWN_FREE char *name = path ? str_dup(word) : NULL;
	c->why = why;
	if (path && !building_says(why, name))
		return 0;
	/* The word before it is what the recipe gives it to. */
	for (struct str rest = all, one;
		path && str_next_word(&rest, &one) && one.p + one.n <= word.p;)
		before = one;
	while (before.n && strchr("@-", before.p[0]))
		before = (struct str){before.p + 1, before.n - 1};
	bool given = str_eq(before, "sh") || str_eq(before, "/bin/sh");
	c->note = mem_strdup("bash");
	if (path && given) {
		c->path = mem_strdup(b->failed.makefile);
		building_put(buf_str(&text), before, STR("bash"), &c->text);
	} else if (path && str_eq(str_interpreter(buf_str(&script)), "sh")) {
		c->path = mem_strdup(path);
		put_bash(buf_str(&script), &c->text);
	} else if (!path && (str_starts(why, "/bin/sh: ") || str_starts(why, "sh: "))) {
		c->path = mem_strdup(b->failed.makefile);
		buf_puts(&c->text, "SHELL = /bin/bash\n");
		buf_add_str(&c->text, buf_str(&text));
	}
	return 0;
}

static const struct {
	const char *name;
	/* c->path: what is proposed; NULL: nothing. */
	int (*propose)(struct building *b, struct change *c, struct dd_err *err);
} rules[] = {{"line-ends", rule_line_ends}, {"tab", rule_tab}, {"library", rule_library},
	{"prerequisite", rule_prerequisite}, {"interpreter", rule_interpreter}, {"bash", rule_bash},
	{"obsolete-macro", rule_obsolete_macro}, {"foreign", rule_foreign},
	{"regenerate", rule_regenerate}};

/* ---- trying ---- */

static int
try_change(struct building *b, const char *rule, const struct change *c, bool *ret_kept,
	struct dd_err *err)
{
	const struct edit edits[] = {
		{.kind = EDIT_BYTES, .path = c->path, .text = buf_str(&c->text)},
		{.kind = EDIT_BYTES, .path = c->also, .text = buf_str(&c->also_text)}};
	struct edit_result done = {0};
	OWN(dd_err) struct dd_err refused = {0};
	int rc = edit_apply(
		b->spec->root_fd, edits, c->also ? 2 : 1, b->spec->check, &done, &refused);
	*ret_kept = false;
	if (rc == 0) {
		OWN(buf) struct buf before = b->out; /* c->why is of it */
		OWN_FREE char *why = str_dup(c->why);
		b->out = (struct buf){0};
		map_put(&b->changed, c->path, b);
		if (c->also)
			map_put(&b->changed, c->also, b);
		rc = build(b, err);
		*ret_kept = rc == 0 && (b->ok || !building_find(b, why, "").n);
		if (rc == 0 && *ret_kept) {
			json_array_append_new(b->fixes,
				json_pack("{s:o, s:s, s:o}", "path", json_text(str_of(c->path)),
					"rule", rule, "text", json_text(str_of(c->note))));
		} else if (rc == 0) {
			rc = edit_undo(b->spec->root_fd, &done, err);
			buf_cleanup(&b->out);
			b->out = before;
			before = (struct buf){0};
			read_output(b);
		}
	} else if (rc == -DD_EINVAL) {
		rc = 0;
	} else {
		rc = err_move(err, &refused);
	}
	edit_result_cleanup(&done);
	return rc;
}

/* What automake made of a file that is changed is changed in the same way; nothing is proposed where it cannot be. */
static int
propose(struct building *b, size_t rule, struct change *c, struct dd_err *err)
{
	const char *also = b->failed.also;
	OWN(change) struct change other = {0};
	int rc = rules[rule].propose(b, c, err);
	if (rc < 0 || !c->path || !also || strcmp(c->path, b->failed.makefile) != 0)
		return rc;
	struct failed made = b->failed;
	b->failed.makefile = made.also;
	b->failed.line = made.also_line;
	rc = rules[rule].propose(b, &other, err);
	b->failed = made;
	if (rc == 0 && !other.path) {
		free(TAKE(c->path));
	} else if (rc == 0) {
		c->also = TAKE(other.path);
		buf_add_str(&c->also_text, buf_str(&other.text));
	}
	return rc;
}

/* The first rule with a proposal that is new; *ret_any: one was kept. */
static int
try_rules(struct building *b, bool *ret_any, struct dd_err *err)
{
	int rc = 0;
	*ret_any = false;
	const size_t nrules = sizeof(rules) / sizeof(*rules);
	for (size_t k = 0; rc == 0 && !*ret_any && k < nrules * b->n; k++) {
		OWN(change) struct change c = {0};
		size_t i = k % nrules;
		b->failed = b->all[k / nrules];
		rc = propose(b, i, &c, err);
		if (rc < 0 || !c.path || !c.why.n)
			continue;
		OWN_FREE char *key = mem_printf("%s\n%s\n%s", rules[i].name, c.path, c.text.p);
		if (map_get(&b->tried, key))
			continue;
		map_put(&b->tried, key, b);
		rc = try_change(b, rules[i].name, &c, ret_any, err);
	}
	return rc;
}

int
fixer_build_run(const struct fixer_build_spec *spec, json_t **ret, struct dd_err *err)
{
	struct building b = {.spec = spec, .fixes = json_array()};
	bool any = true;
	int rc = build(&b, err);
	for (int i = 0; rc == 0 && any && !b.ok && i < MAX_TRIES; i++)
		rc = try_rules(&b, &any, err);
	if (rc == 0)
		*ret = json_pack("{s:[], s:O, s:[]}", "units", "fixes", b.fixes, "left");
	json_decref(b.fixes);
	forget_failed(&b);
	free(b.all);
	map_cleanup(&b.tried);
	map_cleanup(&b.changed);
	buf_cleanup(&b.out);
	return rc;
}
