/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of a job's processes, and their peak. Its slot looks at them while they run: soon
 * after the start, then each second, more often where a limit is near. Of a job without such limits
 * only the peak is wanted: the first look is after a second.
 */
#include <math.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "exec/attempt_parts.h"
#include "exec/tree_sample.h"

void attempt_watch_begin(struct attempt *a)
{
	const struct job_rules *job = &a->ask.rules->job;
	struct tree_limits limits = {0};

	if (job->limits)
		limits = *job->limits;
	if (job->is_interactive) /* it may wait for its user */
		limits.stall_s = 0;
	tree_watch_begin(&a->watch, &limits, a->procs.started_s);
	a->clocks.watch_at = a->procs.started_s + a->watch.pause_s;
}

bool attempt_watch(struct attempt *a, double now)
{
	const struct job_usage *reaped = &a->outcome.result.usage;
	struct proc_tree *tree = &a->host->tree;
	struct tree_sample s;
	struct stat st;

	proc_tree_read(tree, kept_has, &a->host->kept);
	tree_sample_read(
		tree, tree->n > 1 ? tree_watch_asks_twice(&a->watch) : a->watch.limits.memory_bytes,
		&s);
	s.at_s = now;
	s.cpu_s += reaped->user_s + reaped->system_s;
	if (a->watch.limits.stall_s > 0 && fstat(a->log.fd, &st) == 0)
		s.log_stamp = job_log_stamp(&st);
	a->end.ending.over = tree_watch_take(&a->watch, &s);
	tree_watch_slow_down(&a->watch, clock_now(clock_real()) - now);
	a->clocks.watch_at = now + a->watch.pause_s;
	return a->end.ending.over.reason != REASON_NONE;
}

void attempt_watch_end(struct attempt *a)
{
	const struct tree_limits *limits = a->ask.rules->job.limits;
	struct job_result *result = &a->outcome.result;
	struct rusage own;

	if (limits && !ending_is_decided(&a->end.ending) && getrusage(RUSAGE_SELF, &own) == 0)
		a->end.ending.over = tree_watch_end(limits, &result->usage,
						    (uint64_t)own.ru_maxrss);
	result->peak_memory_kib = a->watch.peak_bytes / 1024;
	if (result->peak_memory_kib && result->peak_memory_kib < result->usage.max_rss_kib)
		result->peak_memory_kib = result->usage.max_rss_kib;
}
