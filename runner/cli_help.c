/* What is made from the subcommand tables: help, bash completion, manual pages. */
#include "runner/cli.h"

#include <string.h>

static void
print_option(const struct option_def *o)
{
	OWN(buf) struct buf left = {0};
	if (o->letter)
		buf_printf(&left, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(&left, "      --%s", o->name);
	if (o->argname)
		buf_printf(&left, " %s", o->argname);
	printf("%-28s %s\n", left.p, o->help);
}

static void
print_options(const struct option_def *o)
{
	for (; o && o->name; o++)
		print_option(o);
}

void
cli_print_help(const struct subcommand *c)
{
	printf("drydock %s: %s\n\nUsage: drydock %s [OPTIONS]%s%s\n", c->name, c->summary, c->name,
		*c->args ? " " : "", c->args);
	if (c->description)
		printf("\n%s\n", c->description);
	printf("\nOptions:\n");
	print_options(c->options);
	print_options(cli_common_options);
}

bool
cli_print_group(const struct subcommand *const *table, const char *word, FILE *to)
{
	size_t n = strlen(word);
	bool any = false;
	for (; *table; table++) {
		const char *name = (*table)->name;
		if ((*table)->hidden || strncmp(name, word, n) != 0 || name[n] != ' ')
			continue;
		if (!any)
			fprintf(to,
				"Usage: drydock %s COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n",
				word);
		fprintf(to, "  %-16s %s\n", name, (*table)->summary);
		any = true;
	}
	if (any)
		fprintf(to, "\nEach command has --help.\n");
	return any;
}

void
cli_print_overview(const struct subcommand *const *table, FILE *to)
{
	fputs("drydock: bring an application nobody knows how to build into dry dock\n\n"
	      "Usage: drydock COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n",
		to);
	for (; *table; table++)
		if (!(*table)->hidden)
			fprintf(to, "  %-16s %s\n", (*table)->name, (*table)->summary);
	fputs("\nEach command has --help.  Exit status: 0 done, 1 the target failed, 2 usage,\n"
	      "3 drydock's own failure, 4 stopped and resumable.\n",
		to);
}

static void
add_option_words(const struct option_def *o, struct buf *out)
{
	for (; o && o->name; o++)
		buf_printf(out, " --%s", o->name);
}

/* How long the first word of its name is. */
static int
first_word(const struct subcommand *c)
{
	return (int)strcspn(c->name, " ");
}

static bool
is_first_of_group(const struct subcommand *const *table, const struct subcommand *const *c)
{
	const int n = first_word(*c) + 1; /* with what ends it */
	for (; table < c; table++)
		if (!(*table)->hidden && strncmp((*table)->name, (*c)->name, (size_t)n) == 0)
			return false;
	return true;
}

/* After "image": the second words of the commands that begin with it. */
static void
add_groups(const struct subcommand *const *table, struct buf *out)
{
	for (const struct subcommand *const *c = table; *c; c++) {
		const int n = first_word(*c);
		if ((*c)->hidden || !(*c)->name[n] || !is_first_of_group(table, c))
			continue;
		buf_printf(out, "\t\"%.*s \"*) COMPREPLY=($(compgen -W \"", n, (*c)->name);
		for (const struct subcommand *const *k = c; *k; k++)
			if (!(*k)->hidden && strncmp((*k)->name, (*c)->name, (size_t)n + 1) == 0)
				buf_printf(out, " %s", (*k)->name + n + 1);
		buf_puts(out, "\" -- \"$cur\")) ;;\n");
	}
}

void
cli_write_completion(const struct subcommand *const *table, struct buf *out)
{
	buf_puts(out, "# bash completion for drydock; `drydock completion bash` writes it\n"
		      "_drydock() {\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\"${COMP_WORDS[*]:1}\"\n"
		      "\tcase $words in\n");
	for (const struct subcommand *const *c = table; *c; c++) {
		if ((*c)->hidden)
			continue;
		buf_printf(out, "\t\"%s \"*) COMPREPLY=($(compgen -W \"", (*c)->name);
		add_option_words((*c)->options, out);
		add_option_words(cli_common_options, out);
		buf_puts(out, "\" -- \"$cur\") $(compgen -f -- \"$cur\")) ;;\n");
	}
	add_groups(table, out);
	buf_puts(out, "\t*) COMPREPLY=($(compgen -W \"help");
	for (const struct subcommand *const *c = table; *c; c++)
		if (!(*c)->hidden && is_first_of_group(table, c))
			buf_printf(out, " %.*s", first_word(*c), (*c)->name);
	buf_puts(
		out, "\" -- \"$cur\")) ;;\n\tesac\n}\ncomplete -o filenames -F _drydock drydock\n");
}

/* Text for roff: a leading dot or quote would be a request, a backslash an escape. */
static void
put_roff(struct buf *out, const char *text)
{
	bool line_start = true;
	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			buf_puts(out, "\\&");
		if (*text == '\\')
			buf_puts(out, "\\e");
		else if (*text == '-')
			buf_puts(out, "\\-");
		else
			buf_putc(out, *text);
		line_start = *text == '\n';
	}
}

