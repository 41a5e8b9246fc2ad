/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_dir.h"
#include "base/vec.h"

/* The most processes that one proc_tree_read() collects; callers read again until the tree is
 * empty. */
enum { TREE_MOST = 1 << 17 };
enum { DESCRIBED = 5 };

static void proc_tree_add(struct proc_tree *t, pid_t pid, pid_t parent)
{
	vec_push(t, (struct proc_tree_entry){pid, parent});
}

/* Adds the pids of a "children" file, which may be of any length. */
static bool read_children_file(struct proc_tree *t, const char *name, pid_t parent)
{
	FILE *f = proc_dir_read(name);
	int pid;

	if (!f)
		return false;
	while (t->n < TREE_MOST && fscanf(f, "%d", &pid) == 1)
		proc_tree_add(t, pid, parent);
	fclose(f);
	return true;
}

/* For kernels without children files: reads the parent of every process. */
static bool scan_for_children(struct proc_tree *t, pid_t parent)
{
	DIR *dir = proc_dir_list(".");
	struct proc_stat st;
	struct dirent *e;

	while (dir && (e = readdir(dir)) && t->n < TREE_MOST) {
		pid_t pid = (pid_t)atoi(e->d_name);

		if (pid > 0 && proc_stat_read(pid, &st) && st.parent == parent)
			proc_tree_add(t, pid, parent);
	}
	if (dir)
		closedir(dir);
	return dir != NULL;
}

/* Each thread has a children file of its own. false: not all could be read. */
static bool read_children(struct proc_tree *t, pid_t parent)
{
	char name[64 + 256];
	struct dirent *e;
	bool has_files = true;
	unsigned n_read = 0, n_unread = 0;
	DIR *dir;

	snprintf(name, sizeof(name), "%d/task", (int)parent);
	dir = proc_dir_list(name);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%d/task/%s/children", (int)parent, e->d_name);
		if (read_children_file(t, name, parent))
			n_read++;
		else if (errno != ENOENT)
			n_unread++;
		else
			has_files = proc_dir_has("thread-self/children");
	}
	if (dir)
		closedir(dir);
	return has_files ? n_read && !n_unread : scan_for_children(t, parent);
}

/* getsid() is faster than waitid(), and most pids belong to no process. */
static bool is_own_child(pid_t pid)
{
	siginfo_t info;

	if (getsid(pid) < 0 && errno == ESRCH)
		return false;
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/*
 * Without /proc, or a descriptor to read it: asks the kernel about each pid whether that is a child
 * of this process. The children of a child that was killed become children of this process, so
 * killing again and again reaches all.
 */
static void try_all_pids(struct proc_tree *t)
{
	pid_t most = proc_dir_pid_most();

	t->n = 0;
	t->is_blind = true;
	for (pid_t pid = 1; pid <= most && t->n < TREE_MOST; pid++)
		if (is_own_child(pid))
			proc_tree_add(t, pid, getpid());
}

void proc_tree_read_own(struct proc_tree *t, proc_tree_skip *skip, void *ctx)
{
	size_t kept = 0;

	t->n = 0;
	t->is_blind = false;
	if (!read_children(t, getpid()))
		try_all_pids(t);
	for (size_t i = 0; i < t->n; i++)
		if (!skip || !skip(t->at[i].pid, ctx))
			t->at[kept++] = t->at[i];
	t->n = t->n_own = kept;
}

void proc_tree_read(struct proc_tree *t, proc_tree_skip *skip, void *ctx)
{
	proc_tree_read_own(t, skip, ctx);
	for (size_t i = 0; i < t->n; i++)
		read_children(t, t->at[i].pid);
}

void proc_tree_read_below(struct proc_tree *t, pid_t root)
{
	t->n = 0;
	read_children(t, root);
	t->n_own = t->n;
	for (size_t i = 0; i < t->n; i++)
		read_children(t, t->at[i].pid);
}

static void send_to(int pidfd, pid_t pid, int signum)
{
#ifdef SYS_pidfd_send_signal
	if (pidfd >= 0) {
		syscall(SYS_pidfd_send_signal, pidfd, signum, NULL, 0);
		return;
	}
#endif
	(void)pidfd;
	kill(pid, signum);
}

/*
 * A process that is not a child of this one may be reaped by its parent at any moment, and its pid
 * reused. So a pidfd is opened first, and then its parent is checked.
 */
static void signal_distant(const struct proc_tree_entry *p, int signum)
{
	int pidfd = proc_open_pidfd(p->pid);
	struct proc_stat st;

	if (pidfd < 0 && errno != ENOSYS)
		return;
	if (proc_stat_read(p->pid, &st) && (st.parent == p->parent || st.parent == getpid()))
		send_to(pidfd, p->pid, signum);
	closep(&pidfd);
}

/* It is not reaped yet, so its pid is not reused, also not as the id of a group. */
static void signal_own(const struct proc_tree *t, pid_t child, int signum)
{
	bool is_for_group = t->is_blind && getpgid(child) == child;

	kill(is_for_group ? -child : child, signum);
}

void proc_tree_signal(const struct proc_tree *t, int signum)
{
	for (size_t i = 0; i < t->n; i++) {
		if (i < t->n_own)
			signal_own(t, t->at[i].pid, signum);
		else
			signal_distant(&t->at[i], signum);
	}
}

void proc_tree_signal_below(const struct proc_tree *t, int signum)
{
	for (size_t i = t->n_own; i < t->n; i++)
		signal_distant(&t->at[i], signum);
}

bool proc_tree_is_stopped(const struct proc_tree *t)
{
	struct proc_stat st;

	for (size_t i = 0; i < t->n; i++)
		if (proc_stat_read(t->at[i].pid, &st) && !strchr("TtDZX", st.state))
			return false;
	return true;
}

void proc_tree_done(struct proc_tree *t)
{
	free(t->at);
	*t = (struct proc_tree){0};
}

/* Of a process that /proc does not show. */
static bool is_running_child(pid_t pid)
{
	siginfo_t end = {0};

	return waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && !end.si_pid;
}

void proc_tree_describe(const struct proc_tree *t, struct str *to)
{
	size_t shown = 0, more = 0;
	struct proc_stat st;

	for (size_t i = 0; i < t->n; i++) {
		bool is_known = proc_stat_read(t->at[i].pid, &st);

		if (is_known ? st.state == 'Z' : !is_running_child(t->at[i].pid))
			continue;
		if (shown == DESCRIBED) {
			more++;
			continue;
		}
		str_add(to, shown++ ? ", " : "");
		if (is_known)
			str_add_printable(to, st.name, strlen(st.name));
		else
			str_add(to, "a process");
		str_printf(to, " (pid %d)", (int)t->at[i].pid);
	}
	if (more)
		str_printf(to, " and %zu more", more);
}
