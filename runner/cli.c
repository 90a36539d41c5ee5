#include "runner/cli.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define COMMON(member) offsetof(struct common_options, member)
const struct option_def cli_common_options[] = {
	{"state", 0, OPTION_TEXT, COMMON(state), "DIR",
		"where runs, images and caches live (default: /var/lib/drydock for root, else the XDG "
		"state directory)"},
	{"json", 0, OPTION_FLAG, COMMON(json), NULL, "print the result as JSON"},
	{"quiet", 'q', OPTION_FLAG, COMMON(quiet), NULL, "no progress on standard error"},
	{"verbose", 'v', OPTION_FLAG, COMMON(verbose), NULL, "more about what is going on"},
	{"help", 'h', OPTION_FLAG, COMMON(help), NULL, "this help"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

static const struct option_def *
find_option(const struct option_def *table, struct str name, char letter)
{
	for (; table && table->name; table++)
		if (letter ? table->letter == letter : str_eq(name, table->name))
			return table;
	return NULL;
}

static const struct option_def *
lookup(const struct subcommand *c, struct str name, char letter)
{
	const struct option_def *o = find_option(c->options, name, letter);
	return o ? o : find_option(cli_common_options, name, letter);
}

bool
cli_parse_bytes(const char *text, uint64_t *ret_bytes)
{
	static const char suffixes[] = "KMGT";
	struct str s = str_of(text);
	unsigned shift = 0;
	const char *suffix = s.n ? strchr(suffixes, s.p[s.n - 1]) : NULL;
	if (suffix && *suffix) {
		shift = 10 * (unsigned)(suffix - suffixes + 1);
		s.n--;
	}
	uint64_t v;
	if (!str_parse_u64(s, UINT64_MAX >> shift, &v))
		return false;
	*ret_bytes = v << shift;
	return true;
}

/* Store one option's value; false when the text does not fit its kind. */
static bool
store_option(const struct option_def *o, void *options, const char *text)
{
	void *at = (char *)options + o->offset;
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return true;
	case OPTION_TEXT:
		*(const char **)at = text;
		return true;
	case OPTION_TEXTS:
		strlist_add(at, text);
		return true;
	case OPTION_NUMBER:
		return str_parse_u64(str_of(text), UINT64_MAX, at) && *(uint64_t *)at;
	case OPTION_BYTES:
		return cli_parse_bytes(text, at);
	case OPTION_LIMIT:
		return cli_parse_bytes(text, at) && *(uint64_t *)at;
	}
	return false;
}

struct parse {
	const struct subcommand *c;
	char **argv;
	size_t i; /* of the word being read */
	void *options;
	size_t nargs;
};

static int
take_value(struct parse *p, const struct option_def *o, const char *inline_value)
{
	const char *value = inline_value;
	if (o->kind == OPTION_FLAG && inline_value)
		return cli_usage_error(p->c, "--%s takes no value", o->name);
	if (o->kind != OPTION_FLAG && !value) {
		value = p->argv[p->i + 1];
		if (!value)
			return cli_usage_error(p->c, "--%s needs a value: %s", o->name, o->argname);
		p->i++;
	}
	if (!store_option(o, p->options, value))
		return cli_usage_error(
			p->c, "--%s: \"%s\" is not a valid %s", o->name, value, o->argname);
	return 0;
}

static int
parse_option(struct parse *p)
{
	const char *word = p->argv[p->i];
	struct str name = str_of(word + 2);
	const char *value = NULL;
	const struct option_def *o;
	if (word[1] == '-') {
		const char *eq = strchr(word, '=');
		if (eq) {
			name.n = (size_t)(eq - name.p);
			value = eq + 1;
		}
		o = lookup(p->c, name, 0);
	} else {
		o = word[2] ? NULL : lookup(p->c, (struct str){0}, word[1]);
	}
	if (!o)
		return cli_usage_error(p->c, "unknown option %s", word);
	return take_value(p, o, value);
}

/* Options into p->options, positional arguments to the front of argv. */
static int
parse_words(struct parse *p)
{
	bool only_args = false;
	for (p->i = 0; p->argv[p->i]; p->i++) {
		char *word = p->argv[p->i];
		if (!only_args && strcmp(word, "--") == 0) {
			only_args = true;
		} else if (!only_args && word[0] == '-' && word[1]) {
			int status = parse_option(p);
			if (status)
				return status;
		} else {
			only_args = only_args || p->c->stop_at_first_arg;
			p->argv[p->nargs++] = word;
		}
	}
	p->argv[p->nargs] = NULL;
	return 0;
}

static int
run_subcommand(const struct subcommand *c, char **argv)
{
	OWN_FREE void *options = mem_zalloc(1, c->options_size + sizeof(struct common_options));
	struct parse p = {.c = c, .argv = argv, .options = options};
	int status = parse_words(&p);
	if (status)
		return status;
	const struct common_options *common = options;
	if (common->help) {
		cli_print_help(c);
		return EXIT_DONE;
	}
	if (p.nargs < c->min_args)
		return cli_usage_error(c, "missing argument: %s", c->args);
	if (p.nargs > c->max_args)
		return cli_usage_error(c, "unexpected argument \"%s\"", argv[c->max_args]);
	log_init(common->quiet ? LOG_QUIET : common->verbose ? LOG_VERBOSE : LOG_NORMAL);
	struct cli_call call = {c, options, argv, p.nargs};
	status = c->run(&call);
	for (const struct option_def *o = c->options; o && o->name; o++)
		if (o->kind == OPTION_TEXTS)
			strlist_cleanup((struct strlist *)((char *)options + o->offset));
	return status;
}

/* Does "image build" match the words of argv?  Gives the number of words, 0 if not. */
static size_t
match_name(const char *name, char **argv)
{
	struct str rest = str_of(name), word;
	size_t n = 0;
	while (str_next(&rest, ' ', &word)) {
		if (!argv[n] || !str_eq(word, argv[n]))
			return 0;
		n++;
	}
	return n;
}

const struct subcommand *
cli_find(const struct subcommand *const *table, char **argv, size_t *ret_words)
{
	const struct subcommand *best = NULL;
	size_t words = 0;
	for (; *table; table++) {
		size_t n = match_name((*table)->name, argv);
		if (n > words) {
			best = *table;
			words = n;
		}
	}
	if (best)
		*ret_words = words;
	return best;
}

/* Levenshtein distance of two short words (Wagner and Fischer, 1974), for "did you mean". */
static size_t
distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	if (n > 31 || strlen(a) > 31)
		return SIZE_MAX;
	size_t row[32];
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t d = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < d)
				d = row[j] + 1;
			if (row[j - 1] + 1 < d)
				d = row[j - 1] + 1;
			row[j] = d;
		}
	}
	return row[n];
}

