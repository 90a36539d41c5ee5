/* drydock pr: the branch of a repair, or of a plan's execution, is pushed, and people are asked to pull it. */
#include "runner/commands.h"

#include "agents/key.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/git_write.h"
#include "base/log.h"
#include "runner/attest.h"
#include "runner/fix_report.h"
#include "runner/forge.h"
#include "runner/handed.h"
#include "runner/pr_body.h"

#include <fcntl.h>
#include <string.h>

#define TEXT_MAX ((size_t)4 << 20)
#define PLACES 4

struct pr_options {
	struct common_options common;
	const char *remote, *api, *forge, *repo, *base, *title, *side, *token_command;
	bool ready, dry_run;
	uint64_t time;
};

#define O(member) offsetof(struct pr_options, member)
static const struct option_def options[] = {
	{"remote", 0, OPTION_TEXT, O(remote), "NAME|URL",
		"push there: a remote of the repository (default: origin), a URL, or a directory"},
	{"api", 0, OPTION_TEXT, O(api), "URL",
		"base URL of the server's API, which the token goes to; needed but for github.com and gitlab.com"},
	{"forge", 0, OPTION_TEXT, O(forge), "KIND",
		"github or gitlab, where the URL of the API does not end with /api/v3 or /api/v4"},
	{"repo", 0, OPTION_TEXT, O(repo), "OWNER/NAME",
		"open the request there (default: the repository that is pushed to, which may be a fork of it)"},
	{"base", 0, OPTION_TEXT, O(base), "BRANCH",
		"ask to pull it into this branch (default: the one that is checked out, if the server has it, else the server's own)"},
	{"title", 0, OPTION_TEXT, O(title), "TEXT", "title of the request"},
	{"side", 0, OPTION_TEXT, O(side), "a|b", "of a contradiction: the branch of this side"},
	{"token-command", 0, OPTION_TEXT, O(token_command), "CMD",
		"take the token from what this command prints; it is run without a shell"},
	{"ready", 0, OPTION_FLAG, O(ready), NULL, "open it ready for review, not as a draft"},
	{"time", 0, OPTION_NUMBER, O(time), "S",
		"give a request up after this many seconds (default: 60)"},
	{"dry-run", 0, OPTION_FLAG, O(dry_run), NULL, "push and ask nothing: print what would be"},
	{NULL, 0, OPTION_FLAG, 0, NULL, NULL},
};

struct pulling {
	const struct pr_options *o;
	struct state st;
	struct run run;
	json_t *result;		     /* result.json */
	const char *branch, *commit; /* of it */
	struct strlist earlier;
	struct push_to to;
	struct forge_at at;
	char *title, *body, *base;
	char *token, *login;
	struct forge *forge;
	struct forge_request request;
	struct push_spec push;
	bool pushed;
	const char
		*done; /* "opened", "updated", "unchanged", "merged", "closed"; "" of a dry run */
	int lock;
};

static void
pulling_cleanup(struct pulling *p)
{
	json_decref(p->result);
	strlist_cleanup(&p->earlier);
	push_to_cleanup(&p->to);
	forge_close(p->forge);
	forge_at_cleanup(&p->at);
	forge_request_cleanup(&p->request);
	free(p->title);
	free(p->body);
	free(p->base);
	key_wipe(p->token);
	key_wipe(p->login);
	run_cleanup(&p->run);
	state_cleanup(&p->st);
	if (p->lock >= 0)
		(void)close(p->lock);
}

/* ---- what is offered ---- */

/* Of a contradiction: the branch whose name ends so. */
static const json_t *
side_of(const json_t *result, const char *side)
{
	const json_t *one = json_array_get(json_object_get(result, "conflicts"), 0);
	OWN_FREE char *end = mem_printf("-%s", side);
	size_t i;
	json_t *branch;
	json_array_foreach (json_object_get(one, "branches"), i, branch)
		if (str_ends(str_of(json_string_in(branch, "branch")), end))
			return branch;
	return NULL;
}

