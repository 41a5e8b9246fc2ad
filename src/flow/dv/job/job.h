/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs of DVSim's flows, made of what names mean in each (names.h) and the texts of its keys
 * (key_text.h). What `make` is told follows DVSim to the byte.
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
	const char *const *keys; /* what make is told, in the order of the alphabet */
	int weight;
	bool renew, joins_cmds;
	bool reuse;	    /* as in retry_rules */
	bool plain_stamps;  /* as in job_rules */
	unsigned max_odirs; /* 0: what the command line or the default says */
	bool is_run;	    /* its time limit is that of runs */
	bool has_gui;	    /* --gui shows this one: it has no time limit then */
};

/* dv/rules.c: what jobs have in common. */
struct rules_cache {
	const struct job_rules *last; /* of the last job of this kind and mode; NULL: none */
	const char *const *env;	      /* of all jobs, if no export has a {word}; else NULL */
	struct map patterns;	      /* key -> struct pattern_list without a {word} */
};

struct job_maker {
	struct dv_cfg *cfg;
	struct plan *plan;
	struct job_block *block;
	const char *cwd;
	struct arena *mem; /* for texts of jobs: the plan's, but for some attempts */
	struct job_names names;
	struct key_texts texts;
	struct rules_cache cache;
	struct map warned; /* keys that a warning was reported of */
	/* ---- of the job that is being made ---- */
	const struct job_kind *kind;
	const char *export_name, *export_value; /* one more for this job; NULL: none */
	struct str line, value; /* of its command, of a key of it: kept for the next one */
	/* ---- of an attempt ---- */
	struct diags said;
	bool is_attempt, is_standing;
	bool has_warned; /* the last one would have */
	bool differs;	 /* its jobs differ in more than the digits of values */
};

void job_maker_init(struct job_maker *m, struct dv_cfg *s, struct plan *plan);
void job_maker_done(struct job_maker *m);

/* begin, the names and the export that this job alone has, finish. */
void job_maker_begin(struct job_maker *m, const struct job_kind *kind, const struct mode *mode);
/* Rules that the job may share. */
void job_maker_set_rules(struct job_maker *m, const struct job_rules *rules);
void job_maker_set_export(struct job_maker *m, const char *name, const char *value);
/* name: its qualified name. */
struct job_spec *job_maker_finish(struct job_maker *m, struct job_spec *job, const char *name);
/*
 * Until the end of the attempt, what is made reports nothing and waits for no command: all that it
 * needs begin. True at the end: it is as good as if it were made afterwards. False: it is to be
 * made again, because something waits, is wrong or is to be reported. mem: for texts of jobs.
 */
void job_maker_begin_attempt(struct job_maker *m, struct arena *mem);
bool job_maker_end_attempt(struct job_maker *m);
/*
 * An attempt at one job for all runs of a test, with names left standing (standing.h). waits: for
 * commands, as above; otherwise they run. False also if the runs differ in more than digits.
 */
void job_maker_begin_standing(struct job_maker *m, bool waits);
/* The names of this plan's texts cannot be mistaken for standing ones. */
bool job_maker_may_stand(const struct job_maker *m);

/*
 * add.c: adds jobs to the plan; their deps count from the first of them. One whose id is there
 * already is left out, with a warning, and what depends on it depends on the first.
 */
void job_maker_add_jobs(struct job_maker *m, const struct job_spec *jobs, size_t n);

/* rules.c: rules of the job that is being made. */
const struct job_rules *job_maker_rules(struct job_maker *m);

#endif
