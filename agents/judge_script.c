/* What a host of judging runs, and what came of it. */
#include "agents/judge.h"

#include <string.h>

#define SAVED "/tmp/drydock-judge"

static void
put_write(struct buf *out, size_t i, const struct judge_file *f)
{
	OWN(buf) struct buf path = {0};
	buf_put_shell(&path, str_of(f->path));
	buf_printf(out,
		"if [ -e %s ]; then cp -P %s " SAVED
		"/%zu; else mkdir -p -- \"$(dirname %s)\"; fi\n",
		path.p, path.p, i, path.p);
	if (f->text.p)
		buf_printf(out,
			"rm -f %s; head -c %zu >%s\n[ -e " SAVED "/%zu ] && [ -x " SAVED
			"/%zu ] && chmod +x %s\n",
			path.p, f->text.n, path.p, i, i, path.p);
	else
		buf_printf(out, "rm -f %s\n", path.p);
}

static void
put_back(struct buf *out, size_t i, const struct judge_file *f)
{
	OWN(buf) struct buf path = {0};
	buf_put_shell(&path, str_of(f->path));
	buf_printf(out,
		"rm -rf %s; if [ -e " SAVED "/%zu ]; then cp -P " SAVED
		"/%zu %s; else rmdir -p -- \"$(dirname %s)\" 2>/dev/null; fi\n",
		path.p, i, i, path.p, path.p);
}

void
judge_put_script(struct buf *out, const char *tree, const struct judge_file *files, size_t n,
	const char *command, int64_t limit_s)
{
	buf_puts(out, "cd ");
	buf_put_shell(out, str_of(tree));
	buf_puts(out, " || exit 1\nrm -rf " SAVED " && mkdir " SAVED " || exit 1\n");
	for (size_t i = 0; i < n; i++)
		put_write(out, i, &files[i]);
	buf_printf(out, "PYTHONDONTWRITEBYTECODE=1 timeout -k 1 %lld sh -c ", (long long)limit_s);
	buf_put_shell(out, str_of(command));
	/* Into a file: what is left running writes behind nothing. */
	buf_puts(
		out, " </dev/null >" SAVED ".out 2>&1\nstatus=$?\ntail -c 4000000 " SAVED ".out\n");
	for (size_t i = n; i-- > 0;)
		put_back(out, i, &files[i]);
	buf_puts(out, "printf '\\ndrydock-status %s\\n' \"$status\"\n");
}

void
judge_take_run(struct str printed, struct judge_run *ret)
{
	static const char mark[] = "\ndrydock-status ";
	uint64_t status = 1;
	const char *last = NULL;
	for (const char *p = printed.p;
		p && (p = memmem(p, printed.n - (size_t)(p - printed.p), mark, sizeof(mark) - 1));
		p++)
		last = p;
	if (last) {
		struct str rest = {last + sizeof(mark) - 1,
			printed.n - (size_t)(last + sizeof(mark) - 1 - printed.p)};
		(void)str_parse_u64(str_trim(rest), 255, &status);
		printed.n = (size_t)(last - printed.p);
	}
	ret->passed = status == 0;
	ret->ran_out = status == 124 || status == 137;
	buf_add_str(&ret->output, printed);
}
