/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of the settings that are objects. */
#ifndef FLOW_NATIVE_SETTING_OBJECTS_H
#define FLOW_NATIVE_SETTING_OBJECTS_H

#include "flow/native/settings.h"

void setting_read_retries(struct cfg_fields *f, const char *key, struct settings *s);
void setting_read_resources(struct cfg_fields *f, const char *key, struct settings *s);
void setting_read_env(struct cfg_fields *f, const char *key, struct settings *s);
/* node: the member of a job named as the backend. Its keys are stored for the backend to check. */
void setting_read_backend_keys(struct cfg_fields *f, struct hjson_node *node, const char *backend,
			       struct settings *s);
/* The row of keys for key; NULL: no backend reads such a key. keys may be NULL. */
const struct job_key *setting_job_key(const struct job_key *keys, const char *key);
/* node: a member of a job that the backend reads (it is in job_keys). */
void setting_read_backend_key(struct cfg_fields *f, struct hjson_node *node, const char *backend,
			      struct settings *s);
/* `{VCS: 4, PORT: "60000-60015"}`: the number of units, or the numbers of the units as a text, with
 * {words} of `vars`. */
const struct resource_limit *settings_limits(struct load *l, struct cfg_fields *f, const char *key,
					     uint32_t *ret_n);

#endif
