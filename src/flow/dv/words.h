/* SPDX-License-Identifier: Apache-2.0 */
/* DVSim's flows: -D, which replaces the value of a key, and {wildcards} in `backends`, which must
 * be known when the configuration is read. */
#ifndef FLOW_DV_WORDS_H
#define FLOW_DV_WORDS_H

#include "flow/flow.h"
#include "flow/text.h"

/* Applies -D to keys of the root that are strings, numbers, true or false. used: gets each -D whose
 * key was found; may be NULL. */
void dv_define(struct cfg *c, const char *const *defines, struct map *used, struct diags *diags);
/* Reports each -D whose key no configuration has. */
void dv_define_check(const char *const *defines, const struct map *used, struct diags *diags);
/* is_lenient: an unknown wildcard stays; without it that is an error. */
void dv_words_in_backends(struct cfg *c, bool is_lenient, struct diags *diags);
/* flow_replace_words() of these flows. */
void dv_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
		      struct diags *diags);

#endif
