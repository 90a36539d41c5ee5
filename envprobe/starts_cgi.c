/*
 * Programs that a web server runs for each request (CGI, RFC 3875): scripts that say so, served by a small server of one text
 * in Perl, which every Debian has.
 */
#include "envprobe/starts.h"

#include "envprobe/data.h"
#include "envprobe/scan.h"

#include <string.h>

#define MAX_SCRIPTS 2

/* Does it look at what it is asked, and answer with a head? */
static bool
is_cgi(struct str text)
{
	static const char *const marks[] = {
		"use CGI", "require CGI", "GATEWAY_INTERFACE", "QUERY_STRING", "import cgi", NULL};
	static const char *const answers[] = {"header(", "Content-type:", "Content-Type:", NULL};
	for (size_t i = 0; str_starts(text, "#!") && marks[i]; i++)
		for (size_t k = 0; answers[k]; k++)
			if (memmem(text.p, text.n, marks[i], strlen(marks[i])) &&
				memmem(text.p, text.n, answers[k], strlen(answers[k])))
				return true;
	return false;
}

/* The interpreter of the first line, as it is found here, with its options. */
static void
put_interpreter(struct str text, struct buf *out)
{
	struct str rest = text, line, word;
	if (!str_next_line(&rest, &line))
		return;
	rest = (struct str){line.p + 2, line.n - 2};
	for (bool first = true; str_next_word(&rest, &word);) {
		if (first && str_ends(word, "/env"))
			continue;
		buf_putc(out, ' ');
		buf_put_shell(out, first ? str_behind(word, "/") : word);
		first = false;
	}
}

static void
add_script(const char *path, struct str text, struct start_try_list *ret)
{
	OWN(buf) struct buf run = {0};
	OWN_FREE char *why = scan_cite(path, 1);
	struct str name = str_behind(str_of(path), "/");
	size_t dir = strlen(path) - name.n;
	/* it has no quote of this kind, and any shell knows lines in it */
	buf_printf(&run, "exec perl -e '" STR_FMT "'", STR_ARG(data_cgi()));
	buf_puts(&run, " " STARTS_HOST " " STARTS_PORT " ");
	buf_put_shell(&run, dir ? (struct str){path, dir - 1} : STR("."));
	buf_putc(&run, ' ');
	buf_put_shell(&run, name);
	put_interpreter(text, &run);
	starts_add(ret, NULL, why, "%s", run.p);
}

void
starts_from_cgi(const struct tree *t, struct start_try_list *ret)
{
	for (size_t i = 0, n = 0; i < t->files.n && n < MAX_SCRIPTS; i++) {
		const char *path = t->files.v[i];
		OWN(buf) struct buf text = {0};
		if (starts_is_aside(path))
			continue;
		if (!tree_name_is(path, "*.cgi") && !tree_name_is(path, "*.pl") &&
			!strstr(path, "cgi-bin/"))
			continue;
		tree_read(t, path, &text);
		if (!is_cgi(buf_str(&text)))
			continue;
		add_script(path, buf_str(&text), ret);
		n++;
	}
}
