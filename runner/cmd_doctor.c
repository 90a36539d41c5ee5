#include "runner/commands.h"

#include "base/json.h"
#include "base/lazy.h"
#include "images/apt.h"
#include "runner/session.h"

static json_t *
describe(const struct doctor_item *d)
{
	json_t *j = json_pack("{s:s, s:b, s:b, s:s*}", "name", d->name, "ok", d->ok, "needed",
		d->needed, "detail", d->detail);
	if (d->remedy)
		json_object_set_new(j, "remedy", json_string(d->remedy));
	return j;
}

static void
print_items(const struct doctor_list *l, bool json)
{
	OWN_JSON json_t *all = json_array();
	for (size_t i = 0; i < l->n; i++) {
		const struct doctor_item *d = &l->v[i];
		json_array_append_new(all, describe(d));
		if (json)
			continue;
		printf("%-8s %s: %s\n",
			d->ok	    ? "ok"
			: d->needed ? "MISSING"
				    : "degraded",
			d->name, d->detail ? d->detail : "");
		if (!d->ok && d->remedy)
			printf("         what to do: %s\n", d->remedy);
	}
	OWN(buf) struct buf out = {0};
	json_print(all, 2, &out);
	if (json)
		printf("%s\n", out.p);
}

/* Those that are loaded only when they are used would be missed in the middle of a run. */
static void
add_libraries(struct doctor_list *l)
{
	const char *soname;
	OWN(buf) struct buf missing = {0};
	char *why;
	for (size_t i = 0; lazy_try(i, &soname, &why); i++) {
		if (why)
			buf_printf(&missing, "%s%s", missing.n ? "; " : "", why);
		free(why);
	}
	doctor_add(l, "libraries", !missing.n, true, missing.n ? missing.p : "all can be loaded",
		missing.n ? "install the packages of these libraries (deps.txt)" : NULL);
}

static int
run_doctor(const struct cli_call *call)
{
	const struct common_options *o = call->options;
	OWN(dd_err) struct dd_err err = {0};
	OWN(state) struct state st = {0};
	OWN(doctor_list) struct doctor_list items = {0};
	if (session_open(o, &st, &err) < 0)
		return cli_fail(cli_status_of(&err), &err);
	sandbox_doctor(&st, &items);
	images_doctor(&st, &items);
	add_libraries(&items);
	print_items(&items, o->json);
	for (size_t i = 0; i < items.n; i++)
		if (!items.v[i].ok && items.v[i].needed)
			return EXIT_OURS;
	return EXIT_DONE;
}

const struct subcommand cmd_doctor = {
	.name = "doctor",
	.summary = "say what this machine can and cannot do for drydock, and what to do about it",
	.args = "",
	.description = "Exit status 3 when something is missing without which nothing runs.",
	.options_size = sizeof(struct common_options),
	.run = run_doctor,
};
