/* SPDX-License-Identifier: Apache-2.0 */
/* In a slot: what lives as long as the slot, for all its attempts. */
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
	struct kept kept;
	job_reader_find *find_reader;
	struct proc_tree tree; /* read anew by each who needs it */
	double grace_s;
	struct rlimit nofile; /* what jobs get */
	bool has_nofile;      /* and it is not what we have */
	struct slot_program {
		struct str path, name, cwd, search_path;
	} program;	    /* the last look-up: cwd counts for a relative name or PATH */
	uint64_t oom_kills; /* by the kernel, on this machine, when we looked last */
	double oom_read_s;
	struct slot_terminal terminal; /* of the user's, for the next interactive job; its path is
					  malloc()ed */
	bool has_terminal;
	/* What the slot was sent, while an attempt went on, of the signals that end a run: a bit
	 * for each number. */
	volatile sig_atomic_t *ending_signals;
	struct slot_pause {
		bool is_on;
		double since_s, next_round_s; /* INFINITY: all have stopped */
		unsigned n_rounds;
	} pause;
};

void slot_host_init(struct slot_host *h, const struct slot_hello *hello, job_reader_find *find,
		    volatile sig_atomic_t *ending_signals);
/* Takes a copy of its path. */
void slot_host_set_terminal(struct slot_host *h, const struct slot_terminal *terminal);
/* Sets program.path. Jobs in a row mostly run the same program: one look-up serves them all. false:
 * there is none. */
bool slot_host_find_program(struct slot_host *h, const char *name, const char *search_path,
			    const char *cwd);
/* A job begins: from here on the kernel's kills for lack of memory count. */
void slot_host_note_oom(struct slot_host *h, double now_s);
bool slot_host_had_oom(const struct slot_host *h);
/* Kills everything below this process, kept daemons too, until it is gone or cannot be killed. */
void slot_host_kill_all(struct slot_host *h);

/* slot_pause.c. Stops everything below this process and its clocks, or lets it go on; with or
 * without a job. */
void slot_host_pause(struct slot_host *h, bool is_paused);
/* What is due meanwhile. */
void slot_host_pause_step(struct slot_host *h);

#endif
