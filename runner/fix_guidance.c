/* What people said that a repair is to know: their rules, and what was learnt about the parts that it touches. */
#include "runner/fix_guidance.h"

#include "runner/memories.h"
#include "runner/rules.h"

#include <string.h>

#define RULES_MAX 200

/* A line of rules.md that says something: no heading, without its bullet. */
static bool
is_rule(struct str line, struct str *ret)
{
	line = str_trim(line);
	if (!line.n || line.p[0] == '#')
		return false;
	if (line.n > 2 && line.p[1] == ' ' && (line.p[0] == '-' || line.p[0] == '*'))
		line = str_trim((struct str){line.p + 2, line.n - 2});
	*ret = line;
	return line.n > 0;
}

static json_t *
rules_of(struct str text)
{
	json_t *rules = json_array();
	struct str line, rule;
	while (str_next_line(&text, &line) && json_array_size(rules) < RULES_MAX)
		if (is_rule(line, &rule))
			json_array_append_new(rules, json_text(rule));
	return rules;
}

static int
find_memories(const struct state *st, struct graph *map, const char *tree,
	const struct strlist *files, json_t **ret, struct dd_err *err)
{
	const struct common_options here = {.state = st->dir};
	if (!map || !files->n) {
		*ret = json_array();
		return 0;
	}
	return runner_memories_about(&here, map, tree, files, ret, err);
}

int
fix_guidance_find(const struct state *st, struct graph *map, const char *tree,
	const struct strlist *files, json_t **ret, struct dd_err *err)
{
	OWN(buf) struct buf own = {0}, of_tree = {0};
	OWN_JSON json_t *memories = NULL;
	int rc = rules_read(tree, &own, &of_tree, err);
	if (rc == 0)
		rc = find_memories(st, map, tree, files, &memories, err);
	if (rc == 0)
		*ret = json_pack("{s:o, s:o, s:O}", "rules", rules_of(buf_str(&own)), "of_tree",
			json_text(buf_str(&of_tree)), "memories", memories);
	return rc;
}

/* What somebody said is a rule; what a model said, though of another family, may be the target's words. */
static bool
is_of_person(const json_t *memory)
{
	return strcmp(json_string_in(memory, "source"), memory_source_names[MEMORY_OF_PERSON]) == 0;
}

void
fix_guidance_rules(const json_t *guidance, struct strlist *ret)
{
	size_t i;
	json_t *memory;
	json_to_strings(json_object_get(guidance, "rules"), ret);
	json_array_foreach (json_object_get(guidance, "memories"), i, memory)
		if (is_of_person(memory))
			strlist_addf(ret,
				"Learnt about a part that is touched here, and true of it alone: %s",
				json_string_in(memory, "text"));
}

void
fix_guidance_pack(const json_t *guidance, size_t max, struct buf *out)
{
	const char *of_tree = json_string_in(guidance, "of_tree");
	size_t end = out->n + max, i, said = 0;
	json_t *memory;
	if (*of_tree && strlen(of_tree) < max)
		buf_printf(out, "== the rules of the repository ==\n%s\n", of_tree);
	json_array_foreach (json_object_get(guidance, "memories"), i, memory) {
		const char *text = json_string_in(memory, "text");
		if (is_of_person(memory) || out->n + strlen(text) + 100 > end)
			continue;
		buf_puts(out, said++ ? "" : "== what earlier runs learnt about these parts ==\n");
		buf_printf(out, "%s: %s\n", json_string_in(memory, "cluster"), text);
	}
}

/* ---- learning ---- */

/* The first cluster that has one of the files. */
static const json_t *
cluster_of(const json_t *clusters, const struct strlist *files)
{
	size_t i, k;
	json_t *c, *file;
	json_array_foreach (json_object_get(clusters, "clusters"), i, c)
		json_array_foreach (json_object_get(c, "files"), k, file)
			if (strlist_has(files, json_string_value(file)))
				return c;
	return NULL;
}

static int
add_memory(
	struct memories *m, const struct fix_lesson *l, const json_t *cluster, struct dd_err *err)
{
	OWN(strlist) struct strlist files = {0};
	int64_t id;
	json_to_strings(json_object_get(cluster, "files"), &files);
	const struct memory_new new = {.tree = l->tree,
		.cluster = json_string_in(cluster, "name"),
		.files = &files,
		.text = l->text,
		.source = l->source,
		.confidence = l->confidence,
		.days = l->days,
		.evidence = l->evidence,
		.author = l->author};
	return memories_add(m, &new, &id, err);
}

int
fix_guidance_learn(
	const struct state *st, const char *db, const struct fix_lesson *l, struct dd_err *err)
{
	const struct common_options here = {.state = st->dir};
	OWN_JSON json_t *clusters = NULL, *known = NULL;
	struct graph *map = NULL;
	struct memories *m = NULL;
	if (strlen(l->text) > MEMORY_MAX_TEXT)
		return 0;
	int rc = graph_open(db, &map, err);
	if (rc == 0)
		rc = graph_clusters(map, &clusters, err);
	graph_close(map);
	const json_t *cluster = rc == 0 ? cluster_of(clusters, l->files) : NULL;
	if (rc < 0 || !cluster)
		return rc;
	rc = runner_memories_open(&here, &m, err);
	if (rc == 0)
		rc = memories_for(
			m, l->tree, json_object_get(clusters, "clusters"), l->files, &known, err);
	if (rc == 0 && !json_find(known, "text", l->text))
		rc = add_memory(m, l, cluster, err);
	memories_close(m);
	return rc;
}
