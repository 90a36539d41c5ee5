/* How an application might be run: what shows it, in trees of many kinds and in what tests ran. */
#include "envprobe/starts.h"
#include "tests/base/tmpdir.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct file {
	const char *path, *text;
};

static void
write_tree(int fd, const struct file *files)
{
	for (; files->path; files++) {
		OWN_FREE char *parent = mem_strdup(files->path);
		for (char *slash = strchr(parent, '/'); slash; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			(void)mkdirat(fd, parent, 0700);
			*slash = '/';
		}
		tmpdir_write(fd, files->path, files->text);
	}
}

/* "WHY: RUN" lines. */
static char *
starts(const struct file *files, const struct start_question *q)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN_TMPDIR char *dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	OWN(start_try_list) struct start_try_list l = {0};
	OWN(buf) struct buf out = {0};
	struct tree t = {.fd = -1};
	write_tree(fd, files);
	if (tree_open(dir, &t, &err) < 0)
		fail_msg("%s", err_msg(&err));
	starts_in_tree(&t, q, &l);
	for (size_t i = 0; i < l.n; i++)
		buf_printf(&out, "%s%s%s: %s\n", l.v[i].dir ? l.v[i].dir : "",
			l.v[i].dir ? " " : "", l.v[i].why, l.v[i].run);
	tree_cleanup(&t);
	return buf_take(&out);
}

#define FILES(...) \
	(const struct file[]) \
	{ \
		__VA_ARGS__, \
		{ \
			NULL, NULL \
		} \
	}
#define TOLD "PORT=\"${PORT:-8080}\"; export PORT\n"
#define P "\"${PORT:-8080}\""
#define H "\"${ADDRESS:-127.0.0.1}\""
#define SRC "PYTHONPATH=\"$PWD/src${PYTHONPATH:+:$PYTHONPATH}\"; export PYTHONPATH\n"
#define CALL(module, function) \
	"python3 -c 'import sys; from " module " import " function "; sys.exit(" function "())'"

struct told {
	const struct file *files;
	const char *wanted;
};

static void
assert_told(const struct told *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct start_question q = {0};
		OWN_FREE char *found = starts(cases[i].files, &q);
		assert_string_equal(found, cases[i].wanted);
	}
}

static void
each_kind_of_tree_says_how_it_is_run(void **state)
{
	(void)state;
	const struct told cases[] = {
		{FILES({"Procfile", "worker: x\nweb: bin/web -v\n"}),
			"Procfile:2: " TOLD "bin/web -v\n"},
		{FILES({"package.json", "{\"scripts\": {\"start\": \"node web.js\"}}"}),
			"package.json: scripts.start: " TOLD
			"PATH=\"$PWD/node_modules/.bin:$PATH\"; export PATH\nnode web.js\n"},
		{FILES({"Makefile", "run := 1\nrunner: x\nrun: all\n\t./x\n"}),
			"Makefile:3: " TOLD "make run\n"},
		{FILES({"manage.py", "import django\n"}),
			"manage.py:1: python3 manage.py migrate --noinput && exec python3 manage.py "
			"runserver --noreload " H ":" P "\n"
			"manage.py:1: exec python3 manage.py runserver --noreload " H ":" P "\n"},
		{FILES({"web/it.py", "import flask\nbooks = Flask(__name__)\n"}),
			"web/it.py:2: exec python3 -m flask --app web/it.py:books run --host " H
			" --port " P "\n"},
		{FILES({"a/b.py", "api = FastAPI()\n"}),
			"a/b.py:1: exec python3 -m uvicorn a.b:api --host " H " --port " P "\n"},
		{FILES({"config.ru", "run App\n"}),
			"config.ru:1: exec rackup -o " H " -p " P " config.ru\n"},
		{FILES({"public/index.php", "<?php echo 1;"}),
			"public/index.php:1: exec php -S " H ":" P " -t public\n"},
		{FILES({"cmd/d/main.go",
			 "package main\nfunc main() { http.ListenAndServe(\":1\", nil) }"}),
			"cmd/d/main.go:1: exec go run ./cmd/d\n"},
		{FILES({"src/org/x/Web.java",
			       "package org.x;\nclass Web { public static void main(String[] "
			       "a) { new ServerSocket(80); } }"},
			 {"build/classes/org/x/Web.class", "?"}),
			"src/org/x/Web.java:1: exec java -cp build/classes:'/usr/share/java/*' org.x.Web\n"},
		/* a name that is in the tree nowhere, tests, examples, and a library that can listen */
		{FILES({"x.service", "ExecStart=/usr/bin/absent\n"},
			 {"tests/web.py", "serve_forever()"}, {"examples/web.js", "x.listen(1)"},
			 {"lib.py", "def listen(): pass\n"}),
			""},
	};
	assert_told(cases, sizeof(cases) / sizeof(*cases));
}

