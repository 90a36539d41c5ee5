/* Where a command's models come from: the user's file, or the one named instead, and the project's. */
#ifndef RUNNER_MODELS_FILES_H
#define RUNNER_MODELS_FILES_H

#include "agents/model.h"

/* named: the file of --models, which must be there; NULL: the user's own, which need not. */
int models_files_load(const char *named, struct models *ret, struct dd_err *err) DD_MUST_USE;

#endif
