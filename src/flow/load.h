/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of one load share, and a text with the place it came from. */
#ifndef FLOW_LOAD_H
#define FLOW_LOAD_H

#include "config/config.h"
#include "flow/vars.h"
#include "job/job_spec.h"

enum { FLOW_MOST_JOBS = 10000000 }; /* of one plan; more is a slip of the pen */

struct load {
	struct cfg *cfg;
	struct diags *diags;
	struct arena *mem; /* dies with the load; the plan has its own */
	struct vars vars;
	struct hjson_node *backends;	/* what the configuration says of them; NULL: nothing */
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

/* All of it can stand in a command: valid UTF-8, no control characters but tabs and line breaks. */
bool text_is_clean(const char *s);
bool text_is_line(const char *s); /* and none of those */
/* A letter or _, then letters, digits and _: what {…} may hold. */
bool text_is_word(const char *s, size_t len);
/* For messages, arena-owned. */
const char *text_printable(struct arena *mem, const char *s);

#endif
