/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of `jobs`: one job, or one job for each combination of its sweep. */
#ifndef FLOW_NATIVE_ENTRY_H
#define FLOW_NATIVE_ENTRY_H

#include "flow/native/settings.h"
#include "flow/native/words/sweep.h"
#include "flow/native/words/word_template.h"

struct entry_texts; /* from entry_read() to entry_compile() */

struct entry {
	struct load *load; /* of its configuration */
	struct hjson_node *node;
	const struct entry_texts *texts;
	struct src_pos pos; /* of its name */
	struct settings settings;
	struct sweep sweep;
	struct template name, target, cwd, seed, command, request;
	struct template_list argv; /* n 0: command is used; without one, request */
	struct template_list env, tags, needs, needs_any, input_files;
	bool has_seed, must_be_seed; /* must_be_seed: the key `seed` is given, so digits only */
	size_t first, n;	     /* its jobs in the plan */
};

/* Keys of a job that cannot be in `defaults`. */
extern const struct flow_key entry_keys[];
extern const size_t n_entry_keys;

/* Two steps: all entries are read before the first is compiled, because a warning about a {word}
 * needs the axes of all sweeps. Errors go to l->diags. */
void entry_read(struct load *l, struct hjson_node *node, const struct settings *defaults,
		struct entry *ret);
void entry_compile(struct load *l, struct entry *e);
/* Reads an entry without `needs` and `sweep`; its name is given. f is borrowed: the caller may read
 * further keys, and ends it. */
void entry_read_named(struct load *l, struct cfg_fields *f, const struct text *name,
		      const struct settings *settings, struct entry *ret);
/* Makes an entry from a command line and settings alone. */
void entry_of_command(struct load *l, const struct text *command, const struct text *name,
		      const struct settings *settings, struct entry *ret);

#endif
