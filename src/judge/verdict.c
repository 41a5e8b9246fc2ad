/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "judge/log_scan.h"
#include "judge/pattern_code.h"
#include "judge/verdict_text.h"

enum { CONTEXT_TAIL = 10 };

/* The input of the tests, and their output. */
struct judge {
	const struct ending *end;
	const struct verdict_rules *rules;
	int log_fd, log_errnum;
	off_t log_start;
	struct str message, context;
	struct job_result *ret;
};

static bool judge_verdict_decide(struct judge *j, enum job_status status, enum job_reason reason)
{
	j->ret->status = status;
	j->ret->reason = reason;
	return true;
}

static bool judge_dry_run(struct judge *j)
{
	return j->rules->is_dry_run && !j->end->refused &&
	       judge_verdict_decide(j, JOB_PASSED, REASON_NONE);
}

static bool judge_stuck(struct judge *j)
{
	if (!j->end->stuck)
		return false;
	str_printf(&j->message, "still there after SIGKILL: %s", j->end->stuck);
	return judge_verdict_decide(j, JOB_KILLED, REASON_UNKILLABLE);
}

static bool judge_killed(struct judge *j)
{
	if (!j->end->was_killed)
		return false;
	switch (j->end->kill_reason) {
	case REASON_USER:
		str_add(&j->message, "killed: the run was stopped");
		break;
	case REASON_RUN_DEADLINE:
		str_add(&j->message, "killed: the run is over its deadline");
		break;
	case REASON_MAX_FAILURES:
		str_add(&j->message, "killed: too many failures in this run");
		break;
	default:
		str_printf(&j->message, "killed: %s", job_reason_name(j->end->kill_reason));
		break;
	}
	return judge_verdict_decide(j, JOB_KILLED, j->end->kill_reason);
}

static bool judge_timeout(struct judge *j)
{
	if (!j->end->is_timeout)
		return false;
	str_add(&j->message, "Job timed out after ");
	if (j->rules->timeout_text && j->rules->timeout_s == j->end->timeout_s)
		str_add(&j->message, j->rules->timeout_text);
	else
		duration_add(&j->message, j->end->timeout_s);
	return judge_verdict_decide(j, JOB_KILLED, REASON_TIMEOUT);
}

static bool judge_flood(struct judge *j)
{
	if (!j->end->flood_bytes)
		return false;
	str_printf(&j->message, "the log went over its limit of %llu bytes",
		   (unsigned long long)j->end->flood_bytes);
	return judge_verdict_decide(j, JOB_KILLED, REASON_LOG_FLOOD);
}

static void add_over_limit(struct str *to, const struct over_limit *over)
{
	switch (over->reason) {
	case REASON_MEMORY_LIMIT:
		str_printf(to, "the job went %s its memory limit of ",
			   over->used > 0 ? "over" : "to");
		verdict_add_size(to, over->limit);
		str_add(to, over->used > 0 ? ": its processes had " : ": the kernel killed it");
		if (over->used > 0)
			verdict_add_size(to, over->used);
		break;
	case REASON_PROCESS_LIMIT:
		str_printf(to, "the job went over its limit of %.0f processes: it had %.0f",
			   over->limit, over->used);
		break;
	case REASON_CPU_LIMIT:
		str_add(to, "the job went over its CPU time limit of ");
		duration_add(to, over->limit);
		str_add(to, ": its processes used ");
		duration_add(to, over->used);
		break;
	default:
		str_add(to, "the job stalled: it wrote nothing to its log and used no CPU time "
			    "for ");
		duration_add(to, over->limit);
	}
}

static bool judge_over(struct judge *j)
{
	const struct over_limit *over = &j->end->over;

	if (over->reason == REASON_NONE)
		return false;
	add_over_limit(&j->message, over);
	if (j->log_fd >= 0)
		log_tail(j->log_fd, j->log_start, CONTEXT_TAIL, &j->context);
	return judge_verdict_decide(j, JOB_KILLED, over->reason);
}

