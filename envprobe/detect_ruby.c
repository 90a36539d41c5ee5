/* Ruby: gemspec, Rakefile, Gemfile; native extensions by extconf.rb. */
#include "envprobe/detect.h"

#include "base/fs.h"
#include "envprobe/scan.h"

#include <ctype.h>
#include <string.h>

static const char *
file_like(const struct tree *t, const char *dir, const char *pattern)
{
	for (size_t i = 0; i < t->files.n; i++)
		if (detect_is_here(dir, t->files.v[i]) && tree_name_is(t->files.v[i], pattern))
			return t->files.v[i];
	return NULL;
}

/* A Gemfile alone may only list tools of somebody's. */
static char *
find(const struct tree *t, const char *dir)
{
	static const char *const names[] = {"Rakefile", "rakefile", "config.ru", NULL};
	const char *spec = file_like(t, dir, "*.gemspec");
	if (spec)
		return mem_strdup(spec);
	char *path = tree_find(t, dir, names);
	if (path)
		return path;
	return file_like(t, dir, "*.rb") ? tree_file(t, dir, "Gemfile") : NULL;
}

struct ruby {
	const struct tree *t;
	const char *dir;
	struct project *p;
};

static const struct call {
	const char *name;
	enum need_kind kind;
	enum need_scope scope;
	bool optional;
} gem_calls[] =
	{
		{"add_dependency", NEED_GEM, SCOPE_BUILD, false},
		{"add_runtime_dependency", NEED_GEM, SCOPE_BUILD, false},
		{"add_development_dependency", NEED_GEM, SCOPE_TEST, true},
		{"gem", NEED_GEM, SCOPE_TEST, true},
		{NULL, NEED_GEM, SCOPE_TEST, true},
},
  extension_calls[] = {
	  {"have_library", NEED_LIBRARY, SCOPE_BUILD, true},
	  {"find_library", NEED_LIBRARY, SCOPE_BUILD, true},
	  {"have_header", NEED_HEADER, SCOPE_BUILD, true},
	  {"find_header", NEED_HEADER, SCOPE_BUILD, true},
	  {"pkg_config", NEED_PKGCONFIG, SCOPE_BUILD, true},
	  {NULL, NEED_LIBRARY, SCOPE_BUILD, true},
};

/* s.required_ruby_version = ">= 2.7" */
static void
read_ruby_version(struct ruby *r, const char *path)
{
	static const char key[] = "required_ruby_version";
	OWN(buf) struct buf text = {0};
	tree_read(r->t, path, &text);
	struct str rest = buf_str(&text), line;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		const char *at = memmem(line.p, line.n, key, sizeof(key) - 1);
		const char *from = at ? memchr(at, '>', (size_t)(line.p + line.n - at)) : NULL;
		size_t left = from ? (size_t)(line.p + line.n - from) : 0, len = 0;
		while (len < left && strchr(">= 0123456789.", from[len]))
			len++;
		OWN_FREE char *why = scan_cite(path, n);
		if (len)
			detect_program(r->p, "ruby", str_trim((struct str){from, len}), why);
	}
}

static bool
mentions(const struct ruby *r, const char *path, const char *text)
{
	OWN(buf) struct buf all = {0};
	if (path)
		tree_read(r->t, path, &all);
	return all.n && memmem(all.p, all.n, text, strlen(text));
}

static bool
any_mentions(const struct ruby *r, const char *pattern, const char *text)
{
	for (size_t i = 0; i < r->t->files.n; i++)
		if (fs_is_below(r->t->files.v[i], r->dir) && !detect_is_aside(r->t->files.v[i]) &&
			tree_name_is(r->t->files.v[i], pattern) &&
			mentions(r, r->t->files.v[i], text))
			return true;
	return false;
}

/* What looks at sources, writes documentation, measures or makes a release: tests need it where something loads it. */
static bool
is_of_other_work(const struct ruby *r, const struct call *c, const char *gem)
{
	static const char *const names[] = {"annotate", "brakeman", "bundler-audit", "byebug",
		"coveralls", "fasterer", "flay", "flog", "gem-release", "jeweler", "launchy",
		"metric_fu", "overcommit", "pry", "pry-byebug", "pry-doc", "rcov", "reek", "roodi",
		"rubocop", "ruby-debug", "ruby-prof", "sdoc", "solargraph", "travis", "yard",
		"yardstick", NULL};
	static const char *const files[] = {"*.rb", "Rakefile", "*.rake", NULL};
	struct str name = str_of(gem);
	if (c->scope != SCOPE_TEST ||
		!(str_is_one(name, names) || str_starts(name, "guard") ||
			str_starts(name, "rubocop-") || str_starts(name, "yard-")))
		return false;
	OWN_FREE char *one = mem_printf("require '%s", gem), *two = mem_printf("require \"%s", gem);
	for (size_t i = 0; files[i]; i++)
		if (any_mentions(r, files[i], one) || any_mentions(r, files[i], two))
			return false;
	return true;
}

static void
read_calls(struct ruby *r, const char *path, const struct call *calls)
{
	OWN(buf) struct buf text = {0};
	tree_read(r->t, path, &text);
	struct str rest = buf_str(&text), line;
	for (unsigned n = 1; str_next_line(&rest, &line); n++) {
		line = str_trim(line);
		if (line.n && line.p[0] == '#')
			continue;
		for (const struct call *c = calls; c->name; c++) {
			OWN_FREE char *name = scan_string_behind(line, c->name, '(');
			OWN_FREE char *why = scan_cite(path, n);
			if (name && *name && !strpbrk(name, "\"'#{} \t") &&
				!is_of_other_work(r, c, name))
				detect_need(r->p, c->kind, name, c->scope, c->optional, why);
		}
	}
}

