/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of one load share, and a text with the place it came from. */
#ifndef FLOW_NATIVE_WORDS_LOAD_H
#define FLOW_NATIVE_WORDS_LOAD_H

#include "config/config.h"
#include "flow/native/words/vars.h"
#include "flow/roster.h"
#include "flow/text.h"
#include "job/job_spec.h"

enum { FLOW_MOST_JOBS = 10000000 }; /* of one plan; more is a typo */

struct load {
	struct cfg *cfg;
	struct diags *diags;
	struct arena *mem; /* dies with the load; the plan has its own */
	struct vars vars;
	struct hjson_node *backends;	/* what the configuration says of them; NULL: nothing */
	const struct roster *roster;	/* NULL: jobs name no backend */
	const struct job_key *job_keys; /* of flow_options */
	/* An error that leaves open which jobs there are: to look for them would make errors where
	 * there are none. */
	bool has_unknown_jobs;
};

struct text {
	const char *s; /* NULL: not there */
	struct hjson_node *at;
};

struct text_list {
	const struct text *at;
	uint32_t n;
};

#endif