static void
what_installs_or_documents_it_says_how_it_is_run(void **state)
{
	(void)state;
	const struct told cases[] = {
		{FILES({"bin/ebbd.pl", "Listen => 5"},
			 {"etc/ebbd.service",
				 "[Service]\nExecStart=-/opt/ebb/ebbd.pl --root %h\n"}),
			"etc/ebbd.service:2: exec ./bin/ebbd.pl\nbin/ebbd.pl:1: exec perl bin/ebbd.pl\n"},
		{FILES({"srv/x.py", "serve_forever()"},
			 {"Dockerfile",
				 "FROM a\nWORKDIR /app\nCMD [\"python3\", \"/app/srv/x.py\", \"a b\"]\n"}),
			"Dockerfile:3: " TOLD "exec python3 srv/x.py 'a b'\n"
			"srv/x.py:1: exec python3 srv/x.py\n"},
		/* a file that the image has from elsewhere */
		{FILES({"bin/ebb", "x"},
			 {"Dockerfile",
				 "FROM a\nENTRYPOINT [\"/usr/bin/perl\", \"/ebb-main/bin/ebb\", \"-l\", \"/etc/x\"]\n"}),
			"Dockerfile:2: " TOLD "exec perl bin/ebb -l /etc/x\n"},
		/* what a package of Python declares, where it has what serves; with the words of documents */
		{FILES({"pyproject.toml",
			       "[tool.x]\na = \"lib.no:where\"\n[project.scripts]\n"
			       "ebbd = \"ebb.cli:main\"\nebb-count = \"count.cli:main\"\n"},
			 {"src/ebb/__init__.py", "\n"}, {"src/ebb/cli.py", "def main(): pass\n"},
			 {"src/ebb/serve.py", "import socketserver\n"},
			 {"src/count/cli.py", "def main(): pass\n"},
			 {"README.md",
				 "ebbd is small.\n```\n$ ebbd --version\nebbd serve --dry-dock "
				 "yes\nebbd serve <DIR>\n```\n"}),
			"pyproject.toml:4: " SRC
			"exec " CALL("ebb.cli", "main") "\n"
							"README.md:4: " SRC "exec " CALL("ebb.cli",
								"main") " serve --dry-dock yes\n"},
		{FILES({"setup.py",
			       "setup(entry_points={'console_scripts': ['tide = tide.__main__:run']})\n"},
			 {"tide/__init__.py", "\n"}, {"tide/__main__.py", "import wsgiref\n"},
			 {"moon/__main__.py", "print(1)\n"}),
			"setup.py:1: exec python3 -m tide\n"},
		{FILES({"tide/__main__.py", "import wsgiref\n"}),
			"tide/__main__.py: exec python3 -m tide\n"},
	};
	assert_told(cases, sizeof(cases) / sizeof(*cases));
}

static void
what_is_done_once_before_is_done(void **state)
{
	(void)state;
	const struct told cases[] = {
		/* what documents say is done once before */
		{FILES({"web.py", "it = Flask(__name__)\n"},
			 {"README.rst",
				 "::\n\n    $ flask --app web init-db\n    $ flask --app web --debug run\n"
				 "    $ flask --app web drop-db\n\nflask init-db is prose.\n"}),
			"web.py:1, README.rst:3: [ -e .prepared ] || { python3 -m flask --app web.py:it "
			"init-db && : >.prepared; } || exit\nexec python3 -m flask --app web.py:it run "
			"--host " H " --port " P "\n"
			"web.py:1: exec python3 -m flask --app web.py:it run --host " H " --port " P
			"\n"},
		{FILES({"config.ru", "run App\n"},
			 {"INSTALL",
				 "  bundle exec rake db:create\n  rake db:migrate\n  rake test\n"}),
			"config.ru:1, INSTALL:1, INSTALL:2: [ -e .prepared ] || { rake db:create && rake "
			"db:migrate && : >.prepared; } || exit\nexec rackup -o " H " -p " P
			" config.ru\n"
			"config.ru:1: exec rackup -o " H " -p " P " config.ru\n"},
		/* a project's own scripts, and not what makes a project */
		{FILES({"server.js", "x.listen(1)"},
			 {"README", "  npm init\n  npm run db:setup\n"}),
			"server.js:1, README:2: [ -e .prepared ] || { npm run db:setup && : >.prepared; } "
			"|| exit\nexec node server.js\nserver.js:1: exec node server.js\n"},
		{FILES({"config.ru", "run App\n"},
			 {"INSTALL", "  rails generate migration Boats\n"}),
			"config.ru:1: exec rackup -o " H " -p " P " config.ru\n"},
	};
	assert_told(cases, sizeof(cases) / sizeof(*cases));
}

