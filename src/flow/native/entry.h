/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of `jobs`, as written: one job, or as many as its sweep makes. */
#ifndef FLOW_NATIVE_ENTRY_H
#define FLOW_NATIVE_ENTRY_H

#include "flow/native/settings.h"
#include "flow/native/words/sweep.h"
#include "flow/native/words/word_template.h"

struct entry_texts; /* between the two steps */

struct entry {
	struct load *load; /* its file and its words */
	struct hjson_node *node;
	const struct entry_texts *texts;
	struct src_pos pos; /* of its name */
	struct settings settings;
	struct sweep sweep;
	struct template name, target, cwd, seed, command, request;
	struct template_list argv; /* n 0: command; neither: request */
	struct template_list env, tags, needs, needs_any;
	bool has_seed, must_be_seed; /* the second: a user said so, it must be digits */
	size_t first, n;	     /* its jobs in the plan */
};

/* Keys of a job that cannot stand in `defaults`. */
extern const struct flow_key entry_keys[];
extern const size_t n_entry_keys;

/* Two steps, since a text may name (by mistake) an axis of any entry's sweep. Errors go to the
 * load's list. */
void entry_read(struct load *l, struct hjson_node *node, const struct settings *defaults,
		struct entry *ret);
void entry_compile(struct load *l, struct entry *e);
/* One whose name is not in its object, and which has no needs and no sweep; f is the caller's, who
 * may ask it for more. */
void entry_read_named(struct load *l, struct cfg_fields *f, const struct text *name,
		      const struct settings *settings, struct entry *ret);
/* One that is a command line and nothing else. */
void entry_of_command(struct load *l, const struct text *command, const struct text *name,
		      const struct settings *settings, struct entry *ret);

#endif
