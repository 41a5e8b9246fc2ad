/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/slot_host.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "exec/launch.h"

/* Reading /proc/vmstat takes half as long as starting a job. */
static const double oom_read_again_s = 1;
/* How long kills are repeated, and the pause between two rounds. */
static const double give_up_s = 5, first_round_s = 0.002, last_round_s = 0.05;

/* The first directory that is visited is that of the process itself. The root has no counter. */
static void slot_host_take_oom_file(const char *dir, bool is_v2, void *ctx)
{
	const char *name = is_v2 ? "memory.events" : "memory.oom_control";
	struct slot_host *h = ctx;
	uint64_t n;

	if (h->oom_dir || !cgroup_read_key(dir, name, "oom_kill", &n))
		return;
	h->oom_dir = xstrdup(dir);
	h->oom_file = name;
}

/* Of the cgroup of this process, where it counts them: a kill elsewhere on the machine is no reason
 * for the end of this job. */
static uint64_t read_oom_kills(const struct slot_host *h)
{
	uint64_t n = 0;

	if (!h->oom_dir || !cgroup_read_key(h->oom_dir, h->oom_file, "oom_kill", &n))
		cgroup_read_key("/proc", "vmstat", "oom_kill", &n);
	return n;
}

void slot_host_init(struct slot_host *h, const struct slot_hello *hello, job_reader_find *find,
		    volatile sig_atomic_t *ending_signals)
{
	*h = (struct slot_host){
		.grace_s = hello->grace_s, .find_reader = find, .ending_signals = ending_signals};
	h->has_nofile = hello->nofile && getrlimit(RLIMIT_NOFILE, &h->nofile) == 0 &&
			h->nofile.rlim_cur != hello->nofile;
	h->nofile.rlim_cur = hello->nofile;
	confine_init(&h->confine, hello->scratch_root);
	h->cgroup_dir = hello->cgroup_dir ? xstrdup(hello->cgroup_dir) : NULL;
	cgroup_visit_own("/proc", "/sys", "memory", slot_host_take_oom_file, h);
	h->oom_kills = read_oom_kills(h);
	h->oom_read_s = clock_now(clock_real());
}

void slot_host_set_terminal(struct slot_host *h, const struct slot_terminal *terminal)
{
	char *path = terminal->path ? xstrdup(terminal->path) : NULL;

	free((char *)h->terminal.path);
	h->terminal = *terminal;
	h->terminal.path = path;
	h->has_terminal = true;
}

bool slot_host_find_program(struct slot_host *h, const char *name, const char *search_path,
			    const char *cwd)
{
	struct slot_program *p = &h->program;

	if (p->path.len && strcmp(name, p->name.s) == 0 && strcmp(cwd, p->cwd.s) == 0 &&
	    str_eq(search_path, p->search_path.s))
		return true;
	str_clear(&p->path);
	str_clear(&p->name);
	str_clear(&p->cwd);
	str_done(&p->search_path);
	str_add(&p->name, name);
	str_add(&p->cwd, cwd);
	if (search_path)
		str_add(&p->search_path, search_path);
	if (launch_resolve(name, search_path, cwd, &p->path) == 0)
		return true;
	str_clear(&p->path);
	return false;
}

void slot_host_note_oom(struct slot_host *h, double now_s)
{
	if (now_s < h->oom_read_s + oom_read_again_s)
		return;
	h->oom_kills = read_oom_kills(h);
	h->oom_read_s = now_s;
}

bool slot_host_had_oom(const struct slot_host *h)
{
	return read_oom_kills(h) > h->oom_kills;
}

void slot_host_kill_all(struct slot_host *h)
{
	double until = clock_now(clock_real()) + give_up_s;
	double pause_s = first_round_s;

	h->kept.n = 0;
	while (clock_now(clock_real()) < until) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		proc_tree_read(&h->tree, NULL, NULL);
		if (h->tree.n == 0)
			return;
		proc_tree_signal(&h->tree, SIGKILL);
		poll(NULL, 0, (int)(pause_s * 1000));
		pause_s = fmin(pause_s * 2, last_round_s);
	}
}
