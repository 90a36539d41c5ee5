#include "graph/model.h"

#include "graph/text_hash.h"

#include <string.h>
#include <sys/random.h>

/* ---- names ---- */

struct str
model_text(const struct model *m, uint32_t name)
{
	uint32_t at = m->name_at[name];
	return (struct str){m->text + at, m->name_at[name + 1] - at};
}

static size_t
name_place(const struct model *m, struct str s)
{
	size_t i = text_hash(m->seed, s) & (m->name_index_n - 1);
	for (; m->name_index[i]; i = (i + 1) & (m->name_index_n - 1)) {
		struct str t = model_text(m, m->name_index[i]);
		if (t.n == s.n && memcmp(t.p, s.p, s.n) == 0)
			break;
	}
	return i;
}

static void
grow_names(struct model *m)
{
	free(m->name_index);
	m->name_index_n = m->name_index_n ? m->name_index_n * 2 : 4096;
	m->name_index = mem_zalloc(m->name_index_n, sizeof(*m->name_index));
	for (uint32_t i = 1; i < m->nnames; i++)
		m->name_index[name_place(m, model_text(m, i))] = i;
}

uint32_t
model_name_if_any(const struct model *m, struct str s)
{
	return s.n ? m->name_index[name_place(m, s)] : 0;
}

uint32_t
model_name(struct model *m, struct str s)
{
	if (!s.n)
		return 0;
	size_t place = name_place(m, s);
	if (m->name_index[place])
		return m->name_index[place];
	if (m->text_n + s.n > UINT32_MAX)
		return 0;
	if (m->text_n + s.n > m->text_cap) {
		m->text_cap = (m->text_n + s.n) * 2;
		m->text = mem_realloc(m->text, m->text_cap, 1);
	}
	memcpy(m->text + m->text_n, s.p, s.n);
	m->text_n += s.n;
	m->name_at = mem_grow(m->name_at, m->nnames + 1, &m->name_cap, sizeof(*m->name_at));
	uint32_t id = (uint32_t)m->nnames++;
	m->name_at[m->nnames] = (uint32_t)m->text_n;
	m->name_index[place] = id;
	if (m->nnames * 2 > m->name_index_n)
		grow_names(m);
	return id;
}

/* ---- tables ---- */

unsigned
model_family(uint8_t lang)
{
	switch (lang) {
	case LANG_C:
	case LANG_CPP:
		return LANG_C;
	case LANG_JAVASCRIPT:
	case LANG_TYPESCRIPT:
	case LANG_TSX:
		return LANG_JAVASCRIPT;
	default:
		return lang;
	}
}

struct key {
	uint32_t scope, name;
};

static uint64_t
hash_key(const struct model *m, unsigned space, struct key key)
{
	uint64_t h = m->seed ^ ((uint64_t)key.scope << 32 | key.name) ^ ((uint64_t)space << 59);
	h *= 0xff51afd7ed558ccdu;
	h ^= h >> 32;
	h *= 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 29);
}

static uint8_t
tag_of(uint64_t hash)
{
	return (uint8_t)(hash >> 56 | 1);
}

static uint32_t
package_scope(const struct model_file *file)
{
	return file->package ? file->package : file->dir + 0x80000000u;
}

static struct key
key_of(const struct model *m, const struct model_link *l)
{
	const uint32_t i = l->value;
	switch ((enum model_space)l->space) {
	case SPACE_CHILD:
		return (struct key){m->entities[i].home, m->entities[i].name};
	case SPACE_GLOBAL:
	case SPACE_METHOD:
		return (struct key){model_family(m->entities[i].lang), m->entities[i].name};
	case SPACE_PACKAGE:
		return (struct key){
			package_scope(&m->files[m->entities[i].file - 1]), m->entities[i].name};
	case SPACE_PATH:
		return (struct key){0, m->entities[i].name};
	case SPACE_SHARED:
		return (struct key){m->entities[i].kind, m->entities[i].name};
	case SPACE_FIRST_FILE:
		return (struct key){0, m->files[m->entities[i].file - 1].package};
	case SPACE_BIND:
		return (struct key){m->binds[i].scope, m->binds[i].name};
	case SPACE_BASE:
		return (struct key){m->bases[i].type, 0};
	case SPACE_STORED:
		return (struct key){0, m->stored[i].field};
	case SPACE_WANTED:
		return (struct key){m->mentions[i].kind, m->mentions[i].name};
	case SPACE_VALUE:
		break;
	}
	const struct model_statement *s = &m->statements[i];
	return (struct key){s->scope, m->values[s->value].name};
}

