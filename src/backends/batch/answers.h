/* SPDX-License-Identifier: Apache-2.0 */
/* How the answers of a batch system are read that is described in the configuration. */
#ifndef BACKENDS_BATCH_ANSWERS_H
#define BACKENDS_BATCH_ANSWERS_H

#include "backends/farm/farm.h"
#include "base/text_pattern.h"
#include "config/fields.h"

/* A word of the batch system for a state, or a part of its text about an end. */
struct batch_word {
	const char *text;
	enum farm_stage stage;
	enum job_reason reason; /* of FARM_OVER */
};

struct batch_answers {
	/* Of the command that submits: the group `id`; then what makes an error a doubt. */
	struct text_pattern *submitted, *doubt;
	/* Of the command that looks: a line with the groups `id`, `name`, `state` and `why`; then
	 * what it prints if there is no submission. */
	struct text_pattern *line, *empty;
	struct batch_word *states, *reasons;
	size_t n_states, n_reasons;
};

/* Reads `submitted`, `doubt`, `line`, `empty`, `states` and `reasons`. Call batch_answers_done() in
 * any case. */
void batch_answers_read(struct cfg_fields *f, struct batch_answers *ret);
void batch_answers_done(struct batch_answers *a);
/* As the operations of farm_ops. command: its name, for messages. */
enum farm_answer batch_submitted(const struct batch_answers *a, const char *command,
				 const struct command_end *end, struct str *text);
bool batch_seen(const struct batch_answers *a, const struct command_end *end, farm_see *see,
		void *see_ctx);

#endif
