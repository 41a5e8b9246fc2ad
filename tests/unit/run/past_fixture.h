/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that have ended, for tests of who finds and removes them. */
#ifndef TESTS_RUN_PAST_FIXTURE_H
#define TESTS_RUN_PAST_FIXTURE_H

#include "fixture.h"

#include "base/clock.h"
#include "run/job_record.h"
#include "run/journal.h"
#include "run/past_run.h"
#include "run/run_dir.h"

static const char *const argv[] = {"dvsched", "run", "x.hjson", "-D", "a=1", NULL};

static void record_run(struct run_dir *r, const struct plan *p, double wall_s)
{
	static const struct job_result passed = {.status = JOB_PASSED};
	const struct job_record done = {.id = p->jobs[0].id,
					.status = JOB_PASSED,
					.attempt = 1,
					.cause = JOB_RECORD_NO_CAUSE,
					.result = &passed};
	struct error err = {0};
	struct journal *j = journal_create(run_dir_fd(r), &err);
	struct json_out *out = journal_begin(j, "run", wall_s);

	jout_key_string(out, "cfg_path", p->cfg_path);
	jout_key_string(out, "parent", p->parent);
	jout_key_bool(out, "nested", p->is_nested);
	jout_key_bool(out, "rehearsal", p->is_rehearsal);
	jout_key(out, "argv");
	jout_array(out);
	for (size_t i = 0; argv[i]; i++)
		jout_string(out, argv[i]);
	jout_array_end(out);
	assert_int_equal(journal_commit(j), 0);
	job_record_write(journal_begin(j, JOB_RECORD_EV, wall_s + 1), &done);
	assert_int_equal(journal_commit(j), 0);
	journal_free(j);
}

/* A run with a journal and without results, as one leaves it that is killed; its id. 0: it has no
 * journal. */
static inline const char *make_run(struct plan *p, double wall_s, struct run_dir **ret_live)
{
	struct error err = {0};
	struct clock_virtual clock;
	struct run_dir *r;
	const char *id;

	clock_virtual_init(&clock, wall_s);
	r = run_dir_new(p, &clock.clock, &err);

	if (!r)
		fail_msg("%s", err.msg);
	if (wall_s > 0)
		record_run(r, p, wall_s);
	assert_int_equal(run_dir_publish(r, &err), 0);
	id = arena_strdup(p->mem, run_dir_id(r));
	if (ret_live)
		*ret_live = r;
	else
		run_dir_free(r);
	return id;
}

static inline char *path_of(const char *id)
{
	return xasprintf("%s/.dvsched/runs/%s", scratch, id);
}

static inline struct plan *plan_of(const char *cfg_path)
{
	struct plan *p = make_plan(2);

	p->cfg_path = cfg_path;
	return p;
}

#endif
