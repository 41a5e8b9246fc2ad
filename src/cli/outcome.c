/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outcome.h"

#include "cli/load.h"

struct outcome outcome_of(const struct sched *s, int signum, bool is_past_deadline)
{
	bool has[CLASS_COUNT] = {false};

	for (size_t i = 0; i < sched_n_jobs(s); i++) {
		const struct job *job = sched_job(s, i);

		if (job_status(job) != JOB_PASSED)
			has[job_reason_class((enum job_reason)job->reason)] = true;
	}
	if (signum)
		return (struct outcome){"interrupted", EXIT_BY_SIGNAL + signum};
	if (is_past_deadline)
		return (struct outcome){"deadline", EXIT_DEADLINE};
	if (has[CLASS_JOB])
		return (struct outcome){"failed", EXIT_SOME_FAILED};
	if (has[CLASS_INFRA])
		return (struct outcome){"infra", EXIT_INFRA};
	if (has[CLASS_DEPENDENCY] || has[CLASS_USER] || has[CLASS_NONE])
		return (struct outcome){"failed", EXIT_SOME_FAILED};
	return (struct outcome){"passed", EXIT_PASSED};
}