static bool fail_log_unreadable(struct judge *j, const char *why)
{
	str_printf(&j->message, "the log cannot be read, so its patterns were not looked for: %s",
		   why);
	return judge_verdict_decide(j, JOB_FAILED, REASON_LOG_UNREADABLE);
}

static void add_missing_patterns(struct judge *j, const struct log_scan *s)
{
	const char *separator = "";

	str_add(&j->message, "Some pass patterns missing: [");
	for (size_t i = 0; i < s->n_pass; i++) {
		if (s->seen[i])
			continue;
		str_add(&j->message, separator);
		verdict_add_repr(&j->message, j->rules->pass_texts[i]);
		separator = ", ";
	}
	str_add(&j->message, "]");
}

static uint32_t line_of(const struct judge *j, const struct log_scan *s)
{
	return s->line + log_count_lines(j->log_fd, j->log_start);
}

static void add_undecided(struct judge *j, const struct log_scan *s)
{
	str_add(&j->message, s->undecided ? "the pattern " : "a pattern");
	if (s->undecided)
		verdict_add_repr(&j->message, pattern_text(s->undecided));
	str_printf(&j->message, " could not be decided on line %u: ", j->ret->line);
	if (s->is_late)
		str_add(&j->message, "it takes too long");
	else if (s->undecided)
		str_add(&j->message, "too much backtracking");
	else
		str_printf(&j->message, "longer than %d KiB", LOG_LINE_MOST / 1024);
}

static bool judge_scan(struct judge *j, struct log_scan *s)
{
	switch (s->outcome) {
	case SCAN_FAIL:
		j->ret->line = line_of(j, s);
		str_addn(&j->message, s->message.s ? s->message.s : "", s->message.len);
		str_addn(&j->context, s->context.s ? s->context.s : "", s->context.len);
		return judge_verdict_decide(j, JOB_FAILED, REASON_FAIL_PATTERN);
	case SCAN_UNDECIDED:
		j->ret->line = line_of(j, s);
		add_undecided(j, s);
		return judge_verdict_decide(j, JOB_FAILED, REASON_PATTERN_ERROR);
	case SCAN_CLEAN:
		break;
	}
	if (s->n_missing) {
		add_missing_patterns(j, s);
		if (s->is_cut)
			str_printf(&j->message, "; lines over %d KiB were not searched",
				   LOG_LINE_MOST / 1024);
		log_tail(j->log_fd, j->log_start, CONTEXT_TAIL, &j->context);
		return judge_verdict_decide(j, JOB_FAILED, REASON_MISSING_PATTERN);
	}
	return false;
}

/* The missing part of the log could change the result: everything else allows a pass. */
static bool depends_on_lost_log(const struct judge *j, const struct log_scan *s)
{
	return j->rules->was_log_full && s->outcome == SCAN_CLEAN && (s->n_fail || s->n_missing) &&
	       j->end->exit_status == 0 && j->end->term_signal == 0;
}

static bool fail_log_incomplete(struct judge *j)
{
	str_add(&j->message,
		"there was no room for its log (a full disk, or a limit on the size of "
		"files): what it printed last may be missing");
	log_tail(j->log_fd, j->log_start, CONTEXT_TAIL, &j->context);
	return judge_verdict_decide(j, JOB_FAILED, REASON_LOG_UNREADABLE);
}

static bool judge_patterns(struct judge *j)
{
	struct log_scan s = {.pass = j->rules->pass,
			     .fail = j->rules->fail,
			     .n_pass = j->rules->n_pass,
			     .n_fail = j->rules->n_fail};
	bool is_decided;
	int errnum;

	if (s.n_pass == 0 && s.n_fail == 0)
		return false;
	if (j->log_fd < 0)
		return fail_log_unreadable(j, j->log_errnum
						      ? strerror(j->log_errnum)
						      : "it was removed or emptied by the job");
	log_scan_init(&s);
	errnum = log_scan_file(&s, j->log_fd, j->log_start);
	if (!errnum && depends_on_lost_log(j, &s))
		is_decided = fail_log_incomplete(j);
	else if (errnum)
		is_decided = fail_log_unreadable(j, errnum == ESTALE ? "it was cut short meanwhile"
								     : strerror(errnum));
	else
		is_decided = judge_scan(j, &s);
	log_scan_done(&s);
	return is_decided;
}

