/* SPDX-License-Identifier: Apache-2.0 */
#include "resume/survivors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/proc_stat.h"
#include "base/vec.h"

/* A process that forks while it is killed needs several rounds. One that has not ended PATIENCE_MS
 * after SIGKILL cannot end now. */
enum { ROUNDS = 50, PATIENCE_MS = 2000, NAMED = 3, ENVIRONMENT_MOST = 8 << 20 };

struct survivor {
	pid_t pid;
	uint64_t start_ticks;
};

struct found {
	const char *id; /* of the run */
	struct survivor *at;
	size_t n, cap;
	struct str jobs; /* the first few */
};

static bool read_environment(pid_t pid, struct str *ret)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%d/environ", (int)pid);
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	str_clear(ret);
	return fd >= 0 && fs_read_stream(fd, ENVIRONMENT_MOST, ret) == 0 && ret->len;
}

/* The value of the variable, or NULL. */
static const char *survivor_variable(const struct str *environment, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = environment->s; s < environment->s + environment->len;
	     s += strlen(s) + 1)
		if (strncmp(s, name, n) == 0 && s[n] == '=')
			return s + n + 1;
	return NULL;
}

/* This process, or one of those that it was started by: `dvsched resume` may have been typed in a
 * shell that a job left. */
static bool is_above(pid_t pid)
{
	struct proc_stat st = {.parent = getpid()};
	pid_t at = getpid();

	while (at > 1 && at != pid && proc_stat_read(at, &st))
		at = st.parent;
	return at == pid;
}

static void found_name(struct found *f, pid_t pid, const struct str *environment)
{
	const char *job = survivor_variable(environment, "DVSCHED_JOB");

	if (f->n > NAMED)
		return;
	str_add(&f->jobs, f->jobs.len ? ", " : "");
	if (job) {
		str_add(&f->jobs, "job '");
		str_add_printable(&f->jobs, job, strlen(job));
		str_printf(&f->jobs, "' (pid %d)", (int)pid);
	} else {
		str_printf(&f->jobs, "pid %d", (int)pid);
	}
}

static void survivor_check(struct found *f, pid_t pid, struct str *environment)
{
	struct proc_stat st;

	/* The state is read first: if the number was given to another process meanwhile, its time
	 * of start tells. */
	if (!proc_stat_read(pid, &st) || st.state == 'Z' || st.state == 'X' ||
	    !read_environment(pid, environment) ||
	    !str_eq(survivor_variable(environment, RUN_VARIABLE), f->id) || is_above(pid))
		return;
	vec_push(f, (struct survivor){pid, st.start_ticks});
	found_name(f, pid, environment);
}

static void found_scan(struct found *f)
{
	_cleanup_(str_done) struct str environment = {0};
	DIR *d = opendir("/proc");
	const struct dirent *e;

	f->n = 0;
	str_clear(&f->jobs);
	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			survivor_check(f, (pid_t)atol(e->d_name), &environment);
	if (d)
		closedir(d);
	if (f->n > NAMED)
		str_printf(&f->jobs, " and %zu more", f->n - NAMED);
}

/* The descriptor is opened before the last check, so the signal reaches no other process. Returns
 * the descriptor; -1: it is gone, or the kernel has no pidfds. */
static int survivor_kill(const struct survivor *s)
{
	int fd = proc_open_pidfd(s->pid);
	struct proc_stat st;

	if ((fd < 0 && errno != ENOSYS) || !proc_stat_read(s->pid, &st) ||
	    st.start_ticks != s->start_ticks) {
		closep(&fd);
		return -1;
	}
	if (fd < 0 || syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) < 0)
		kill(s->pid, SIGKILL);
	return fd;
}

/* false: some have not ended in time. */
static bool found_kill(const struct found *f)
{
	bool is_gone = true;

	for (size_t i = 0; i < f->n; i++) {
		struct pollfd p = {.fd = survivor_kill(&f->at[i]), .events = POLLIN};

		if (p.fd >= 0)
			is_gone &= poll(&p, 1, PATIENCE_MS) != 0;
		closep(&p.fd);
	}
	return is_gone;
}

static enum survivors found_end(struct found *f, struct str *to)
{
	bool is_gone = true;

	for (int i = 0; i < ROUNDS && f->n && is_gone; i++) {
		is_gone = found_kill(f);
		found_scan(f);
	}
	if (!f->n)
		return SURVIVORS_ENDED;
	str_clear(to);
	str_add(to, f->jobs.s);
	return SURVIVORS_REMAIN;
}

enum survivors survivors_look(const struct run_record *record, bool wants_end, struct str *to)
{
	struct found f = {.id = path_base(record->path)};
	enum survivors ret;

	switch (proc_id_look(&record->scheduler)) {
	case PROC_GONE:
		break;
	case PROC_LIVES:
		return SURVIVORS_LIVES;
	default:
		return SURVIVORS_NONE;
	}
	found_scan(&f);
	if (f.n)
		str_add(to, f.jobs.s);
	ret = !f.n ? SURVIVORS_NONE : wants_end ? found_end(&f, to) : SURVIVORS_FOUND;
	vec_done(&f);
	str_done(&f.jobs);
	return ret;
}
