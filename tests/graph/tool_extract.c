/*
 * What is extracted from files, one fact a line, for tests and by hand; or, with --parse, nothing but the parse, N
 * times, for a measurement.
 *
 *   tool_extract FILE...           tool_extract --time parse|facts ROUNDS FILE...
 */
#include "base/fs.h"
#include "graph/extract.h"
#include "graph/lang.h"

#include <string.h>
#include <time.h>

static const char *
text_of(const struct facts *f, uint32_t string)
{
	static char out[4][256];
	static unsigned turn;
	char *o = out[turn++ % 4];
	(void)snprintf(o, sizeof(out[0]), STR_FMT, STR_ARG(f->strings[string]));
	return o;
}

static void
print_facts(const char *path, const struct facts *f)
{
	static const char *const binds[] = {
		"import", "member", "type", "result", "alias", "package"};
	printf("file %s %s %s " STR_FMT "\n", fs_name(path), lang_name((enum lang_id)f->lang),
		file_state_name(f->state), STR_ARG(f->reason));
	for (size_t i = 0; i < f->nentities; i++) {
		const struct fact_entity *e = &f->entities[i];
		printf("entity %zu %s %s in %u lines %u-%u%s%s%s%s\n", i + 1,
			graph_kind_name((enum graph_kind)e->kind), text_of(f, e->name), e->parent,
			e->line, e->end, e->owner ? " of " : "", text_of(f, e->owner),
			e->cond ? " if " : "", text_of(f, e->cond));
	}
	for (size_t i = 0; i < f->nrefs; i++) {
		const struct fact_ref *r = &f->refs[i];
		printf("ref %u %s %s%s%s line %u", r->from,
			graph_relation_name((enum graph_relation)r->relation),
			text_of(f, r->receiver), r->flags & FACT_MEMBER ? "->" : "",
			text_of(f, r->name), r->line);
		if (r->arg)
			printf(" arg %u of %zu", r->arg, i - r->call);
		if (r->flags & (FACT_LOCAL | FACT_PARAM))
			printf(" %s", r->flags & FACT_LOCAL ? "local" : "param");
		printf("%s%s\n", r->cond ? " if " : "", text_of(f, r->cond));
	}
	for (size_t i = 0; i < f->nbinds; i++) {
		const struct fact_bind *b = &f->binds[i];
		printf("bind %u %s %s %s %s\n", b->scope, binds[b->kind], text_of(f, b->name),
			text_of(f, b->value), text_of(f, b->member));
	}
}

static double
cpu_seconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
measure(struct extractor *x, bool facts, unsigned long rounds, char **files)
{
	struct facts f = {0};
	double spent = 0;
	size_t bytes = 0;
	for (char **p = files; *p; p++) {
		OWN(buf) struct buf text = {0}, packed = {0};
		if (fs_read(*p, EXTRACT_MAX_BYTES, &text, NULL) < 0)
			continue;
		double begin = cpu_seconds();
		for (unsigned long i = 0; i < rounds; i++) {
			if (facts) {
				extract(x, *p, buf_str(&text), &f);
				buf_reset(&packed);
				facts_pack(&f, &packed);
			} else {
				extract_parse_only(x, *p, buf_str(&text));
			}
		}
		spent += cpu_seconds() - begin;
		bytes += text.n * rounds;
	}
	printf("%.3f %zu\n", spent, bytes);
	facts_cleanup(&f);
	return 0;
}

int
main(int argc, char **argv)
{
	struct extractor *x = extractor_create();
	struct facts f = {0}, again = {0};
	int rc = 0;
	if (argc > 4 && strcmp(argv[1], "--time") == 0) {
		rc = measure(
			x, strcmp(argv[2], "facts") == 0, strtoul(argv[3], NULL, 10), argv + 4);
		extractor_destroy(x);
		return rc;
	}
	for (int i = 1; i < argc; i++) {
		OWN(buf) struct buf text = {0}, packed = {0};
		OWN(dd_err) struct dd_err err = {0};
		rc = fs_read(argv[i], EXTRACT_MAX_BYTES * 2, &text, &err);
		if (rc < 0)
			break;
		extract(x, argv[i], buf_str(&text), &f);
		facts_pack(&f, &packed);
		rc = facts_unpack(&again, buf_str(&packed), &err);
		if (rc < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], err_msg(&err));
			break;
		}
		print_facts(argv[i], &again);
	}
	facts_cleanup(&f);
	facts_cleanup(&again);
	extractor_destroy(x);
	return rc < 0;
}