/* Where the chain is, or is to be. */
static size_t
chain_place(const struct model *m, uint64_t hash, enum model_space space, struct key key)
{
	size_t i = hash & (m->nplaces - 1);
	for (uint8_t tag = tag_of(hash); m->tags[i]; i = (i + 1) & (m->nplaces - 1)) {
		const struct model_link *l = &m->links[m->places[i]];
		if (m->tags[i] != tag || l->space != space)
			continue;
		struct key k = key_of(m, l);
		if (k.name == key.name && k.scope == key.scope)
			break;
	}
	return i;
}

static void
grow_places(struct model *m)
{
	free(m->places);
	free(m->tags);
	m->nplaces = m->nplaces ? m->nplaces * 2 : 8192;
	m->places = mem_zalloc(m->nplaces, sizeof(*m->places));
	m->tags = mem_zalloc(m->nplaces, sizeof(*m->tags));
	for (uint32_t l = 1; l < m->nlinks; l++) {
		if (!(m->links[l].next & MODEL_LAST))
			continue;
		uint64_t h = hash_key(m, m->links[l].space, key_of(m, &m->links[l]));
		size_t i = h & (m->nplaces - 1);
		while (m->tags[i])
			i = (i + 1) & (m->nplaces - 1);
		m->tags[i] = tag_of(h);
		m->places[i] = l;
	}
}

/* What `value` is the number of is filled in. */
static void
put(struct model *m, enum model_space space, uint32_t value)
{
	if (m->nchains * 4 >= m->nplaces * 3)
		grow_places(m);
	m->links = mem_grow(m->links, m->nlinks, &m->links_cap, sizeof(*m->links));
	uint32_t link = (uint32_t)m->nlinks++, first = link;
	m->links[link] = (struct model_link){value, MODEL_LAST, (uint8_t)space};
	struct key key = key_of(m, &m->links[link]);
	uint64_t h = hash_key(m, space, key);
	size_t place = chain_place(m, h, space, key);
	if (m->tags[place]) {
		struct model_link *last = &m->links[m->places[place]];
		first = last->next & ~MODEL_LAST;
		last->next = link;
	} else {
		m->tags[place] = tag_of(h);
		m->nchains++;
	}
	m->places[place] = link;
	m->links[link].next = first | MODEL_LAST;
}

uint32_t
model_first(const struct model *m, enum model_space space, uint32_t scope, uint32_t name)
{
	const struct key key = {scope, name};
	size_t place = chain_place(m, hash_key(m, space, key), space, key);
	return m->tags[place] ? m->links[m->places[place]].next & ~MODEL_LAST : 0;
}

void
model_init(struct model *m)
{
	*m = (struct model){0};
	(void)!getrandom(&m->seed, sizeof(m->seed), 0);
	m->name_at = mem_grow(NULL, 2, &m->name_cap, sizeof(*m->name_at));
	m->name_at[0] = m->name_at[1] = 0;
	m->nnames = 1;
	grow_names(m);
	grow_places(m);
	m->links = mem_grow(NULL, 0, &m->links_cap, sizeof(*m->links));
	m->nlinks = 1;
	m->nmacro_refs = 1;
	m->entities = mem_grow(NULL, 0, &m->cap, sizeof(*m->entities));
	m->entities[0] = (struct model_entity){0};
	m->n = 1;
}

void
model_drop_tables(struct model *m)
{
	free(TAKE(m->name_index));
	free(TAKE(m->binds));
	free(TAKE(m->macro_refs));
	free(TAKE(m->bases));
	free(TAKE(m->stored));
	free(TAKE(m->mentions));
	free(TAKE(m->held));
	free(TAKE(m->values));
	free(TAKE(m->statements));
	free(TAKE(m->places));
	free(TAKE(m->tags));
	free(TAKE(m->links));
	free(TAKE(m->edges));
}

