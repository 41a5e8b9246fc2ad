/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes of a run whose dvsched was killed, so completely that nothing was left to end them.
 * They are known by DVSCHED_RUN in the environment that they started with: its value is the id of
 * the run, which no other run has, and jobs started outside of runs do not have it.
 */
#ifndef RESUME_SURVIVORS_H
#define RESUME_SURVIVORS_H

#include <stdbool.h>

#include "base/str.h"
#include "run/run_record.h"

#define RUN_VARIABLE "DVSCHED_RUN"

enum survivors {
	SURVIVORS_NONE,	  /* or unknown: another host, an older version of dvsched */
	SURVIVORS_FOUND,  /* wants_end was false */
	SURVIVORS_ENDED,  /* there were some */
	SURVIVORS_REMAIN, /* some cannot be killed */
	SURVIVORS_LIVES,  /* the scheduler of the run itself: nothing was killed */
};

/* Finds them; with wants_end kills them and waits until they are gone. Appends "job 'x' (pid 123),
 * …" to `to`: those that were found first, or those that remain. Never touches this process and the
 * processes that it was started by. */
enum survivors survivors_look(const struct run_record *record, bool wants_end, struct str *to);

#endif
