/* drydock.buildinfo: what was installed and set when it was built, as tools that build Debian packages again read it. */
#include "envprobe/recipe.h"

#include "base/hash.h"
#include "record/answers.h"

#include <string.h>
#include <time.h>

/* A name as source packages have them: at least two characters, a letter or digit first. */
static void
put_source(const struct recipe *r, struct buf *out)
{
	OWN_FREE char *name = question_slug(str_of(r->name));
	buf_printf(out, "Source: %s\n", name[0] && name[1] ? name : "application");
}

static void
put_checksum(struct buf *out, const char *name, struct str text)
{
	buf_printf(out, " %s %zu %s\n", hash_bytes(text).s, text.n, name);
}

/* RFC 5322, in English whatever the locale. */
static void
put_date(const struct recipe *r, struct buf *out)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm = {0};
	if (!r->created || !strptime(r->created, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return;
	(void)timegm(&tm); /* fills in the day of the week */
	buf_printf(out, "Build-Date: %s, %02d %s %d %02d:%02d:%02d +0000\n", days[tm.tm_wday],
		tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
put_package(struct buf *out, const char *separator, const char *name, const char *arch,
	const char *native, const char *version)
{
	bool foreign = arch && native && strcmp(arch, "all") != 0 && strcmp(arch, native) != 0;
	buf_printf(out, "%s %s%s%s (= %s)", separator, name, foreign ? ":" : "",
		foreign ? arch : "", version);
}

/* Without an inventory those of the recipe are all that is known. */
static void
put_installed(const struct recipe *r, const struct inventory *inv, struct buf *out)
{
	const char *separator = "";
	buf_puts(out, "Installed-Build-Depends:\n");
	for (size_t i = 0; inv && i < inv->n; i++, separator = ",\n")
		put_package(out, separator, inv->v[i].name, inv->v[i].arch, r->base.arch,
			inv->v[i].version);
	for (size_t i = 0; (!inv || !inv->n) && i < r->packages.n; i++, separator = ",\n")
		put_package(out, separator, r->packages.v[i].name, r->packages.v[i].arch,
			r->base.arch, r->packages.v[i].version);
	buf_putc(out, '\n');
}

static bool
has_controls(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static void
put_environment(const struct recipe *r, struct buf *out)
{
	buf_puts(out, "Environment:\n");
	for (size_t i = 0; i < r->environment.n; i++) {
		const struct env_var *e = &r->environment.v[i];
		if (!e->value || recipe_is_secret(r, e->question) || has_controls(e->name) ||
			has_controls(e->value))
			continue;
		buf_printf(out, " %s=\"", e->name);
		for (const char *p = e->value; *p; p++)
			buf_printf(out, "%s%c", strchr("\"\\", *p) ? "\\" : "", *p);
		buf_puts(out, "\"\n");
	}
}

void
recipe_buildinfo(const struct recipe *r, const struct inventory *inv, struct str lock,
	struct str dockerfile, struct buf *out)
{
	const char *arch = r->base.arch ? r->base.arch : "all";
	buf_puts(out, "Format: 1.0\n");
	put_source(r, out);
	buf_printf(out, "Architecture: %s\nVersion: 0~%.12s\n", arch,
		r->source_digest ? r->source_digest : "0");
	buf_puts(out, "Checksums-Sha256:\n");
	put_checksum(out, "drydock.lock.json", lock);
	put_checksum(out, "Dockerfile", dockerfile);
	buf_printf(out, "Build-Origin: %s\nBuild-Architecture: %s\n",
		inv && inv->vendor ? inv->vendor : "debian", arch);
	put_date(r, out);
	buf_puts(out, "Build-Path: " WORK_DIR "\n");
	put_installed(r, inv, out);
	put_environment(r, out);
}
