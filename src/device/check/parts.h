/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the steps of a check. */
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
	const char *at;		      /* the current stage: "in open()" */
	struct check_process *before; /* state of the process that calls must not change */
	char *fault;		      /* the first change by a call; NULL: none */
	char cwd[PATH_MAX];	      /* before open() */
	sigset_t blocked;	      /* likewise */
	bool has_text;		      /* text was given to a call */
	bool has_bad_flag;	      /* a bad flag was reported */
	bool is_broken;		      /* a step failed that the next ones need */
};

void check_host_init(struct check *c);

/* process.c: state of the process that a call must not change: handling of signals, environment,
 * child processes. Compared when the next call begins. */
void check_process_begin(struct check *c);
void check_enter(struct check *c, const char *stage);
void check_process_look(struct check *c);
/* Accepts the environment as it is now. */
void check_process_keep_environment(struct check *c);
void check_process_end(struct check *c);

/* A buffer for a driver's text, with a guard byte behind it: a driver that overwrites it has
 * ignored the size. at: CHECK_ROOM + 1 bytes. */
struct dvs_text check_room(char *at);
struct dvs_text check_err(struct check *c); /* c->text */
/* A copy of text for one call. A host's texts are valid only during the call, so it is unmapped
 * afterwards. */
const char *check_lend(const char *text);
void check_take_back(const char *lent, const char *text);
bool check_is_whole(const char *at);

void check_good(struct check *c, const char *what);
void check_skip(struct check *c, const char *what, const char *why);
/* check_bad() and check_bad_code() fail the check and return false; check_bad_code() adds the code
 * that a call returned, its class and c->text. */
bool check_bad(struct check *c, const char *what, const char *fmt, ...) _printf_(3, 4);
bool check_bad_code(struct check *c, const char *what, const char *call, int32_t code);
/* For a call that returned 0 without setting the parameter. */
bool check_untouched(struct check *c, const char *what, const char *call, const char *parameter);

bool check_load(struct check *c, const char *what, uint32_t *ret_slot);

/* runs.c. One run, from prepare to finish. false: it failed, and was reported. */
bool check_run_once(struct check *c, const char *what);
/* join.c */
void check_step_join(struct check *c);

/* runs.c: the steps for an open device with a loaded job, in this order. */
extern const unsigned check_n_run_steps;
typedef void check_step(struct check *c);
extern check_step *const check_run_steps[];

#endif