static int
take_branch(struct pulling *p, struct dd_err *err)
{
	const char *why = json_string_in(p->result, "no_branch"), *id = p->run.id;
	const json_t *from = p->o->side ? side_of(p->result, p->o->side) : p->result;
	p->branch = json_string_value(json_object_get(from, "branch"));
	p->commit = json_string_value(json_object_get(from, "commit"));
	if (p->branch && p->commit)
		return 0;
	if (json_array_size(json_object_get(p->result, "conflicts")) && !p->o->side)
		return err_set(err, DD_EINVAL,
			"run %s ended with two sides that contradict each other: choose one, --side a or --side b",
			id);
	return err_set(err, DD_EINVAL, "run %s left no branch%s%s", id, *why ? ": " : "", why);
}

/* Where earlier rounds of the same run left it. */
static int
add_earlier(void *ctx, const struct journal_entry *e)
{
	struct pulling *p = ctx;
	OWN_JSON json_t *j = NULL;
	if (!str_starts(str_of(e->key), "fix/branch") || json_parse(e->result, &j, NULL) < 0)
		return 0;
	if (strcmp(json_string_in(j, "branch"), p->branch) == 0)
		strlist_add_new(&p->earlier, json_string_in(j, "commit"));
	return 0;
}

/* What people did to the branch is theirs to push. */
static int
check_branch(struct pulling *p, struct dd_err *err)
{
	struct git_push_refs here = {0};
	OWN_FREE char *ref = mem_printf("refs/heads/%s", p->branch);
	int rc = gitrepo_list_refs(p->run.options.source, &here, err);
	const char *at = rc == 0 ? git_push_find(&here, ref) : NULL;
	if (rc == 0 && !at)
		rc = err_set(err, DD_EINVAL, "the branch %s is no longer in %s", p->branch,
			p->run.options.source);
	else if (rc == 0 && strcmp(at, p->commit) != 0)
		rc = err_set(err, DD_EINVAL,
			"the branch %s is at %s, not at %s, where the run left it: what was added to it is for you to push",
			p->branch, at, p->commit);
	git_push_refs_cleanup(&here);
	return rc;
}

static int
open_run(struct pulling *p, const char *name, struct dd_err *err)
{
	int rc = handed_open(&p->o->common, name, &p->st, &p->run, err);
	if (rc == 0 && !p->run.options.fix)
		rc = err_set(err, DD_EINVAL,
			"run %s is neither a repair nor a plan's execution: it has no branch",
			p->run.id);
	if (rc == 0)
		rc = run_hold(&p->run, err);
	if (rc < 0)
		return rc;
	p->result = handed_json(&p->run, "result.json");
	rc = take_branch(p, err);
	if (rc == 0)
		rc = journal_each(p->run.journal, add_earlier, p, err);
	return rc < 0 ? rc : check_branch(p, err);
}

/* ---- its text ---- */

static char *
foot_of(const struct pulling *p)
{
	OWN_FREE char *path = run_path(&p->run, ATTESTATION);
	OWN_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct hash_hex digest = {""};
	bool attested = fd >= 0 && hash_fd(fd, &digest, NULL, NULL) == 0;
	return mem_printf("Commit: `%s`.%s%s%s  \nMade by drydock; nobody merges this but people.",
		p->commit, attested ? " Attestation: `sha256:" : "", attested ? digest.s : "",
		attested ? "`." : "");
}

