#include "envprobe/bom.h"

#include "base/hash.h"
#include "base/map.h"

#include <string.h>

#define MAX_PLACES 100000 /* of an npm lock file */
#define MAX_PLACE 1000	  /* bytes of its name */

static void
part_cleanup(struct bom_part *p)
{
	free(p->purl);
	free(p->name);
	free(p->version);
	strlist_cleanup(&p->needs);
}

void
bom_cleanup(struct bom *b)
{
	for (size_t i = 0; i < b->n; i++)
		part_cleanup(&b->v[i]);
	free(b->v);
	free(b->serial);
	strlist_cleanup(&b->needs);
	*b = (struct bom){0};
}

void
bom_put_purl_word(struct buf *out, struct str word)
{
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.p[i];
		if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
			(c && strchr("-._~:", c)))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static struct bom_part *
add_part(struct bom *b, char *purl, struct str name, struct str version)
{
	b->v = mem_grow(b->v, b->n, &b->cap, sizeof(*b->v));
	struct bom_part *p = &b->v[b->n++];
	*p = (struct bom_part){.purl = purl, .name = str_dup(name), .version = str_dup(version)};
	return p;
}

/* ---- Debian packages ---- */

struct distro {
	const char *vendor;
	char *name; /* "debian-12", else what the recipe calls it */
};

static char *
deb_purl(const struct distro *d, const char *name, const char *version, const char *arch)
{
	OWN(buf) struct buf out = {0};
	buf_puts(&out, "pkg:deb/");
	bom_put_purl_word(&out, str_of(d->vendor));
	buf_putc(&out, '/');
	bom_put_purl_word(&out, str_of(name));
	buf_putc(&out, '@');
	bom_put_purl_word(&out, str_of(version));
	buf_puts(&out, "?arch=");
	bom_put_purl_word(&out, str_of(arch));
	if (d->name) {
		buf_puts(&out, "&distro=");
		bom_put_purl_word(&out, str_of(d->name));
	}
	return buf_take(&out);
}

static char *
part_key(const char *name, const char *arch)
{
	return mem_printf("%s:%s", name, arch ? arch : "");
}

/* Packages of the recipe by "name:arch". */
static void
index_packages(const struct package_list *l, struct map *ret)
{
	for (size_t i = 0; i < l->n; i++) {
		OWN_FREE char *key = part_key(l->v[i].name, l->v[i].arch);
		map_put(ret, key, &l->v[i]);
	}
}

/* What is installed; purls by name go to `purls`. */
static void
add_installed(struct bom *b, const struct distro *d, const struct inventory *inv,
	struct map *packages, struct map *purls)
{
	for (size_t i = 0; i < inv->n; i++) {
		const struct installed *p = &inv->v[i];
		OWN_FREE char *key = part_key(p->name, p->arch);
		const struct package *known = map_get(packages, key);
		struct bom_part *part = add_part(b, deb_purl(d, p->name, p->version, p->arch),
			str_of(p->name), str_of(p->version));
		part->package = known;
		part->base = !known;
		part->sha256 = known ? known->sha256 : NULL;
		map_put(purls, p->name, mem_strdup(part->purl));
		(void)map_remove(packages, key);
	}
}

static void
add_needs_of_installed(struct bom *b, const struct inventory *inv, const struct map *purls)
{
	for (size_t i = 0; i < inv->n; i++)
		for (size_t k = 0; k < inv->v[i].depends.n; k++) {
			const char *purl = map_get(purls, inv->v[i].depends.v[k]);
			if (purl)
				strlist_add(&b->v[i].needs, purl);
		}
}

