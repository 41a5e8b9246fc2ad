/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value of a name in a job of DVSim's flows: the job's own names come first, then the keys of
 * its mode, then those of the configuration.
 */
#ifndef FLOW_DV_JOB_NAMES_H
#define FLOW_DV_JOB_NAMES_H

#include "flow/dv/cfg.h"

enum { JOB_NAMES_MOST = 16 };

struct own_name {
	const char *key;
	const struct hjson_node *value, *in_path; /* in_path: instead of value in a path; or NULL */
};

struct job_names {
	struct dv_cfg *cfg;
	const struct mode *mode; /* NULL: none */
	struct own_name own[JOB_NAMES_MOST];
	size_t n_own;
	const struct hjson_node *run_opts; /* instead of the mode's; NULL: the mode's */
	struct map lists;      /* key -> array node of the mode's list, made when needed */
	bool in_path;	       /* names have their values for paths (own_name.in_path) */
	bool has_unsafe_names; /* one of the own names is no file name */
};

/* Call it when the keys of the configuration are final. */
void job_names_init(struct job_names *n, struct dv_cfg *s);
void job_names_done(struct job_names *n);
/* Begins another job; its own names are set afterwards. */
void job_names_begin(struct job_names *n, const struct mode *mode);
void job_names_set(struct job_names *n, const char *key, const char *text);
void job_names_set_number(struct job_names *n, const char *key, const char *digits);

/* The value of a key for this job, not expanded; NULL: none. */
const struct hjson_node *job_names_value(struct job_names *n, const char *key);
/* The mode's list of that name; NULL: it has none. */
const struct node_list *job_names_list(const struct job_names *n, const char *key);
/* The value in the configuration, without the names of job and mode. */
const struct hjson_node *job_names_root_value(const struct job_names *n, const char *key);
/* For cfg_subst; ctx is the job_names. */
const struct hjson_node *job_names_lookup(void *ctx, const char *name, size_t len);

#endif