void
model_cleanup(struct model *m)
{
	model_drop_tables(m);
	free(m->text);
	free(m->name_at);
	free(m->entities);
	free(m->files);
	free(m->late);
	buf_cleanup(&m->kept);
	*m = (struct model){0};
}

/* ---- files ---- */

static uint32_t
new_entity(struct model *m, enum graph_kind kind, uint32_t name, uint32_t parent)
{
	m->entities = mem_grow(m->entities, m->n, &m->cap, sizeof(*m->entities));
	m->entities[m->n] = (struct model_entity){
		.kind = (uint8_t)kind, .name = name, .parent = parent, .home = parent};
	return (uint32_t)m->n++;
}

/* The directory of a path, and those above it, made when they are met first. */
static uint32_t
directory_of(struct model *m, struct str path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	struct str dir = {path.p, slash ? (size_t)(slash - path.p) : 0};
	struct str shown = dir.n ? dir : STR(".");
	uint32_t name = model_name(m, shown), link = model_first(m, SPACE_PATH, 0, name);
	if (link)
		return model_value(m, link);
	uint32_t parent = dir.n ? directory_of(m, dir) : 0;
	uint32_t e = new_entity(m, KIND_DIRECTORY, name, parent);
	put(m, SPACE_PATH, e);
	return e;
}

/* Numbers of the names of a file, as they are asked for. */
struct renumber {
	struct model *m;
	const struct facts *f;
	uint32_t *to;
};

static uint32_t
global_name(struct renumber *r, uint32_t string)
{
	if (string && !r->to[string])
		r->to[string] = model_name(r->m, r->f->strings[string]);
	return r->to[string];
}

static bool
is_header(struct str path)
{
	static const char *const suffixes[] = {".h", ".hh", ".hpp", ".hxx", ".inl", ".inc", NULL};
	return str_ends_one(path, suffixes);
}

/* At the top of its file: visible from others as its language has it. */
static void
publish(struct model *m, const struct model_file *file, uint32_t id, bool header)
{
	const struct model_entity *e = &m->entities[id];
	unsigned family = model_family(file->lang);
	if (e->flags & FACT_STATIC && !header)
		return;
	if (e->kind == KIND_MACRO && family == LANG_C && !header)
		return;
	put(m, SPACE_GLOBAL, id);
	/* C finds nothing by its directory but types, for their members. */
	if (family == LANG_C && e->kind != KIND_TYPE && e->kind != KIND_MODULE)
		return;
	put(m, SPACE_PACKAGE, id);
}

static bool
is_c_macro(uint8_t kind, uint8_t lang)
{
	return kind == KIND_MACRO && model_family(lang) == LANG_C;
}

static void
add_entities(struct model *m, struct renumber *r, const struct model_file *file, bool header)
{
	for (size_t i = 0; i < r->f->nentities; i++) {
		const struct fact_entity *fe = &r->f->entities[i];
		uint32_t parent = file->entity + fe->parent;
		uint32_t name = global_name(r, fe->name);
		uint32_t id = new_entity(m, (enum graph_kind)fe->kind, name, parent);
		struct model_entity *e = &m->entities[id];
		e->line = fe->line;
		e->end = fe->end;
		e->cond = global_name(r, fe->cond);
		e->type = global_name(r, fe->type);
		e->owner = is_c_macro(fe->kind, file->lang) ? 0 : global_name(r, fe->owner);
		e->flags = fe->flags;
		e->lang = file->lang;
		e->file = (uint32_t)m->nfiles + 1;
		if (graph_kind_is_shared(fe->kind))
			put(m, SPACE_SHARED, id);
		if (graph_kind_is_data(fe->kind) || fe->kind == KIND_PARAMETER)
			continue;
		if (!e->owner)
			put(m, SPACE_CHILD, id);
		enum graph_kind up = (enum graph_kind)m->entities[parent].kind;
		bool top = !fe->parent || up == KIND_MODULE;
		/* C has one space of names for enumerators, and for types wherever they are declared. */
		bool c = model_family(file->lang) == LANG_C &&
			 (fe->kind == KIND_ENUMERATOR || fe->kind == KIND_TYPE);
		if ((top || c) && !e->owner)
			publish(m, file, id, header);
		if (fe->kind == KIND_METHOD || (fe->kind == KIND_TEST && up == KIND_TYPE))
			put(m, SPACE_METHOD, id);
	}
}

