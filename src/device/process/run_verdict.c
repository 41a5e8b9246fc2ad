/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a run: by the class of its first error; without one, by its log. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "device/device_class.h"
#include "device/process/run_parts.h"

enum { CONTEXT_TAIL = 10 };

static void run_add_usage(struct run *r, struct job_usage *to)
{
	struct rusage *before = &r->p->usage, now;

	getrusage(RUSAGE_SELF, &now);
	to->user_s = (double)(now.ru_utime.tv_sec - before->ru_utime.tv_sec) +
		     (double)(now.ru_utime.tv_usec - before->ru_utime.tv_usec) * 1e-6;
	to->system_s = (double)(now.ru_stime.tv_sec - before->ru_stime.tv_sec) +
		       (double)(now.ru_stime.tv_usec - before->ru_stime.tv_usec) * 1e-6;
	to->max_rss_kib = (uint64_t)now.ru_maxrss;
	r->usage = now;
}

static void decide_by_class(struct run *r)
{
	const struct class_fate *fate = device_class_fate(r->result.class);
	_cleanup_(str_done) struct str message = {0}, context = {0};
	struct job_result *v = &r->verdict.result;

	str_addn(&message, r->text.s ? r->text.s : "", r->text.len);
	call_add_code(&message, r->result.code, r->result.code_name, r->result.hint);
	if (r->notes.len)
		str_add(&message, r->notes.s);
	job_log_tail(&r->p->log, CONTEXT_TAIL, &context);
	/* Without a directory or log the job was never started, as on other backends. */
	v->status = r->is_unplaced ? JOB_KILLED : fate->status;
	v->reason = r->is_unplaced ? REASON_LAUNCH : fate->reason;
	v->is_uncounted = !fate->is_counted;
	v->message = job_outcome_text(&r->verdict, &message);
	v->context = job_outcome_text(&r->verdict, &context);
}

/* In the logs of other ranks only fail patterns count; pass patterns must be in that of rank 0. */
static int run_judge(struct run *r, struct error *err)
{
	struct shared_rules only_fails;

	if (r->ask.rank == 0)
		return shared_rules_judge(r->rules, &r->ending, &r->p->log, &r->verdict, err);
	if (shared_rules_compile(r->rules, err) < 0)
		return -1;
	only_fails = *r->rules;
	only_fails.job.pass_patterns.n = 0;
	return shared_rules_judge(&only_fails, &r->ending, &r->p->log, &r->verdict, err);
}

static void decide_by_log(struct run *r)
{
	struct job_result *v = &r->verdict.result;
	struct error err = {0};

	if (run_judge(r, &err) == 0)
		return;
	v->status = JOB_FAILED;
	v->reason = REASON_PATTERN_ERROR;
	v->message = arena_strdup(job_outcome_mem(&r->verdict), err.msg);
	error_done(&err);
}

void run_decide(struct run *r)
{
	struct job_result *v = &r->verdict.result;
	struct stat st;

	job_outcome_done(&r->verdict);
	*v = (struct job_result){.start_wall_s = r->start_s,
				 .duration_s = clock_wall(clock_real()) - r->start_s};
	r->result.text = r->text.len ? r->text.s : NULL;
	if (run_has_failed(r) && !r->ending.flood_bytes)
		decide_by_class(r);
	else
		decide_by_log(r);
	v->exit_status = -1;
	v->pid = r->p->pid;
	/* A later run compares the stamp to find out whether the log was written to since. */
	if (r->p->log.fd >= 0 && fstat(r->p->log.fd, &st) == 0)
		v->log_stamp = job_log_stamp(&st);
	run_add_usage(r, &v->usage);
	r->result.verdict = *v;
}
