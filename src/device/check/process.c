/* SPDX-License-Identifier: Apache-2.0 */
/* Side effects of a driver's calls on the process. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "device/check/parts.h"

extern char **environ;

struct check_process {
	pid_t pid;
	struct sigaction actions[NSIG];
	char **environment; /* copies */
	unsigned n_forks;
};

static _Atomic unsigned n_forks;

static void count_fork(void)
{
	n_forks++;
}

/* ---- the environment ---- */

static char **copy_environment(void)
{
	char **copy;
	size_t n = 0;

	while (environ && environ[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(environ[i]);
	return copy;
}

static void free_environment(char **list)
{
	for (char **e = list; *e; e++)
		free(*e);
	free(list);
}

/* The first text of list that is not in other; the order does not matter. */
static const char *find_missing(char *const *list, char *const *other)
{
	for (; list && *list; list++) {
		size_t i = 0;

		while (other && other[i] && strcmp(other[i], *list) != 0)
			i++;
		if (!other || !other[i])
			return *list;
	}
	return NULL;
}

static char *explain_environment(const struct check_process *before)
{
	const char *is = find_missing(environ, before->environment);
	const char *was = find_missing(before->environment, environ), *one = is ? is : was;
	_cleanup_(str_done) struct str text = {0};

	if (!one)
		return NULL;
	str_add(&text, "it changed the environment: ");
	str_add_printable(&text, one, strcspn(one, "="));
	str_add(&text, is ? " was set" : " is gone");
	return str_take(&text);
}

/* ---- signals ---- */

static bool is_same_action(const struct sigaction *a, const struct sigaction *b)
{
	if ((a->sa_flags & SA_SIGINFO) != (b->sa_flags & SA_SIGINFO))
		return false;
	return a->sa_flags & SA_SIGINFO ? a->sa_sigaction == b->sa_sigaction
					: a->sa_handler == b->sa_handler;
}

static char *explain_signals(const struct check_process *before)
{
	for (int s = 1; s < NSIG; s++) {
		struct sigaction now;
		const char *name = sigabbrev_np(s);

		memset(&now, 0, sizeof(now));
		if (sigaction(s, NULL, &now) < 0 || is_same_action(&now, &before->actions[s]))
			continue;
		return name ? xasprintf("it changed how SIG%s is handled", name)
			    : xasprintf("it changed how signal %d is handled", s);
	}
	return NULL;
}

/* ---- processes ---- */

/* Finds children that run or have ended. Orphans count, too, because this process is a
 * subreaper. */
static char *explain_children(void)
{
	siginfo_t info = {0};

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
		return NULL;
	if (info.si_pid)
		return xasprintf(
			"it left a process that ended, and that nobody waited for (pid %d)",
			(int)info.si_pid);
	return xstrdup("it left a process that runs");
}

/* ---- all ---- */

static void read_actions(struct check_process *p)
{
	for (int s = 1; s < NSIG; s++)
		sigaction(s, NULL, &p->actions[s]);
}

void check_process_begin(struct check *c)
{
	c->before = xcalloc(1, sizeof(*c->before));
	c->before->pid = getpid();
	c->before->n_forks = n_forks;
	c->before->environment = copy_environment();
	read_actions(c->before);
	pthread_atfork(NULL, count_fork, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	c->at = "at first";
}

static char *check_explain_end(const struct check_process *before)
{
	char *why = explain_children();

	if (!why && before->n_forks != n_forks)
		why = xstrdup("it called fork(), which copies the memory and the descriptors of a "
			      "process that has a device open; posix_spawn() does not");
	if (!why)
		why = explain_signals(before);
	return why ? why : explain_environment(before);
}

void check_process_look(struct check *c)
{
	char *why;

	if (getpid() != c->before->pid)
		_exit(0); /* a fork()ed copy that returned from a call: it must not report anything
			   */
	why = c->fault ? NULL : check_explain_end(c->before);
	if (why)
		c->fault = xasprintf("%s %s", c->at, why);
	free(why);
}

void check_enter(struct check *c, const char *stage)
{
	check_process_look(c);
	c->at = stage;
	c->stage(stage);
}

void check_process_keep_environment(struct check *c)
{
	free_environment(c->before->environment);
	c->before->environment = copy_environment();
}

void check_process_end(struct check *c)
{
	if (c->fault)
		check_bad(c, "the process", "%s", c->fault);
	free(c->fault);
	free_environment(c->before->environment);
	free(c->before);
}
