/*
 * Commands from sources that serve, by what they call, and from programs that the build made of such sources.
 */
#include "envprobe/starts.h"

#include "envprobe/detect.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <elf.h>
#include <string.h>

/* ---- frameworks and sources of interpreted languages ---- */

#define PORT STARTS_PORT
#define HOST STARTS_HOST
#define ADDRESS STARTS_ADDRESS

/*
 * A text in a file with this ending; %F is the file, %M the same as a module of Python, %D its directory, %V what the
 * name in front of the text is.
 */
static const struct source_rule {
	const char *name, *text, *run; /* name: a pattern of tree_name_is */
} source_rules[] = {
	{"manage.py", "django",
		"python3 %F migrate --noinput && exec python3 %F runserver --noreload " ADDRESS},
	{"manage.py", "django", "exec python3 %F runserver --noreload " ADDRESS},
	{"*.py", "= Flask(", "exec python3 -m flask --app %F:%V run --host " HOST " --port " PORT},
	{"*.py", "def create_app(",
		"exec python3 -m flask --app %F run --host " HOST " --port " PORT},
	{"*.py", "= FastAPI(", "exec python3 -m uvicorn %M:%V --host " HOST " --port " PORT},
	{"*.py", "= Starlette(", "exec python3 -m uvicorn %M:%V --host " HOST " --port " PORT},
	{"*.py", "serve_forever(", "exec python3 %F"},
	{"*.py", "run_simple(", "exec python3 %F"},
	{"*.py", "web.run_app(", "exec python3 %F"},
	{"*.py", "quickstart(", "exec python3 %F"},
	{"*.py", ".run(host", "exec python3 %F"},
	{"*.py", "app.run(", "exec python3 %F"},
	{"*.py", "IOLoop.current().start(", "exec python3 %F"},
	{"config.ru", "run ", "exec rackup -o " HOST " -p " PORT " %F"},
	{"*.rb", "require 'sinatra'", "exec ruby %F -o " HOST " -p " PORT},
	{"*.rb", "require \"sinatra\"", "exec ruby %F -o " HOST " -p " PORT},
	{"*.rb", "WEBrick::HTTPServer.new", "exec ruby %F"},
	{"*.rb", "TCPServer.new", "exec ruby %F"},
	{"*.psgi", "", "exec plackup -o " HOST " -p " PORT " %F"},
	{"*.pl", "Mojolicious::Lite", "exec perl %F daemon -l http://" ADDRESS},
	{"*.pl", "HTTP::Daemon", "exec perl %F"},
	{"*.pl", "HTTP::Server::Simple", "exec perl %F"},
	{"*.pl", "Dancer", "exec perl %F --port " PORT},
	{"*.pl", "Listen =>", "exec perl %F"},
	{"*.js", ".listen(", "exec node %F"},
	{"*.mjs", ".listen(", "exec node %F"},
	{"*.tcl", "socket -server", "exec tclsh %F"},
	{"index.php", "", "exec php -S " ADDRESS " -t %D"},
};
#define N_SOURCE_RULES (sizeof(source_rules) / sizeof(*source_rules))

/* The name that is given a value where the text stands, "app" of "app = Flask(". */
static struct str
name_before(struct str text, size_t at)
{
	while (at && text.p[at - 1] == ' ')
		at--;
	size_t end = at;
	while (at && (isalnum((unsigned char)text.p[at - 1]) || text.p[at - 1] == '_'))
		at--;
	return (struct str){text.p + at, end - at};
}

static void
put_module(const char *path, struct buf *out)
{
	size_t n = strlen(path) - 3; /* ".py" */
	for (size_t i = 0; i < n; i++)
		buf_putc(out, path[i] == '/' ? '.' : path[i]);
}

static void
put_run(const struct source_rule *r, const char *path, struct str name, struct buf *out)
{
	const char *slash = strrchr(path, '/');
	OWN_FREE char *dir = slash ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup(".");
	for (const char *p = r->run; *p; p++) {
		if (*p != '%')
			buf_putc(out, *p);
		else if (*++p == 'F')
			buf_put_shell(out, str_of(path));
		else if (*p == 'D')
			buf_put_shell(out, str_of(dir));
		else if (*p == 'M')
			put_module(path, out);
		else
			buf_put_shell(out, name);
	}
}

