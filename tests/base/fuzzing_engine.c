/* The main of libFuzzer: DD_FUZZ in the environment names the target. */
#include "tests/base/fuzzing.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const struct fuzz_target *target;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	const char *name = getenv("DD_FUZZ");
	for (target = fuzz_targets; target->name && (!name || strcmp(target->name, name) != 0);)
		target++;
	if (!target->name) {
		fprintf(stderr, "DD_FUZZ names no target of this program\n");
		exit(2);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	target->one((struct str){p ? (const char *)p : "", n});
	return 0;
}
