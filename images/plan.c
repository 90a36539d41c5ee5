#include "images/plan.h"

#include "base/hash.h"
#include "base/map.h"

#include <string.h>

struct line { /* "Inst name[:arch] [old] (version origin [arch])" */
	struct str verb, name, version;
};

static bool
parse_line(struct str text, struct line *ret)
{
	struct str name;
	if (!str_next_word(&text, &ret->verb))
		return false;
	if (!str_eq(ret->verb, "Inst") && !str_eq(ret->verb, "Conf") && !str_eq(ret->verb, "Remv"))
		return false;
	if (!str_next_word(&text, &name))
		return false;
	const char *colon = memchr(name.p, ':', name.n);
	ret->name = (struct str){name.p, colon ? (size_t)(colon - name.p) : name.n};
	const char *open = memchr(text.p, '(', text.n);
	ret->version = (struct str){"", 0};
	if (open) {
		struct str rest = {open + 1, text.n - (size_t)(open + 1 - text.p)};
		(void)str_next_word(&rest, &ret->version);
	}
	return true;
}

void
plan_wanted(struct str simulation, struct strlist *ret)
{
	struct str text;
	struct line l;
	while (str_next_line(&simulation, &text))
		if (parse_line(text, &l) && str_eq(l.verb, "Inst"))
			strlist_addf(ret, STR_FMT "=" STR_FMT, STR_ARG(l.name), STR_ARG(l.version));
}

/* ---- where the archives are ---- */

struct location {
	char *upstream, *path;
};

