/* SPDX-License-Identifier: Apache-2.0 */
/* Words with the same value in every job: `vars`, {scratch}, {cfg_dir}. -D overrides `vars`. */
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

/* Words that every configuration has. */
extern const char *const vars_builtin[];
enum { VARS_N_BUILTIN = 7 };
bool vars_is_builtin(const char *name, size_t len);

/* defines: NAME=VALUE, NULL-terminated; or NULL. */
void vars_init(struct load *l, const char *const *defines);
void vars_done(struct vars *v);
/* Reads `vars: {…}`. */
void vars_read(struct load *l, struct hjson_node *node);
void vars_set(struct vars *v, const char *name, const char *value);
/* The value that -D gives to name; marks this -D as used. NULL: none. */
const char *vars_take_define(struct vars *v, const char *name);
/* Replaces the values of `vars` by those of -D in the tree, for commands that show the tree. */
void vars_show_defines(struct load *l);
/* Reports each -D that was not used: it names no variable, and no axis that it can replace. */
void vars_check_defines(struct load *l);

#endif
