#include "envprobe/data.h"

/* The assembler embeds the file; its path is relative to where make runs. */
#define EMBED(symbol, path) \
	__asm__(".section .rodata\n.global " #symbol "_begin\n.global " #symbol "_end\n" #symbol \
		"_begin:\n.incbin \"" path "\"\n" #symbol "_end:\n.byte 0\n.text\n"); \
	extern const char symbol##_begin[], symbol##_end[]

EMBED(data_alternatives_text, "envprobe/data/alternatives.tsv");
EMBED(data_dialects_text, "envprobe/data/dialects.tsv");
EMBED(data_migrations_text, "envprobe/data/migrations.tsv");
EMBED(data_removed_text, "envprobe/data/removed.tsv");
EMBED(data_rules_text, "envprobe/data/rules.tsv");
EMBED(data_services_text, "envprobe/data/services.tsv");

struct str
data_alternatives(void)
{
	return (struct str){data_alternatives_text_begin,
		(size_t)(data_alternatives_text_end - data_alternatives_text_begin)};
}

struct str
data_dialects(void)
{
	return (struct str){data_dialects_text_begin,
		(size_t)(data_dialects_text_end - data_dialects_text_begin)};
}

struct str
data_migrations(void)
{
	return (struct str){data_migrations_text_begin,
		(size_t)(data_migrations_text_end - data_migrations_text_begin)};
}

struct str
data_removed(void)
{
	return (struct str){
		data_removed_text_begin, (size_t)(data_removed_text_end - data_removed_text_begin)};
}

struct str
data_rules(void)
{
	return (struct str){
		data_rules_text_begin, (size_t)(data_rules_text_end - data_rules_text_begin)};
}

struct str
data_services(void)
{
	return (struct str){data_services_text_begin,
		(size_t)(data_services_text_end - data_services_text_begin)};
}

bool
data_next(struct str *rest, struct str *fields, size_t n)
{
	struct str line;
	while (str_next_line(rest, &line)) {
		if (!line.n || line.p[0] == '#')
			continue;
		for (size_t i = 0; i < n; i++) {
			if (i + 1 == n)
				fields[i] = line;
			else if (!str_next(&line, '\t', &fields[i]))
				fields[i] = (struct str){"", 0};
		}
		return true;
	}
	return false;
}
