#include "qa/screen.h"

#include "base/fs.h"
#include "qa/qa.h"
#include "qa/scenario.h"

#include <string.h>

static int
give_answers(struct answers *a, json_t *scenario, struct dd_err *err)
{
	json_t *step;
	size_t i;
	json_array_foreach (json_object_get(scenario, "steps"), i, step) {
		json_t *type = json_object_get(step, "type");
		const char *id = json_string_value(json_object_get(type, "answer"));
		const char *value = NULL;
		if (!id)
			continue;
		if (!a || answers_get(a, id, &value) != ANSWER_GIVEN)
			return err_set(err, DD_EINVAL,
				"a step types the answer %s, and there is none", id);
		json_object_set_new(type, "text", json_text(str_of(value)));
	}
	return 0;
}

int
screen_task_scenario(const struct screen_spec *spec, size_t at, json_t **ret, struct dd_err *err)
{
	OWN_JSON json_t *j = scenario_to_json(&spec->scenarios->v[at]);
	int rc = give_answers(spec->answers, j, err);
	if (rc == 0)
		*ret = json_incref(j);
	return rc;
}

int
screen_tell(const char *kind, struct str data, struct dd_err *err)
{
	OWN_FREE char *head = mem_printf("%s %zu\n", kind, data.n);
	int rc = fs_write_all(1, head, strlen(head), err);
	return rc ? rc : fs_write_all(1, data.p, data.n, err);
}

int
screen_tell_json(const char *kind, json_t *j, struct dd_err *err)
{
	OWN(buf) struct buf text = {0};
	json_print(j, 0, &text);
	json_decref(j);
	return screen_tell(kind, buf_str(&text), err);
}
