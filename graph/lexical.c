#include "graph/lexical.h"

#include "base/fs.h"
#include "graph/written.h"

#include <string.h>

#define MAX_ENTITIES 20000
#define MAX_NAME 200

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static void
add(struct facts *f, enum graph_kind kind, struct str name, uint32_t line)
{
	if (!name.n || f->nentities >= MAX_ENTITIES)
		return;
	if (name.n > MAX_NAME)
		name.n = MAX_NAME;
	uint32_t string = facts_string(f, name);
	struct fact_entity *e = facts_add_entity(f);
	e->kind = (uint8_t)kind;
	e->name = string;
	e->line = e->end = line;
}

/* The word before the first parenthesis of a line that is not indented. */
static void
read_source_line(struct facts *f, struct str line, uint32_t number)
{
	if (!line.n || !is_word(line.p[0]))
		return;
	const char *open = memchr(line.p, '(', line.n < 400 ? line.n : 400);
	if (!open || line.p[line.n - 1] == ';')
		return;
	const char *end = open;
	while (end > line.p && end[-1] == ' ')
		end--;
	const char *from = end;
	while (from > line.p && is_word(from[-1]))
		from--;
	if (from > line.p && (from[-1] == ' ' || from[-1] == '*'))
		add(f, KIND_FUNCTION, (struct str){from, (size_t)(end - from)}, number);
}

/* The module that a go.mod declares: a path of imports. */
static void
read_go_mod(struct facts *f, struct str line, uint32_t number)
{
	struct str word;
	if (!str_next_word(&line, &word) || !str_eq(word, "module") || !str_next_word(&line, &word))
		return;
	add(f, KIND_MODULE, STR("module"), number);
	uint32_t type = facts_string(f, word);
	f->entities[f->nentities - 1].type = type;
}

void
lexical_facts(const char *path, struct str text, struct facts *ret, struct strlist *owned)
{
	struct str line;
	bool go_mod = strcmp(fs_name(path), "go.mod") == 0;
	if (!ret->lang && !go_mod && written_facts(path, text, ret, owned))
		return;
	for (uint32_t number = 1; str_next_line(&text, &line); number++) {
		if (go_mod)
			read_go_mod(ret, line, number);
		else if (ret->lang)
			read_source_line(ret, line, number);
	}
}