static int
unknown_command(const struct subcommand *const *table, const char *word)
{
	const char *near = NULL;
	size_t best = 3;
	for (; *table; table++) {
		size_t d = (*table)->hidden ? SIZE_MAX : distance(word, (*table)->name);
		if (d < best) {
			best = d;
			near = (*table)->name;
		}
	}
	OWN(buf) struct buf safe = {.max = 256};
	buf_put_visible(&safe, str_of(word));
	fprintf(stderr, "drydock: unknown command \"%s\"", safe.p);
	if (near)
		fprintf(stderr, ", did you mean \"%s\"?", near);
	fprintf(stderr, " (drydock help lists them)\n");
	return EXIT_USAGE;
}

static bool
is_help(const char *word)
{
	return word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0);
}

/* "image --help" and "help image" list what there is; "image" alone, or "image sail", is an error. */
static int
group(const struct subcommand *const *table, char **argv, bool help)
{
	help = help || is_help(argv[1]);
	if (!argv[1] || argv[1][0] == '-') {
		if (cli_print_group(table, argv[0], help ? stdout : stderr))
			return help ? EXIT_DONE : EXIT_USAGE;
		return unknown_command(table, argv[0]);
	}
	OWN_FREE char *both = mem_printf("%s %s", argv[0], argv[1]);
	OWN_FREE char *prefix = mem_printf("%s ", argv[0]);
	for (const struct subcommand *const *c = table; *c; c++)
		if (str_starts(str_of((*c)->name), prefix))
			return unknown_command(table, both);
	return unknown_command(table, argv[0]);
}

static int
dispatch(const struct subcommand *const *table, char **argv)
{
	if (!argv[0]) {
		cli_print_overview(table, stderr);
		return EXIT_USAGE;
	}
	if (is_help(argv[0]) || (strcmp(argv[0], "help") == 0 && !argv[1])) {
		cli_print_overview(table, stdout);
		return EXIT_DONE;
	}
	bool help = strcmp(argv[0], "help") == 0;
	size_t words;
	const struct subcommand *c = cli_find(table, argv + help, &words);
	if (!c)
		return group(table, argv + help, help);
	if (help) {
		cli_print_help(c);
		return EXIT_DONE;
	}
	return run_subcommand(c, argv + words);
}

int
cli_main(const struct subcommand *const *table, char **argv)
{
	/* Where it is ignored, as some start us, there is no child to wait for. */
	(void)signal(SIGCHLD, SIG_DFL);
	int status = dispatch(table, argv);
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "drydock: standard output: cannot write%s%s\n", errno ? ": " : "",
		errno ? strerror(errno) : "");
	return EXIT_OURS;
}

int
cli_fail(int status, const struct dd_err *err)
{
	OWN(buf) struct buf line = {.max = 4096};
	buf_put_visible(&line, str_of(err_msg(err)));
	fprintf(stderr, "drydock: %s\n", line.p);
	return status;
}

int
cli_usage_error(const struct subcommand *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	OWN_FREE char *msg = mem_vprintf(fmt, ap);
	va_end(ap);
	OWN(buf) struct buf line = {.max = 4096};
	buf_put_visible(&line, str_of(msg));
	fprintf(stderr, "drydock: %s: %s (drydock %s --help)\n", c->name, line.p, c->name);
	return EXIT_USAGE;
}

int
cli_status_of(const struct dd_err *err)
{
	switch (err->code) {
	case DD_EINVAL:
		return EXIT_USAGE;
	case DD_ESTOPPED:
		return EXIT_RESUMABLE;
	default:
		return EXIT_OURS;
	}
}
