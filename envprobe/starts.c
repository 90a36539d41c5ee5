#include "envprobe/starts.h"

#include "base/json.h"
#include "envprobe/detect.h"
#include "envprobe/envprobe.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#define MAX_ANSWER ((size_t)1 << 20)
#define MAX_QUESTION ((size_t)4 << 20)

#define F(member, what) \
	.key = #member, .kind = what, .offset = offsetof(struct start_question, member)
const struct json_field start_question_fields[] = {
	{F(system, JSON_K_ENUM), .names = build_system_names}, {F(dir, JSON_K_STRING)},
	{F(runs, JSON_K_ARRAY), .sub = seen_run_fields, .elem_size = sizeof(struct seen_run)},
	{F(built, JSON_K_STRLIST)}, {.key = NULL}};

void
start_question_cleanup(struct start_question *q)
{
	json_release(start_question_fields, q);
	*q = (struct start_question){0};
}

/* ---- candidates ---- */

void
starts_add(struct start_try_list *l, const char *dir, const char *why, const char *run, ...)
{
	va_list ap;
	va_start(ap, run);
	OWN_FREE char *text = mem_vprintf(run, ap);
	va_end(ap);
	dir = dir && *dir ? dir : NULL;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].run, text) == 0 &&
			strcmp(l->v[i].dir ? l->v[i].dir : "", dir ? dir : "") == 0)
			return;
	if (l->n == STARTS_MAX)
		return;
	struct start_try *c = start_try_list_add(l);
	c->run = TAKE(text);
	c->dir = dir ? mem_strdup(dir) : NULL;
	c->why = mem_strdup(why);
}

bool
starts_is_aside(const char *path)
{
	static const char *const dirs[] = {"test", "tests", "t", "spec", "testing", "node_modules",
		"vendor", "__tests__", "fixtures", NULL};
	struct str rest = str_of(path), part;
	const char *name = strrchr(path, '/');
	name = name ? name + 1 : path;
	if (strncmp(name, "test_", 5) == 0 || strstr(name, "_test.") || strstr(name, ".test.") ||
		strstr(name, ".spec."))
		return true;
	while (str_next(&rest, '/', &part) && rest.n)
		if (str_is_one(part, dirs))
			return true;
	return detect_is_aside(path);
}

/* ---- what is declared ---- */

/* Where such a service runs, the port to use is a variable. */
#define WITH_PORT "PORT=\"${PORT:-8080}\"; export PORT\n"

static void
read_procfile(const struct tree *t, const char *dir, struct start_try_list *ret)
{
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = tree_file(t, dir, "Procfile");
	struct str rest, line;
	if (!path)
		return;
	tree_read(t, path, &text);
	rest = buf_str(&text);
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		OWN_FREE char *why = scan_cite(path, n);
		struct str run = {line.p + 4, line.n - 4};
		if (str_starts(line, "web:") && str_trim(run).n)
			starts_add(ret, dir, why, WITH_PORT STR_FMT, STR_ARG(str_trim(run)));
	}
}

static void
add_script(struct start_try_list *ret, const char *dir, const char *path, const json_t *scripts,
	const char *name)
{
	const char *run = json_string_value(json_object_get(scripts, name));
	OWN_FREE char *why = mem_printf("%s: scripts.%s", path, name);
	if (run && *run)
		starts_add(ret, dir, why,
			WITH_PORT "PATH=\"$PWD/node_modules/.bin:$PATH\"; export PATH\n%s", run);
}

static void
read_package_json(const struct tree *t, const char *dir, struct start_try_list *ret)
{
	OWN(buf) struct buf text = {0};
	OWN_JSON json_t *j = NULL;
	OWN_FREE char *path = tree_file(t, dir, "package.json");
	if (!path)
		return;
	tree_read(t, path, &text);
	if (json_parse(buf_str(&text), &j, NULL) < 0)
		return;
	add_script(ret, dir, path, json_object_get(j, "scripts"), "start");
	add_script(ret, dir, path, json_object_get(j, "scripts"), "serve");
}

static void
read_makefile(const struct tree *t, const char *dir, struct start_try_list *ret)
{
	static const char *const files[] = {"GNUmakefile", "makefile", "Makefile", NULL};
	static const char *const targets[] = {"serve", "run", "start", "server", "runserver", NULL};
	OWN(buf) struct buf text = {0};
	OWN_FREE char *path = tree_find(t, dir, files);
	struct str rest, line;
	if (!path)
		return;
	tree_read(t, path, &text);
	rest = buf_str(&text);
	for (unsigned n = 1; str_next_line(&rest, &line); n++)
		for (size_t i = 0; targets[i]; i++) {
			size_t len = strlen(targets[i]);
			OWN_FREE char *why = scan_cite(path, n);
			struct str after = {line.p + len, line.n - len};
			if (str_starts(line, targets[i]) && str_starts(str_trim(after), ":") &&
				!str_starts(str_trim(after), ":="))
				starts_add(ret, dir, why, WITH_PORT "make %s", targets[i]);
		}
}

