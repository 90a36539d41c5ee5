/* What a host of judging runs, and what came of it. */
#include "agents/judge.h"

#include <string.h>

#define PRINTED "/tmp/drydock-judge.out"

/* A program stays one. */
static void
put_write(struct buf *out, const struct judge_file *f)
{
	OWN(buf) struct buf path = {0};
	buf_put_shell(&path, str_of(f->path));
	if (!f->text.p) {
		buf_printf(out, "rm -f %s\n", path.p);
		return;
	}
	buf_printf(out, "mkdir -p -- \"$(dirname %s)\"; mode=; [ -x %s ] && mode=+x\n", path.p,
		path.p);
	buf_printf(out, "rm -f %s; head -c %zu >%s; [ -z \"$mode\" ] || chmod +x %s\n", path.p,
		f->text.n, path.p, path.p);
}

void
judge_put_script(struct buf *out, const char *tree, const struct judge_file *files, size_t n,
	const char *command, int64_t limit_s)
{
	buf_puts(out, "cd ");
	buf_put_shell(out, str_of(tree));
	buf_puts(out, " || exit 1\n");
	for (size_t i = 0; i < n; i++)
		put_write(out, &files[i]);
	buf_printf(out, "PYTHONDONTWRITEBYTECODE=1 timeout -k 1 %lld sh -c ", (long long)limit_s);
	buf_put_shell(out, str_of(command));
	/* Into a file: what is left running writes behind nothing. */
	buf_puts(out, " </dev/null >" PRINTED " 2>&1\nstatus=$?\ntail -c 4000000 " PRINTED "\n"
		      "printf '\\ndrydock-status %s\\n' \"$status\"\n");
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
