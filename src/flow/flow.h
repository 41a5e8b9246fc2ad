/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration -> plan. One line per flow in list.h; the key `flow` of a configuration chooses.
 *
 * In flow/: the table of flows (flow.c), and what all of them share: which jobs are selected,
 * seeds, names, templates of texts, the roster of backends. Entry: flow_plan().
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "base/diag.h"
#include "base/map.h"
#include "config/config.h"
#include "flow/roster.h"
#include "job/job_reader.h"
#include "job/job_spec.h"

struct dv_options; /* flow/dv/options.h */

/* The names that a configuration of DVSim's flows defines: a NULL-terminated list per category.
 * NULL: the flow has no such category. */
enum { FLOW_BUILD_MODES, FLOW_RUN_MODES, FLOW_TESTS, FLOW_REGRESSIONS, FLOW_N_CATEGORIES };
struct flow_listing {
	const char *block;
	const char *const *names[FLOW_N_CATEGORIES];
};

enum { FLOW_MOST_RETRIES = 1000 };

enum flow_limit {
	FLOW_LIMIT_MEMORY = 1,
	FLOW_LIMIT_PROCESSES = 2,
	FLOW_LIMIT_CPU_TIME = 4,
	FLOW_LIMIT_FILES = 8,
	FLOW_LIMIT_STALL = 16,
	FLOW_LIMIT_LOG = 32,
};

/* Limits that the command line sets for all jobs. They override the configuration. */
struct flow_limits {
	bool has_timeout, has_retries;
	unsigned set; /* enum flow_limit: those of tree and max_log_bytes that are given */
	struct tree_limits tree;
	uint64_t max_log_bytes;
	double timeout_s; /* 0: none */
	uint32_t retries;
};

/* --failed: a job of an earlier run that runs again. */
struct flow_again_job {
	const char *id, *seed; /* seed: NULL if it has none */
	bool is_there;	       /* set by the flow: the configuration still has it */
	bool is_left_out;      /* likewise: it is there, but -i does not select it */
};

struct flow_again {
	struct flow_again_job *jobs;
	size_t n;
	struct map by_id;  /* id -> its index + 1 */
	struct map passed; /* jobs that need not run again: id -> seed, or "" */
	/* The -i of that run; NULL: none. DVSim's flows plan with these items, because a regression
	 * adds options to its tests. The -i of this run then only selects. */
	const char *const *items;
};

struct flow_options {
	const char *scratch_root;    /* absolute */
	const char *const *items;    /* -i: ids or globs, NULL-terminated; NULL: all */
	const char *const *excluded; /* -x, likewise; NULL: none */
	struct flow_limits limits;
	const char *const *defines; /* -D NAME=VALUE, NULL-terminated; or NULL */
	/* Names of the backend types, NULL-terminated. NULL: no roster is read, and names of
	 * backends are not checked. */
	const char *const *backend_types;
	/* Native flows check all of `backends` with it. DVSim's flows check no entry that the run
	 * does not use. NULL: only the types are checked. */
	roster_check_settings *check_backend;
	/* Keys of a job that backends read ("devices"); the last row has no key. NULL: none. */
	const struct job_key *job_keys;
	/* Called if there are errors, but all jobs and dependencies are known: reports what else is
	 * wrong with the plan. May be NULL. */
	void (*check_refused)(void *ctx, const struct plan *plan, struct diags *diags);
	void *check_ctx;
	/* --interactive: the selected job has the terminal; in DVSim's flows each job.
	 * terminal_env: for the rules of such a job; static. */
	bool is_interactive;
	const char *const *terminal_env;
	const struct dv_options *dv; /* NULL: no option of DVSim's */
	struct flow_again *again;    /* --failed; NULL: not given. The plan may be empty then. */
	/* Called for each configuration instead of planning its jobs; NULL: they are planned. */
	void (*list)(void *ctx, const struct flow_listing *listing);
	void *list_ctx;
};

/* Native flows write beside the configuration, DVSim's flows into the scratch directory of the
 * source tree. */
enum flow_kind { FLOW_NATIVE, FLOW_DVSIM };

struct flow_type {
	const char *name; /* "jobs" */
	const char *help;
	enum flow_kind kind;
	const char *report; /* of its plans: a name in report/list.h; NULL: none */
	const struct job_reader
		*readers; /* those that its jobs name; the last has no name. NULL: none */
	/* NULL after errors. The plan owns copies of everything in it, except file names of
	 * positions and the roster, which cfg owns. */
	struct plan *(*make)(const struct flow_type *type, struct cfg *c,
			     const struct flow_options *options, struct diags *diags);
	/* flow_replace_words() */
	void (*replace_words)(struct cfg *c, const struct flow_options *options, bool must_use,
			      struct diags *diags);
	/* Applies --timeout to jobs with these rules, unless an option of the flow precedes it.
	 * NULL: it always applies. */
	void (*limit_time)(struct job_rules *rules, const struct flow_options *options,
			   struct arena *mem);
	const struct dv_flow *dv; /* of DVSim's flows (flow/dv/flow.h); else NULL */
};

/* The keys of `flow: jobs`, for docs/reference/config.md and for `dvsched config keys`. */
enum flow_key_place {
	FLOW_KEY_TOP,	  /* of the configuration */
	FLOW_KEY_JOB,	  /* of a job only */
	FLOW_KEY_SETTING, /* of a job or of `defaults` */
};
struct flow_key {
	const char *key, *type, *otherwise, *help; /* otherwise: the default, for people */
	enum flow_key_place place;
};
/* Key number n, in the order of docs/reference/config.md; NULL after the last one. */
const struct flow_key *flow_jobs_key(size_t n);

extern const struct flow_type *const flow_types[]; /* NULL-terminated */
/* Does root name a native flow? */
bool flow_is_native(const struct cfg *c, struct hjson_node *root);
/* Plans with the flow that the configuration names. NULL after errors. c must outlive the plan. */
struct plan *flow_plan(struct cfg *c, const struct flow_options *options, struct diags *diags);
/* Finds a reader of any flow by its name. */
job_reader_find flow_reader;

/*
 * Replaces the {words} in `backends` by the values of `vars` and -D, as flow_plan() does. For
 * commands that read `backends` and make no plan. must_use: a -D that names no variable is an
 * error.
 */
void flow_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
			struct diags *diags);
/*
 * The same for commands that show the configuration: in DVSim's flows it also expands all other
 * {wildcards} that are known. Planning defines more, so unknown ones stay. Returns 0, or -1 after
 * errors.
 */
int flow_resolve(struct cfg *c, const struct flow_options *options, struct diags *diags);
/* Reports what flow_plan() would warn of, in native flows, if it finds no error. Changes c. */
void flow_warn(struct cfg *c, const struct flow_options *options, struct diags *diags);

/* `run -- CMD ARGS`: one job, without a configuration. */
struct flow_command {
	const char *const *argv; /* NULL-terminated */
	const char *name;	 /* NULL: the command's base name */
	double timeout_s;
	uint32_t retries;
	struct flow_limits limits; /* of its processes and its log; the rest is not used */
	const char *cwd;	   /* absolute */
	bool is_interactive, is_shown;
	const char *const *terminal_env;	/* for the rules of an interactive job; static */
	const struct backend_key *backend_keys; /* without {words} */
	uint32_t n_backend_keys;
};
struct plan *flow_plan_command(const struct flow_command *cmd, const char *scratch_root,
			       struct diags *diags);

#endif