/* ---- files for other machines: what they run there, with the programs that are here ---- */

/* The file of the tree that has the last part of this path as its name, built ones first; NULL. */
static const char *
program_here(const struct tree *t, const struct start_question *q, struct str path)
{
	const char *slash = memrchr(path.p, '/', path.n);
	OWN_FREE char *name = slash ? mem_strndup(slash + 1, (size_t)(path.p + path.n - slash - 1))
				    : str_dup(path);
	const struct strlist *lists[] = {&q->built, &t->files};
	for (size_t i = 0; *name && i < 2; i++)
		for (size_t k = 0; k < lists[i]->n; k++) {
			const char *file = lists[i]->v[k], *end = strrchr(file, '/');
			if (strcmp(end ? end + 1 : file, name) == 0 && !starts_is_aside(file))
				return file;
		}
	return NULL;
}

/* Known by name on this machine, too. */
static bool
is_interpreter(struct str word)
{
	static const char *const names[] = {"python3", "python", "node", "ruby", "perl", "php",
		"java", "sh", "bash", "bundle", "rackup", "puma", "gunicorn", "uvicorn", "flask",
		"npm", "plackup", "tclsh", NULL};
	struct str name = str_behind(word, "/");
	return str_is_one(name, names);
}

/* The program of a command line becomes the one here.  False: there is none. */
static bool
put_program(const struct tree *t, const struct start_question *q, struct str word, struct buf *out)
{
	const char *here = is_interpreter(word) ? NULL : program_here(t, q, word);
	if (here) {
		buf_puts(out, "./");
		buf_put_shell(out, str_of(here));
		return true;
	}
	const char *slash = memrchr(word.p, '/', word.n);
	struct str name =
		slash ? (struct str){slash + 1, (size_t)(word.p + word.n - slash - 1)} : word;
	if (is_interpreter(word))
		buf_put_shell(out, name);
	return is_interpreter(word);
}

static void
read_unit(const struct tree *t, const struct start_question *q, const char *path,
	struct start_try_list *ret)
{
	OWN(buf) struct buf text = {0};
	struct str rest, line, word;
	tree_read(t, path, &text);
	rest = buf_str(&text);
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		OWN(buf) struct buf run = {0};
		OWN_FREE char *why = scan_cite(path, n);
		if (!str_starts(line, "ExecStart="))
			continue;
		line = (struct str){line.p + 10, line.n - 10};
		while (line.n && strchr("-@:+!", *line.p))
			line = (struct str){line.p + 1, line.n - 1};
		if (!str_next_word(&line, &word) || !put_program(t, q, word, &run))
			continue;
		/* What only an installation knows is left out: the program may do without. */
		bool known = !memchr(line.p, '%', line.n) && !memchr(line.p, '@', line.n) &&
			     !memchr(line.p, '$', line.n);
		if (known && line.n)
			starts_add(
				ret, NULL, why, "exec %s " STR_FMT, run.p, STR_ARG(str_trim(line)));
		starts_add(ret, NULL, why, "exec %s", run.p);
	}
}

/* CMD and ENTRYPOINT in either form, as words. */
static void
docker_words(struct str value, struct strlist *ret)
{
	OWN_JSON json_t *j = NULL;
	struct str word;
	if (value.n && *value.p == '[' && json_parse(value, &j, NULL) == 0) {
		json_to_strings(j, ret);
		return;
	}
	while (str_next_word(&value, &word))
		strlist_add_str(ret, word);
}

static bool
take_instruction(struct str line, const char *name, struct str *ret)
{
	size_t n = strlen(name);
	if (line.n <= n || strncasecmp(line.p, name, n) != 0 || !isspace((unsigned char)line.p[n]))
		return false;
	*ret = str_trim((struct str){line.p + n, line.n - n});
	return true;
}

/* Where a file that lies elsewhere in an image has come from: the most of its path that is one of the tree. */
static struct str
file_here(const struct tree *t, struct str path)
{
	for (size_t i = 0; path.n && *path.p == '/' && i + 1 < path.n; i++) {
		OWN_FREE char *rest =
			path.p[i] == '/' ? mem_strndup(path.p + i + 1, path.n - i - 1) : NULL;
		if (rest && tree_has(t, rest))
			return (struct str){path.p + i + 1, path.n - i - 1};
	}
	return path;
}

