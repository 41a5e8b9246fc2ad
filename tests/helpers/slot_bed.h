/* SPDX-License-Identifier: Apache-2.0 */
/* A slot with one job, on a loop, in a scratch root of its own. */
#ifndef HELPERS_SLOT_BED_H
#define HELPERS_SLOT_BED_H

#include "base/str.h"
#include "exec/slot.h"

struct slot_bed {
	struct ev_loop *loop;
	struct slot *slot;
	struct slot_options options;
	struct job_block block;
	struct job_rules rules;
	struct job_spec spec;
	const char *argv[8];
	const char *const *env;		/* of the attempt; NULL: none */
	const struct job_needs *needs;	/* NULL: none */
	char *base, *root, *odir, *log; /* base: the directory around root */
	char *cookie;
	/* ---- results ---- */
	bool has_ended, has_died;
	struct job_result result;
	struct arena *mem; /* of result */
	char *why;
	struct str notes; /* each with its '\n' */
	struct str said;  /* for the user's screen; of all jobs since said was cleared */
	struct str short_of_processes; /* '+' for each time it was said, '-' for the end of it */
	unsigned n_stopped;
	enum job_reason lost; /* of the one that has died */
};

/* In main(), before anything else: this program is slots and the clerk, too. Its readers are
 * "length" (the run time is how much the job wrote into its log) and "text" (of a file, as a
 * coverage under the name of the tool). */
void bed_dispatch(int argc, char **argv);

struct slot_bed *bed_new(void);
/* The same, with limits for the silence of the slot. */
struct slot_bed *bed_new_with(const struct vigil_limits *limits);
/* Ends the slot, then fails the test if any process that it made is still there. */
void bed_free(struct slot_bed *b);
/* Ends the slot with all processes that it kept, and starts another one. */
void bed_renew_slot(struct slot_bed *b);

/* The job is this helper word with its arguments (NULL-terminated). */
void bed_helper(struct slot_bed *b, const char *word, const char *arg);
void bed_shell(struct slot_bed *b, const char *command);
/* One pass or fail pattern. */
void bed_pass(struct slot_bed *b, const char *pattern);
void bed_fail(struct slot_bed *b, const char *pattern);

void bed_start(struct slot_bed *b, uint32_t attempt);
/* Turns the loop once, and waits at most a moment. */
void bed_turn(struct slot_bed *b);
/* Turns the loop until the job has ended or its slot has died. */
void bed_wait(struct slot_bed *b);
/* Turns the loop until all of that was said, and nothing else. */
void bed_wait_for_said(struct slot_bed *b, const char *text);
/* bed_start() and bed_wait(). */
const struct job_result *bed_run(struct slot_bed *b);
/* Turns the loop until the log holds text. */
void bed_wait_for_log(struct slot_bed *b, const char *text);

/* What the log holds after its header. */
char *bed_log(struct slot_bed *b);
/* Processes with the cookie in their environment, the slot left out. */
unsigned bed_count_processes(const struct slot_bed *b);
/* Waits until there are n of them, or none. */
void bed_wait_for_processes(const struct slot_bed *b, unsigned n);
void bed_wait_for_none(const struct slot_bed *b);

#endif
