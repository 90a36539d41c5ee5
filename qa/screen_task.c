#include "qa/screen.h"

#include "qa/qa.h"
#include "qa/scenario.h"

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
