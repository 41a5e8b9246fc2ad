/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/cgroup_job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/fs.h"
#include "base/mem.h"

/* pids.max counts threads, and is a bound between two looks at the processes only. */
enum { THREADS_PER_PROCESS = 8, THREADS_MORE = 300 };
/* Other slots had the same pid before this one, but not many. */
enum { NAMES_TRIED = 100 };

void cgroup_job_init(struct cgroup_job *c)
{
	*c = (struct cgroup_job){.procs_fd = -1};
}

static void cgroup_job_write_number(const struct cgroup_job *c, const char *name, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	cgroup_write(c->dir, name, text);
}

uint64_t cgroup_job_threads_most(uint32_t n_processes)
{
	return (uint64_t)n_processes * THREADS_PER_PROCESS + THREADS_MORE;
}

static void cgroup_job_limit(const struct cgroup_job *c, const struct tree_limits *limits)
{
	if (limits->memory_bytes) {
		cgroup_job_write_number(c, "memory.max", limits->memory_bytes);
		cgroup_write(c->dir, "memory.swap.max", "0");
		cgroup_write(c->dir, "memory.oom.group", "1");
	}
	if (limits->n_processes)
		cgroup_job_write_number(c, "pids.max",
					cgroup_job_threads_most(limits->n_processes));
}

/* A cgroup of that name may be left from a slot that was killed. */
static char *cgroup_job_make_dir(const char *run_dir, unsigned *number)
{
	for (unsigned i = 0; i < NAMES_TRIED; i++) {
		char *dir = xasprintf("%s/job-%d-%u", run_dir, (int)getpid(), ++*number);

		if (mkdir(dir, 0755) == 0)
			return dir;
		free(dir);
		if (errno != EEXIST)
			break;
	}
	return NULL;
}

void cgroup_job_begin(struct cgroup_job *c, const char *run_dir, unsigned *number,
		      const struct tree_limits *limits)
{
	_cleanup_(freep) char *procs = NULL;

	cgroup_job_init(c);
	if (!run_dir)
		return;
	c->dir = cgroup_job_make_dir(run_dir, number);
	if (!c->dir)
		return;
	procs = xasprintf("%s/cgroup.procs", c->dir);
	c->procs_fd = fs_open(procs, O_WRONLY | O_CLOEXEC, 0);
	if (c->procs_fd < 0)
		cgroup_job_end(c);
	else if (limits)
		cgroup_job_limit(c, limits);
}

void cgroup_job_kill(const struct cgroup_job *c)
{
	if (c->dir && !c->is_spared)
		cgroup_write(c->dir, "cgroup.kill", "1");
}

void cgroup_job_spare(struct cgroup_job *c)
{
	c->is_spared = true;
	if (!c->dir)
		return;
	cgroup_write(c->dir, "memory.oom.group", "0");
	cgroup_write(c->dir, "memory.max", "max");
	cgroup_write(c->dir, "memory.swap.max", "max");
	cgroup_write(c->dir, "pids.max", "max");
}

void cgroup_job_read(const struct cgroup_job *c, struct cgroup_use *ret)
{
	static const char *const times[] = {"user_usec", "system_usec"};
	uint64_t us[ARRAY_LEN(times)], n_limit_hit = 0;

	*ret = (struct cgroup_use){0};
	if (!c->dir)
		return;
	if (cgroup_read_keys(c->dir, "cpu.stat", ARRAY_LEN(times), times, us)) {
		ret->user_s = (double)us[0] * 1e-6;
		ret->system_s = (double)us[1] * 1e-6;
	}
	cgroup_read_number(c->dir, "memory.peak", &ret->peak_bytes);
	ret->counts_oom = cgroup_read_key(c->dir, "memory.events", "oom_kill", &ret->n_oom_kills);
	/* A cgroup that the job made itself may have reached a limit of its own. */
	if (ret->n_oom_kills &&
	    !cgroup_read_key(c->dir, "memory.events.local", "oom", &n_limit_hit))
		cgroup_read_key(c->dir, "memory.events", "oom", &n_limit_hit);
	ret->hit_limit = n_limit_hit > 0;
}

void cgroup_job_end(struct cgroup_job *c)
{
	closep(&c->procs_fd);
	if (c->dir && cgroup_remove(c->dir) < 0) {
		cgroup_job_kill(c);
		cgroup_remove(c->dir); /* else the end of the run removes it */
	}
	free(c->dir);
	cgroup_job_init(c);
}