static void
add_debs(struct bom *b, const struct recipe *r, const struct inventory *inv)
{
	OWN(map) struct map packages = {0}, purls = {.destroy = free};
	const char *vendor = inv && inv->vendor ? inv->vendor : "debian";
	struct distro d = {vendor, inv && inv->release ? mem_printf("%s-%s", vendor, inv->release)
				   : r->base.suite     ? mem_strdup(r->base.suite)
						       : NULL};
	index_packages(&r->packages, &packages);
	if (inv) {
		add_installed(b, &d, inv, &packages, &purls);
		add_needs_of_installed(b, inv, &purls);
	}
	for (size_t i = 0; i < r->packages.n; i++) {
		const struct package *p = &r->packages.v[i];
		OWN_FREE char *key = part_key(p->name, p->arch);
		if (map_get(&packages, key)) {
			struct bom_part *part = add_part(b,
				deb_purl(&d, p->name, p->version ? p->version : "",
					p->arch ? p->arch : ""),
				str_of(p->name), str_of(p->version));
			part->package = p;
			part->sha256 = p->sha256;
			map_put(&purls, p->name, mem_strdup(part->purl));
		}
		const char *purl = map_get(&purls, p->name);
		if (p->requested && purl)
			strlist_add(&b->needs, purl);
	}
	free(d.name);
}

/* ---- packages of the npm registry: `packages` of a lock file, by their place in the tree ---- */

struct npm_tree {
	const struct module_set *set;
	const json_t *places;
	struct map parts; /* purl -> index of the part + 1 */
};

/* "node_modules/a/node_modules/@b/c" gives "@b/c"; NULL: a directory of the tree itself. */
static const char *
name_of_place(const char *place)
{
	static const char dir[] = "node_modules/";
	const char *name = NULL;
	for (const char *p = place; (p = strstr(p, dir)); p += sizeof(dir) - 1)
		if (p == place || p[-1] == '/')
			name = p + sizeof(dir) - 1;
	return name && *name ? name : NULL;
}

static char *
npm_purl(const char *name, const char *version)
{
	OWN(buf) struct buf out = {0};
	const char *slash = name[0] == '@' ? strchr(name, '/') : NULL;
	buf_puts(&out, "pkg:npm/");
	if (slash) {
		bom_put_purl_word(&out, (struct str){name, (size_t)(slash - name)});
		buf_putc(&out, '/');
	}
	bom_put_purl_word(&out, str_of(slash ? slash + 1 : name));
	buf_putc(&out, '@');
	bom_put_purl_word(&out, str_of(version));
	return buf_take(&out);
}

/* Of what stands at a place; NULL: no package of the registry.  Heap. */
static char *
purl_at(const struct npm_tree *t, const char *place)
{
	const json_t *entry = json_object_get(t->places, place);
	const char *name = json_string_value(json_object_get(entry, "name"));
	const char *version = json_string_value(json_object_get(entry, "version"));
	if (!name)
		name = name_of_place(place);
	return name && version && name_of_place(place) &&
			       !json_is_true(json_object_get(entry, "link"))
		       ? npm_purl(name, version)
		       : NULL;
}

static const char *
digest_of(const struct module_set *set, const char *name, const char *version)
{
	for (size_t i = 0; i < set->artefacts.n; i++) {
		const struct artefact *a = &set->artefacts.v[i];
		if (strcmp(a->name, name) == 0 && a->version && strcmp(a->version, version) == 0)
			return a->sha256;
	}
	return NULL;
}

static void
add_place(struct bom *b, struct npm_tree *t, const char *place)
{
	char *purl = purl_at(t, place);
	if (!purl || map_get(&t->parts, purl)) {
		free(purl);
		return;
	}
	const json_t *entry = json_object_get(t->places, place);
	const char *name = json_string_value(json_object_get(entry, "name"));
	const char *version = json_string_value(json_object_get(entry, "version"));
	name = name ? name : name_of_place(place);
	struct bom_part *part = add_part(b, purl, str_of(name), str_of(version));
	part->sha256 = digest_of(t->set, name, version);
	map_put(&t->parts, purl, (void *)(uintptr_t)b->n);
}

