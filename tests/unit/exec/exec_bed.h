/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of a slot share, on top of its bed. */
#ifndef EXEC_BED_H
#define EXEC_BED_H

#include <sys/types.h>

#include "slot_bed.h"

/* A test with a bed of its own in *state. */
#define EXEC_CASE(name) cmocka_unit_test_setup_teardown(name, exec_bed_setup, exec_bed_teardown)
int exec_bed_setup(void **state);
int exec_bed_teardown(void **state);

void assert_ended(const struct slot_bed *b, enum job_status status, enum job_reason reason);
/* Runs the job: it fails to start, for a reason with that text, and not by its own fault. */
void assert_launch_error(struct slot_bed *b, const char *text);

/* In b->base; returns its path, which the caller frees. */
char *bed_make_file(struct slot_bed *b, const char *name, const char *text, mode_t mode);
/* Until the state of the process is one of these letters of /proc. */
void bed_wait_for_state(pid_t pid, const char *states);
/* The pid that the job has written into its log after word. */
pid_t bed_pid_in_log(struct slot_bed *b, const char *word);
double bed_now_s(void);

#endif