/* "a/b.py" in the project's directory; NULL: it is not below that. */
static const char *
below(const char *dir, const char *path)
{
	size_t n = dir ? strlen(dir) : 0;
	if (!n)
		return path;
	return strncmp(path, dir, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static int
depth_of(const char *path)
{
	int depth = 0;
	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

static void
try_rule(const struct source_rule *r, const struct start_question *q, const char *path,
	struct str text, struct start_try_list *ret)
{
	OWN(buf) struct buf run = {0};
	const char *inside = below(q->dir, path);
	const char *at = *r->text ? memmem(text.p, text.n, r->text, strlen(r->text)) : text.p;
	if (!inside || !at || !text.n)
		return;
	struct str name = name_before(text, (size_t)(at - text.p));
	if (strstr(r->run, "%V") && !name.n)
		return;
	put_run(r, inside, name, &run);
	OWN_FREE char *why = scan_cite(path, scan_line_of(text, (size_t)(at - text.p)));
	starts_add(ret, q->dir, why, "%s", run.p);
}

#define MAX_DEPTH 4

static bool
has_rule(const char *path)
{
	for (size_t k = 0; k < N_SOURCE_RULES; k++)
		if (tree_name_is(path, source_rules[k].name))
			return true;
	return false;
}

static void
try_rules(const struct tree *t, const struct start_question *q, const char *path,
	struct start_try_list *ret)
{
	OWN(buf) struct buf text = {0};
	tree_read(t, path, &text);
	for (size_t k = 0; k < N_SOURCE_RULES; k++)
		if (tree_name_is(path, source_rules[k].name))
			try_rule(&source_rules[k], q, path, buf_str(&text), ret);
}

/* What lies higher is more likely to be what is run. */
static void
find_sources(const struct tree *t, const struct start_question *q, struct start_try_list *ret)
{
	for (int depth = 0; depth <= MAX_DEPTH; depth++)
		for (size_t i = 0; i < t->files.n && ret->n < STARTS_MAX; i++) {
			const char *path = t->files.v[i];
			if (depth_of(path) == depth && has_rule(path) && !starts_is_aside(path))
				try_rules(t, q, path, ret);
		}
}

/* ---- Go and Java, which are run by their tools ---- */

static bool
has_any(struct str text, const char *const *words)
{
	for (; *words; words++)
		if (memmem(text.p, text.n, *words, strlen(*words)))
			return true;
	return false;
}

static const char *const go_serves[] = {
	"ListenAndServe", "net.Listen(", "http.Serve(", ".Run(\":", "fasthttp.", NULL};
static const char *const java_serves[] = {"ServerSocket(", "HttpServer.create", "SpringApplication",
	"new Server(", "Undertow.builder", "Javalin.", "ServerBootstrap", NULL};

static void
try_go(const struct start_question *q, const char *path, struct str text,
	struct start_try_list *ret)
{
	OWN(buf) struct buf dir = {0};
	const char *inside = below(q->dir, path);
	const char *slash = inside ? strrchr(inside, '/') : NULL;
	OWN_FREE char *why = scan_cite(path, 1);
	if (!inside || !scan_has_word(text, "main") ||
		!memmem(text.p, text.n, "package main", 12) || !has_any(text, go_serves))
		return;
	buf_puts(&dir, "./");
	buf_put_shell(&dir, slash ? (struct str){inside, (size_t)(slash - inside)} : STR("."));
	starts_add(ret, q->dir, why, "exec go run %s", dir.p);
}

/* The class of a file of Java by its package and name: "org.example.Main". */
static char *
java_class(const char *path, struct str text)
{
	struct str rest = text, line;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int n = (int)strcspn(name, ".");
	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (!str_starts(line, "package "))
			continue;
		line = str_trim((struct str){line.p + 8, line.n - 8});
		line.n =
			strcspn(line.p, "; \t\r\n") < line.n ? strcspn(line.p, "; \t\r\n") : line.n;
		return mem_printf(STR_FMT ".%.*s", STR_ARG(line), n, name);
	}
	return mem_printf("%.*s", n, name);
}

static void
try_java(const struct tree *t, const char *path, struct str text, struct start_try_list *ret)
{
	OWN_FREE char *class = java_class(path, text);
	OWN_FREE char *why = scan_cite(path, 1);
	OWN(buf) struct buf file = {0}, dir = {0};
	if (!has_any(text, java_serves) || !memmem(text.p, text.n, "static void main", 16))
		return;
	for (const char *p = class; *p; p++)
		buf_putc(&file, *p == '.' ? '/' : *p);
	buf_puts(&file, ".class");
	for (size_t i = 0; i < t->files.n; i++) {
		struct str built = str_of(t->files.v[i]);
		if (!str_ends(built, file.p) || starts_is_aside(built.p) ||
			(built.n > file.n && built.p[built.n - file.n - 1] != '/'))
			continue;
		buf_reset(&dir);
		buf_put_shell(&dir,
			built.n > file.n ? (struct str){built.p, built.n - file.n - 1} : STR("."));
		starts_add(ret, NULL, why, "exec java -cp %s:'/usr/share/java/*' %s", dir.p, class);
	}
}

static void
try_jar(const char *path, struct start_try_list *ret)
{
	static const char *const others[] = {
		"-sources.jar", "-javadoc.jar", "-tests.jar", "gradle-wrapper.jar", NULL};
	OWN(buf) struct buf run = {0};
	if (!str_ends(str_of(path), ".jar") || str_ends_one(str_of(path), others) ||
		strstr(path, "lib/"))
		return;
	buf_puts(&run, "exec java -jar ");
	buf_put_shell(&run, str_of(path));
	starts_add(ret, NULL, path, "%s", run.p);
}

static void
find_compiled(const struct tree *t, const struct start_question *q, struct start_try_list *ret)
{
	bool java = false;
	for (size_t i = 0; i < t->files.n; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		bool is_java = tree_name_is(path, "*.java");
		if ((!is_java && !tree_name_is(path, "*.go")) || starts_is_aside(path))
			continue;
		tree_read(t, path, &text);
		if (is_java)
			try_java(t, path, buf_str(&text), ret);
		else
			try_go(q, path, buf_str(&text), ret);
		java = java || (is_java && has_any(buf_str(&text), java_serves));
	}
	for (size_t i = 0; java && i < q->built.n; i++)
		try_jar(q->built.v[i], ret);
}

/* ---- programs ---- */

/* A program of this machine that refers to listen(2), as a dynamic symbol or a name of Go's or Rust's. */
static bool
is_server(struct str text)
{
	static const char *const marks[] = {"net.Listen", "TcpListener", NULL};
	const Elf64_Ehdr *h = (const void *)text.p;
	if (text.n < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || !h->e_entry)
		return false;
	return memmem(text.p, text.n, "\0listen", 8) || has_any(text, marks);
}

static void
find_programs(const struct tree *t, const struct start_question *q, struct start_try_list *ret)
{
	for (size_t i = 0; i < q->built.n && ret->n < STARTS_MAX; i++) {
		const char *path = q->built.v[i];
		OWN(buf) struct buf text = {0}, run = {0};
		OWN_FREE char *why = mem_printf("%s was built, and can listen", path);
		if (starts_is_aside(path) || strstr(path, ".so"))
			continue;
		tree_read(t, path, &text);
		if (!is_server(buf_str(&text)))
			continue;
		buf_puts(&run, "exec ./");
		buf_put_shell(&run, str_of(path));
		starts_add(ret, NULL, why, "%s", run.p);
	}
}

void
starts_from_sources(
	const struct tree *t, const struct start_question *q, struct start_try_list *ret)
{
	find_sources(t, q, ret);
	find_compiled(t, q, ret);
	find_programs(t, q, ret);
}
