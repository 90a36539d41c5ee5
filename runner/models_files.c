#include "runner/models_files.h"

#include "base/fs.h"

#define PROJECT_FILE ".drydock/models.json"

int
models_files_load(const char *named, struct models *ret, struct dd_err *err)
{
	OWN_FREE char *own = models_user_file();
	if (named && !fs_exists(named))
		return err_set(err, DD_EINVAL, "%s: there is no such file", named);
	return models_load(
		&(struct models_files){.user = named ? named : own, .project = PROJECT_FILE}, ret,
		err);
}
