#include "envprobe/built.h"

#include "base/fs.h"
#include "base/hash.h"
#include "envprobe/envprobe.h"
#include "envprobe/source_worker.h"
#include "envprobe/tree.h"

#include <elf.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define MAX_NEEDED 1000 /* of one file */
#define MAX_ANSWER ((size_t)64 << 20)

/* ---- what is listed ---- */

static bool
is_on_the_way(const char *path)
{
	static const char *const dirs[] = {"*.deps/*", "*autom4te.cache/*", "*CMakeFiles/*",
		"*__pycache__/*", "*meson-private/*", "*meson-logs/*", "*.p/*", "conftest*", NULL};
	static const char *const endings[] = {".o", ".lo", ".la", ".d", ".obj", ".gch", ".gcno",
		".log", ".trs", ".cache", ".tmp", ".pyc", ".swp", ".status", "~", "stamp-h1",
		".ninja_log", ".ninja_deps", "/TAGS", NULL};
	for (size_t i = 0; dirs[i]; i++)
		if (fnmatch(dirs[i], path, 0) == 0)
			return true;
	return str_ends_one(str_of(path), endings);
}

/* ---- text: scripts, pages, headers and build files that the configuration filled in ---- */

/* Digest of a text without its digits, which tell of days and runs; NULL: it is none, or too long. */
static char *
digest_text(struct str all)
{
	struct hash *h = NULL;
	if (all.n > TREE_MAX_FILE_BYTES || memchr(all.p, 0, all.n))
		return NULL;
	h = hash_create();
	while (all.n) {
		size_t n = 0;
		while (n < all.n && !(all.p[n] >= '0' && all.p[n] <= '9'))
			n++;
		hash_add(h, all.p, n);
		n += n < all.n;
		all = (struct str){all.p + n, all.n - n};
	}
	return mem_strdup(hash_finish(h).s);
}

/* ---- libraries ---- */

struct mapped { /* a file in memory */
	const char *p;
	size_t n;
};

/* n bytes at an offset of the file; NULL: it has not so many. */
static const void *
at(const struct mapped *m, uint64_t offset, uint64_t n)
{
	return offset <= m->n && n <= m->n - offset ? m->p + offset : NULL;
}

/* Where in the file the address is loaded from; UINT64_MAX: nowhere. */
static uint64_t
offset_of(const Elf64_Phdr *ph, size_t n, uint64_t address)
{
	for (size_t i = 0; i < n; i++)
		if (ph[i].p_type == PT_LOAD && address >= ph[i].p_vaddr &&
			address - ph[i].p_vaddr < ph[i].p_filesz)
			return ph[i].p_offset + (address - ph[i].p_vaddr);
	return UINT64_MAX;
}

static void
add_string(const struct mapped *m, uint64_t offset, struct strlist *ret)
{
	if (offset < m->n && memchr(m->p + offset, 0, m->n - offset))
		strlist_add(ret, m->p + offset);
}

static void
read_dynamic(const struct mapped *m, const Elf64_Phdr *ph, size_t n, const Elf64_Phdr *dynamic,
	struct strlist *ret)
{
	size_t count = dynamic->p_filesz / sizeof(Elf64_Dyn);
	const Elf64_Dyn *d = at(m, dynamic->p_offset, count * sizeof(*d));
	uint64_t strings = UINT64_MAX;
	for (size_t i = 0; d && i < count && d[i].d_tag != DT_NULL; i++)
		if (d[i].d_tag == DT_STRTAB)
			strings = offset_of(ph, n, d[i].d_un.d_ptr);
	if (strings == UINT64_MAX)
		return;
	for (size_t i = 0; i < count && d[i].d_tag != DT_NULL && ret->n < MAX_NEEDED; i++)
		if (d[i].d_tag == DT_NEEDED && d[i].d_un.d_val < m->n)
			add_string(m, strings + d[i].d_un.d_val, ret);
}

/* Of a 64-bit object in this machine's byte order; nothing of any other. */
static void
read_needed(const struct mapped *m, struct strlist *ret)
{
	const Elf64_Ehdr *h = at(m, 0, sizeof(*h));
	if (!h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_ident[EI_CLASS] != ELFCLASS64 ||
		h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phoff % _Alignof(Elf64_Phdr))
		return;
	const Elf64_Phdr *ph = at(m, h->e_phoff, (uint64_t)h->e_phnum * sizeof(*ph));
	for (size_t i = 0; ph && i < h->e_phnum; i++)
		if (ph[i].p_type == PT_DYNAMIC && ph[i].p_offset % _Alignof(Elf64_Dyn) == 0)
			read_dynamic(m, ph, h->e_phnum, &ph[i], ret);
}

