/* SPDX-License-Identifier: Apache-2.0 */
/* The data about the jobs that a job needs, at the time of its start. */
#include <string.h>

#include "bed.h"
#include "cmocka_all.h"

static void keep_needs(struct bed *b, const struct job *job, enum job_status was)
{
	const struct job_needs needs = sched_job_needs(job);
	_cleanup_(str_done) struct str room = {0};
	struct str *text = b->ctx;

	(void)was;
	if (job_status(job) != JOB_RUNNING || needs.n == 0)
		return;
	str_printf(text, "%s:", job->spec->id);
	for (uint32_t i = 0; i < needs.n; i++) {
		struct job_need need;

		needs.get(needs.ctx, i, &room, &need);
		str_printf(text, " %s=%s%s%s", need.id, job_status_name(need.status),
			   need.log ? need.log + 1 : "-", need.seed ? need.seed : "");
	}
	str_addc(text, '\n');
}

/* "f": fails; "1": fails once. */
static struct fake_outcome by_letter(const struct job *job, uint32_t attempt, void *ctx)
{
	char letter = job->spec->id[strlen(job->spec->id) - 1];

	(void)ctx;
	if (letter == 'f' || (letter == '1' && attempt == 1))
		return (struct fake_outcome){
			.status = JOB_FAILED, .reason = REASON_EXIT, .duration_s = 1};
	return (struct fake_outcome){.status = JOB_PASSED, .duration_s = 1};
}

#define TOLD "report1: good=PASSED@7 good=PASSED@7 f=FAILED@ never=KILLED- fake=PASSED-\n"

static void a_job_knows_all_that_it_needs(void **state)
{
	struct job_spec *good, *bad, *never, *fake, *report;
	_cleanup_(str_done) struct str text = {0};
	struct bed b;

	(void)state;
	bed_init(&b, 8);
	bed_backend(&b, NULL, by_letter, 0)->caps.is_virtual = false; /* its jobs leave logs */
	bed_backend(&b, "virtual", by_letter, 0);
	good = bed_job(&b, "good");
	good->seed = "7";
	bad = bed_job(&b, "f");
	never = bed_job(&b, "never");
	bed_needs(&b, never, bad);
	fake = bed_job(&b, "fake");
	fake->backend_no = 2;
	report = bed_job(&b, "report1");
	bed_needs(&b, report, good);
	bed_needs_any(&b, report, good);
	bed_needs_any(&b, report, bad);
	bed_needs_any(&b, report, never);
	bed_needs_any(&b, report, fake);
	bed_holds(&b, report, bed_job(&b, "pin"));
	for (size_t i = 0; i < b.plan->n_jobs; i++)
		b.plan->jobs[i].dir = b.plan->jobs[i].log = "/@";
	bed_rules(report)->retry.max = 1;
	b.on_change = keep_needs;
	b.ctx = &text;
	bed_go(&b);
	/* At each attempt; without what its fallback waits for. */
	assert_string_equal(text.s, TOLD TOLD);
	bed_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_knows_all_that_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
