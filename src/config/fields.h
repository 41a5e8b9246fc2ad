/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an object with typed getters. Each wrong type, unknown key and bad value adds an error
 * with its position, so that all errors are reported together.
 *
 *   struct cfg_fields *f = cfg_fields_new(cfg, node, "job", diags);
 *   timeout = cfg_fields_duration(f, "timeout", 0);
 *   …
 *   cfg_fields_end(f);      // reports each key that was not read, with a suggestion
 *
 * If the key does not exist, a getter returns the default. If it has a wrong type, it also adds an
 * error.
 */
#ifndef CONFIG_FIELDS_H
#define CONFIG_FIELDS_H

#include <stdint.h>

#include "config/config.h"

struct cfg_fields;

/* node: an object, or NULL, which counts as {}. For any other type an error is added, and all
 * getters return defaults. what: "job", "backends.fake", … in messages. `what` and the keys are
 * borrowed until cfg_fields_end(). */
struct cfg_fields *cfg_fields_new(struct cfg *c, struct hjson_node *node, const char *what,
				  struct diags *diags);
/* Reports unknown keys, except of members without a position, which dvsched itself added; then
 * frees f. Returns true if f has added no error. */
bool cfg_fields_end(struct cfg_fields *f);

struct hjson_node *cfg_fields_node(struct cfg_fields *f,
				   const char *key); /* any type; NULL: no such key */
const char *cfg_fields_string(struct cfg_fields *f, const char *key, const char *otherwise);
bool cfg_fields_bool(struct cfg_fields *f, const char *key, bool otherwise);
int64_t cfg_fields_int(struct cfg_fields *f, const char *key, int64_t least, int64_t most,
		       int64_t otherwise);
double cfg_fields_real(struct cfg_fields *f, const char *key, double least, double most,
		       double otherwise);
/* "90s", "5m", or a number of seconds. Returns seconds. */
double cfg_fields_duration(struct cfg_fields *f, const char *key, double otherwise);
/* "64M", "1GiB", or a number of bytes. Returns bytes. */
uint64_t cfg_fields_size(struct cfg_fields *f, const char *key, uint64_t otherwise);
/* The value must be one of words (NULL-terminated); returns its index. */
int cfg_fields_word(struct cfg_fields *f, const char *key, const char *const *words, int otherwise);
/* A string or an array of strings. Returns a NULL-terminated list in the arena of the
 * configuration, or NULL if there is no such key. ret_nodes (may be NULL): gets a list of their
 * nodes. */
const char *const *cfg_fields_strings(struct cfg_fields *f, const char *key,
				      struct hjson_node ***ret_nodes);
struct cfg *cfg_fields_cfg(const struct cfg_fields *f);
struct hjson_node *cfg_fields_object(
	const struct cfg_fields *f); /* the object itself; NULL: none */
struct diags *cfg_fields_diags(const struct cfg_fields *f);
/* Makes the key a known one without reading it. */
void cfg_fields_allow(struct cfg_fields *f, const char *key);

/* The node as JSON, on one line. */
const char *cfg_json(struct cfg *c, const struct hjson_node *node);
/* A scalar node as text (numbers as written, true/false); NULL: not a scalar. */
const char *cfg_scalar_text(struct cfg *c, struct hjson_node *node);

#endif