static int
write_text(struct pulling *p, struct dd_err *err)
{
	OWN_FREE char *path = run_path(&p->run, "pr.md"), *foot = foot_of(p);
	OWN(buf) struct buf text = {0}, plain = {0}, body = {0};
	struct answers *answers = NULL;
	const struct pr_place places[PLACES] = {{p->run.dir, "(run)"}, {p->st.dir, "(state)"},
		{p->run.options.source, "(source)"}, {getenv("HOME"), "~"}};
	int rc = fs_read(path, TEXT_MAX, &text, err);
	if (rc == 0)
		rc = command_load_answers(
			fs_exists(p->run.options.answers ? p->run.options.answers : "")
				? p->run.options.answers
				: NULL,
			&answers, err);
	if (rc < 0)
		return rc;
	answers_redact(answers, buf_str(&text), &plain);
	const char *own = json_string_in(p->result, "title");
	p->title = p->o->title ? mem_strdup(p->o->title)
		   : *own      ? mem_strndup(own, PR_TITLE_MAX)
			       : pr_title(buf_str(&plain));
	answers_redact_text(answers, &p->title);
	const struct pr_body_spec spec = {buf_str(&plain), places, PLACES, foot};
	pr_body(&spec, &body);
	p->body = buf_take(&body);
	answers_destroy(answers);
	return 0;
}

/* ---- where it goes ---- */

static int
locate(struct pulling *p, struct dd_err *err)
{
	const struct pr_options *o = p->o;
	const char *dir = p->run.options.source, *remote = o->remote ? o->remote : "origin";
	const struct forge_wish wish = {o->api, o->forge, o->repo};
	OWN_FREE char *url = NULL;
	int rc = 0;
	if (strpbrk(remote, ":/"))
		url = mem_strdup(remote);
	else
		rc = gitrepo_remote_url(dir, remote, &url, err);
	if (rc == -DD_ENOENT)
		rc = err_set(err, DD_EINVAL, "%s: --remote NAME or URL", err_msg(err));
	if (rc == 0)
		rc = push_parse(url, dir, &p->to, err);
	if (rc == 0)
		rc = forge_locate(&p->to, &wish, &p->at, err);
	if (rc == 0 && p->to.how == PUSH_HTTP &&
		(!push_is_private(p->to.url) || strcasecmp(p->to.host, p->at.host) != 0))
		rc = err_set(err, DD_EINVAL,
			"the token is for https://%s, and is not sent to the remote %s: name another with --remote",
			p->at.host, p->to.url);
	return rc;
}

static int
time_ms(const struct pr_options *o)
{
	return (int)(o->time && o->time < 86400 ? o->time : 60) * 1000;
}

static int
connect_there(struct pulling *p, struct dd_err *err)
{
	int rc = forge_token(p->at.kind, p->o->token_command, &p->token, err);
	if (rc < 0)
		return rc;
	p->login = forge_login(p->at.kind, p->token);
	p->push = (struct push_spec){.state = &p->st,
		.dir = p->run.options.source,
		.to = &p->to,
		.login = p->login,
		.branch = p->branch,
		.commit = p->commit,
		.earlier = &p->earlier,
		.time_ms = time_ms(p->o)};
	return forge_open(&p->at, p->token, time_ms(p->o), &p->forge, err);
}

/* ---- doing it ---- */

static char *
checked_out(const struct pulling *p)
{
	OWN_FREE char *git_dir = NULL;
	OWN(buf) struct buf text = {0};
	if (gitrepo_git_dir(p->run.options.source, &git_dir, NULL) < 0)
		return NULL;
	OWN_FREE char *head = fs_join(git_dir, "HEAD");
	if (fs_read_regular(AT_FDCWD, head, false, 4095, &text, NULL) < 0 ||
		!str_starts(buf_str(&text), "ref: refs/heads/"))
		return NULL;
	return str_dup(str_trim((struct str){
		text.p + strlen("ref: refs/heads/"), text.n - strlen("ref: refs/heads/")}));
}

