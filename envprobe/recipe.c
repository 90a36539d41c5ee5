#include "envprobe/recipe.h"

#include "base/fs.h"
#include "envprobe/envprobe.h"

#include <ctype.h>
#include <string.h>

#define LOCK_NAME "drydock.lock.json"
#define LOCK_MAX_BYTES ((size_t)64 << 20)

char *
recipe_argument_name(const char *question_id)
{
	char *name = mem_strdup(question_id);
	for (char *p = name; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return name;
}

static int
write_file(const char *dir, const char *name, const struct buf *text, struct dd_err *err)
{
	OWN_FREE char *path = fs_join(dir, name);
	return fs_write_atomic(path, buf_str(text), 0644, err);
}

int
recipe_write(const struct recipe *r, const char *dir, struct dd_err *err)
{
	OWN(buf) struct buf lock = {0}, dockerfile = {0}, devcontainer = {0}, build_md = {0};
	OWN_FREE char *hidden = fs_join(dir, ".devcontainer");
	OWN_JSON json_t *j = recipe_to_json(r);
	json_print(j, 2, &lock);
	buf_putc(&lock, '\n');
	recipe_dockerfile(r, &dockerfile);
	recipe_devcontainer(r, &devcontainer);
	recipe_build_md(r, &build_md);
	int rc = fs_mkdirs(hidden, 0755, err);
	if (rc == 0)
		rc = write_file(dir, "Dockerfile", &dockerfile, err);
	if (rc == 0)
		rc = write_file(dir, "BUILD.md", &build_md, err);
	if (rc == 0)
		rc = write_file(hidden, "devcontainer.json", &devcontainer, err);
	if (rc == 0)
		rc = write_file(dir, LOCK_NAME, &lock, err);
	return rc < 0 ? err_wrap(err, "recipe") : 0;
}

int
recipe_load(const char *path, struct recipe *ret, struct dd_err *err)
{
	OWN_FREE char *inner = fs_join(path, LOCK_NAME);
	OWN_JSON json_t *j = NULL;
	int rc = json_parse_file(fs_is_dir(path) ? inner : path, LOCK_MAX_BYTES, &j, err);
	if (rc == 0)
		rc = recipe_from_json(j, ret, err);
	return rc < 0 ? err_wrap(err, "recipe") : 0;
}
