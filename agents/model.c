#include "agents/model.h"

#include "base/embed.h"
#include "base/fs.h"

#include <string.h>

#define FILE_MAX ((size_t)1 << 20)
#define GUIDE_MAX ((size_t)64 << 10)
#define BUILT_IN "models.json"

EMBED(agents_models, "agents/models.json");
EMBED(agents_guide_anthropic, "agents/guides/anthropic.md");
EMBED(agents_guide_openai, "agents/guides/openai.md");
EMBED(agents_guide_google, "agents/guides/google.md");
EMBED(agents_guide_plain, "agents/guides/plain.md");

#define GUIDE_BUILT_IN "builtin:"
static const struct {
	const char *name, *begin, *end;
} guides[] = {
	{"anthropic", agents_guide_anthropic_begin, agents_guide_anthropic_end},
	{"openai", agents_guide_openai_begin, agents_guide_openai_end},
	{"google", agents_guide_google_begin, agents_guide_google_end},
	{"plain", agents_guide_plain_begin, agents_guide_plain_end},
};

const char *const auth_style_names[] = {"none", "bearer", "x-api-key", "x-goog-api-key", NULL};
const char *const thinking_style_names[] = {"none", "adaptive", "budget", "effort", NULL};

/* What a file that lies with the project may say of a model; its habits and guide are words of a prompt. */
static const char *const project_keys[] = {"context", "roles", NULL};

#define FIELD(type, member, kind) \
	{ \
#member, kind, offsetof(struct type, member), false, NULL, NULL, 0 \
	}
#define FIELD_ENUM(type, member, names) \
	{ \
#member, JSON_K_ENUM, offsetof(struct type, member), false, names, NULL, 0 \
	}
#define FIELD_OBJECT(type, member, sub) \
	{ \
#member, JSON_K_OBJECT, offsetof(struct type, member), false, NULL, sub, 0 \
	}
#define FIELDS_END \
	{ \
		NULL, JSON_K_STRING, 0, false, NULL, NULL, 0 \
	}

static const struct json_field provider_fields[] = {
	FIELD_ENUM(model_provider, api, model_api_names),
	FIELD(model_provider, family, JSON_K_STRING),
	FIELD(model_provider, base_url, JSON_K_STRING),
	FIELD(model_provider, unix_socket, JSON_K_STRING),
	FIELD(model_provider, version, JSON_K_STRING),
	FIELD_ENUM(model_provider, auth, auth_style_names),
	FIELD(model_provider, key_env, JSON_K_STRING),
	FIELD(model_provider, key_command, JSON_K_STRLIST),
	FIELD(model_provider, headers, JSON_K_STRLIST),
	FIELD(model_provider, proxy, JSON_K_STRING),
	FIELD(model_provider, ca_file, JSON_K_STRING),
	FIELD(model_provider, argv, JSON_K_STRLIST),
	FIELD(model_provider, env, JSON_K_STRLIST),
	FIELD(model_provider, answer_field, JSON_K_STRING),
	FIELD(model_provider, idle_s, JSON_K_INT),
	FIELD(model_provider, total_s, JSON_K_INT),
	FIELD(model_provider, retries, JSON_K_INT),
	FIELD(model_provider, max_wait_s, JSON_K_INT),
	FIELDS_END,
};

static const struct json_field context_fields[] = {
	FIELD(model_context, window, JSON_K_INT),
	FIELD(model_context, effective, JSON_K_INT),
	FIELD(model_context, max_output, JSON_K_INT),
	FIELDS_END,
};

static const struct json_field price_fields[] = {
	FIELD(model_prices, input, JSON_K_REAL),
	FIELD(model_prices, cache_read, JSON_K_REAL),
	FIELD(model_prices, cache_write, JSON_K_REAL),
	FIELD(model_prices, output, JSON_K_REAL),
	FIELDS_END,
};

static const struct json_field limit_fields[] = {
	FIELD(model_limits, requests, JSON_K_INT),
	FIELD(model_limits, tokens, JSON_K_INT),
	FIELDS_END,
};

static const struct json_field ability_fields[] = {
	FIELD(model_abilities, tools, JSON_K_BOOL),
	FIELD(model_abilities, strict, JSON_K_BOOL),
	FIELD(model_abilities, format, JSON_K_BOOL),
	FIELD(model_abilities, cache, JSON_K_BOOL),
	FIELD(model_abilities, count, JSON_K_BOOL),
	FIELD(model_abilities, stream, JSON_K_BOOL),
	FIELD(model_abilities, parallel, JSON_K_BOOL),
	FIELD_ENUM(model_abilities, thinking, thinking_style_names),
	FIELDS_END,
};