static int
choose_base(
	struct pulling *p, const struct git_push_refs *there, const char *own, struct dd_err *err)
{
	OWN_FREE char *head = checked_out(p), *ref = mem_printf("refs/heads/%s", head ? head : "");
	bool same = head && strcmp(head, p->branch) != 0 && git_push_find(there, ref);
	p->base = mem_strdup(p->o->base ? p->o->base : same ? head : own);
	return *p->base ? 0
			: err_set(err, DD_EINVAL,
				  "%s has no branch to pull into: name one with --base",
				  p->at.target);
}

/* What was sent and not answered may have been done; so may what another one did meanwhile. */
static int
open_request(struct pulling *p, struct dd_err *err)
{
	const struct forge_draft d = {p->branch, p->base, p->title, p->body, p->o->ready};
	OWN(dd_err) struct dd_err why = {0};
	int rc = forge_create(p->forge, &d, &p->request, &why);
	if (rc < 0 && forge_find(p->forge, p->branch, &p->request, NULL) == 0 &&
		p->request.state == FORGE_OPEN)
		rc = 0;
	p->done = "opened";
	return rc < 0 ? err_move(err, &why) : 0;
}

static int
update_request(struct pulling *p, struct dd_err *err)
{
	bool same = strcmp(p->request.body, p->body) == 0;
	p->done = same ? "unchanged" : "updated";
	return same ? 0 : forge_update(p->forge, &p->request, p->body, err);
}

static int
push(struct pulling *p, const char *own, struct dd_err *err)
{
	OWN_FREE char *scratch = run_path(&p->run, RUN_LATER "/objects");
	struct git_push_refs there = {0};
	p->push.scratch = scratch;
	int rc = push_look(&p->push, &there, err);
	if (rc == 0)
		rc = choose_base(p, &there, own, err);
	if (rc == 0)
		rc = push_branch(&p->push, &there, &p->pushed, err);
	git_push_refs_cleanup(&there);
	if (rc == 0)
		fault_point("pr.pushed");
	return rc;
}

/* One at a time; the other one finds what this one did. */
static int
lock_later(struct pulling *p, struct dd_err *err)
{
	OWN_FREE char *dir = run_path(&p->run, RUN_LATER),
		      *path = run_path(&p->run, RUN_LATER "/pr.lock");
	int rc = fs_mkdirs(dir, 0700, err);
	return rc < 0 ? rc : fs_lock(path, true, &p->lock, err);
}

static int
carry_out(struct pulling *p, struct dd_err *err)
{
	const char *own = "";
	int rc = lock_later(p, err);
	if (rc == 0)
		rc = connect_there(p, err);
	if (rc == 0)
		rc = forge_look(p->forge, &own, err);
	if (rc == 0)
		rc = forge_find(p->forge, p->branch, &p->request, err);
	if (rc == 0 && (p->request.state == FORGE_MERGED || p->request.state == FORGE_CLOSED)) {
		p->done = forge_state_names[p->request.state];
		return 0;
	}
	if (rc == 0)
		rc = push(p, own, err);
	if (rc == 0)
		rc = p->request.state == FORGE_OPEN ? update_request(p, err) : open_request(p, err);
	if (rc == 0)
		fault_point("pr.opened");
	return rc;
}

/* ---- telling ---- */

static json_t *
to_json(const struct pulling *p)
{
	const struct forge_request *r = &p->request;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s?, s:I, s:s?, s:b, s:o}",
		"run", p->run.id, "done", p->done, "forge", forge_kind_names[p->at.kind], "api",
		p->at.api, "remote", p->to.url, "repo", p->at.target, "branch", p->branch, "commit",
		p->commit, "pushed", p->pushed, "base", r->base ? r->base : p->base, "number",
		(json_int_t)r->number, "url", r->url, "draft", r->draft, "title",
		json_text(str_of(p->title)));
}

static int
write_later(const struct pulling *p, const json_t *j, struct dd_err *err)
{
	OWN_FREE char *path = run_path(&p->run, RUN_LATER "/pr.json");
	OWN(buf) struct buf text = {0};
	json_print(j, 2, &text);
	buf_putc(&text, '\n');
	return fs_write_atomic(path, buf_str(&text), 0600, err);
}

