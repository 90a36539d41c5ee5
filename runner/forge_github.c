/* Pull requests of GitHub: docs.github.com/rest/pulls/pulls, docs.github.com/rest/repos/repos. */
#include "runner/forge.h"

#include <string.h>

static int
look(struct forge *f, struct dd_err *err)
{
	OWN_FREE char *path = mem_printf("/repos/%s", f->at->target);
	OWN_JSON json_t *repo = NULL;
	int rc = forge_get(f, path, &repo, err);
	if (rc == 0)
		f->base = mem_strdup(json_string_in(repo, "default_branch"));
	return rc;
}

static char *
head_of(const struct forge *f, const char *branch)
{
	const char *slash = strchr(f->at->source, '/');
	return mem_printf("%.*s:%s", (int)(slash - f->at->source), f->at->source, branch);
}

static char *
list_path(const struct forge *f, const char *branch)
{
	OWN_FREE char *head = head_of(f, branch), *escaped = http_escape(head);
	return mem_printf("/repos/%s/pulls?state=all&head=%s&per_page=100", f->at->target, escaped);
}

static bool
take(const struct forge *f, const json_t *one, const char *branch, struct forge_request *ret)
{
	const json_t *head = json_object_get(one, "head"), *repo = json_object_get(head, "repo");
	bool ours = strcmp(json_string_in(head, "ref"), branch) == 0 &&
		    strcasecmp(json_string_in(repo, "full_name"), f->at->source) == 0;
	if (!ours)
		return false;
	bool open = strcmp(json_string_in(one, "state"), "open") == 0;
	*ret = (struct forge_request){.state = open ? FORGE_OPEN
					       : json_is_string(json_object_get(one, "merged_at"))
						       ? FORGE_MERGED
						       : FORGE_CLOSED,
		.number = json_integer_value(json_object_get(one, "number")),
		.url = mem_strdup(json_string_in(one, "html_url")),
		.body = mem_strdup(json_string_in(one, "body")),
		.base = mem_strdup(json_string_in(json_object_get(one, "base"), "ref")),
		.draft = json_is_true(json_object_get(one, "draft"))};
	return true;
}

static char *
create_path(const struct forge *f)
{
	return mem_printf("/repos/%s/pulls", f->at->target);
}

static json_t *
create_body(const struct forge *f, const struct forge_draft *d)
{
	OWN_FREE char *head = head_of(f, d->branch);
	return json_pack("{s:o, s:o, s:s, s:s, s:b}", "title", json_text(str_of(d->title)), "body",
		json_text(str_of(d->body)), "head", head, "base", d->base, "draft", !d->ready);
}

static bool
exists(int status, const char *said)
{
	return status == 422 && strstr(said, "pull request already exists") != NULL;
}

static char *
update_path(const struct forge *f, const struct forge_request *r)
{
	return mem_printf("/repos/%s/pulls/%lld", f->at->target, (long long)r->number);
}

static json_t *
update_body(const char *body)
{
	return json_pack("{s:o}", "body", json_text(str_of(body)));
}

static const char *const headers[] = {
	"Accept: application/vnd.github+json", "X-GitHub-Api-Version: 2022-11-28", NULL};

const struct forge_ops forge_github = {.look = look,
	.list_path = list_path,
	.take = take,
	.create_path = create_path,
	.create_body = create_body,
	.exists = exists,
	.update_path = update_path,
	.update_body = update_body,
	.update_method = HTTP_PATCH,
	.headers = headers,
	.secret = "Authorization: Bearer ",
	.needs = "\"Pull requests\" and \"Contents\": read and write (or the scope repo)"};
