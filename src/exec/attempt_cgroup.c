/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of an attempt's job, where the run has cgroups. */
#include "exec/attempt_parts.h"

void attempt_cgroup_begin(struct attempt *a)
{
	struct slot_host *h = a->host;

	cgroup_job_begin(&a->cgroup, h->cgroup_dir, &h->n_cgroups, a->ask.rules->job.limits);
}

/* The kernel counts also processes that nobody has waited for. */
static void attempt_take_cpu_time(struct job_usage *usage, const struct cgroup_use *use)
{
	if (use->user_s + use->system_s <= usage->user_s + usage->system_s)
		return;
	usage->user_s = use->user_s;
	usage->system_s = use->system_s;
}

void attempt_cgroup_read(struct attempt *a)
{
	const struct tree_limits *limits = a->ask.rules->job.limits;
	struct cgroup_use *use = &a->end.use;

	cgroup_job_read(&a->cgroup, use);
	attempt_take_cpu_time(&a->outcome.result.usage, use);
	a->outcome.result.cgroup_peak_kib = use->peak_bytes / 1024;
	if (use->hit_limit && limits && limits->memory_bytes && !ending_is_decided(&a->end.ending))
		a->end.ending.over = (struct over_limit){
			.reason = REASON_MEMORY_LIMIT,
			.limit = (double)limits->memory_bytes,
		};
}

bool attempt_cgroup_had_oom(const struct attempt *a)
{
	return a->end.use.counts_oom ? a->end.use.n_oom_kills > 0 : slot_host_had_oom(a->host);
}
