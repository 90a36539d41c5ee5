#include "envprobe/data.h"

#include "base/embed.h"

EMBED(data_alternatives_text, "envprobe/data/alternatives.tsv");
EMBED(data_cgi_text, "envprobe/data/cgi.pl");
EMBED(data_dialects_text, "envprobe/data/dialects.tsv");
EMBED(data_migrations_text, "envprobe/data/migrations.tsv");
EMBED(data_removed_text, "envprobe/data/removed.tsv");
EMBED(data_rules_text, "envprobe/data/rules.tsv");
EMBED(data_services_text, "envprobe/data/services.tsv");

struct str
data_alternatives(void)
{
	return EMBEDDED(data_alternatives_text);
}

struct str
data_cgi(void)
{
	return EMBEDDED(data_cgi_text);
}

struct str
data_dialects(void)
{
	return EMBEDDED(data_dialects_text);
}

struct str
data_migrations(void)
{
	return EMBEDDED(data_migrations_text);
}

struct str
data_removed(void)
{
	return EMBEDDED(data_removed_text);
}

struct str
data_rules(void)
{
	return EMBEDDED(data_rules_text);
}

struct str
data_services(void)
{
	return EMBEDDED(data_services_text);
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
