/* Merge requests of GitLab: docs.gitlab.com/api/merge_requests, docs.gitlab.com/api/projects. */
#include "runner/forge.h"

#include <string.h>

static int
look_at(struct forge *f, const char *project, int64_t *ret_id, char **ret_base, struct dd_err *err)
{
	OWN_FREE char *escaped = http_escape(project), *path = mem_printf("/projects/%s", escaped);
	OWN_JSON json_t *j = NULL;
	int rc = forge_get(f, path, &j, err);
	const json_t *id = json_object_get(j, "id");
	if (rc == 0 && !json_is_integer(id))
		rc = err_set(err, DD_ECORRUPT, "the answer of %s%s has no id", f->at->api, path);
	if (rc < 0)
		return rc;
	*ret_id = json_integer_value(id);
	if (ret_base)
		*ret_base = mem_strdup(json_string_in(j, "default_branch"));
	return 0;
}

static int
look(struct forge *f, struct dd_err *err)
{
	int rc = look_at(f, f->at->target, &f->target_id, &f->base, err);
	f->source_id = f->target_id;
	if (rc == 0 && strcmp(f->at->source, f->at->target) != 0)
		rc = look_at(f, f->at->source, &f->source_id, NULL, err);
	return rc;
}

static char *
list_path(const struct forge *f, const char *branch)
{
	OWN_FREE char *escaped = http_escape(branch);
	return mem_printf("/projects/%lld/merge_requests?state=all&source_branch=%s&per_page=100",
		(long long)f->target_id, escaped);
}

static enum forge_state
state_of(const char *word)
{
	return strcmp(word, "opened") == 0 || strcmp(word, "locked") == 0 ? FORGE_OPEN
	       : strcmp(word, "merged") == 0				  ? FORGE_MERGED
									  : FORGE_CLOSED;
}

static bool
take(const struct forge *f, const json_t *one, const char *branch, struct forge_request *ret)
{
	bool ours = strcmp(json_string_in(one, "source_branch"), branch) == 0 &&
		    json_integer_value(json_object_get(one, "source_project_id")) == f->source_id;
	if (!ours)
		return false;
	*ret = (struct forge_request){.state = state_of(json_string_in(one, "state")),
		.number = json_integer_value(json_object_get(one, "iid")),
		.url = mem_strdup(json_string_in(one, "web_url")),
		.body = mem_strdup(json_string_in(one, "description")),
		.base = mem_strdup(json_string_in(one, "target_branch")),
		.draft = json_is_true(json_object_get(one, "draft"))};
	return true;
}

static char *
create_path(const struct forge *f)
{
	return mem_printf("/projects/%lld/merge_requests", (long long)f->source_id);
}

/* A title that begins so makes it a draft; there is no member for it. */
static json_t *
create_body(const struct forge *f, const struct forge_draft *d)
{
	OWN_FREE char *title = mem_printf("%s%s", d->ready ? "" : "Draft: ", d->title);
	return json_pack("{s:s, s:s, s:o, s:o, s:I}", "source_branch", d->branch, "target_branch",
		d->base, "title", json_text(str_of(title)), "description",
		json_text(str_of(d->body)), "target_project_id", (json_int_t)f->target_id);
}

static bool
exists(int status, const char *said)
{
	return status == 409 && strstr(said, "merge request already exists") != NULL;
}

static char *
update_path(const struct forge *f, const struct forge_request *r)
{
	return mem_printf("/projects/%lld/merge_requests/%lld", (long long)f->target_id,
		(long long)r->number);
}

static json_t *
update_body(const char *body)
{
	return json_pack("{s:o}", "description", json_text(str_of(body)));
}

static const char *const headers[] = {"Accept: application/json", NULL};

const struct forge_ops forge_gitlab = {.look = look,
	.list_path = list_path,
	.take = take,
	.create_path = create_path,
	.create_body = create_body,
	.exists = exists,
	.update_path = update_path,
	.update_body = update_body,
	.update_method = HTTP_PUT,
	.headers = headers,
	.secret = "PRIVATE-TOKEN: ",
	.needs = "the scope api, and the role Developer or above"};