/* Bundler wants the very versions of a lock file; the system has one of each. */
static void
add_bundler(struct ruby *r)
{
	OWN_FREE char *lock = tree_file(r->t, r->dir, "Gemfile.lock");
	if (!any_mentions(r, "*.rb", "bundler") && !any_mentions(r, "Rakefile", "bundler"))
		return;
	detect_need(r->p, NEED_GEM, "bundler", SCOPE_BUILD, false, r->p->evidence);
	if (!lock)
		return;
	strlist_add(&r->p->options, "gemfile-lock=left out, for the versions of the system's gems");
	detect_command(r->p, PHASE_CONFIGURE, lock, "rm -f Gemfile.lock");
}

/* What a gem would install beside its library is put there. */
static void
add_extensions(struct ruby *r, const char *rakefile)
{
	bool compiled = mentions(r, rakefile, "ExtensionTask"), any = false;
	for (size_t i = 0; i < r->t->files.n; i++) {
		const char *path = r->t->files.v[i];
		if (!fs_is_below(path, r->dir) || !tree_name_is(path, "extconf.rb") ||
			detect_is_aside(path) || strpbrk(path, "'\n"))
			continue;
		const char *inside = path + (*r->dir ? strlen(r->dir) + 1 : 0);
		OWN_FREE char *dir =
			mem_strndup(path, (size_t)(fs_name(path) - path) - (fs_name(path) != path));
		OWN_FREE char *here = mem_strndup(inside, (size_t)(fs_name(inside) - inside));
		any = true;
		read_calls(r, path, extension_calls);
		detect_includes(r->t, dir, r->p);
		detect_compilers(r->t, dir, r->p);
		if (!compiled)
			detect_command(r->p, PHASE_BUILD, path,
				"(cd './%s' && ruby extconf.rb && make) && mkdir -p lib && cp './%s'*.so lib/",
				here, here);
	}
	if (!any)
		return;
	detect_need(r->p, NEED_PROGRAM, "make", SCOPE_BUILD, false, r->p->evidence);
	detect_need(r->p, NEED_HEADER, "ruby.h", SCOPE_BUILD, false, r->p->evidence);
	if (compiled)
		detect_command(r->p, PHASE_BUILD, rakefile, "rake compile");
}

static bool
has_tests(const struct ruby *r, const char *sub, const char *first, const char *second)
{
	OWN_FREE char *dir = tree_join(r->dir, sub);
	for (size_t i = 0; i < r->t->files.n; i++)
		if (fs_is_below(r->t->files.v[i], dir) &&
			(tree_name_is(r->t->files.v[i], first) ||
				tree_name_is(r->t->files.v[i], second)))
			return true;
	return false;
}

static void
add_tests(struct ruby *r, const char *rakefile)
{
	bool task = mentions(r, rakefile, "TestTask") || mentions(r, rakefile, "task :test") ||
		    mentions(r, rakefile, "task test:");
	if (has_tests(r, "spec", "*_spec.rb", "*_spec.rb")) {
		detect_need(r->p, NEED_GEM, "rspec", SCOPE_TEST, false, "spec/");
		detect_test(r->p, FORMAT_RSPEC, NULL, r->p->evidence, "rspec -I lib -f json");
	}
	if (!has_tests(r, "test", "test*.rb", "*test.rb"))
		return;
	if (any_mentions(r, "*.rb", "minitest"))
		detect_need(r->p, NEED_GEM, "minitest", SCOPE_TEST, false, "test/");
	if (any_mentions(r, "*.rb", "test/unit"))
		detect_need(r->p, NEED_GEM, "test-unit", SCOPE_TEST, false, "test/");
	if (task)
		detect_test(r->p, FORMAT_MINITEST, NULL, rakefile, "rake test TESTOPTS=-v");
	else
		detect_test(r->p, FORMAT_MINITEST, NULL, r->p->evidence,
			"ruby -I lib -I test -e 'Dir[\"test/**/{test*,*test}.rb\"].sort.each { |f| require \"./#{f}\" }' -- -v");
}

static void
read_project(const struct tree *t, const char *dir, struct project *p)
{
	struct ruby r = {t, dir, p};
	static const char *const rakefiles[] = {"Rakefile", "rakefile", NULL};
	OWN_FREE char *rakefile = tree_find(t, dir, rakefiles),
		      *gemfile = tree_file(t, dir, "Gemfile");
	const char *spec = file_like(t, dir, "*.gemspec");
	detect_need(p, NEED_PROGRAM, "ruby", SCOPE_BUILD, false, p->evidence);
	if (rakefile)
		detect_need(p, NEED_PROGRAM, "rake", SCOPE_BUILD, false, rakefile);
	if (spec) {
		read_calls(&r, spec, gem_calls);
		read_ruby_version(&r, spec);
	}
	if (gemfile)
		read_calls(&r, gemfile, gem_calls);
	add_bundler(&r);
	add_extensions(&r, rakefile);
	detect_command(p, PHASE_BUILD, p->evidence,
		"find . \\( -path ./vendor -o -name 'test*' -o -name 'spec*' -o -name 'fixture*' \\) -prune -o "
		"-name '*.rb' -print0 | xargs -0 -r -n 1 ruby -c");
	add_tests(&r, rakefile);
}

const struct detector detect_ruby = {SYSTEM_RUBY, find, read_project};