static void
add_binds(struct model *m, struct renumber *r, uint32_t file_entity)
{
	for (size_t i = 0; i < r->f->nbinds; i++) {
		const struct fact_bind *b = &r->f->binds[i];
		if (b->kind == BIND_PACKAGE)
			continue;
		m->binds = mem_grow(m->binds, m->nbinds, &m->binds_cap, sizeof(*m->binds));
		struct model_bind *to = &m->binds[m->nbinds];
		*to = (struct model_bind){file_entity + b->scope, global_name(r, b->name),
			global_name(r, b->value), global_name(r, b->member), b->line, b->end,
			b->kind};
		put(m, SPACE_BIND, (uint32_t)m->nbinds++);
	}
}

static void
add_macro_ref(struct model *m, struct renumber *r, const struct fact_ref *ref, uint32_t macro)
{
	struct model_entity *e = &m->entities[macro];
	m->macro_refs =
		mem_grow(m->macro_refs, m->nmacro_refs, &m->macro_refs_cap, sizeof(*m->macro_refs));
	/* Those of a macro stand behind each other. */
	if (!e->body)
		e->body = (uint32_t)m->nmacro_refs;
	else
		m->macro_refs[m->nmacro_refs - 1].last = false;
	m->macro_refs[m->nmacro_refs++] = (struct model_macro_ref){global_name(r, ref->name),
		ref->call, ref->line, ref->relation, ref->flags, ref->arg, ref->param, true};
}

enum graph_kind
model_named_kind(enum graph_relation r)
{
	static const uint8_t kinds[REL_END] = {[REL_READS_ENV] = KIND_ENV,
		[REL_CONFIGURES] = KIND_ENV,
		[REL_READS_CONFIG] = KIND_CONFIG_KEY,
		[REL_QUERIES_TABLE] = KIND_TABLE,
		[REL_SERVES] = KIND_ENDPOINT,
		[REL_CONNECTS] = KIND_SERVICE,
		[REL_EXECS] = KIND_COMMAND,
		[REL_PUBLISHES] = KIND_TOPIC,
		[REL_SUBSCRIBES] = KIND_TOPIC};
	return (enum graph_kind)kinds[(unsigned)r < REL_END ? r : REL_NONE];
}

/* A key that is only likely to be one is known where some file defines it. */
static void
add_mention(struct model *m, struct renumber *r, const struct fact_ref *ref, enum graph_kind kind)
{
	uint32_t name = global_name(r, ref->name);
	if (!name || (kind == KIND_CONFIG_KEY && ref->flags & FACT_LIKELY) ||
		model_first(m, SPACE_WANTED, kind, name))
		return;
	m->mentions = mem_grow(m->mentions, m->nmentions, &m->mentions_cap, sizeof(*m->mentions));
	m->mentions[m->nmentions] =
		(struct model_mention){name, (uint32_t)m->nfiles + 1, ref->line, (uint8_t)kind};
	put(m, SPACE_WANTED, (uint32_t)m->nmentions++);
}

