/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings that both a job and `defaults` may have. They are read from `defaults` over
 * settings_default, then from the job over those. One row per key in settings.c.
 */
#ifndef FLOW_NATIVE_SETTINGS_H
#define FLOW_NATIVE_SETTINGS_H

#include "flow/flow.h"
#include "flow/native/words/load.h"

struct env_setting {
	const char *name;
	struct text value;
};

struct settings {
	struct text backend, cwd, target, seed;
	double timeout_s, grace_s;
	uint64_t max_log_bytes;
	struct tree_limits limits;
	struct text_list input_files, input_env; /* if has_inputs */
	struct text_list pass_patterns, fail_patterns, tags, keep;
	const struct env_setting *env;
	const struct resource_need *resources;
	const struct backend_key *backend_keys;
	uint32_t n_env, n_resources, n_backend_keys;
	uint32_t backend_no; /* of job_rules */
	struct retry_rules retry;
	int32_t weight;
	uint32_t cpus, max_odirs;
	enum leak_rule leak;
	bool is_finally, dump_env, renew, has_inputs, is_never_reused;
};

extern const struct settings settings_default;

/* A key: its documentation (docs/reference/config.md), and the function that reads it. */
struct setting_key {
	struct flow_key doc;
	void (*read)(struct cfg_fields *f, const char *key, struct settings *s);
};
extern const struct setting_key setting_keys[];
extern const size_t n_setting_keys;

/* Reads the settings in f over *s. */
void settings_read(struct load *l, struct cfg_fields *f, struct settings *s);
/* Sets the backend of jobs with these settings. Reports an error if the roster has no such one. */
void settings_set_backend(struct load *l, struct text backend, struct settings *s);

/* A string or a list of strings; an empty one or one that is listed twice is an error. otherwise:
 * the result if the key is missing. */
struct text_list settings_texts(struct cfg_fields *f, const char *key, struct text_list otherwise);
struct text settings_text(struct cfg_fields *f, const char *key, struct text otherwise);

#endif
