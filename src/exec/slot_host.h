/* SPDX-License-Identifier: Apache-2.0 */
/* In a slot: state that its attempts share, until the slot ends. */
#ifndef EXEC_SLOT_HOST_H
#define EXEC_SLOT_HOST_H

#include <signal.h>
#include <sys/resource.h>

#include "base/confine.h"
#include "base/proc_tree.h"
#include "exec/kept.h"
#include "exec/slot_wire.h"

struct slot_host {
	struct confine confine;
	char *cgroup_dir;   /* of the run; NULL: its jobs have no cgroups */
	unsigned n_cgroups; /* made by this slot */
	struct kept kept;
	job_reader_find *find_reader;
	struct proc_tree tree; /* read again before each use */
	double grace_s;
	struct rlimit nofile; /* limit for jobs */
	bool has_nofile;      /* nofile differs from the slot's own limit */
	struct slot_program {
		struct str path, name, cwd, search_path;
	} program;     /* the last look-up; cwd matters for relative names and PATHs */
	char *oom_dir; /* the cgroup that counts them; NULL: /proc/vmstat does */
	const char *oom_file;
	uint64_t oom_kills; /* the kernel's kills for lack of memory, as read last */
	double oom_read_s;
	struct slot_terminal terminal; /* the user's, for the next interactive job; path is
					  malloc()ed */
	bool has_terminal;
	/* Signals that end a run and that the slot has received since the attempt began: bit n for
	 * signal n. */
	volatile sig_atomic_t *ending_signals;
	struct slot_pause {
		bool is_on;
		double since_s, next_round_s; /* INFINITY: all processes have stopped */
		unsigned n_rounds;
	} pause;
};

void slot_host_init(struct slot_host *h, const struct slot_hello *hello, job_reader_find *find,
		    volatile sig_atomic_t *ending_signals);
/* Copies terminal->path. */
void slot_host_set_terminal(struct slot_host *h, const struct slot_terminal *terminal);
/* Sets program.path; false: there is no such program. The last look-up is kept, because successive
 * jobs mostly run the same program. */
bool slot_host_find_program(struct slot_host *h, const char *name, const char *search_path,
			    const char *cwd);
/* A job begins: slot_host_had_oom() counts the kernel's kills for lack of memory from now on. */
void slot_host_note_oom(struct slot_host *h, double now_s);
bool slot_host_had_oom(const struct slot_host *h);
/* Kills everything below this process, kept daemons too, until it is gone or cannot be killed. */
void slot_host_kill_all(struct slot_host *h);

/* slot_pause.c. Stops or continues all processes below this one and the clocks, with or without a
 * job. */
void slot_host_pause(struct slot_host *h, bool is_paused);
/* During a pause: does what is due (pause.next_round_s). */
void slot_host_pause_step(struct slot_host *h);

#endif