/* As node finds it: below the place itself, then below each directory it lies in. */
static char *
find_needed(const struct npm_tree *t, const char *place, const char *name)
{
	OWN_FREE char *dir = mem_strdup(place);
	for (;;) {
		OWN_FREE char *at = *dir ? mem_printf("%s/node_modules/%s", dir, name)
					 : mem_printf("node_modules/%s", name);
		char *purl = purl_at(t, at);
		if (purl || !*dir)
			return purl;
		char *slash = strrchr(dir, '/');
		*(slash ? slash : dir) = '\0';
	}
}

static void
add_needs_of_place(struct bom *b, const struct npm_tree *t, const char *place)
{
	static const char *const sections[] = {
		"dependencies", "devDependencies", "optionalDependencies", "peerDependencies"};
	OWN_FREE char *own = purl_at(t, place);
	uintptr_t part = own ? (uintptr_t)map_get(&t->parts, own) : 0;
	struct strlist *needs = part		       ? &b->v[part - 1].needs
				: name_of_place(place) ? NULL
						       : &b->needs;
	for (size_t i = 0; needs && i < sizeof(sections) / sizeof(*sections); i++) {
		const char *name;
		json_t *range;
		json_object_foreach (
			json_object_get(json_object_get(t->places, place), sections[i]), name,
			range) {
			OWN_FREE char *purl = find_needed(t, place, name);
			if (purl && (!own || strcmp(purl, own) != 0))
				strlist_add(needs, purl);
		}
	}
}

static void
add_modules(struct bom *b, const struct module_set *set, struct map *parts)
{
	OWN_JSON json_t *lock = NULL;
	if (!set->lock || json_parse(str_of(set->lock), &lock, NULL) < 0)
		return;
	struct npm_tree t = {set, json_object_get(lock, "packages"), *parts};
	const char *place;
	json_t *entry;
	if (json_object_size(t.places) > MAX_PLACES)
		return;
	json_object_foreach ((json_t *)t.places, place, entry)
		if (strlen(place) <= MAX_PLACE)
			add_place(b, &t, place);
	json_object_foreach ((json_t *)t.places, place, entry)
		if (strlen(place) <= MAX_PLACE)
			add_needs_of_place(b, &t, place);
	*parts = t.parts;
}

/* ---- the whole ---- */

static int
by_purl(const void *a, const void *b)
{
	const struct bom_part *x = a, *y = b;
	return strcmp(x->purl, y->purl);
}

static void
sort_once(struct strlist *l)
{
	struct strlist once = {0};
	strlist_sort(l);
	for (size_t i = 0; i < l->n; i++)
		if (i == 0 || strcmp(l->v[i], l->v[i - 1]) != 0)
			strlist_add(&once, l->v[i]);
	strlist_cleanup(l);
	*l = once;
}

static void
sort_parts(struct bom *b)
{
	size_t kept = 0;
	if (b->n)
		qsort(b->v, b->n, sizeof(*b->v), by_purl);
	for (size_t i = 0; i < b->n; i++) {
		sort_once(&b->v[i].needs);
		if (kept && strcmp(b->v[kept - 1].purl, b->v[i].purl) == 0)
			part_cleanup(&b->v[i]);
		else
			b->v[kept++] = b->v[i];
	}
	b->n = kept;
}

/* RFC 9562 leaves the bits of version 8 to who makes it: here the digest of the recipe. */
static char *
serial_of(const struct recipe *r)
{
	OWN_JSON json_t *j = recipe_to_json(r);
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	struct hash_hex h = hash_bytes(buf_str(&text));
	return mem_printf(
		"%.8s-%.4s-8%.3s-a%.3s-%.12s", h.s, h.s + 8, h.s + 12, h.s + 15, h.s + 18);
}

void
bom_make(const struct recipe *r, const struct inventory *inv, struct bom *ret)
{
	OWN(map) struct map parts = {0};
	*ret = (struct bom){.serial = serial_of(r)};
	add_debs(ret, r, inv);
	for (size_t i = 0; i < r->modules.n; i++)
		add_modules(ret, &r->modules.v[i], &parts);
	sort_once(&ret->needs);
	sort_parts(ret);
}
