/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration -> plan. One row per flow in flow.c; the key `flow` chooses.
 *
 * In flow/: the table of flows (flow.c), and what all of them share: which jobs are selected,
 * seeds, names, templates of texts, the roster of backends. Entry: flow_plan().
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <time.h>

#include "base/diag.h"
#include "base/map.h"
#include "config/config.h"
#include "job/job_reader.h"
#include "job/job_spec.h"

/* What DVSim's own options say; all NULL, 0 and false: nothing was said. Lists end in NULL. */
struct dv_options {
	const char *const *build_opts, *const *run_opts, *const *build_modes, *const *run_modes;
	const char *const *seeds, *const *select_cfgs;
	const char *build_seed, *fixed_seed, *seed_base, *waves, *profile, *verbosity;
	const char *job_prefix, *dump_script, *branch, *tool, *proj_root;
	const char *timestamp, *timestamp_long;
	const char *build_timeout_mins, *run_timeout_mins; /* whole numbers */
	double reseed_multiplier, run_timeout_multiplier;  /* 0: none */
	uint32_t reseed, max_odirs, max_waves;		   /* max_waves: the value of {max_waves} */
	bool cov, xprop_off, build_only, run_only, build_unique, gui, gui_debug, is_interactive;
	bool is_dry_run, cov_merge_previous, cov_unr, cov_analyze, map_full_testplan;
	time_t when;						    /* what the timestamps say */
	const char *const *fusesoc_mappings, *const *fusesoc_roots; /* flow/dv/fusesoc.h */
	const char *const *terminal_env; /* for the rules of an interactive job; static */
	void (*say)(const char *text);	 /* what users should know of at level info; or NULL */
};

/* --gui-debug is --gui and more. */
static inline bool dv_has_gui(const struct dv_options *dv)
{
	return dv->gui || dv->gui_debug;
}

/* What a configuration of DVSim's has to offer, each a NULL-terminated list of names; NULL: the
 * flow has no such thing. */
enum { FLOW_BUILD_MODES, FLOW_RUN_MODES, FLOW_TESTS, FLOW_REGRESSIONS, FLOW_N_CATEGORIES };
struct flow_listing {
	const char *block;
	const char *const *names[FLOW_N_CATEGORIES];
};

enum { FLOW_MOST_RETRIES = 1000 };

/* What the command line says of all jobs, whatever the configuration says of each. */
struct flow_limits {
	bool has_timeout, has_retries;
	double timeout_s; /* 0: none */
	uint32_t retries;
};

/* --failed: a job of an earlier run that is to run again. */
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
	/* The -i of that run; NULL: none. In DVSim's flows a regression adds options to its tests,
	 * so what ran is planned by these, and -i only selects. */
	const char *const *items;
};

struct flow_options {
	const char *scratch_root;    /* absolute */
	const char *const *items;    /* -i: ids or globs, NULL-terminated; NULL: all */
	const char *const *excluded; /* -x, likewise; NULL: none */
	struct flow_limits limits;
	const char *const *defines; /* -D NAME=VALUE, NULL-terminated; or NULL */
	/* The types of backends, NULL-terminated. NULL: jobs name none. */
	const char *const *backend_types;
	/* Keys of a job that backends read ("devices"); ends in one without a key. NULL: none. */
	const struct job_key *job_keys;
	/* Called for a plan that is refused, but whose jobs and dependencies are known, to find
	 * what else is wrong with it. NULL: nobody wants to. */
	void (*check_refused)(void *ctx, const struct plan *plan, struct diags *diags);
	void *check_ctx;
	const struct dv_options *dv; /* NULL: none of them */
	struct flow_again *again;    /* --failed; NULL: not given. The plan may be empty then. */
	/* Called for each configuration instead of planning its jobs; NULL: they are planned. */
	void (*list)(void *ctx, const struct flow_listing *listing);
	void *list_ctx;
};

/* Our own flows, whose output is beside the configuration, and DVSim's, whose output is in the
 * tree's scratch directory. */
enum flow_kind { FLOW_NATIVE, FLOW_DVSIM };

struct flow_type {
	const char *name; /* "jobs" */
	const char *help;
	enum flow_kind kind;
	enum plan_report report; /* of its plans; PLAN_REPORT_OF_FLOW is none */
	const struct job_reader
		*readers; /* what its jobs name; ends in one without a name. NULL: none */
	/* NULL after errors. The plan owns copies of all it needs but positions' file names, which
	 * cfg keeps. */
	struct plan *(*make)(struct cfg *c, const struct flow_options *options,
			     struct diags *diags);
	/* flow_replace_words() */
	void (*replace_words)(struct cfg *c, const struct flow_options *options, bool must_use,
			      struct diags *diags);
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
/* Number n, in the order of docs/reference/config.md; NULL: there are no more. */
const struct flow_key *flow_jobs_key(size_t n);

extern const struct flow_type *const flow_types[]; /* NULL-terminated */
/* Is this value of the key `flow` one of our own flows? NULL (no such key): no. */
bool flow_is_native(const struct cfg *c, struct hjson_node *flow);
struct plan *flow_plan(struct cfg *c, const struct flow_options *options, struct diags *diags);
/* Of all flows. */
job_reader_find flow_reader;

/*
 * For those who read `backends` and make no plan: its {words} get the values of `vars` and -D, as
 * flow_plan() has it. must_use: a -D for no variable is an error.
 */
void flow_replace_words(struct cfg *c, const struct flow_options *options, bool must_use,
			struct diags *diags);

/* `run -- CMD ARGS`: one job, without a configuration. */
struct flow_command {
	const char *const *argv; /* NULL-terminated */
	const char *name;	 /* NULL: the command's base name */
	double timeout_s;
	uint32_t retries;
	const char *cwd; /* absolute */
	bool is_interactive, is_shown;
	const char *const *terminal_env;	/* for the rules of an interactive job; static */
	const struct backend_key *backend_keys; /* without {words} */
	uint32_t n_backend_keys;
};
struct plan *flow_plan_command(const struct flow_command *cmd, const char *scratch_root,
			       struct diags *diags);

#endif
