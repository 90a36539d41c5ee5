#include "security/security.h"

#include "base/fs.h"
#include "base/unpack.h"
#include "security/osv.h"
#include "security/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ADVISORY ((size_t)16 << 20)
#define MAX_INPUT ((size_t)64 << 20)
#define MAX_DEPTH 16
#define UNPACKED "/tmp/advisories"

/* ---- advisories ---- */

struct advisories {
	struct osv osv;
	struct security_result *out;
	struct dd_err *err;
};

/* An advisory, a list of them, or one a line; what is neither is passed over. */
static void
match_text_of(struct advisories *a, struct str text)
{
	OWN_JSON json_t *j = NULL;
	size_t i;
	json_t *one;
	struct str line;
	if (json_parse(text, &j, NULL) < 0) {
		while (str_next_line(&text, &line)) {
			OWN_JSON json_t *of_line = NULL;
			if (line.n && json_parse(line, &of_line, NULL) == 0) {
				a->out->advisories++;
				osv_match(&a->osv, of_line, &a->out->findings);
			}
		}
		return;
	}
	if (!json_is_array(j)) {
		a->out->advisories += json_is_object(j);
		osv_match(&a->osv, j, &a->out->findings);
		return;
	}
	a->out->advisories += (int64_t)json_array_size(j);
	json_array_foreach (j, i, one)
		osv_match(&a->osv, one, &a->out->findings);
}

static int match_directory(struct advisories *a, int fd, unsigned depth);

static int
match_entry(struct advisories *a, int dir_fd, const char *name, unsigned depth)
{
	struct stat st;
	OWN(buf) struct buf text = {0};
	OWN_FD int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return depth < MAX_DEPTH ? match_directory(a, fd, depth + 1) : 0;
	if (S_ISREG(st.st_mode) && fs_read_at(dir_fd, name, MAX_ADVISORY, &text, NULL) == 0)
		match_text_of(a, buf_str(&text));
	return 0;
}

static int
match_directory(struct advisories *a, int fd, unsigned depth)
{
	OWN(strlist) struct strlist names = {0};
	int rc = fs_list_fd(fd, "advisories", &names, a->err);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		rc = match_entry(a, fd, names.v[i], depth);
	return rc;
}

/* As an archive, into a directory of the pod; DD_EINVAL: it is none. */
static int
unpack(int fd, struct dd_err *err)
{
	const struct unpack_opts opts = {.skip_special = true};
	struct unpack_result r = {0};
	if (fs_mkdirs(UNPACKED, 0700, err) < 0)
		return -DD_EIO;
	OWN_FD int to = open(UNPACKED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = to < 0 ? err_errno(err, errno, "cannot open %s", UNPACKED)
			: unpack_to(fd, to, &opts, &r, err);
	unpack_result_cleanup(&r);
	return rc;
}

static int
match_advisories(struct advisories *a, const char *path)
{
	char head[4] = "";
	struct stat st;
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(a->err, errno, "cannot open the advisories");
	if (S_ISDIR(st.st_mode))
		return match_directory(a, fd, 0);
	bool is_text = pread(fd, head, 1, 0) == 1 && strchr("{[ \t\r\n", head[0]);
	if (is_text) {
		OWN(buf) struct buf text = {0};
		int rc = fs_read(path, MAX_INPUT, &text, a->err);
		if (rc == 0)
			match_text_of(a, buf_str(&text));
		return rc;
	}
	int rc = unpack(fd, a->err);
	OWN_FD int to = rc < 0 ? -1 : open(UNPACKED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return to < 0 ? (rc < 0 ? rc : err_errno(a->err, errno, "cannot open %s", UNPACKED))
		      : match_directory(a, to, 0);
}

/* ---- the worker ---- */

static int
take_dependencies(struct security_dependency_list *ret, struct dd_err *err)
{
	OWN(buf) struct buf input = {.max = MAX_INPUT};
	OWN_JSON json_t *j = NULL;
	char chunk[65536];
	for (ssize_t n; (n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0;)
		buf_add(&input, chunk, (size_t)n);
	if (!input.n)
		return 0;
	int rc = json_parse(buf_str(&input), &j, err);
	return rc < 0 ? rc : security_dependency_list_from_json(j, "packages", ret, err);
}

static int
work(const char *advisories, struct security_result *r, struct dd_err *err)
{
	OWN_FD int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = take_dependencies(&r->dependencies, err);
	if (rc == 0)
		rc = here < 0 ? err_errno(err, errno, "cannot open the tree")
			      : security_scan_tree(here, r, err);
	if (rc < 0 || !advisories)
		return rc;
	struct advisories a = {.out = r, .err = err};
	osv_open(&r->dependencies, &a.osv);
	rc = match_advisories(&a, advisories);
	osv_close(&a.osv);
	return rc;
}

int
security_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	struct security_result r = {0};
	OWN(buf) struct buf out = {0};
	if (work(argc > 1 ? argv[1] : NULL, &r, &err) < 0) {
		fprintf(stderr, "%s\n", err_msg(&err));
		security_result_cleanup(&r);
		return 1;
	}
	OWN_JSON json_t *j = json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "files",
		(json_int_t)r.files, "left_out", (json_int_t)r.left_out, "advisories",
		(json_int_t)r.advisories, "dropped", (json_int_t)r.dropped, "dependencies",
		security_dependency_list_to_json(&r.dependencies), "findings",
		security_finding_list_to_json(&r.findings));
	json_print(j, 0, &out);
	(void)!fwrite(out.p, 1, out.n, stdout);
	security_result_cleanup(&r);
	return fflush(stdout) == 0 ? 0 : 1;
}
