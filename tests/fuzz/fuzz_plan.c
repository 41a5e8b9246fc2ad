/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes plan.json. A plan that was read is written and read again, and has the same jobs. */
#include "fuzz_file.h"

#include <string.h>

#include "base/str.h"
#include "run/plan_file.h"

static void check_same(const struct plan *a, const struct plan *b)
{
	if (!b || a->n_jobs != b->n_jobs)
		abort();
	for (size_t i = 0; i < a->n_jobs; i++)
		if (!str_eq(a->jobs[i].id, b->jobs[i].id) ||
		    !str_eq(a->jobs[i].command, b->jobs[i].command))
			abort();
}

static void write_again(const struct plan *plan)
{
	_cleanup_(error_done) struct error err = {0};
	char path[32];
	int fd = fuzz_file_make("", 0, path);
	struct plan *again;

	if (plan_write(fd, plan, "fuzz") != 0)
		abort();
	again = plan_read(path, &err);
	check_same(plan, again);
	plan_free(again);
	close(fd);
}

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len)
{
	_cleanup_(error_done) struct error err = {0};
	char path[32];
	int fd = fuzz_file_make(input, len, path);
	struct plan *plan = plan_read(path, &err);

	if (!plan && !error_is_set(&err))
		abort();
	if (plan)
		write_again(plan);
	plan_free(plan);
	close(fd);
	return 0;
}