/* ---- the worker ---- */

static int
read_file(const struct tree *t, const char *path, struct built_file *ret, struct dd_err *err)
{
	OWN_FD int fd = -1;
	struct hash_hex digest;
	struct stat st;
	int rc = fs_open_in_root(t->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, &fd, err);
	if (rc == 0)
		rc = hash_fd(fd, &digest, NULL, err);
	if (rc < 0)
		return rc;
	ret->path = mem_strdup(path);
	ret->sha256 = mem_strdup(digest.s);
	if (fstat(fd, &st) < 0 || st.st_size <= 0)
		return 0;
	struct mapped m = {.n = (size_t)st.st_size};
	void *p = mmap(NULL, m.n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return 0;
	m.p = p;
	ret->text = digest_text((struct str){m.p, m.n});
	read_needed(&m, &ret->needed);
	(void)munmap(p, m.n);
	return 0;
}

int
probe_built_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	struct built_file_list l = {0};
	struct tree t;
	if (tree_open(argc > 1 ? argv[1] : "/src", &t, &err) < 0) {
		fprintf(stderr, "built: %s\n", err_msg(&err));
		return 1;
	}
	for (size_t i = 0; i < t.files.n && l.n < BUILT_FILES_MAX; i++) {
		struct built_file f = {0};
		/* What cannot be read is nobody's product. */
		if (!is_on_the_way(t.files.v[i]) && read_file(&t, t.files.v[i], &f, NULL) == 0)
			*built_file_list_add(&l) = f;
	}
	OWN_JSON json_t *found = built_file_list_to_json(&l);
	int rc = json_give(found, &err);
	built_file_list_cleanup(&l);
	tree_cleanup(&t);
	return rc < 0 ? 1 : 0;
}

int
built_files_of(
	const struct state *st, const char *layer, struct built_file_list *ret, struct dd_err *err)
{
	OWN_JSON json_t *found = NULL;
	struct stack only = {0};
	const struct source_question q = {.worker = "built", .max_bytes = MAX_ANSWER};
	stack_push(&only, layer);
	int rc = source_ask(st, &only, &q, &found, err);
	if (rc == 0)
		rc = built_file_list_from_json(found, "built files", ret, err);
	stack_cleanup(&only);
	return rc < 0 ? err_wrap(err, "reading what the build made") : 0;
}

/* ---- comparing ---- */

static bool
same_digest(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
same_list(const struct strlist *a, const struct strlist *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

void
built_difference_cleanup(struct built_difference *d)
{
	strlist_cleanup(&d->missing);
	strlist_cleanup(&d->added);
	strlist_cleanup(&d->linked);
	strlist_cleanup(&d->text);
	strlist_cleanup(&d->bytes);
}

static void
compare_file(const struct built_file *a, const struct built_file *b, struct built_difference *ret)
{
	if (!same_list(&a->needed, &b->needed))
		strlist_add(&ret->linked, a->path);
	else if (!same_digest(a->text, b->text))
		strlist_add(&ret->text, a->path);
	else if (!same_digest(a->sha256, b->sha256))
		strlist_add(&ret->bytes, a->path);
}

/* Both lists are sorted by path. */
void
built_files_compare(const struct built_file_list *a, const struct built_file_list *b,
	struct built_difference *ret)
{
	for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
		int order = i >= a->n ? 1 : k >= b->n ? -1 : strcmp(a->v[i].path, b->v[k].path);
		if (order < 0)
			strlist_add(&ret->missing, a->v[i++].path);
		else if (order > 0)
			strlist_add(&ret->added, b->v[k++].path);
		else
			compare_file(&a->v[i++], &b->v[k++], ret);
	}
}

bool
built_files_are_alike(const struct built_file_list *a, const struct built_file_list *b)
{
	struct built_difference d = {0};
	built_files_compare(a, b, &d);
	bool alike = !d.missing.n && !d.added.n && !d.linked.n && !d.text.n;
	built_difference_cleanup(&d);
	return alike;
}