static bool judge_signal(struct judge *j)
{
	const struct ending *e = j->end;

	if (e->term_signal == 0)
		return false;
	str_clear(&j->message);
	str_printf(&j->message, "killed by signal %d (%s)%s", e->term_signal,
		   verdict_signal_name(e->term_signal), e->has_core ? ", core dumped" : "");
	if (j->log_fd >= 0)
		log_tail(j->log_fd, j->log_start, CONTEXT_TAIL, &j->context);
	if (e->term_signal != SIGKILL || !e->had_oom)
		return judge_verdict_decide(j, JOB_FAILED, REASON_SIGNAL);
	str_add(&j->message, ", by the kernel: out of memory");
	return judge_verdict_decide(j, JOB_FAILED, REASON_MEMORY);
}

static bool judge_exit(struct judge *j)
{
	if (j->end->exit_status == 0)
		return false;
	str_clear(&j->message);
	if (j->log_fd >= 0)
		log_tail(j->log_fd, j->log_start, CONTEXT_TAIL, &j->context);
	if (j->end->exit_status < 0) {
		str_add(&j->message, "it is not known how the job ended");
		return judge_verdict_decide(j, JOB_FAILED, REASON_LOST);
	}
	str_printf(&j->message, "Job returned a non-zero exit code: %d", j->end->exit_status);
	if (j->end->refused)
		str_printf(&j->message, ": %s", j->end->refused);
	if (j->end->had_oom) {
		str_add(&j->message, "; a process was killed by the kernel: out of memory");
		return judge_verdict_decide(j, JOB_FAILED, REASON_MEMORY);
	}
	return judge_verdict_decide(j, JOB_FAILED, REASON_EXIT);
}

static bool judge_leak(struct judge *j)
{
	if (!j->end->leaked || !j->rules->leak_fails)
		return false;
	return judge_verdict_decide(j, JOB_FAILED, REASON_LEAK);
}

/* A leak sets the mark with any status. Its message is used only if there is no other one. */
static void note_leak(struct judge *j)
{
	if (!j->end->leaked)
		return;
	j->ret->marks |= MARK_LEAKY;
	if (j->message.len == 0)
		str_printf(&j->message, "left processes behind, which were killed: %s",
			   j->end->leaked);
}

void verdict_decide(const struct ending *end, const struct verdict_rules *rules, int log_fd,
		    int log_errnum, off_t log_start, struct job_outcome *ret)
{
	/* The first test that applies decides. */
	static bool (*const judges[])(struct judge *) = {
		judge_dry_run, judge_stuck,    judge_killed, judge_timeout, judge_flood,
		judge_over,    judge_patterns, judge_signal, judge_exit,    judge_leak,
	};
	struct judge j = {.end = end,
			  .rules = rules,
			  .log_fd = log_fd,
			  .log_errnum = log_errnum,
			  .log_start = log_start,
			  .ret = &ret->result};
	bool is_decided = false;

	j.ret->exit_status = end->exit_status;
	j.ret->term_signal = end->term_signal;
	for (size_t i = 0; i < ARRAY_LEN(judges) && !is_decided; i++)
		is_decided = judges[i](&j);
	if (!is_decided)
		judge_verdict_decide(&j, JOB_PASSED, REASON_NONE);
	note_leak(&j);
	j.ret->message = job_outcome_text(ret, &j.message);
	j.ret->context = job_outcome_text(ret, &j.context);
	str_done(&j.message);
	str_done(&j.context);
}
