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
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
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
static bool read_children_file(struct proc_tree *t, const char *path, pid_t parent)
{
	FILE *f = fopen(path, "re");
	int pid;

	if (!f)
		return false;
	while (t->n < TREE_MOST && fscanf(f, "%d", &pid) == 1)
		proc_tree_add(t, pid, parent);
	fclose(f);
	return true;
}

/* For kernels without children files: reads the parent of every process. */
static void scan_for_children(struct proc_tree *t, pid_t parent)
{
	DIR *dir = opendir("/proc");
	struct proc_stat st;
	struct dirent *e;

	while (dir && (e = readdir(dir)) && t->n < TREE_MOST) {
		pid_t pid = (pid_t)atoi(e->d_name);

		if (pid > 0 && proc_stat_read(pid, &st) && st.parent == parent)
			proc_tree_add(t, pid, parent);
	}
	if (dir)
		closedir(dir);
}

/* Each thread has a children file of its own. */
static void read_children(struct proc_tree *t, pid_t parent)
{
	char path[64 + 256];
	struct dirent *e;
	bool has_files = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)parent);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)parent, e->d_name);
		if (!read_children_file(t, path, parent) && errno == ENOENT)
			has_files = access("/proc/thread-self/children", F_OK) == 0;
	}
	if (dir)
		closedir(dir);
	if (!has_files)
		scan_for_children(t, parent);
}

void proc_tree_read(struct proc_tree *t, proc_tree_skip *skip, void *ctx)
{
	size_t kept = 0;

	t->n = 0;
	read_children(t, getpid());
	for (size_t i = 0; i < t->n; i++)
		if (!skip || !skip(t->at[i].pid, ctx))
			t->at[kept++] = t->at[i];
	t->n = t->n_own = kept;
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

void proc_tree_signal(const struct proc_tree *t, int signum)
{
	for (size_t i = 0; i < t->n; i++) {
		if (i < t->n_own)
			kill(t->at[i].pid, signum); /* not reaped yet: its pid is not reused */
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

void proc_tree_describe(const struct proc_tree *t, struct str *to)
{
	size_t shown = 0, more = 0;
	struct proc_stat st;

	for (size_t i = 0; i < t->n; i++) {
		if (!proc_stat_read(t->at[i].pid, &st) || st.state == 'Z')
			continue;
		if (shown == DESCRIBED) {
			more++;
			continue;
		}
		str_add(to, shown++ ? ", " : "");
		str_add_printable(to, st.name, strlen(st.name));
		str_printf(to, " (pid %d)", (int)t->at[i].pid);
	}
	if (more)
		str_printf(to, " and %zu more", more);
}
