/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of an attempt: its leader, processes that it started, and which of them are left.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "exec/attempt_parts.h"

/* Pause before the next try if wait4() fails with another error than ECHILD. */
static const double reap_again_s = 0.05;

bool attempt_on_terminal(const struct attempt *a)
{
	return a->pty.master >= 0;
}

void attempt_keep_daemons(struct attempt *a)
{
	const struct ending *end = &a->end.ending;
	const struct kept_job job = {
		.globs = a->ask.rules->job.keep,
		.leader = a->procs.leader_is_gone ? 0 : a->procs.leader,
		.session = attempt_on_terminal(a) ? getsid(0) : a->procs.leader,
		.only_daemons = ending_is_decided(end),
	};
	size_t n_before = a->host->kept.n;

	kept_adopt(&a->host->kept, &job, &a->host->tree);
	if (a->host->kept.n > n_before)
		cgroup_job_spare(&a->cgroup);
}

static void attempt_note_leader(struct attempt *a, int status)
{
	a->procs.leader_is_gone = true;
	a->outcome.result.duration_s = clock_now(clock_real()) - a->procs.started_s;
	if (WIFEXITED(status)) {
		a->end.ending.exit_status = WEXITSTATUS(status);
	} else {
		a->end.ending.exit_status = -1;
		a->end.ending.term_signal = WTERMSIG(status);
		a->end.ending.has_core = WCOREDUMP(status);
	}
}

static void attempt_add_usage(struct job_usage *to, const struct rusage *u)
{
	to->user_s += (double)u->ru_utime.tv_sec + (double)u->ru_utime.tv_usec * 1e-6;
	to->system_s += (double)u->ru_stime.tv_sec + (double)u->ru_stime.tv_usec * 1e-6;
	if ((uint64_t)u->ru_maxrss > to->max_rss_kib)
		to->max_rss_kib = (uint64_t)u->ru_maxrss;
}

/* After an error of wait4() it is not known which processes are left. wait4() is tried again soon,
 * as no signal will come. */
static bool attempt_note_wait_error(struct attempt *a)
{
	if (isinf(a->procs.reap_since_s))
		a->procs.reap_since_s = clock_now(clock_real());
	a->procs.reap_at = clock_now(clock_real()) + reap_again_s;
	return false;
}

bool attempt_reap(struct attempt *a)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG | (attempt_on_terminal(a) ? WUNTRACED : 0),
			    &usage)) > 0) {
		if (WIFSTOPPED(status)) {
			a->news.has_stopped |= pid == a->procs.leader && !a->host->pause.is_on;
			continue;
		}
		if (kept_has(pid, &a->host->kept)) {
			kept_forget(&a->host->kept, pid);
			continue;
		}
		if (pid == a->procs.leader)
			attempt_note_leader(a, status);
		attempt_add_usage(&a->outcome.result.usage, &usage);
	}
	if (pid < 0 && errno != ECHILD)
		return attempt_note_wait_error(a);
	a->procs.reap_at = a->procs.reap_since_s = INFINITY;
	if (pid < 0)
		return true;
	if (a->host->kept.n == 0)
		return false;
	proc_tree_read(&a->host->tree, kept_has, &a->host->kept);
	return a->host->tree.n_own == 0;
}

void attempt_signal(struct attempt *a, int signum)
{
	proc_tree_read(&a->host->tree, kept_has, &a->host->kept);
	proc_tree_signal(&a->host->tree, signum);
}

void attempt_describe_left(struct attempt *a, bool with_state, struct str *to)
{
	struct proc_tree *tree = &a->host->tree;
	struct proc_stat st;

	proc_tree_read(tree, kept_has, &a->host->kept);
	str_clear(to);
	proc_tree_describe(tree, to);
	if (with_state && tree->n && proc_stat_read(tree->at[0].pid, &st))
		str_printf(to, ", state %c", st.state);
}
