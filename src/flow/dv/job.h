/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One job of DVSim's on its way to a job_spec: its own names first, then its mode's keys, then the
 * configuration's; each text is expanded with them. What `make` is told follows DVSim to the byte.
 */
#ifndef FLOW_DV_JOB_H
#define FLOW_DV_JOB_H

#include "flow/dv/sim.h"

enum { MAKER_NAMES = 16, MAKER_KEYS_MOST = 16, MAKER_PATHS = 4 };

/* What the jobs of one target have in common. */
struct job_kind {
	const char *target, *odir_key, *timeout_key, *pass_key, *fail_key;
	const char *const *keys; /* what make is told, in the order of the alphabet */
	int weight;
	bool renew, joins_cmds;
	bool reuse;	    /* as in retry_rules */
	bool plain_stamps;  /* as in job_rules */
	unsigned max_odirs; /* 0: what the command line or the default says */
	bool is_run;	    /* its time limit is that of runs */
	bool has_gui;	    /* --gui shows this one: it has no time limit then */
};

/* What all runs of a test have in common, as the first of them came out; NULL: each has its own. */
struct maker_shared {
	const char *words[MAKER_KEYS_MOST];    /* KEY=VALUE, in the plan's memory */
	const char *segments[MAKER_KEYS_MOST]; /* the same in the command, quoted */
	const struct job_rules *rules;
};

struct maker_name {
	const char *key;
	const struct hjson_node *value, *in_path; /* in_path: instead of value in a path; or NULL */
};

/* A directory of a job with hostile names, as it is written and as it is called. */
struct maker_path {
	const char *raw, *fit;
};

struct maker {
	struct sim *sim;
	struct plan *plan;
	const struct job_kind *kind;
	const struct mode *mode; /* NULL: none */
	struct maker_name names[MAKER_NAMES];
	size_t n_names;
	struct cfg_subst subst;
	const char *cwd;
	struct job_block *block;
	const struct hjson_node *run_opts;	/* instead of the mode's; NULL: the mode's */
	const char *export_name, *export_value; /* one more for this job; NULL: none */
	struct map warned;			/* keys that a warning was told of */
	struct map lists; /* key -> array node of the mode's list, made at need */
	const struct job_rules *last_rules;
	const char *const *env; /* of all jobs, if no export has a {word}; else NULL */
	struct map patterns;	/* key -> struct pattern_list without a {word} */
	struct map shared;	/* the bytes of a mode's address -> struct maker_shared, for runs */
	unsigned n_expanded;	/* texts with a {word} so far */
	bool varies;		/* a name was looked up that differs from run to run of a test */
	bool has_own_commands;	/* of a rehearsal: an {eval_cmd} with such a name in it */
	bool is_wrong;		/* an error was told */
	/* paths.c: */
	bool is_hostile; /* one of the names is no file name */
	bool in_path;	 /* the value of a path is being expanded */
	struct maker_path paths[MAKER_PATHS];
	size_t n_paths; /* 0: not yet known */
};

void maker_init(struct maker *m, struct sim *s, struct plan *plan);
void maker_done(struct maker *m);
/* Another one for the same configuration, with a plan of its own. */
void maker_copy(struct maker *to, const struct maker *from, struct sim *s, struct plan *plan);

/* begin, the names and the export that this job alone has, finish. */
void maker_begin(struct maker *m, const struct job_kind *kind, const struct mode *mode);
void maker_set_name(struct maker *m, const char *key, const char *text);
void maker_set_number(struct maker *m, const char *key, const char *digits);
void maker_set_export(struct maker *m, const char *name, const char *value);
/* All runs of the mode that the last job had share their rules. */
bool maker_shares_rules(struct maker *m);
/* name: its qualified name. */
struct job_spec *maker_finish(struct maker *m, struct job_spec *job, const char *name);

/*
 * add.c: adds jobs to the plan; their deps count from the first of them. One whose id is there
 * already is left out, with a warning, and what depends on it depends on the first.
 */
void maker_add_jobs(struct maker *m, const struct job_spec *jobs, size_t n);

/* A key's text, expanded; in the plan's memory. */
const char *maker_text(struct maker *m, const char *key);
/* A list's elements that are not empty, each with a line end. */
const char *maker_lines(struct maker *m, const char *key);
const char *maker_expand(struct maker *m, const char *text, const struct hjson_node *at);

/* names.c: the value of a key for this job, not expanded; NULL: none. */
const struct hjson_node *maker_value(struct maker *m, const char *key);
/* The mode's list of that name; NULL: it has none. */
const struct node_list *maker_list(const struct maker *m, const char *key);
/* The configuration's own, whatever the job says; the configuration does not change any more. */
const struct hjson_node *maker_root_value(const struct maker *m, const char *key);
void maker_index_root(struct maker *m);
/* For subst; ctx is the maker. */
const struct hjson_node *maker_lookup(void *ctx, const char *name, size_t len);

/* paths.c: notes what a name is to be in paths. */
void maker_fit_name(struct maker *m, struct maker_name *name);
/* text, expanded, with the job's directories as they are to be called. */
const char *maker_fit_paths(struct maker *m, const char *text);

/* rules.c: rules of the job that is being made. */
const struct job_rules *maker_rules(struct maker *m);

#endif
