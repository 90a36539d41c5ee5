#include "intent/page.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const char *const strength_names[] = {"must", "should", "may", NULL};

void
page_cleanup(struct page *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].text);
	free(p->v);
	free(p->title);
	strlist_cleanup(&p->pictures);
	*p = (struct page){0};
}

/* ---- words that tell what a statement is ---- */

/* Does the text have one of the phrases, with no letter on either side? */
static bool
has_phrase(const char *text, const char *const *phrases)
{
	for (; *phrases; phrases++) {
		size_t n = strlen(*phrases);
		for (const char *at = text; (at = strcasestr(at, *phrases)); at++)
			if ((at == text || !isalpha((unsigned char)at[-1])) &&
				!isalpha((unsigned char)at[n]))
				return true;
	}
	return false;
}

static bool
begins_with_one(const char *text, const char *const *words)
{
	for (; *words; words++) {
		size_t n = strlen(*words);
		if (strncasecmp(text, *words, n) == 0 && !isalpha((unsigned char)text[n]))
			return true;
	}
	return false;
}

static const char *const forbidding[] = {"must not", "mustn't", "shall not", "should not",
	"shouldn't", "may not", "cannot", "never", "do not", "don't", "must no longer",
	"without breaking", "without changing", NULL};
static const char *const demanding[] = {"must", "shall", "should", "needs to", "need to", "has to",
	"have to", "will", "want", "wants", "is required", "are required", "can", "could", "may",
	NULL};
static const char *const imperatives[] = {"add", "allow", "avoid", "build", "change", "check",
	"cache", "create", "delete", "disable", "drop", "enable", "encrypt", "ensure", "expose",
	"extend", "fix", "handle", "implement", "improve", "introduce", "keep", "limit", "log",
	"make", "merge", "migrate", "move", "parse", "port", "print", "prevent", "provide", "raise",
	"read", "record", "reduce", "refactor", "reject", "remove", "rename", "replace", "report",
	"require", "return", "rewrite", "round", "run", "send", "set", "show", "skip", "sort",
	"split", "stop", "store", "support", "switch", "sync", "test", "translate", "turn", "unify",
	"update", "upgrade", "use", "validate", "warn", "write", NULL};
static const char *const proving[] = {"given", "when", "verify", "check that", "verify that",
	"done when", "it works when", "test that", "expect", "expected", "acceptance", NULL};
static const char *const of_acceptance[] = {
	"acceptance", "criteria", "done", "verification", "how to test", "expected", NULL};
static const char *const of_non_goals[] = {
	"non-goals", "non-goal", "non goals", "out of scope", "not in scope", "not included", NULL};
static const char *const of_context[] = {"context", "background", "motivation", "why", "problem",
	"today", "current", "summary", "introduction", "overview", NULL};
static const char *const of_questions[] = {"questions", "open questions", NULL};
static const char *const of_requirements[] = {"requirements", "requirement", "goals", "goal",
	"scope", "changes", "wanted", "what", "tasks", "features", "proposal", "solution", "steps",
	NULL};

static enum strength
strength_of(const char *text)
{
	static const char *const may[] = {"may", "could", "optionally", "nice to have", NULL};
	static const char *const should[] = {"should", "ideally", "preferably", NULL};
	static const char *const must[] = {"must", "shall", "has to", "have to", "needs to", NULL};
	if (has_phrase(text, must))
		return STRENGTH_MUST;
	if (has_phrase(text, should))
		return STRENGTH_SHOULD;
	return has_phrase(text, may) ? STRENGTH_MAY : STRENGTH_MUST;
}

static enum statement_kind
classify(const char *heading, const char *text, bool in_list)
{
	size_t n = strlen(text);
	if (has_phrase(heading, of_questions) || (n && text[n - 1] == '?'))
		return STATEMENT_QUESTION;
	if (has_phrase(heading, of_non_goals))
		return STATEMENT_NON_GOAL;
	if (has_phrase(heading, of_acceptance) || begins_with_one(text, proving))
		return STATEMENT_ACCEPTANCE;
	if (has_phrase(text, forbidding))
		return STATEMENT_CONSTRAINT;
	if (has_phrase(heading, of_context))
		return STATEMENT_CONTEXT;
	if (has_phrase(text, demanding) || begins_with_one(text, imperatives))
		return STATEMENT_REQUIREMENT;
	return in_list && has_phrase(heading, of_requirements) ? STATEMENT_REQUIREMENT
							       : STATEMENT_CONTEXT;
}

/* ---- blocks of the page ---- */

struct reading {
	struct page *page;
	struct buf block; /* of the paragraph or list item that is read */
	uint32_t block_line;
	bool in_list;
	size_t indent;	      /* of the item */
	char *heading;	      /* the last one */
	size_t parent_indent; /* of the last requirement that was an item */
	int last_requirement; /* index; -1: none */
	bool fenced;
};

