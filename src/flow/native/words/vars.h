/* SPDX-License-Identifier: Apache-2.0 */
/* Names that mean the same in every job: `vars`, {scratch}, {cfg_dir}; and what -D says of them. */
#ifndef FLOW_NATIVE_WORDS_VARS_H
#define FLOW_NATIVE_WORDS_VARS_H

#include "base/map.h"
#include "config/fields.h"

struct load;

struct define {
	const char *name, *value;
	bool is_used;
};

struct vars {
	struct map values;   /* name -> const char *: what {name} becomes, in every job */
	struct map declared; /* name -> its hjson_node in `vars` */
	struct map axes;     /* of all sweeps, name -> hjson_node */
	struct define *defines;
	size_t n_defines;
};

/* Words that are always there. */
extern const char *const vars_builtin[];
enum { VARS_N_BUILTIN = 7 };
bool vars_is_builtin(const char *name, size_t len);

/* defines: NAME=VALUE, NULL-terminated; or NULL. */
void vars_init(struct load *l, const char *const *defines);
void vars_done(struct vars *v);
/* Reads `vars: {…}`. */
void vars_read(struct load *l, struct hjson_node *node);
void vars_set(struct vars *v, const char *name, const char *value);
/* The -D for name, now used; NULL: there is none. */
const char *vars_take_define(struct vars *v, const char *name);
/* Replaces the values of `vars` by those of -D, for people who look at them. */
void vars_show_defines(struct load *l);
/* Complains about -D for what is neither a variable nor an axis. */
void vars_check_defines(struct load *l);

#endif
