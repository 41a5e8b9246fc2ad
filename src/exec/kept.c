/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/kept.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc_dir.h"
#include "base/vec.h"

/* The kernel appends this to the path of an executable that was removed or replaced. */
static const char deleted[] = " (deleted)";

bool kept_has(pid_t child, void *kept)
{
	const struct kept *k = kept;

	for (size_t i = 0; i < k->n; i++)
		if (k->at[i].pid == child)
			return true;
	return false;
}

void kept_forget(struct kept *k, pid_t pid)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i].pid == pid)
			k->at[i] = k->at[--k->n];
}

static bool is_session_of_kept(const struct kept *k, pid_t session)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i].session == session)
			return true;
	return false;
}

static bool one_matches(const char *const *globs, const char *name)
{
	for (; *globs; globs++)
		if (str_glob(*globs, name))
			return true;
	return false;
}

/* A glob without '/' is for the name only: "bazel*" does not match all programs below bazel-out/.
 */
static bool path_matches(const char *const *globs, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (; *globs; globs++)
		if (str_glob(*globs, strchr(*globs, '/') ? path : name))
			return true;
	return false;
}

/* The program may have changed its argv[0]. */
static bool argv0_matches(const char *const *globs, pid_t pid)
{
	char name[64], text[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "%d/cmdline", (int)pid);
	fd = proc_dir_open(name, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	closep(&fd);
	text[n > 0 ? n : 0] = '\0';
	return text[0] && path_matches(globs, text);
}

static bool executable_matches(const char *const *globs, pid_t pid)
{
	char name[64], text[PATH_MAX];
	ssize_t n;

	snprintf(name, sizeof(name), "%d/exe", (int)pid);
	n = proc_dir_readlink(name, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	if (str_ends(text, deleted))
		text[(size_t)n - strlen(deleted)] = '\0';
	return path_matches(globs, text);
}

static bool kept_matches(const char *const *globs, pid_t pid, const struct proc_stat *st)
{
	return globs && (one_matches(globs, st->name) || argv0_matches(globs, pid) ||
			 executable_matches(globs, pid));
}

static void kept_add(struct kept *k, pid_t pid, pid_t session)
{
	vec_push(k, (struct kept_proc){pid, session});
}

/* A child is kept if it matches a glob, or is in the session of a kept daemon. */
static void kept_adopt_process(struct kept *k, const struct kept_job *job, pid_t pid)
{
	struct proc_stat st;
	bool is_of_job;

	if (pid == job->leader || kept_has(pid, k) || !proc_stat_read(pid, &st))
		return;
	is_of_job = st.session == job->session;
	if (is_of_job && job->only_daemons)
		return;
	if ((!is_of_job && is_session_of_kept(k, st.session)) || kept_matches(job->globs, pid, &st))
		kept_add(k, pid, st.session);
}

void kept_adopt(struct kept *k, const struct kept_job *job, struct proc_tree *t)
{
	size_t before;

	if (k->n == 0 && (!job->globs || !job->globs[0]))
		return;
	proc_tree_read(t, kept_has, k);
	/* A daemon may come after processes of its session: repeated while there are new ones. */
	do {
		before = k->n;
		for (size_t i = 0; i < t->n_own; i++)
			kept_adopt_process(k, job, t->at[i].pid);
	} while (k->n > before);
}