/* The references that others need before they are resolved themselves. */
static void
add_refs(struct model *m, struct renumber *r, uint32_t file_entity)
{
	for (size_t i = 0; i < r->f->nrefs; i++) {
		const struct fact_ref *ref = &r->f->refs[i];
		uint32_t from = file_entity + ref->from;
		enum graph_kind named = model_named_kind((enum graph_relation)ref->relation);
		if (named)
			add_mention(m, r, ref, named);
		if (is_c_macro(m->entities[from].kind, r->f->lang)) {
			add_macro_ref(m, r, ref, from);
		} else if (ref->relation == REL_INHERITS) {
			m->bases = mem_grow(m->bases, m->nbases, &m->bases_cap, sizeof(*m->bases));
			m->bases[m->nbases] =
				(struct model_base){from, global_name(r, ref->name), 0};
			put(m, SPACE_BASE, (uint32_t)m->nbases++);
		} else if (ref->relation == REL_TAKES_ADDRESS && ref->receiver) {
			m->stored =
				mem_grow(m->stored, m->nstored, &m->stored_cap, sizeof(*m->stored));
			m->stored[m->nstored] = (struct model_stored){global_name(r, ref->name),
				file_entity, global_name(r, ref->receiver)};
			put(m, SPACE_STORED, (uint32_t)m->nstored++);
		}
	}
}

/* The last value binds its name. */
static void
add_statement(struct model *m, uint32_t scope)
{
	m->statements =
		mem_grow(m->statements, m->nstatements, &m->statements_cap, sizeof(*m->statements));
	m->statements[m->nstatements] = (struct model_statement){scope, (uint32_t)m->nvalues - 1};
	put(m, SPACE_VALUE, (uint32_t)m->nstatements++);
}

/* The values of a file; statements that bind are found by scope and name. */
static void
add_values(struct model *m, struct renumber *r, struct model_file *file)
{
	uint32_t scope = file->entity, behind = 0; /* the end of the last statement */
	file->values = (uint32_t)m->nvalues;
	file->nvalues = (uint32_t)r->f->nvalues;
	for (uint32_t i = 0; i < r->f->nvalues; i++) {
		struct fact_value v = r->f->values[i];
		switch ((enum fact_value_op)v.op) {
		case VALUE_FUNCTION:
		case VALUE_SCOPE:
			v.name += file->entity;
			break;
		case VALUE_CALL:
		case VALUE_ITERATE:
		case VALUE_ENTER:
		case VALUE_RAISE:
			break;
		default:
			v.name = global_name(r, v.name);
		}
		m->values = mem_grow(m->values, m->nvalues, &m->values_cap, sizeof(*m->values));
		m->values[m->nvalues++] = v;
		if (i < behind)
			continue;
		behind = i + v.size;
		scope = v.op == VALUE_SCOPE ? v.name : scope;
		if (v.op == VALUE_BIND || v.op == VALUE_BIND_MAYBE)
			add_statement(m, scope);
	}
}

static uint32_t
package_of(struct renumber *r)
{
	for (size_t i = 0; i < r->f->nbinds; i++)
		if (r->f->binds[i].kind == BIND_PACKAGE && r->f->lang != LANG_GO)
			return global_name(r, r->f->binds[i].value);
	return 0;
}

void
model_add_file(struct model *m, const char *path, const struct facts *f)
{
	OWN_FREE uint32_t *to = mem_zalloc(f->nstrings, sizeof(*to));
	struct renumber r = {m, f, to};
	uint32_t dir = directory_of(m, str_of(path)), name = model_name(m, str_of(path));
	struct model_file file = {.entity = new_entity(m, KIND_FILE, name, dir),
		.dir = dir,
		.package = package_of(&r),
		.lang = f->lang};
	struct model_entity *e = &m->entities[file.entity];
	e->line = f->lines ? 1 : 0;
	e->end = f->lines;
	e->lang = f->lang;
	e->file = (uint32_t)m->nfiles + 1;
	/* What is found in its package is so already. */
	m->files = mem_grow(m->files, m->nfiles, &m->files_cap, sizeof(*m->files));
	m->files[m->nfiles] = file;
	put(m, SPACE_PATH, file.entity);
	if (file.package && !model_first(m, SPACE_FIRST_FILE, 0, file.package))
		put(m, SPACE_FIRST_FILE, file.entity);
	add_entities(m, &r, &file, is_header(str_of(path)));
	add_binds(m, &r, file.entity);
	add_refs(m, &r, file.entity);
	add_values(m, &r, &file);
	file.end = (uint32_t)m->n;
	m->files[m->nfiles++] = file;
}

/* ---- members that are written outside their type ---- */

