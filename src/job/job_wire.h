/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs in frames (base/wire.h), for every process that runs them: the rules that jobs of one kind
 * share, and what came of an attempt. The types of frames and what else is in them are their
 * users'.
 *
 * Rules go to a process once: it has places for them, and the sender remembers what stands in each.
 * A place is overwritten when another kind of job needs it.
 */
#ifndef JOB_JOB_WIRE_H
#define JOB_JOB_WIRE_H

#include "base/wire.h"
#include "job/job_result.h"
#include "job/job_spec.h"

enum { JOB_WIRE_PLACES = 64 };

/* The sender's: which rules one process has. {0}: none. The rules are borrowed. */
struct job_wire_places {
	const struct job_rules *at[JOB_WIRE_PLACES];
};

/* The place of rules in the process; puts a frame of that type if they are not there yet. */
uint32_t job_wire_place_rules(struct job_wire_places *places, struct str *b, uint8_t type,
			      const struct job_rules *r);
void job_wire_put_rules(struct str *b, uint8_t type, uint32_t place, const struct job_rules *r);
/* What a process that runs jobs needs of the rules; the rest is zero. Strings point into the frame,
 * job_wire_rules_done() frees the arrays. false: not what job_wire_put_rules() made. */
bool job_wire_take_rules(struct wire *w, uint32_t *ret_place, struct job_rules *ret);
void job_wire_rules_done(struct job_rules *r);

/* The fields of a result, without a frame around them. */
void job_wire_put_result(struct str *b, const struct job_result *r);
/* ret is none before. Texts point into the frame, the rest is ret's: job_outcome_done(), also after
 * false. */
bool job_wire_take_result(struct wire *w, struct job_outcome *ret);

#endif