static const struct json_field model_fields[] = {
	FIELD(model, id, JSON_K_STRING),
	FIELD(model, provider, JSON_K_STRING),
	FIELD(model, family, JSON_K_STRING),
	FIELD_OBJECT(model, context, context_fields),
	FIELD_OBJECT(model, prices, price_fields),
	FIELD(model, prices_from, JSON_K_STRING),
	FIELD_OBJECT(model, limits, limit_fields),
	FIELD_OBJECT(model, abilities, ability_fields),
	FIELD(model, sampling, JSON_K_ANY),
	FIELD(model, guide, JSON_K_STRING),
	FIELD(model, roles, JSON_K_STRLIST),
	FIELD(model, habits, JSON_K_STRLIST),
	FIELDS_END,
};

static const struct json_field rung_fields[] = {
	FIELD_ENUM(model_rung, effort, chat_effort_names),
	FIELD(model_rung, context, JSON_K_INT),
	FIELD(model_rung, model, JSON_K_STRING),
	FIELD(model_rung, candidates, JSON_K_INT),
	FIELD(model_rung, brief, JSON_K_STRING),
	FIELDS_END,
};

static void
provider_preset(struct model_provider *p)
{
	*p = (struct model_provider){
		.api = -1, .idle_s = 90, .total_s = 1800, .retries = 2, .max_wait_s = 60};
}

static void
provider_cleanup(struct model_provider *p)
{
	json_release(provider_fields, p);
	free(p->name);
}

static void
model_preset(struct model *m)
{
	*m = (struct model){.prices = {-1, -1, -1, -1}, .abilities.stream = true};
}

static void
model_cleanup(struct model *m)
{
	json_release(model_fields, m);
	free(m->name);
}

void
models_cleanup(struct models *m)
{
	for (size_t i = 0; i < m->providers.n; i++)
		provider_cleanup((struct model_provider *)m->providers.v + i);
	for (size_t i = 0; i < m->models.n; i++)
		model_cleanup((struct model *)m->models.v + i);
	for (size_t i = 0; i < m->ladder.n; i++)
		json_release(rung_fields, (struct model_rung *)m->ladder.v + i);
	free(m->providers.v);
	free(m->models.v);
	free(m->ladder.v);
	*m = (struct models){0};
}

/* ---- one file ---- */

static int
fail(struct dd_err *err, const char *file, const char *path, const char *why)
{
	return err_set(err, DD_ECORRUPT, "%s: %s: %s", file, path, why);
}

/* Decode to see whether the types are right, with the file's name in what is said. */
static int
check_provider(const char *where, const json_t *v, struct dd_err *err)
{
	struct model_provider p;
	provider_preset(&p);
	int rc = json_decode(v, provider_fields, true, &p, where, err);
	provider_cleanup(&p);
	return rc;
}

static int
check_model(const char *where, const json_t *v, struct dd_err *err)
{
	struct model m;
	model_preset(&m);
	int rc = json_decode(v, model_fields, true, &m, where, err);
	if (rc == 0 && m.sampling && !json_is_object(m.sampling))
		rc = err_set(err, DD_ECORRUPT, "%s.sampling: expected object", where);
	model_cleanup(&m);
	return rc;
}

