/* Which options of a build are about its tests, by their names. */
#include "envprobe/detect.h"

#include <string.h>
#include <strings.h>

/* Is it one of the words, whatever their case? */
static bool
is_word(struct str s, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (s.n == strlen(words[i]) && strncasecmp(s.p, words[i], s.n) == 0)
			return true;
	return false;
}

bool
detect_looks_like_tests(struct str word)
{
	static const char *const alike[] = {"latest", "greatest", "fastest", "contest", "attest",
		"attestation", "protest", "checkout", NULL};
	return is_word(word, alike);
}

/* A word of how tests are run, or what for. */
static bool
is_how(struct str word)
{
	static const char *const how[] = {"valgrind", "memcheck", "coverage", "sanitize",
		"sanitizer", "sanitizers", "asan", "msan", "tsan", "ubsan", "fuzz", "fuzzing",
		"bench", "benchmark", "benchmarks", "perf", "performance", "install", "installed",
		"system", "external", "shared", "static", "network", "online", "gpu", "cuda", NULL};
	return is_word(word, how);
}

/* "BuildTests" and "LIBXTESTS" are one word each. */
static bool
has_tests(struct str word)
{
	return !detect_looks_like_tests(word) &&
	       (memmem(word.p, word.n, "TEST", 4) || memmem(word.p, word.n, "Test", 4));
}

enum about_tests
detect_about_tests(const char *name)
{
	static const char *const tests[] = {
		"test", "tests", "testing", "unittest", "unittests", "testsuite", "selftest", NULL};
	static const char *const not [] = {
		"without", "no", "disable", "disabled", "skip", "omit", "exclude", NULL};
	bool any = false, off = false;
	for (const char *p = name; *p;) {
		size_t n = strcspn(p, "_-");
		struct str word = {p, n};
		if (is_how(word))
			return ABOUT_NONE;
		any = any || is_word(word, tests) || has_tests(word);
		off = off || is_word(word, not );
		p += n + (p[n] != '\0');
	}
	return !any ? ABOUT_NONE : off ? ABOUT_OFF : ABOUT_ON;
}

static bool
says_how(const char *text)
{
	bool any = false;
	for (const char *p = text; *p && !any;) {
		size_t n = strcspn(p, "_- \t,.;:()/");
		any = is_how((struct str){p, n});
		p += n + (p[n] != '\0');
	}
	return any;
}

bool
detect_builds_tests(const char *name, const char *description)
{
	static const char *const verbs[] = {"build", "compile", "enable", "make", NULL};
	static const char *const fill[] = {"the", "all", "and", "run", "unit", "internal", NULL};
	static const char *const tests[] = {
		"test", "tests", "testsuite", "test-suite", "unittests", NULL};
	struct str rest = str_of(description ? description : ""), word;
	if (says_how(name) || says_how(rest.p) || !str_next_word(&rest, &word) ||
		!is_word(word, verbs))
		return false;
	bool more = str_next_word(&rest, &word);
	while (more && is_word(word, fill))
		more = str_next_word(&rest, &word);
	while (more && word.n && strchr(",.;", word.p[word.n - 1]))
		word.n--;
	return more && is_word(word, tests);
}