/* A script that is asked by a web server, with its interpreter's options; not what only uses a name alike. */
static void
a_script_for_a_web_server_gets_one(void **state)
{
	(void)state;
	const struct start_question q = {0};
	OWN_FREE char *found = starts(
		FILES({"cgi/log.pl", "#!/usr/bin/env perl\nuse CGI;\nprint header(-type => 1);\n"},
			{"cgi/tide.cgi",
				"#!/usr/bin/perl -wT\nprint \"Content-Type: text/plain\\n\\n$ENV{QUERY_STRING}\";\n"},
			{"lib/tool.pl", "#!/usr/bin/perl\nuse CGI::Escape;\n"}),
		&q);
	assert_true(
		str_starts(str_of(found), "cgi/log.pl:1: exec perl -e '# A server for programs"));
	assert_non_null(
		strstr(found, "' " H " " P " cgi log.pl perl\ncgi/tide.cgi:1: exec perl -e '"));
	assert_true(str_ends(str_of(found), "' " H " " P " cgi tide.cgi perl -wT\n"));
	assert_null(strstr(found, "tool.pl"));
	/* one quote in front, one behind, for each of the two */
	size_t quotes = 0;
	for (const char *c = found; *c; c++)
		quotes += *c == '\'';
	assert_int_equal(quotes, 4);
}

static void
add_run(struct start_question *q, bool served, const char *program, const char *words)
{
	struct seen_run *r = seen_run_list_add(&q->runs);
	struct str rest = str_of(words), word;
	r->program = mem_strdup(program);
	r->dir = mem_strdup("/work");
	r->served = served;
	while (str_next(&rest, '|', &word))
		strlist_add_str(&r->words, word);
}

static void
what_the_tests_ran_says_how_it_is_run(void **state)
{
	(void)state;
	OWN(start_question) struct start_question q = {0};
	const struct file *files =
		FILES({"sea", "?"}, {"sql/a.sql", "x"}, {"srv.pl", "x"}, {"t/srv.pl", "x"});
	add_run(&q, false, "/work/sea", "./sea|--db|out/it.db|--init|sql/a.sql");
	add_run(&q, false, "/work/sea", "./sea|--help");
	add_run(&q, true, "/work/sea", "./sea|--db|out/test 7.db|--port|0");
	add_run(&q, true, "/usr/bin/perl", "perl|srv.pl|127.0.0.1:0");
	add_run(&q, true, "/usr/bin/perl", "perl|t/srv.pl"); /* a test's own */
	add_run(&q, true, "/usr/bin/Xvfb", "Xvfb|:99");
	add_run(&q, true, "/work/t/helper", "t/helper");
	OWN_FREE char *found = starts(files, &q);
	assert_string_equal(found,
		"the tests: /work/sea waited for connections there: mkdir -p out\n"
		"[ -e out/it.db ] || /work/sea --db out/it.db --init sql/a.sql || exit\n"
		"exec /work/sea --db out/it.db --port " P "\n"
		"the tests: /work/sea waited for connections there: "
		"exec /work/sea --db 'out/test 7.db' --port " P "\n"
		"the tests: /usr/bin/perl waited for connections there: exec perl srv.pl 127.0.0.1:" P
		"\n");
}

static void
words_of_the_target_stay_words(void **state)
{
	(void)state;
	OWN(start_question) struct start_question q = {0};
	add_run(&q, true, "/work/a $(b)", "x|;reboot|`c`|'");
	OWN_FREE char *found = starts(FILES({"a $(b)", "?"}), &q);
	assert_non_null(strstr(found, ": exec '/work/a $(b)' ';reboot' '`c`' "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_tree_says_how_it_is_run),
		cmocka_unit_test(what_installs_or_documents_it_says_how_it_is_run),
		cmocka_unit_test(what_is_done_once_before_is_done),
		cmocka_unit_test(a_script_for_a_web_server_gets_one),
		cmocka_unit_test(what_the_tests_ran_says_how_it_is_run),
		cmocka_unit_test(words_of_the_target_stay_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
