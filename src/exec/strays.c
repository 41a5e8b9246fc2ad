/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler, also a subreaper, inherits the processes of a dead slot (strays). They are not in
 * the scheduler's session: jobs start in their own sessions, and no process can enter another one.
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "exec/slot.h"
#include "base/proc_tree.h"

/* If none of the killed processes ends within this time, they cannot end (state D): the run goes
 * on. */
enum { PATIENCE_MS = 200 };
/* Slots reap what is killed below them within a few rounds. */
enum { ROUNDS = 100, ROUND_MS = 5 };
/* A chain of forks is caught within some tens of looks. What is killed needs some to become a
 * zombie. */
enum { CATCHES = 5000, IDLE_CATCHES = 50 };

struct known {
	const pid_t *at;
	size_t n;
	pid_t session;
};

static bool is_ours(pid_t child, void *ctx)
{
	const struct known *k = ctx;
	pid_t session;

	for (size_t i = 0; i < k->n; i++)
		if (k->at[i] == child)
			return true;
	session = getsid(child);
	return session < 0 || session == k->session;
}

static unsigned reap_own(const struct proc_tree *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < t->n_own; i++)
		n += waitpid(t->at[i].pid, NULL, WNOHANG) > 0;
	return n;
}

static bool has_ended(pid_t child)
{
	siginfo_t end = {0};

	return waitid(P_PID, (id_t)child, &end, WEXITED | WNOHANG | WNOWAIT) < 0 || end.si_pid;
}

/* Waits until this child has ended, or a short time. There may be no pidfds, or no descriptor. */
static void wait_for_one(pid_t child)
{
	struct pollfd p = {.fd = proc_open_pidfd(child), .events = POLLIN};

	if (p.fd >= 0)
		poll(&p, 1, PATIENCE_MS);
	else
		for (unsigned ms = 0; ms < PATIENCE_MS && !has_ended(child); ms++)
			poll(NULL, 0, 1);
	closep(&p.fd);
}

/*
 * A process that forks and ends at once is gone before a walk of the whole tree is over, and leaves
 * a zombie, which makes the next walk longer. So children are killed as soon as they are listed.
 * Returns how many were reaped.
 */
static unsigned catch_children(proc_tree_skip *skip, void *ctx)
{
	struct proc_tree t = {0};
	unsigned n_reaped = 0, n, n_idle = 0;

	for (unsigned i = 0; i < CATCHES && n_idle < IDLE_CATCHES; i++) {
		proc_tree_read_own(&t, skip, ctx);
		proc_tree_signal(&t, SIGKILL);
		n = reap_own(&t);
		n_idle = n ? 0 : n_idle + 1;
		n_reaped += n;
		if (!t.n)
			break;
	}
	proc_tree_done(&t);
	return n_reaped;
}

static unsigned kill_and_reap(proc_tree_skip *skip, void *ctx)
{
	struct proc_tree t = {0};
	unsigned n_reaped = catch_children(skip, ctx), n_idle = 0;

	for (proc_tree_read(&t, skip, ctx); t.n_own && n_idle < 2; proc_tree_read(&t, skip, ctx)) {
		unsigned n;

		proc_tree_signal(&t, SIGKILL);
		wait_for_one(t.at[t.n_own - 1].pid);
		n = reap_own(&t);
		n_idle = n ? 0 : n_idle + 1;
		n_reaped += n + catch_children(skip, ctx);
	}
	proc_tree_done(&t);
	return n_reaped;
}

unsigned exec_reap_strays(const pid_t *known, size_t n_known)
{
	struct known k = {known, n_known, getsid(0)};

	return kill_and_reap(is_ours, &k);
}

/*
 * Kills the processes of jobs and leaves the slots. If this process is killed in the middle of it,
 * the slots still exist and end the rest; killed first, they would leave it to nobody.
 */
static void kill_below_children(proc_tree_skip *skip, void *ctx)
{
	struct proc_tree t = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		proc_tree_read(&t, skip, ctx);
		if (t.n == t.n_own)
			break;
		proc_tree_signal_below(&t, SIGKILL);
		reap_own(&t);
		poll(NULL, 0, ROUND_MS);
	}
	proc_tree_done(&t);
}

static bool is_that(pid_t child, void *ctx)
{
	const pid_t *pid = ctx;

	return child == *pid;
}

unsigned exec_kill_descendants(pid_t except)
{
	kill_below_children(is_that, &except);
	return kill_and_reap(is_that, &except);
}