static void
put_roff_options(struct buf *out, const struct option_def *o)
{
	for (; o && o->name; o++) {
		buf_puts(out, ".TP\n.B ");
		OWN_FREE char *name = o->letter ? mem_printf("-%c, --%s", o->letter, o->name)
						: mem_printf("--%s", o->name);
		put_roff(out, name);
		if (o->argname)
			buf_printf(out, " \\fI%s\\fR", o->argname);
		buf_putc(out, '\n');
		put_roff(out, o->help);
		buf_puts(out, ".\n");
	}
}

static void
put_roff_head(struct buf *out, const char *page, const char *summary)
{
	buf_printf(out, ".TH \"%s\" 1 \"\" \"drydock %s\" \"drydock manual\"\n.SH NAME\n", page,
		DD_VERSION);
	put_roff(out, page);
	buf_puts(out, " \\- ");
	put_roff(out, summary);
	buf_puts(out, "\n.SH SYNOPSIS\n");
}

static void
write_overview_man(const struct subcommand *const *table, struct buf *out)
{
	put_roff_head(out, "drydock", "sandboxed build-and-QA runner for legacy applications");
	buf_puts(out,
		".B drydock\n.I COMMAND\n[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n.SH COMMANDS\n");
	for (; *table; table++) {
		if ((*table)->hidden)
			continue;
		buf_puts(out, ".TP\n.B ");
		put_roff(out, (*table)->name);
		buf_putc(out, '\n');
		put_roff(out, (*table)->summary);
		buf_puts(out, ".\n");
	}
	buf_puts(out,
		".SH EXIT STATUS\n0 done, 1 the target failed, 2 usage, 3 drydock's own failure,\n"
		"4 stopped and resumable.\n");
}

void
cli_write_man(const struct subcommand *const *table, const struct subcommand *c, struct buf *out)
{
	if (!c) {
		write_overview_man(table, out);
		return;
	}
	OWN_FREE char *page = mem_printf("drydock-%s", c->name);
	for (char *p = page; *p; p++)
		if (*p == ' ')
			*p = '-';
	put_roff_head(out, page, c->summary);
	buf_puts(out, ".B drydock ");
	put_roff(out, c->name);
	buf_puts(out, "\n[\\fIOPTIONS\\fR] ");
	put_roff(out, c->args);
	buf_puts(out, "\n");
	if (c->description) {
		buf_puts(out, ".SH DESCRIPTION\n");
		put_roff(out, c->description);
		buf_putc(out, '\n');
	}
	buf_puts(out, ".SH OPTIONS\n");
	put_roff_options(out, c->options);
	put_roff_options(out, cli_common_options);
}
