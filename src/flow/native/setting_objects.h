/* SPDX-License-Identifier: Apache-2.0 */
/* The settings that are objects of names and values, each with its own rules. */
#ifndef FLOW_NATIVE_SETTING_OBJECTS_H
#define FLOW_NATIVE_SETTING_OBJECTS_H

#include "flow/native/settings.h"

void setting_read_retries(struct cfg_fields *f, const char *key, struct settings *s);
void setting_read_resources(struct cfg_fields *f, const char *key, struct settings *s);
void setting_read_env(struct cfg_fields *f, const char *key, struct settings *s);
/* node: the member called backend. */
void setting_read_backend_keys(struct cfg_fields *f, struct hjson_node *node, const char *backend,
			       struct settings *s);
/* The row of keys, which may be NULL; NULL: no backend reads such a key. */
const struct job_key *setting_job_key(const struct job_key *keys, const char *key);
/* A key of the job's own that backend reads. */
void setting_read_backend_key(struct cfg_fields *f, struct hjson_node *node, const char *backend,
			      struct settings *s);
/* `{VCS: 4, PORT: "60000-60015"}`: how many there are, or their numbers, {words} of `vars`. */
const struct resource_limit *settings_limits(struct load *l, struct cfg_fields *f, const char *key,
					     uint32_t *ret_n);
/* `{VCS: 4}`: names in upper case with counts of at least least. */
const struct resource_need *settings_resources(struct cfg_fields *f, const char *key,
					       uint32_t least, uint32_t *ret_n);

#endif
