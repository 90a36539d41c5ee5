#include "graph/lang.h"

#include "base/fs.h"

#include <string.h>

static const char *const names[LANG_END] = {"text", "c", "c++", "python", "java", "javascript",
	"typescript", "tsx", "go", "rust", "c#", "php", "ruby", "bash"};

const char *
lang_name(enum lang_id id)
{
	return names[(unsigned)id < LANG_END ? id : LANG_NONE];
}

/* ---- which language ---- */

static const struct {
	const char *suffix;
	enum lang_id id;
} suffixes[] = {
	{".c", LANG_C},
	{".cc", LANG_CPP},
	{".cpp", LANG_CPP},
	{".cxx", LANG_CPP},
	{".c++", LANG_CPP},
	{".C", LANG_CPP},
	{".hh", LANG_CPP},
	{".hpp", LANG_CPP},
	{".hxx", LANG_CPP},
	{".inl", LANG_CPP},
	{".ipp", LANG_CPP},
	{".py", LANG_PYTHON},
	{".pyi", LANG_PYTHON},
	{".pyw", LANG_PYTHON},
	{".java", LANG_JAVA},
	{".js", LANG_JAVASCRIPT},
	{".mjs", LANG_JAVASCRIPT},
	{".cjs", LANG_JAVASCRIPT},
	{".jsx", LANG_JAVASCRIPT},
	{".ts", LANG_TYPESCRIPT},
	{".mts", LANG_TYPESCRIPT},
	{".cts", LANG_TYPESCRIPT},
	{".tsx", LANG_TSX},
	{".go", LANG_GO},
	{".rs", LANG_RUST},
	{".cs", LANG_CSHARP},
	{".php", LANG_PHP},
	{".phtml", LANG_PHP},
	{".rb", LANG_RUBY},
	{".rake", LANG_RUBY},
	{".gemspec", LANG_RUBY},
	{".sh", LANG_BASH},
	{".bash", LANG_BASH},
};

static const struct {
	const char *word;
	enum lang_id id;
} interpreters[] = {
	{"python", LANG_PYTHON},
	{"node", LANG_JAVASCRIPT},
	{"php", LANG_PHP},
	{"ruby", LANG_RUBY},
	{"bash", LANG_BASH},
	{"/sh", LANG_BASH},
	{"dash", LANG_BASH},
	{"env sh", LANG_BASH},
};

static enum lang_id
by_first_line(struct str text)
{
	struct str line;
	if (!str_starts(text, "#!") || !str_next_line(&text, &line))
		return LANG_NONE;
	for (size_t i = 0; i < sizeof(interpreters) / sizeof(*interpreters); i++)
		if (memmem(line.p, line.n, interpreters[i].word, strlen(interpreters[i].word)))
			return interpreters[i].id;
	return LANG_NONE;
}

/* Is there a line of the header that only C++ has? */
static bool
looks_like_cpp(struct str text)
{
	static const char *const words[] = {"class ", "namespace ", "template<", "template <",
		"public:", "private:", "protected:", "using ", "virtual ", NULL};
	struct str line;
	while (str_next_line(&text, &line)) {
		line = str_trim(line);
		for (const char *const *w = words; *w; w++)
			if (str_starts(line, *w))
				return true;
	}
	return false;
}

enum lang_id
lang_detect(const char *path, struct str text)
{
	const char *dot = strrchr(fs_name(path), '.');
	if (!dot)
		return by_first_line(text);
	if (strcmp(dot, ".h") == 0)
		return looks_like_cpp(text) ? LANG_CPP : LANG_C;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (strcmp(dot, suffixes[i].suffix) == 0)
			return suffixes[i].id;
	return by_first_line(text);
}

bool
lang_is_test(enum lang_id id, const char *path, struct str name)
{
	struct str file = str_of(fs_name(path));
	switch (id) {
	case LANG_PYTHON:
		return str_starts(name, "test") &&
		       (str_starts(file, "test") || str_ends(file, "_test.py"));
	case LANG_GO:
		return str_ends(file, "_test.go") && str_starts(name, "Test");
	case LANG_RUBY:
		return str_starts(name, "test_") &&
		       (str_starts(file, "test_") || str_ends(file, "_test.rb"));
	case LANG_PHP:
		return str_starts(name, "test") && str_ends(file, "Test.php");
	case LANG_JAVA:
		return str_starts(name, "test") &&
		       (str_ends(file, "Test.java") || str_starts(file, "Test"));
	case LANG_C:
	case LANG_CPP:
		return str_starts(name, "test_") && str_starts(file, "test");
	default:
		return false;
	}
}
