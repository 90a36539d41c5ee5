/* What is read of a target to find out what it needs. */
#include "envprobe/cargo_manifest.h"
#include "envprobe/ddl.h"
#include "envprobe/detect.h"
#include "envprobe/endpoints.h"
#include "envprobe/references.h"
#include "envprobe/scan.h"
#include "envprobe/version.h"
#include "tests/base/fuzzing.h"
#include "tests/base/tmpdir.h"

static void
one_ddl(struct str input)
{
	OWN(ddl) struct ddl d = {0};
	ddl_read(input, &d);
	fuzz_holds(d.n <= DDL_MAX_TABLES);
}

static void
one_cargo(struct str input)
{
	OWN(cargo_manifest) struct cargo_manifest m = {0};
	cargo_manifest_read(input, &m);
}

static void
one_calls(struct str input)
{
	for (int language = SCAN_M4; language <= SCAN_MESON; language++) {
		struct scan s = {
			.text = input, .line = 1, .language = (enum scan_language)language};
		struct scan_call call = {0};
		while (scan_next_call(&s, &call))
			scan_call_cleanup(&call);
	}
}

/* A tree of one file: its build system, what it needs, what it speaks to. */
static void
one_tree(struct str input)
{
	char name[FUZZ_NAME + 1];
	struct str text = fuzz_split(input, name);
	if (!*name || strchr(name, '/') || name[0] == '.' || strlen(name) < strcspn(name, "\n"))
		return;
	static char *dir;
	if (!dir)
		dir = tmpdir_create();
	OWN_FD int fd = tmpdir_open_fd(dir);
	OWN_FREE char *whole = str_dup(text); /* ends at a NUL, as written here */
	tmpdir_write(fd, name, whole);
	struct tree t = {.fd = -1};
	struct project p;
	OWN(surroundings) struct surroundings around = {0};
	OWN(file_reference_list) struct file_reference_list references = {0};
	fuzz_holds(tree_open(dir, &t, NULL) == 0);
	detect_project(&t, NULL, &p);
	(void)!surroundings_in_tree(&t, &around, NULL);
	(void)!references_find(&t, &references, NULL);
	tree_cleanup(&t);
	project_cleanup(&p);
	fuzz_holds(unlinkat(fd, name, 0) == 0);
}

const struct fuzz_target fuzz_targets[] = {
	{"ddl", one_ddl, NULL, false,
		STR("CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE TABLE t (id serial PRIMARY KEY, n numeric(8,2) CHECK (n > 0 AND n < 10), m mood NOT NULL,\n"
		    " name varchar(20) UNIQUE DEFAULT 'x', u int REFERENCES u(id), CONSTRAINT c CHECK (length(name) > 2));\nINSERT INTO t VALUES (1, $$a$$);\n")},
	{"cargo", one_cargo, NULL, false,
		STR("[package]\nname = \"x\"\nrust-version = \"1.60\"\n[dependencies]\nserde = { version = \"1\", features = [\"derive\"], optional = true }\n"
		    "[target.'cfg(windows)'.dependencies]\nw = \"0.3\"\n[dev-dependencies.y]\ngit = \"https://u:p@h/y\"\n")},
	{"calls", one_calls, NULL, false,
		STR("AC_INIT([a], [1.0])\nPKG_CHECK_MODULES([X], [glib-2.0 >= 2.4 zlib])\ndnl no\nfind_package(Foo 1.2 REQUIRED COMPONENTS a b)\n"
		    "dependency('zlib', version: '>=1.2', required: get_option('z')) # c\n")},
	{"tree", one_tree, "apps", true, {0}},
	{0},
};
