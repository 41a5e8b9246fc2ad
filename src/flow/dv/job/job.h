/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes jobs of DVSim's flows, from the values of names in each job (names.h) and the texts of its
 * keys (key_text.h). The arguments of `make` are byte for byte those of DVSim.
 *
 * In flow/dv/job/: the text of each key of a job, its names, and its rules. Entry:
 * job_maker_begin().
 */
#ifndef FLOW_DV_JOB_JOB_H
#define FLOW_DV_JOB_JOB_H

#include "flow/dv/job/key_text.h"

/* What the jobs of one target have in common. */
struct job_kind {
	const char *target, *odir_key, *timeout_key, *pass_key, *fail_key;
	const char *const *keys; /* arguments of make, in alphabetical order */
	int weight;
	bool renew, joins_cmds;
	bool reuse;	    /* as in retry_rules */
	bool plain_stamps;  /* as in job_rules */
	unsigned max_odirs; /* 0: the value of the command line, or the default */
	bool is_run;	    /* the time limit of runs applies */
	bool has_gui;	    /* --gui opens this job, which then has no time limit */
};

/* rules.c: what jobs share. */
struct rules_cache {
	const struct job_rules *last; /* of the last job of this kind and mode; NULL: none */
	const char *const *env;	      /* of all jobs, if no export has a {word}; else NULL */
	struct map patterns;	      /* key -> struct pattern_list without a {word} */
};

struct job_maker {
	struct dv_cfg *cfg;
	struct plan *plan;
	struct job_block *block;
	struct dv_block *dv_block; /* block->dv */
	const char *cwd;
	struct arena *mem; /* for texts of jobs: the plan's, except in some attempts */
	struct job_names names;
	struct key_texts texts;
	struct rules_cache cache;
	struct map warned; /* keys with a reported warning */
	/* ---- of the job that is being made ---- */
	const struct job_kind *kind;
	const char *export_name, *export_value; /* of this job only; NULL: none */
	struct str line, value; /* the command line, the text of a key; reused by the next job */
	/* ---- of an attempt ---- */
	struct diags said;
	bool is_attempt, is_standing;
	bool has_warned; /* the last attempt had a warning, which was not reported */
	bool differs;	 /* its jobs differ in more than the digits of values */
};

void job_maker_init(struct job_maker *m, struct dv_cfg *s, struct plan *plan);
void job_maker_done(struct job_maker *m);

/* To make a job: begin, then the names and the export that only this job has, then finish. */
void job_maker_begin(struct job_maker *m, const struct job_kind *kind, const struct mode *mode);
/* Rules that the job may use if they are equal to its own. */
void job_maker_set_rules(struct job_maker *m, const struct job_rules *rules);
void job_maker_set_export(struct job_maker *m, const char *name, const char *value);
/* name: the job's name without its block. */
struct job_spec *job_maker_finish(struct job_maker *m, struct job_spec *job, const char *name);
/*
 * In an attempt, jobs are made without reports and without waiting: the commands that they need are
 * only started. job_maker_end_attempt() returns true if the jobs can be used as they are, and false
 * if they must be made again, because a text waits for a command, or an error or a warning was
 * reported.
 * mem: for texts of jobs.
 */
void job_maker_begin_attempt(struct job_maker *m, struct arena *mem);
bool job_maker_end_attempt(struct job_maker *m);
/*
 * An attempt at one job for all runs of a test, with standing names (standing.h). waits: commands
 * are only started, as above; otherwise they run to their end. The attempt also fails if the runs
 * differ in more than digits.
 */
void job_maker_begin_standing(struct job_maker *m, bool waits);
/* Are standing names possible? Not if the working directory or the block's name contains '{'. */
bool job_maker_may_stand(const struct job_maker *m);

/*
 * add.c: adds jobs to the plan; their deps are indices into jobs. A job whose id the plan has
 * already is left out, with a warning, and dependencies on it become dependencies on the first one.
 */
void job_maker_add_jobs(struct job_maker *m, const struct job_spec *jobs, size_t n);

/* rules.c: rules of the job that is being made. */
const struct job_rules *job_maker_rules(struct job_maker *m);

#endif
