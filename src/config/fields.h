/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed reading of an object, key by key: every wrong type, unknown key and bad value becomes a
 * positioned error, all in one go.
 *
 *   struct cfg_fields *f = cfg_fields_new(cfg, node, "job", diags);
 *   timeout = cfg_fields_duration(f, "timeout", 0);
 *   …
 *   cfg_fields_end(f);      // complains about every key that nobody asked for, with a suggestion
 *
 * A getter for a key that is not there returns the default; for one of a wrong type too, after an
 * error.
 */
#ifndef CONFIG_FIELDS_H
#define CONFIG_FIELDS_H

#include <stdint.h>

#include "config/config.h"

struct cfg_fields;

/* node must be an object (else: an error, and all getters return defaults); NULL counts as {}.
 * what: "job", "backends.fake", … It and the keys are borrowed until the end. */
struct cfg_fields *cfg_fields_new(struct cfg *c, struct hjson_node *node, const char *what,
				  struct diags *diags);
/* Unknown keys (but not those of members that no file holds: they are ours); then frees f. Returns
 * true if no error came out of f. */
bool cfg_fields_end(struct cfg_fields *f);

struct hjson_node *cfg_fields_node(struct cfg_fields *f,
				   const char *key); /* any type; NULL: not there */
const char *cfg_fields_string(struct cfg_fields *f, const char *key, const char *otherwise);
bool cfg_fields_bool(struct cfg_fields *f, const char *key, bool otherwise);
int64_t cfg_fields_int(struct cfg_fields *f, const char *key, int64_t least, int64_t most,
		       int64_t otherwise);
double cfg_fields_real(struct cfg_fields *f, const char *key, double least, double most,
		       double otherwise);
/* "90s", "5m", or a number of seconds. */
double cfg_fields_duration(struct cfg_fields *f, const char *key, double otherwise);
/* "64M", "1GiB", or a number of bytes. */
uint64_t cfg_fields_size(struct cfg_fields *f, const char *key, uint64_t otherwise);
/* One of the words (NULL-terminated); returns its index. */
int cfg_fields_word(struct cfg_fields *f, const char *key, const char *const *words, int otherwise);
/* A string, or an array of strings: NULL-terminated, arena-owned; *ret_nodes likewise, or NULL if
 * not wanted. Not there: NULL. */
const char *const *cfg_fields_strings(struct cfg_fields *f, const char *key,
				      struct hjson_node ***ret_nodes);
struct cfg *cfg_fields_cfg(const struct cfg_fields *f);
struct hjson_node *cfg_fields_object(
	const struct cfg_fields *f); /* the object itself; NULL: none */
struct diags *cfg_fields_diags(const struct cfg_fields *f);
/* The key counts as known without being read. */
void cfg_fields_allow(struct cfg_fields *f, const char *key);

/* Any node as JSON, on one line. */
const char *cfg_json(struct cfg *c, const struct hjson_node *node);
/* A scalar node as text (numbers as written, true/false); NULL: not a scalar. */
const char *cfg_scalar_text(struct cfg *c, struct hjson_node *node);

#endif