static void
read_dockerfile(const struct tree *t, const struct start_question *q, const char *path,
	struct start_try_list *ret)
{
	OWN(buf) struct buf text = {0}, run = {0};
	OWN(strlist) struct strlist entry = {0}, cmd = {0}, all = {0};
	struct str rest, line, value, expose = {"", 0}, dir = {"", 0};
	unsigned at = 0;
	tree_read(t, path, &text);
	rest = buf_str(&text);
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		struct strlist *to = NULL;
		if (take_instruction(line, "CMD", &value))
			to = &cmd;
		else if (take_instruction(line, "ENTRYPOINT", &value))
			to = &entry;
		else if (take_instruction(line, "EXPOSE", &value))
			expose = value;
		else if (take_instruction(line, "WORKDIR", &value))
			dir = value;
		if (!to)
			continue;
		strlist_cleanup(to);
		docker_words(value, to);
		at = n;
	}
	strlist_copy(&all, &entry);
	strlist_copy(&all, &cmd);
	if (!all.n || !put_program(t, q, str_of(all.v[0]), &run))
		return;
	for (size_t i = 1; i < all.n; i++) {
		struct str word = str_of(all.v[i]);
		if (dir.n > 1 && word.n > dir.n + 1 && strncmp(word.p, dir.p, dir.n) == 0 &&
			word.p[dir.n] == '/')
			word = (struct str){word.p + dir.n + 1, word.n - dir.n - 1};
		buf_putc(&run, ' ');
		buf_put_shell(&run, file_here(t, word));
	}
	OWN_FREE char *where = scan_cite(path, at);
	OWN_FREE char *why = expose.n ? mem_printf("%s, EXPOSE " STR_FMT, where, STR_ARG(expose))
				      : mem_strdup(where);
	starts_add(ret, NULL, why, WITH_PORT "exec %s", run.p);
}

static void
read_elsewhere(const struct tree *t, const struct start_question *q, struct start_try_list *ret)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		if (starts_is_aside(path))
			continue;
		if (tree_name_is(path, "*.service") || tree_name_is(path, "*.service.in"))
			read_unit(t, q, path, ret);
		else if (tree_name_is(path, "Dockerfile*") || tree_name_is(path, "Containerfile"))
			read_dockerfile(t, q, path, ret);
	}
}

/* ---- all of them ---- */

void
starts_in_tree(const struct tree *t, const struct start_question *q, struct start_try_list *ret)
{
	const char *dirs[] = {q->dir ? q->dir : "", ""};
	starts_from_runs(t, q, ret);
	for (size_t i = 0; i < (q->dir ? 2 : 1); i++) {
		read_procfile(t, dirs[i], ret);
		read_package_json(t, dirs[i], ret);
	}
	read_elsewhere(t, q, ret);
	starts_from_sources(t, q, ret);
	starts_from_python(t, q, ret);
	starts_from_cgi(t, ret);
	for (size_t i = 0; i < (q->dir ? 2 : 1); i++)
		read_makefile(t, dirs[i], ret);
	starts_prepare(t, ret);
}

/* ---- the worker ---- */

static int
answer(struct tree *t, struct str question, struct buf *out, struct dd_err *err)
{
	OWN_JSON json_t *j = NULL;
	OWN(start_question) struct start_question q = {0};
	OWN(start_try_list) struct start_try_list found = {0};
	int rc = json_parse(question, &j, err);
	if (rc == 0)
		rc = json_decode(j, start_question_fields, true, &q, "question", err);
	if (rc < 0)
		return rc;
	starts_in_tree(t, &q, &found);
	OWN_JSON json_t *list = start_try_list_to_json(&found);
	json_print(list, 0, out);
	return 0;
}

int
probe_starts_worker_main(int argc, char **argv)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(buf) struct buf in = {.max = MAX_QUESTION}, out = {0};
	struct tree t = {.fd = -1};
	worker_take_input(&in);
	int rc = tree_open(argc > 1 ? argv[1] : WORK_DIR, &t, &err);
	if (rc == 0)
		rc = answer(&t, buf_str(&in), &out, &err);
	tree_cleanup(&t);
	if (rc < 0) {
		fprintf(stderr, "starts: %s\n", err_msg(&err));
		return 1;
	}
	printf("%s\n", out.p);
	return fflush(stdout) == 0 ? 0 : 1;
}

int
probe_starts(const struct state *st, const struct probe_result *r, struct start_try_list *ret,
	struct dd_err *err)
{
	OWN(buf) struct buf in = {0}, out = {.max = MAX_ANSWER};
	OWN(start_question)
	struct start_question q = {.system = r->project.system,
		.dir = r->project.dir ? mem_strdup(r->project.dir) : NULL};
	OWN_JSON json_t *found = NULL;
	struct pod *pod = NULL;
	const struct pod_spec spec = {.state = st, .work = &r->work};
	const char *args[] = {WORK_DIR, NULL};
	seen_run_list_copy(&q.runs, &r->runs);
	for (size_t i = 0; i < r->built_files.n; i++)
		if (!r->built_files.v[i].text)
			strlist_add(&q.built, r->built_files.v[i].path);
	OWN_JSON json_t *question = json_encode(start_question_fields, &q);
	json_print(question, 0, &in);
	int rc = pod_open(&spec, &pod, err);
	const struct worker_spec worker = {.name = "starts", .args = args, .input = buf_str(&in)};
	if (rc == 0)
		rc = worker_exec(pod, &worker, &out, err);
	if (rc == 0)
		rc = json_parse(buf_str(&out), &found, err);
	if (rc == 0)
		rc = start_try_list_from_json(found, "starts", ret, err);
	pod_close(pod);
	return rc < 0 ? err_wrap(err, "looking for how it is run") : 0;
}
