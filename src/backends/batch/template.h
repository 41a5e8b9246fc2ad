/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of the configuration with <places> for what is known only when they run:
 *
 *   submit: "bsub -J <name> -n <cpus> <runner>"
 *
 * A text is split at blanks; a list has its words as they are. No shell is involved. A word that
 * is one place becomes as many words as the place has values; within a longer word they are joined
 * by blanks.
 */
#ifndef BACKENDS_BATCH_TEMPLATE_H
#define BACKENDS_BATCH_TEMPLATE_H

#include "backends/farm/command.h"
#include "config/fields.h"

/* NULL-terminated words, in the arena of the configuration; NULL: there is no such key. */
typedef const char *const *template;

/* Reads a member of f. places: the names that it may have, NULL-terminated; another one is an
 * error. */
template template_read(struct cfg_fields *f, const char *key, const char *const *places);
/* The same for a node of another object; what: its name in messages. */
template template_read_node(struct cfg *cfg, struct hjson_node *node, const char *what,
			    const char *const *places, struct diags *diags);
bool template_has(template t, const char *place);

struct template_place {
	const char *name;
	const char *const *values; /* NULL-terminated */
};

/* places ends with a name of NULL, and has all names that t may have. */
void template_expand(template t, const struct template_place *places, struct command_words *to);

#endif
