/*
 * Inside the room: one more attempt while a result is known.  The known one is put aside, the attempt is made
 * from its own packages, and one of the two is kept; which one is a journalled step, so that who looks back
 * knows it.
 */
#ifndef ENVPROBE_TRIAL_H
#define ENVPROBE_TRIAL_H

#include "envprobe/loop.h"

struct trial {
	/* what is known */
	struct stack root, work;
	struct package_list packages;
	struct install_batch_list batches;
	struct prompt_answer_list prompts;
	struct test_run tests;
	struct built_file_list built_files;
	size_t refused, features;
	double build_seconds, test_seconds;
	char *failure; /* NULL: the tests passed, or there are none */
	bool built;    /* the attempt did */
	/* How often the tests said that they skip something for want of another: then, and in the attempt. */
	size_t skips, skips_now;
	int64_t passed_now, failed_now; /* cases, in the attempt */
};

/* Put the result aside: the loop has none, and on_top of its packages, or with none on the root of the image. */
void trial_begin(struct loop *l, bool on_top, struct trial *ret);

/* Instead of making the attempt: the known result is that of the loop again; or what is known is forgotten. */
void trial_restore(struct loop *l, struct trial *t);
void trial_cleanup(struct trial *t);

/* Is the attempt, in l->r, to be kept, and not what is known? */
typedef bool trial_judge(const struct trial *known, const struct probe_result *now);

/*
 * Install what is wanted, build, test, and keep one of the two.  On an error, too, l->r has a result, and
 * *t is finished.
 */
int trial_make(struct loop *l, struct trial *t, trial_judge *is_kept, bool *ret_kept,
	struct dd_err *err) DD_MUST_USE;

/* Every case of both, each with the same result? */
bool trial_tests_alike(const struct test_run *a, const struct test_run *b);

#endif