static int
check_entries(const char *file, const char *section, const json_t *entries,
	int (*check)(const char *, const json_t *, struct dd_err *), struct dd_err *err)
{
	const char *name;
	json_t *v;
	if (!entries)
		return 0;
	if (!json_is_object(entries))
		return fail(err, file, section, "expected object");
	json_object_foreach ((json_t *)entries, name, v) {
		OWN_FREE char *where = mem_printf("%s: %s.%s", file, section, name);
		int rc = json_is_null(v) ? 0 : check(where, v, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
decode_rung(const char *where, const json_t *v, struct model_rung *ret, struct dd_err *err)
{
	*ret = (struct model_rung){.context = 100, .candidates = 1};
	int rc = json_decode(v, rung_fields, true, ret, where, err);
	if (rc == 0 && (ret->context < 1 || ret->context > 100))
		rc = err_set(err, DD_ECORRUPT, "%s.context: expected 1 to 100", where);
	if (rc == 0 && (ret->candidates < 1 || ret->candidates > 8))
		rc = err_set(err, DD_ECORRUPT, "%s.candidates: expected 1 to 8", where);
	return rc;
}

static int
check_ladder(const char *file, const json_t *ladder, struct dd_err *err)
{
	size_t i;
	json_t *v;
	if (!ladder)
		return 0;
	if (!json_is_array(ladder) || !json_array_size(ladder) ||
		json_array_size(ladder) > LADDER_MAX)
		return err_set(
			err, DD_ECORRUPT, "%s: ladder: expected 1 to %d rungs", file, LADDER_MAX);
	json_array_foreach ((json_t *)ladder, i, v) {
		OWN_FREE char *where = mem_printf("%s: ladder[%zu]", file, i);
		struct model_rung one;
		int rc = decode_rung(where, v, &one, err);
		json_release(rung_fields, &one);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
check_top(const char *file, const json_t *j, struct dd_err *err)
{
	static const char *const keys[] = {"providers", "models", "ladder", "unknown_price", NULL};
	static const char *const prices[] = {"refuse", "maximum", NULL};
	const char *key;
	json_t *v;
	if (!json_is_object(j))
		return err_set(err, DD_ECORRUPT, "%s: expected an object", file);
	json_object_foreach ((json_t *)j, key, v) {
		if (!str_is_one(str_of(key), keys))
			return err_set(err, DD_ECORRUPT, "%s: unknown key \"%.60s\"", file, key);
	}
	v = json_object_get(j, "unknown_price");
	if (v && (!json_is_string(v) || !str_is_one(str_of(json_string_value(v)), prices)))
		return fail(err, file, "unknown_price", "expected \"refuse\" or \"maximum\"");
	return 0;
}

/* What lies with the project decides nothing about keys, addresses, programs and prices. */
static int
check_trust(const char *file, const json_t *j, struct dd_err *err)
{
	const char *key, *name;
	json_t *v, *entry;
	json_object_foreach ((json_t *)j, key, v) {
		if (strcmp(key, "models") != 0 && strcmp(key, "ladder") != 0)
			return err_set(err, DD_EINVAL,
				"%s: %s: only the user's own file may say this", file, key);
	}
	json_object_foreach (json_object_get(j, "models"), name, entry) {
		json_object_foreach (entry, key, v) {
			if (!str_is_one(str_of(key), project_keys))
				return err_set(err, DD_EINVAL,
					"%s: models.%s.%s: only the user's own file may say this",
					file, name, key);
		}
		if (json_is_null(entry))
			return err_set(err, DD_EINVAL,
				"%s: models.%s: only the user's own file may say this", file, name);
	}
	return 0;
}

/* A guide is named relative to the file that names it. */
static void
resolve_guides(const char *file, json_t *j)
{
	const char *name, *slash = strrchr(file, '/');
	json_t *entry;
	if (!slash)
		return;
	json_object_foreach (json_object_get(j, "models"), name, entry) {
		const char *g = json_string_value(json_object_get(entry, "guide"));
		if (!g || g[0] == '/' || str_starts(str_of(g), GUIDE_BUILT_IN))
			continue;
		OWN_FREE char *path = mem_printf("%.*s/%s", (int)(slash - file), file, g);
		json_object_set_new(entry, "guide", json_text(str_of(path)));
	}
}

static void
merge(json_t *into, const json_t *from)
{
	const char *key;
	json_t *v;
	json_object_foreach ((json_t *)from, key, v) {
		json_t *old = json_object_get(into, key);
		if (json_is_null(v))
			json_object_del(into, key);
		else if (json_is_object(v) && json_is_object(old))
			merge(old, v);
		else
			json_object_set_new(into, key, json_deep_copy(v));
	}
}

static int
add_layer(json_t *all, const char *file, json_t *j, bool project, struct dd_err *err)
{
	int rc = check_top(file, j, err);
	if (rc == 0 && project)
		rc = check_trust(file, j, err);
	if (rc == 0)
		rc = check_entries(
			file, "providers", json_object_get(j, "providers"), check_provider, err);
	if (rc == 0)
		rc = check_entries(file, "models", json_object_get(j, "models"), check_model, err);
	if (rc == 0)
		rc = check_ladder(file, json_object_get(j, "ladder"), err);
	if (rc < 0)
		return rc;
	resolve_guides(file, j);
	merge(all, j);
	return 0;
}

static int
add_file(json_t *all, const char *path, bool project, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	if (!path || !fs_exists(path))
		return 0;
	int rc = json_parse_file(path, FILE_MAX, &j, err);
	return rc < 0 ? rc : add_layer(all, path, j, project, err);
}

/* ---- the table ---- */

static int
load_guide(struct model *m, struct dd_err *err)
{
	if (!m->guide)
		return 0;
	OWN(buf) struct buf text = {.max = GUIDE_MAX + 1};
	if (str_starts(str_of(m->guide), GUIDE_BUILT_IN)) {
		const char *name = m->guide + strlen(GUIDE_BUILT_IN);
		for (size_t i = 0; i < sizeof(guides) / sizeof(*guides); i++)
			if (strcmp(guides[i].name, name) == 0)
				buf_add(&text, guides[i].begin,
					(size_t)(guides[i].end - guides[i].begin));
		if (!text.n)
			return err_set(err, DD_ECORRUPT,
				BUILT_IN ": models.%s.guide: no guide \"%s\" is built in", m->name,
				name);
	} else {
		int rc = fs_read(m->guide, GUIDE_MAX, &text, err);
		if (rc < 0)
			return err_wrap(err, BUILT_IN ": models.%s.guide", m->name);
	}
	free(m->guide);
	m->guide = buf_take(&text);
	return 0;
}

static int
finish_provider(const struct model_provider *p, struct dd_err *err)
{
	OWN_FREE char *where = mem_printf("providers.%s", p->name);
	if (p->api < 0)
		return fail(err, BUILT_IN, where, "api: expected string, got nothing");
	if (p->api == API_EXEC && !p->argv.n)
		return fail(err, BUILT_IN, where, "argv: expected array, got nothing");
	if (p->api != API_EXEC && !p->base_url)
		return fail(err, BUILT_IN, where, "base_url: expected string, got nothing");
	if (p->auth != AUTH_NONE && !p->key_env && !p->key_command.n)
		return fail(err, BUILT_IN, where,
			"key_env or key_command: expected a value, got nothing");
	if (p->idle_s <= 0 || p->total_s <= 0 || p->retries < 0 || p->max_wait_s < 0)
		return fail(err, BUILT_IN, where, "times and retries: expected positive numbers");
	return 0;
}

static int
finish_model(struct models *all, struct model *m, struct dd_err *err)
{
	OWN_FREE char *where = mem_printf("models.%s", m->name);
	if (!m->provider)
		return fail(err, BUILT_IN, where, "provider: expected string, got nothing");
	for (size_t i = 0; i < all->providers.n; i++) {
		const struct model_provider *p =
			(const struct model_provider *)all->providers.v + i;
		if (strcmp(p->name, m->provider) == 0)
			m->via = p;
	}
	if (!m->via)
		return fail(err, BUILT_IN, where, "provider: there is no such provider");
	if (!m->family && m->via->family)
		m->family = mem_strdup(m->via->family);
	if (!m->id)
		m->id = mem_strdup(m->name);
	const struct model_context *c = &m->context;
	if (c->window <= 0 || c->effective <= 0 || c->max_output <= 0)
		return fail(err, BUILT_IN, where,
			"context: expected window, effective and max_output, all positive");
	if (c->effective > c->window)
		return fail(err, BUILT_IN, where, "context.effective: expected at most the window");
	return load_guide(m, err);
}

static int
decode_all(const json_t *all, struct models *m, struct dd_err *err)
{
	const json_t *providers = json_object_get(all, "providers"),
		     *models = json_object_get(all, "models");
	const char *name;
	json_t *v;
	int rc = 0;
	m->providers.v = mem_zalloc(json_object_size(providers) + 1, sizeof(struct model_provider));
	m->models.v = mem_zalloc(json_object_size(models) + 1, sizeof(struct model));
	json_object_foreach ((json_t *)providers, name, v) {
		struct model_provider *p =
			(struct model_provider *)m->providers.v + m->providers.n++;
		provider_preset(p);
		p->name = mem_strdup(name);
		rc = rc < 0 ? rc : json_decode(v, provider_fields, true, p, "providers", err);
		rc = rc < 0 ? rc : finish_provider(p, err);
	}
	json_object_foreach ((json_t *)models, name, v) {
		struct model *one = (struct model *)m->models.v + m->models.n++;
		model_preset(one);
		one->name = mem_strdup(name);
		rc = rc < 0 ? rc : json_decode(v, model_fields, true, one, "models", err);
		rc = rc < 0 ? rc : finish_model(m, one, err);
	}
	const json_t *ladder = json_object_get(all, "ladder");
	m->ladder.v = mem_zalloc(json_array_size(ladder) + 1, sizeof(struct model_rung));
	for (size_t i = 0; rc == 0 && i < json_array_size(ladder); i++)
		rc = decode_rung("ladder", json_array_get(ladder, i),
			(struct model_rung *)m->ladder.v + m->ladder.n++, err);
	const char *unknown = json_string_value(json_object_get(all, "unknown_price"));
	m->unknown_is_maximum = unknown && strcmp(unknown, "maximum") == 0;
	return rc;
}

static void
take_digest(const json_t *all, struct models *m)
{
	OWN(buf) struct buf text = {0};
	const struct model *one;
	json_print(all, 0, &text);
	struct hash *h = hash_create();
	hash_add(h, text.p, text.n);
	for (size_t i = 0; (one = models_at(m, i)); i++)
		if (one->guide)
			hash_add(h, one->guide, strlen(one->guide) + 1);
	m->digest = hash_finish(h);
}

int
models_load(const struct models_files *files, struct models *ret, struct dd_err *err)
{
	OWN_JSON json_t *all = json_object();
	OWN_JSON json_t *shipped = NULL;
	OWN(models) struct models m = {0};
	int rc = json_parse(EMBEDDED(agents_models), &shipped, err);
	if (rc == 0)
		rc = add_layer(all, BUILT_IN, shipped, false, err);
	if (rc == 0)
		rc = add_file(all, files->user, false, err);
	if (rc == 0)
		rc = add_file(all, files->project, true, err);
	if (rc == 0)
		rc = decode_all(all, &m, err);
	if (rc < 0)
		return rc;
	take_digest(all, &m);
	*ret = m;
	m = (struct models){0};
	return 0;
}

char *
models_user_file(void)
{
	const char *named = getenv("DRYDOCK_MODELS");
	return named && *named ? mem_strdup(named) : fs_user_config("models.json");
}

const struct model *
models_at(const struct models *m, size_t i)
{
	return i < m->models.n ? (const struct model *)m->models.v + i : NULL;
}

const struct model_rung *
models_rung(const struct models *m, size_t i)
{
	return i < m->ladder.n ? (const struct model_rung *)m->ladder.v + i : NULL;
}

const struct model *
models_find(const struct models *m, const char *name)
{
	const struct model *one;
	for (size_t i = 0; (one = models_at(m, i)); i++)
		if (strcmp(one->name, name) == 0)
			return one;
	return NULL;
}

/* ---- prices ---- */

bool
model_has_price(const struct model *m)
{
	return m->prices.input >= 0 && m->prices.output >= 0;
}

/* What is not told of a cache is counted as if it cost the most that any vendor asks. */
static struct model_prices
complete(struct model_prices p)
{
	if (p.cache_read < 0)
		p.cache_read = p.input;
	if (p.cache_write < 0)
		p.cache_write = 2 * p.input;
	return p;
}

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

int
models_prices(const struct models *all, const struct model *m, struct model_prices *ret,
	struct dd_err *err)
{
	struct model_prices most = {0};
	const struct model *one;
	if (model_has_price(m)) {
		*ret = complete(m->prices);
		return 0;
	}
	if (!all->unknown_is_maximum)
		return err_set(err, DD_EINVAL,
			"model %s has no price in models.json, so that no budget can hold it: give it one, or say \"unknown_price\": \"maximum\"",
			m->name);
	for (size_t i = 0; (one = models_at(all, i)); i++) {
		struct model_prices p = complete(one->prices);
		most.input = larger(most.input, p.input);
		most.output = larger(most.output, p.output);
		most.cache_read = larger(most.cache_read, p.cache_read);
		most.cache_write = larger(most.cache_write, p.cache_write);
	}
	*ret = most;
	return 0;
}

json_t *
model_to_json(const struct model *m)
{
	json_t *j = json_encode(model_fields, m);
	json_object_set_new(j, "name", json_text(str_of(m->name)));
	json_object_set_new(j, "api", json_string(model_api_names[m->via->api]));
	json_object_del(j, "guide");
	if (!model_has_price(m))
		json_object_set_new(j, "prices", json_null());
	return j;
}
