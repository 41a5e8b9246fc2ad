/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodes the rules and results of jobs in frames (base/wire.h), for all processes that run jobs.
 * Users of this file choose the types of the frames and their other fields.
 *
 * Rules are sent to a process once: it stores them in numbered places, and the sender records which
 * rules are in which place. A place is overwritten when other rules need it.
 */
#ifndef JOB_JOB_WIRE_H
#define JOB_JOB_WIRE_H

#include "base/wire.h"
#include "job/job_result.h"
#include "job/job_spec.h"

enum { JOB_WIRE_PLACES = 64 };

/* In the sender: the rules that one process has. {0}: none. The rules are borrowed. */
struct job_wire_places {
	const struct job_rules *at[JOB_WIRE_PLACES];
};

/* Returns the place of rules in the process. If they are not there yet, first appends a frame of
 * the given type with them to b. */
uint32_t job_wire_place_rules(struct job_wire_places *places, struct str *b, uint8_t type,
			      const struct job_rules *r);
void job_wire_put_rules(struct str *b, uint8_t type, uint32_t place, const struct job_rules *r);
/* Reads the members that a process which runs jobs needs; the others are zero. Strings point into
 * the frame; job_wire_rules_done() frees the arrays. false: the frame was not made by
 * job_wire_put_rules(). */
bool job_wire_take_rules(struct wire *w, uint32_t *ret_place, struct job_rules *ret);
void job_wire_rules_done(struct job_rules *r);

/* Appends the fields of a result, without a frame around them. */
void job_wire_put_result(struct str *b, const struct job_result *r);
/* ret must be empty. Texts point into the frame, everything else is owned by ret: call
 * job_outcome_done(), also after false. */
bool job_wire_take_result(struct wire *w, struct job_outcome *ret);

#endif