static void
add_statement(struct reading *r, struct str text)
{
	struct page *p = r->page;
	text = str_trim(text);
	if (!text.n)
		return;
	if (p->n == PAGE_MAX_STATEMENTS) {
		p->cut = true;
		return;
	}
	bool cut = text.n > PAGE_MAX_TEXT;
	while (cut && text.n > PAGE_MAX_TEXT - 3 &&
		((unsigned char)text.p[text.n - 1] & 0xc0) == 0x80)
		text.n--;
	if (cut)
		text.n = text.n > PAGE_MAX_TEXT - 3 ? PAGE_MAX_TEXT - 3 : text.n;
	while (cut && text.n && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
		text.n--;
	p->v = mem_grow(p->v, p->n, &p->cap, sizeof(*p->v));
	struct statement *s = &p->v[p->n++];
	*s = (struct statement){.text = mem_printf(STR_FMT "%s", STR_ARG(text), cut ? "..." : ""),
		.line = r->block_line,
		.of = -1};
	s->kind = classify(r->heading ? r->heading : "", s->text, r->in_list);
	s->strength = strength_of(s->text);
	/* What is written as an item below a requirement says how it is seen. */
	bool below = r->in_list && r->last_requirement >= 0 && r->indent > r->parent_indent;
	if (below && s->kind != STATEMENT_QUESTION)
		s->kind = STATEMENT_ACCEPTANCE;
	if (s->kind == STATEMENT_ACCEPTANCE && (below || !r->in_list))
		s->of = r->last_requirement;
	if (s->kind == STATEMENT_REQUIREMENT || s->kind == STATEMENT_CONSTRAINT) {
		r->last_requirement = (int)p->n - 1;
		r->parent_indent = r->in_list ? r->indent : SIZE_MAX;
	}
}

static bool
ends_a_sentence(struct str t, size_t i)
{
	static const char *const abbreviations[] = {
		"e.g.", "i.e.", "vs.", "etc.", "cf.", "no.", NULL};
	if (!strchr(".!?", t.p[i]) || (i + 1 < t.n && t.p[i + 1] != ' '))
		return false;
	for (const char *const *a = abbreviations; *a; a++) {
		size_t n = strlen(*a);
		if (i + 1 >= n && strncasecmp(t.p + i + 1 - n, *a, n) == 0)
			return false;
	}
	return i + 2 >= t.n || !islower((unsigned char)t.p[i + 2]);
}

static void
end_block(struct reading *r)
{
	struct str rest = buf_str(&r->block);
	size_t start = 0;
	bool code = false;
	for (size_t i = 0; !r->in_list && i < rest.n; i++) {
		code ^= rest.p[i] == '`';
		if (!code && ends_a_sentence(rest, i)) {
			add_statement(r, (struct str){rest.p + start, i + 1 - start});
			start = i + 1;
		}
	}
	add_statement(r, (struct str){rest.p + start, rest.n - start});
	buf_reset(&r->block);
	r->in_list = false;
}

static void
add_line(struct reading *r, struct str line, uint32_t number)
{
	if (!r->block.n)
		r->block_line = number;
	else
		buf_putc(&r->block, ' ');
	buf_add_str(&r->block, str_trim(line));
}

/* Bytes of what begins a list item, "- [ ] " with it; 0: it begins none. */
static size_t
bullet(struct str t)
{
	size_t i = 0;
	if (t.n > 1 && strchr("-*+", t.p[0]) && t.p[1] == ' ') {
		i = 2;
	} else {
		while (i < t.n && i < 9 && isdigit((unsigned char)t.p[i]))
			i++;
		if (!i || i + 1 >= t.n || !strchr(".)", t.p[i]) || t.p[i + 1] != ' ')
			return 0;
		i += 2;
	}
	struct str box = {t.p + i, t.n - i};
	if (str_starts(box, "[ ] ") || str_starts(box, "[x] ") || str_starts(box, "[X] "))
		i += 4;
	return i;
}

/* "![what](path)": its path; heap, NULL: there is none. */
static char *
picture_of(struct str line)
{
	OWN_FREE char *text = str_dup(line);
	const char *at = strstr(text, "!["), *open = at ? strstr(at, "](") : NULL;
	const char *close = open ? strchr(open, ')') : NULL;
	return close ? mem_strndup(open + 2, (size_t)(close - open - 2)) : NULL;
}

static void
take_heading(struct reading *r, struct str t)
{
	size_t level = 0;
	while (level < t.n && t.p[level] == '#')
		level++;
	struct str text = str_trim((struct str){t.p + level, t.n - level});
	while (text.n && text.p[text.n - 1] == '#')
		text.n--;
	text = str_trim(text);
	if (level == 1 && !r->page->title && text.n) {
		r->page->title = str_dup(text);
	} else {
		free(r->heading);
		r->heading = str_dup(text);
	}
	r->last_requirement = -1;
}

static void
take_line(struct reading *r, struct str line, uint32_t number)
{
	size_t indent = 0;
	while (indent < line.n && line.p[indent] == ' ')
		indent++;
	struct str t = str_trim(line);
	while (str_starts(t, "> "))
		t = str_trim((struct str){t.p + 2, t.n - 2});
	if (str_starts(t, "```") || str_starts(t, "~~~")) {
		end_block(r);
		r->fenced = !r->fenced;
		return;
	}
	if (r->fenced)
		return;
	size_t mark = bullet(t);
	OWN_FREE char *picture = picture_of(t);
	if (picture && *picture && !strlist_has(&r->page->pictures, picture)) {
		if (r->page->pictures.n < PAGE_MAX_PICTURES)
			strlist_add(&r->page->pictures, picture);
		else
			r->page->more_pictures++;
	}
	if (!t.n || str_starts(t, "#") || mark) {
		end_block(r);
		if (str_starts(t, "#"))
			take_heading(r, t);
		if (!mark)
			return;
		r->in_list = true;
		r->indent = indent;
		t = (struct str){t.p + mark, t.n - mark};
	}
	add_line(r, t, number);
}

/* Controls become blanks, comments of HTML are left out; the number of lines stays. */
static void
clean(struct str text, struct buf *ret)
{
	bool comment = false;
	for (size_t i = 0; i < text.n; i++) {
		struct str rest = {text.p + i, text.n - i};
		comment = comment || str_starts(rest, "<!--");
		if (comment && str_starts(rest, "-->")) {
			comment = false;
			i += 2;
		} else if (text.p[i] == '\n' || !comment) {
			unsigned char c = (unsigned char)text.p[i];
			buf_putc(ret, c == '\n'				? '\n'
				      : c == '\t' || c < 32 || c == 127 ? ' '
									: (char)c);
		}
	}
}

/* A page that demands nothing in so many words wants what its title says, else what it says first. */
static void
find_a_requirement(struct page *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind == STATEMENT_REQUIREMENT || p->v[i].kind == STATEMENT_CONSTRAINT)
			return;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].kind == STATEMENT_CONTEXT) {
			p->v[i].kind = STATEMENT_REQUIREMENT;
			return;
		}
	if (!p->title)
		return;
	p->v = mem_grow(p->v, p->n, &p->cap, sizeof(*p->v));
	p->v[p->n++] = (struct statement){
		.kind = STATEMENT_REQUIREMENT, .text = mem_strdup(p->title), .line = 1, .of = -1};
}

