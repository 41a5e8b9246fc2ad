/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/outcome.h"

#include <signal.h>

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

static bool is_coverage_only(const struct args *args)
{
	return opt_has(args, OPT_COV_UNR) || opt_has(args, OPT_COV_ANALYZE);
}

static int dvsim_code(const struct args *args, const struct outcome_facts *facts, int code)
{
	bool is_by_jobs = code == EXIT_SOME_FAILED || code == EXIT_INFRA;

	if (code == EXIT_USAGE) /* of the configuration, not of the command line */
		return facts->eval_status ? facts->eval_status : 1;
	if (is_by_jobs && (facts->is_formal_run || is_coverage_only(args)))
		return 0;
	if (is_by_jobs || code == EXIT_BY_SIGNAL + SIGINT || code == EXIT_BY_SIGNAL + SIGTERM)
		return 1;
	return code;
}

int outcome_shell_code(const struct args *args, int exit_code)
{
	static const struct outcome_facts nothing;

	if (!args->is_dvsim)
		return exit_code;
	return dvsim_code(args, args->facts ? args->facts : &nothing, exit_code);
}