/* The last word of "A::B" or "a.B". */
static struct str
last_word(struct str s)
{
	size_t i = s.n;
	while (i && s.p[i - 1] != ':' && s.p[i - 1] != '.')
		i--;
	return (struct str){s.p + i, s.n - i};
}

static uint32_t
find_owner(const struct model *m, const struct model_entity *e)
{
	const struct model_file *file = &m->files[e->file - 1];
	uint32_t name = model_name_if_any(m, last_word(model_text(m, e->owner)));
	const uint32_t scopes[][2] = {{SPACE_CHILD, e->parent}, {SPACE_CHILD, file->entity},
		{SPACE_PACKAGE, file->dir + 0x80000000u}, {SPACE_GLOBAL, model_family(e->lang)}};
	for (size_t i = 0; name && i < sizeof(scopes) / sizeof(*scopes); i++) {
		uint32_t found = 0, n = 0, looked = 0;
		for (uint32_t l =
				model_first(m, (enum model_space)scopes[i][0], scopes[i][1], name);
			l && looked++ < 256; l = model_next(m, l)) {
			enum graph_kind k = (enum graph_kind)m->entities[model_value(m, l)].kind;
			bool makes = (k == KIND_FUNCTION || k == KIND_GLOBAL) &&
				     model_family(e->lang) == LANG_JAVASCRIPT;
			if (!model_is_family(m, model_value(m, l), e->lang))
				continue;
			if ((k == KIND_TYPE || k == KIND_MODULE || makes) && !n++)
				found = model_value(m, l);
		}
		if (found)
			return found;
	}
	return 0;
}

static void
settle_mentions(struct model *m)
{
	for (size_t i = 0; i < m->nmentions; i++) {
		const struct model_mention *at = &m->mentions[i];
		if (model_first(m, SPACE_SHARED, at->kind, at->name))
			continue;
		uint32_t id = new_entity(m, (enum graph_kind)at->kind, at->name, 0);
		m->entities[id].file = at->file;
		m->entities[id].line = m->entities[id].end = at->line;
		put(m, SPACE_SHARED, id);
	}
}

static void
find_held(struct model *m)
{
	const struct model_entity *e = m->entities;
	m->nheld = m->nnames;
	m->held = mem_zalloc(m->nheld, 1);
	for (size_t i = 1; i < m->n; i++)
		m->held[e[i].name] |=
			(uint8_t)(e[i].kind == KIND_PARAMETER ? MODEL_PARAMETER
							      : model_scope_bit(e[e[i].home].kind));
	for (size_t i = 0; i < m->nbinds; i++)
		m->held[m->binds[i].name] |= (uint8_t)model_scope_bit(e[m->binds[i].scope].kind);
	for (size_t i = 0; i < m->nstatements; i++)
		m->held[m->values[m->statements[i].value].name] |=
			(uint8_t)(model_scope_bit(e[m->statements[i].scope].kind)
				  << MODEL_STATEMENT);
}

void
model_settle(struct model *m)
{
	for (uint32_t i = 1; i < m->n; i++) {
		struct model_entity *e = &m->entities[i];
		if (!e->owner || is_c_macro(e->kind, e->lang))
			continue;
		uint32_t home = find_owner(m, e);
		e->home = home ? home : e->parent;
		put(m, SPACE_CHILD, i);
	}
	settle_mentions(m);
	find_held(m);
}

uint32_t
model_file_of(const struct model *m, struct str path)
{
	uint32_t name = model_name_if_any(m, path);
	uint32_t l = name ? model_first(m, SPACE_PATH, 0, name) : 0;
	const struct model_entity *e = l ? &m->entities[model_value(m, l)] : NULL;
	return e && e->kind == KIND_FILE ? e->file : 0;
}

void
model_add_edge(struct model *m, const struct model_edge *e)
{
	m->edges = mem_grow(m->edges, m->nedges, &m->edges_cap, sizeof(*m->edges));
	m->edges[m->nedges++] = *e;
}

void
model_add_late_edge(struct model *m, const struct model_edge *e)
{
	m->late = mem_grow(m->late, m->nlate, &m->late_cap, sizeof(*m->late));
	m->late[m->nlate++] = *e;
}
