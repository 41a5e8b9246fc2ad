/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of one configuration share, and texts with their positions. */
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
	struct arena *mem; /* freed with the load; the plan has its own */
	struct vars vars;
	struct hjson_node *backends;	      /* the key `backends`; NULL: none */
	const struct roster *roster;	      /* NULL: names of backends are not checked */
	const struct job_key *job_keys;	      /* of flow_options */
	roster_check_settings *check_backend; /* likewise */
	/* After an error it is not known which jobs exist. To look for jobs would cause errors
	 * about jobs that do exist. */
	bool has_unknown_jobs;
};

struct text {
	const char *s; /* NULL: missing */
	struct hjson_node *at;
};

struct text_list {
	const struct text *at;
	uint32_t n;
};

#endif