int
page_read(struct str markdown, struct page *ret, struct dd_err *err)
{
	struct page page = {0};
	struct reading r = {.page = &page, .last_requirement = -1, .parent_indent = SIZE_MAX};
	OWN(buf) struct buf text = {0};
	uint32_t number = 0;
	clean(markdown, &text);
	for (struct str rest = buf_str(&text), line; str_next_line(&rest, &line);)
		take_line(&r, line, ++number);
	end_block(&r);
	buf_cleanup(&r.block);
	free(r.heading);
	find_a_requirement(&page);
	if (!page.title && page.n)
		page.title = mem_strdup(page.v[0].text);
	if (!page.n) {
		page_cleanup(&page);
		return err_set(err, DD_EINVAL, "there is nothing in the page of intent");
	}
	*ret = page;
	return 0;
}

/* ---- names ---- */

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || strchr("_./-:", c);
}

/* A word of prose that is the name of something: it has what prose does not have. */
static bool
looks_like_a_name(struct str w)
{
	bool inner = false, upper = false, lower = false;
	for (size_t i = 0; i < w.n; i++) {
		char c = w.p[i];
		inner |= c == '_' || (c == '/' && i && i + 1 < w.n) ||
			 (c == '.' && i && i + 1 < w.n && isalpha((unsigned char)w.p[i + 1]));
		upper |= i && isupper((unsigned char)c) && lower;
		lower |= islower((unsigned char)c) != 0;
	}
	return w.n > 2 && (inner || upper);
}

/* "f()" is f, "name:1" and "name=1" are name. */
static struct str
without_value(struct str name)
{
	size_t n = name.n;
	if (n > 2 && str_ends(name, "()"))
		return (struct str){name.p, n - 2};
	while (n && isdigit((unsigned char)name.p[n - 1]))
		n--;
	return n > 1 && n < name.n && strchr(":=", name.p[n - 1]) ? (struct str){name.p, n - 1}
								  : name;
}

bool
page_is_code_name(const char *name)
{
	return looks_like_a_name(str_of(name));
}

void
page_names(const char *text, struct strlist *ret)
{
	for (const char *p = text; *p;) {
		const char *end = *p == '`' ? strchr(p + 1, '`') : NULL;
		if (end) {
			struct str name = str_trim((struct str){p + 1, (size_t)(end - p - 1)});
			name = without_value(name);
			OWN_FREE char *copy = str_dup(name);
			if (name.n && name.n < 300 && !strchr(copy, ' '))
				strlist_add_new(ret, copy);
			p = end + 1;
			continue;
		}
		size_t n = 0;
		while (p[n] && is_name_char(p[n]))
			n++;
		struct str word = {p, n};
		bool called = p[n] == '(' && p[n + 1] == ')';
		while (word.n && strchr(".:-/", word.p[word.n - 1]))
			word.n--;
		OWN_FREE char *copy = str_dup(word);
		if (word.n && word.n < 300 && (called || looks_like_a_name(word)) &&
			!strstr(copy, "://"))
			strlist_add_new(ret, copy);
		p += n ? n : 1;
	}
}