static void
print_dry(const struct pulling *p)
{
	fix_print_line("push", p->branch);
	fix_print_line("commit", p->commit);
	fix_print_line("to", p->to.url);
	fix_print_line("request", p->at.target);
	fix_print_line("api", p->at.api);
	fix_print_line("title", p->title);
	printf("\n%s", p->body);
}

static void
print_done(const struct pulling *p)
{
	const struct forge_request *r = &p->request;
	const char *kind = p->at.kind == FORGE_GITHUB ? "pull request #" : "merge request !";
	OWN_FREE char *
		at = mem_printf(
		       "%s %s %s", p->branch, p->pushed ? "pushed to" : "is at", p->to.url),
	       *advice =
		       strcmp(p->done, "closed") == 0
			       ? mem_strdup(
					 "people closed it: reopen it there, if it is wanted after all")
			       : NULL;
	printf("%s%lld: %s%s\n", kind, (long long)r->number, p->done, r->draft ? " (draft)" : "");
	fix_print_line("url", r->url);
	fix_print_line("branch", at);
	fix_print_line("into", r->base ? r->base : p->base);
	fix_print_line("", advice);
}

static int
tell(const struct pulling *p, struct dd_err *err)
{
	OWN_JSON json_t *j = to_json(p);
	OWN(buf) struct buf text = {0};
	int rc = p->o->dry_run ? 0 : write_later(p, j, err);
	if (p->o->dry_run)
		json_object_set_new(j, "body", json_text(str_of(p->body)));
	json_print(j, 2, &text);
	if (p->o->common.json)
		printf("%s\n", text.p);
	else if (p->o->dry_run)
		print_dry(p);
	else
		print_done(p);
	return rc;
}

static int
run_pr(const struct cli_call *call)
{
	OWN(dd_err) struct dd_err err = {0};
	OWN(pulling)
	struct pulling p = {.o = call->options, .run = {.lock_fd = -1}, .lock = -1, .done = ""};
	int rc = open_run(&p, call->args[0], &err);
	if (rc == 0)
		rc = write_text(&p, &err);
	if (rc == 0)
		rc = locate(&p, &err);
	if (rc == 0 && !p.o->dry_run)
		rc = carry_out(&p, &err);
	if (rc == 0)
		rc = tell(&p, &err);
	if (rc < 0)
		return cli_fail(command_status_of_name(&err), &err);
	return strcmp(p.done, "closed") == 0 ? EXIT_TARGET_FAILED : EXIT_DONE;
}

const struct subcommand cmd_pr = {
	.name = "pr",
	.summary = "push the branch of a repair, and open a pull request for it",
	.args = "[RUN]",
	.description =
		"RUN is a drydock fix or drydock work that left a branch.  The branch, and nothing else, is pushed to the remote: over https with the\n"
		"token, over ssh as your ssh is set up, or into a directory; it is never forced, and left alone where somebody worked on it.  Then a draft\n"
		"pull request (GitHub) or merge request (GitLab) is opened with the text of pr.md.  Said again, the request that is there gets the text of\n"
		"now; one that was merged or closed is left as it is.  Nothing is ever merged by drydock.\n\n"
		"The token is GITHUB_TOKEN or GH_TOKEN, GITLAB_TOKEN, or what --token-command prints.  It is sent to the API's host, over https, and\n"
		"nowhere else: for another host than github.com and gitlab.com --api says which that is, for what a repository is configured with\n"
		"does not decide who sees a token.\n\n"
		"Of the repository's configuration the URL of the remote is read, without includes and insteadOf.\n\n"
		"The exit status is 0 for a request that is open or merged, 1 for one that people closed.",
	.options = options,
	.options_size = sizeof(struct pr_options),
	.max_args = 1,
	.run = run_pr,
};
