/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of a check share. */
#ifndef DEVICE_CHECK_PARTS_H
#define DEVICE_CHECK_PARTS_H

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/attr.h"
#include "device/check/check.h"

enum { CHECK_ROOM = 4096 };

/* What is wrong with the first bad call of progress(). */
enum check_progress { CHECK_PROGRESS_GOOD, CHECK_BAD_EVIDENCE, CHECK_MORE_THAN_ALL, CHECK_NO_RUN };

struct check {
	const struct dvs_driver *d;
	const char *options, *job;
	int32_t device;
	check_stage *stage;
	check_line *line;
	struct dvs_host host;
	void *ctx;
	uint32_t slot;
	uint64_t epoch;
	char text[CHECK_ROOM + 1], result[CHECK_ROOM + 1];
	_Atomic bool is_cancelled, must_stop; /* the second thread's end */
	_Atomic unsigned n_diagnoses, n_progress;
	_Atomic int32_t bad_progress; /* enum check_progress */
	_Atomic bool is_in_run;	      /* from prepare to finish */
	const char *at;		      /* the stage: "in open()" */
	struct check_process *before; /* the process, as a call must leave it */
	char *fault;		      /* the first thing that one changed; NULL: none */
	char cwd[PATH_MAX];	      /* before open() */
	sigset_t blocked;	      /* likewise */
	bool has_text;		      /* is somebody's, and not room that was never lent */
	bool has_bad_flag;	      /* one was complained about */
	bool is_broken;		      /* a step failed that the next ones need */
};

void check_host_init(struct check *c);

/* process.c. What a call must leave as it was: how signals are handled, the environment, processes.
 * Looked at when the next one begins. */
void check_process_begin(struct check *c);
void check_enter(struct check *c, const char *stage);
void check_process_look(struct check *c);
/* What was set in the environment so far stays. */
void check_process_keep_environment(struct check *c);
void check_process_end(struct check *c);

/* Room for a driver's text. The byte behind it is ours: a driver that writes over it has not looked
 * at size. at: CHECK_ROOM + 1 bytes. */
struct dvs_text check_room(char *at);
struct dvs_text check_err(struct check *c); /* c->text */
/* A text as a host passes it: valid during the call only, so it is gone after it. */
const char *check_lend(const char *text);
void check_take_back(const char *lent, const char *text);
bool check_is_whole(const char *at);

void check_good(struct check *c, const char *what);
void check_skip(struct check *c, const char *what, const char *why);
/* These return false. The second: a call's code, with c->text and its class. */
bool check_bad(struct check *c, const char *what, const char *fmt, ...) _printf_(3, 4);
bool check_bad_code(struct check *c, const char *what, const char *call, int32_t code);
/* A call that returned 0 and set nothing. */
bool check_untouched(struct check *c, const char *what, const char *call, const char *parameter);

bool check_load(struct check *c, const char *what, uint32_t *ret_slot);

/* runs.c. From prepare to finish; false: it failed, and that was said. */
bool check_run_once(struct check *c, const char *what);
/* join.c */
void check_step_join(struct check *c);

/* runs.c: of an open device with something loaded, in this order. */
extern const unsigned check_n_run_steps;
typedef void check_step(struct check *c);
extern check_step *const check_run_steps[];

#endif