static void
free_location(void *p)
{
	struct location *l = p;
	free(l->upstream);
	free(l->path);
	free(l);
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The file name that an escaped path of a URL stands for. */
static char *
unescape(const char *path)
{
	char *out = mem_strdup(path), *to = out;
	for (const char *p = path; *p; p++) {
		int high = *p == '%' ? hex_digit(p[1]) : -1;
		int low = high >= 0 ? hex_digit(p[2]) : -1;
		*to++ = low >= 0 ? (char)(high << 4 | low) : *p;
		p += low >= 0 ? 2 : 0;
	}
	*to = '\0';
	return out;
}

/* 'http://127.0.0.1:3142/apt0/pool/b/bc/bc_1.deb' bc_1_amd64.deb 12345 SHA256:... */
static void
read_uris(struct str uris, struct map *by_path)
{
	struct str line;
	by_path->destroy = free_location;
	while (str_next_line(&uris, &line)) {
		if (!line.n || line.p[0] != '\'')
			continue;
		const char *end = memchr(line.p + 1, '\'', line.n - 1);
		const char *host = end ? memmem(line.p, (size_t)(end - line.p), "://", 3) : NULL;
		const char *up = host ? memchr(host + 3, '/', (size_t)(end - host - 3)) : NULL;
		const char *path = up ? memchr(up + 1, '/', (size_t)(end - up - 1)) : NULL;
		if (!path)
			continue;
		struct location *l = mem_new(struct location);
		l->upstream = mem_strndup(up + 1, (size_t)(path - up - 1));
		l->path = mem_strndup(path + 1, (size_t)(end - path - 1));
		OWN_FREE char *name = unescape(l->path);
		map_put(by_path, name, l);
	}
}

/* ---- what they are ---- */

static bool
take_field(struct str line, const char *key, char **to)
{
	size_t n = strlen(key);
	if (line.n <= n || strncmp(line.p, key, n) != 0 || line.p[n] != ':')
		return false;
	free(*to);
	*to = str_dup(str_trim((struct str){line.p + n + 1, line.n - n - 1}));
	return true;
}

static void
free_artefact(void *p)
{
	artefact_cleanup(p);
	free(p);
}

static void
end_stanza(struct artefact *a, char **size, struct map *by_name)
{
	uint64_t n = 0;
	if (*size)
		(void)str_parse_u64(str_of(*size), INT64_MAX, &n);
	free(TAKE(*size));
	a->size = (int64_t)n;
	if (a->name && a->version && a->sha256 && a->path) {
		OWN_FREE char *key = mem_printf("%s=%s", a->name, a->version);
		struct artefact *kept = mem_new(struct artefact);
		*kept = *a;
		map_put(by_name, key, kept);
	} else {
		artefact_cleanup(a);
	}
	memset(a, 0, sizeof(*a));
}

static void
read_records(struct str records, struct map *by_name)
{
	struct str line;
	struct artefact a = {0};
	char *size = NULL;
	by_name->destroy = free_artefact;
	while (str_next_line(&records, &line)) {
		if (!line.n)
			end_stanza(&a, &size, by_name);
		else
			(void)(take_field(line, "Package", &a.name) ||
				take_field(line, "Version", &a.version) ||
				take_field(line, "Architecture", &a.arch) ||
				take_field(line, "Filename", &a.path) ||
				take_field(line, "SHA256", &a.sha256) ||
				take_field(line, "Size", &size));
	}
	end_stanza(&a, &size, by_name);
}

/* ---- putting it together ---- */

static int
add_artefact(const struct line *l, const struct map *by_path, const struct map *by_name,
	struct install_batch *batch, struct dd_err *err)
{
	OWN_FREE char *key = mem_printf(STR_FMT "=" STR_FMT, STR_ARG(l->name), STR_ARG(l->version));
	const struct artefact *known = map_get(by_name, key);
	const struct location *at = known ? map_get(by_path, known->path) : NULL;
	if (!at || !hash_is_hex(str_of(known->sha256)))
		return err_set(
			err, DD_ECORRUPT, "apt would install %s but does not say from where", key);
	struct artefact *a = artefact_list_add(&batch->artefacts);
	a->kind = ARTEFACT_DEB;
	a->name = mem_strdup(known->name);
	a->version = mem_strdup(known->version);
	a->arch = known->arch ? mem_strdup(known->arch) : NULL;
	a->sha256 = mem_strdup(known->sha256);
	a->size = known->size;
	a->upstream = mem_strdup(at->upstream);
	a->path = mem_strdup(at->path);
	return 0;
}

static struct install_step *
step_for(struct install_batch *batch, bool configure)
{
	size_t n = batch->steps.n;
	if (n && batch->steps.v[n - 1].configure == configure)
		return &batch->steps.v[n - 1];
	struct install_step *s = install_step_list_add(&batch->steps);
	s->configure = configure;
	return s;
}

static int
add_line(const struct line *l, const struct map *by_path, const struct map *by_name,
	struct install_batch *batch, struct dd_err *err)
{
	if (str_eq(l->verb, "Remv"))
		return err_set(
			err, DD_EINVAL, "installing this would remove " STR_FMT, STR_ARG(l->name));
	if (str_eq(l->verb, "Conf")) {
		strlist_add_str(&step_for(batch, true)->items, l->name);
		return 0;
	}
	int rc = add_artefact(l, by_path, by_name, batch, err);
	if (rc == 0)
		strlist_add(&step_for(batch, false)->items,
			batch->artefacts.v[batch->artefacts.n - 1].sha256);
	return rc;
}

int
plan_parse(struct str simulation, struct str uris, struct str records, struct install_batch *ret,
	struct dd_err *err)
{
	OWN(map) struct map by_path = {0}, by_name = {0};
	struct install_batch batch = {0};
	struct str text;
	struct line l;
	int rc = 0;
	read_uris(uris, &by_path);
	read_records(records, &by_name);
	while (rc == 0 && str_next_line(&simulation, &text))
		if (parse_line(text, &l))
			rc = add_line(&l, &by_path, &by_name, &batch, err);
	if (rc < 0) {
		install_batch_cleanup(&batch);
		return rc;
	}
	*ret = batch;
	return 0;
}
