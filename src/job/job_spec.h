/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The jobs to run. A flow makes the plan; it is frozen afterwards, and all other modules only read
 * it.
 *
 * A plan owns everything in it (one arena). What jobs of one kind have in common is stored once, in
 * job_rules: 10,000 jobs of a sweep differ in names and arguments only.
 */
#ifndef JOB_SPEC_H
#define JOB_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "job/job_inputs.h"
#include "job/job_needs.h"
#include "job/job_steps.h"
#include "job/tree_limits.h"

struct pattern {
	const char *text; /* Python regex syntax, as written */
	struct src_pos pos;
};

struct pattern_list {
	const struct pattern *at;
	uint32_t n;
};

struct resource_need {
	const char *name; /* upper case */
	uint32_t count;	  /* at least 1 */
	struct src_pos pos;
};

enum retry_on { RETRY_ANY, RETRY_INFRA, RETRY_JOB, RETRY_TIMEOUT };

struct retry_rules {
	uint32_t max;	  /* attempts beyond the first; 0: none */
	enum retry_on on; /* which results are retried */
	double backoff_s; /* pause before the second attempt; doubles each time, up to 10 minutes */
	bool reuse; /* the next attempt uses the directory of the failed one; only the log is moved
		       aside */
};

enum leak_rule { LEAK_KILL, LEAK_FAIL };

/* A key of a job that belongs to a backend ("fake: { outcome: … }", "devices: 2"),
 * for its check(). */
struct backend_key {
	const char *backend, *key;
	const char *value; /* a scalar as written, anything else as JSON; no {words} replaced */
	const char *json;  /* always as JSON */
	struct src_pos pos;
};

/* A key of a job that a backend reads, besides the key with the backend's name. */
struct job_key {
	const char *backend, *key;
	bool is_work; /* it replaces the command */
};

/*
 * Stands for {attempt} in a spec, because the number is known only at the launch. Users cannot
 * write it: control characters are rejected in commands.
 */
#define JOB_ATTEMPT_WORD "\001attempt\001"

/* Shared by jobs of one kind. */
struct job_rules {
	const char *target;  /* row in the status table */
	const char *backend; /* NULL: the run's default */
	uint32_t backend_no; /* its number in the plan's roster, from 1; 0: the run's default */
	const char *cwd;     /* absolute */
	const char *tool; /* the tool that the job runs, for readers and reports; NULL: unknown */
	const char *log_reader; /* name of the reader of the log (job/job_reader.h); NULL: none */
	const char *const
		*env; /* "NAME=VALUE": set on top of dvsched's own environment; NULL-terminated */
	const char *const *terminal_env; /* added to env in an interactive job: variables that the
					    user did not set; NULL: none */
	struct pattern_list pass_patterns, fail_patterns;
	const struct resource_need *resources;
	const char *const *tags; /* NULL-terminated */
	const char *const *keep; /* globs: daemons that may outlive the job; NULL-terminated */
	const struct backend_key *backend_keys;
	uint32_t n_resources, n_backend_keys;
	struct retry_rules retry;
	double timeout_s;		  /* 0: none */
	const char *timeout_text;	  /* how messages give timeout_s; NULL: as a duration */
	double grace_s;			  /* between TERM and KILL; < 0: the run's default */
	uint64_t max_log_bytes;		  /* 0: no limit */
	const struct tree_limits *limits; /* NULL: none */
	const struct job_inputs *inputs;  /* NULL: the job may read every source */
	int32_t weight;			  /* priority: larger first */
	uint32_t cpus;			  /* at least 1 */
	enum leak_rule leak;
	bool is_finally; /* runs after all jobs that are not finally jobs, whatever their results */
	bool renew_odir; /* an existing odir is moved aside (rotated) before the job, not reused */
	bool plain_stamps;  /* with renew_odir: the name of a rotated directory is its stamp alone;
			       its parent must contain nothing else (always so for a directory
			       `latest`) */
	uint32_t max_odirs; /* with renew_odir: directories kept, the new one included; 0: all */
	bool dump_env;	    /* write <odir>/env_vars */
	bool is_interactive;
	bool is_never_reused; /* a pass of an earlier run is never taken over */
	bool is_shown;	      /* its output is shown on the user's screen while it runs */
	bool is_command; /* argv is from a command line: as in a shell, an executable file that is
			    not a binary is run by /bin/sh */
	bool is_dry_run; /* its command only prints what it would do: run without steps, always
			    passes */
};

struct dv_block;
struct dv_plan;
struct formed_command;
struct roster;

struct job_block {
	const char *name;	   /* the name of the configuration */
	const char *scratch_path;  /* absolute; contains passed/ failed/ killed/ running/ and the
				      jobs' directories */
	const struct dv_block *dv; /* of DVSim's flows; else NULL */
};

struct job_spec {
	const char *id;	  /* unique in the plan: "<block>:<name>", or the flow's own form */
	const char *name; /* unique in its block; for its form as a file name see job/file_name.h */
	const char *subject; /* the test or build mode that it runs; NULL: none (native flow) */
	const struct job_block *block;
	const struct job_rules *rules;
	const char *const *argv; /* NULL-terminated; NULL if is_split: see job_argv() */
	/* As the user wrote it, one line; shown to users and in the first line of the log. Read it
	 * with job_command() (job/job_command.h). */
	union {
		const char *command;
		const struct formed_command *formed; /* if is_formed */
	};
	/* job/job_paths.h makes absolute paths of these two. */
	const char *dir;  /* the job's directory: a path in the block's scratch path, or absolute,
			     normalised, below the scratch root */
	const char *log;  /* a path in that directory, or absolute, as dir */
	const char *seed; /* digits of any length, or NULL */
	const struct job_steps *steps; /* NULL: none */
	/* The keys of the job that belong to its backend, as a JSON object with {words} replaced;
	 * or NULL. */
	const char *request;
	/*
	 * Indices into plan->jobs. All of the first n_needs must pass, and at least one of the next
	 * n_any. The last n_held must have ended; only if they passed can the fallback be used.
	 */
	const uint32_t *deps;
	uint32_t n_needs, n_any, n_held;
	uint32_t n_settled; /* number of entries in settled */
	/* The number of the backend that runs it, as in job_rules: decided once, when a run starts
	 * (cli/run/assign.h). 0: by nobody; the scheduler uses its first backend. */
	uint32_t backend_no;
	uint16_t n_fallback; /* number of stages in fallback */
	bool is_split : 1; /* argv is not stored: it is the words of command without their quotes */
	bool is_formed : 1;   /* its command is made of parts when it is needed */
	bool is_request : 1;  /* it has no command of its own: argv and command only represent
				 request */
	bool has_attempt : 1; /* argv, env or request contains JOB_ATTEMPT_WORD, to be replaced by
				 job_attempt_text() */
	/* Dependencies that are not in this plan: their results are from an earlier run. */
	const struct job_need *settled;
	/*
	 * The stages that run when all attempts of the job itself failed with CLASS_JOB, or instead
	 * of the job if one of its needs passed on a fallback. They run one after another. Each has
	 * the job's name, paths and dependencies, but its own argv, request and rules. If the last
	 * one passes, the job passes with MARK_FALLBACK.
	 */
	struct job_spec *fallback;
	const char *stage;  /* in a fallback: the name of the stage; else NULL */
	struct src_pos pos; /* where it is defined */
};

static inline uint32_t job_n_deps(const struct job_spec *spec)
{
	return spec->n_needs + spec->n_any + spec->n_held;
}

/* Sets *ret to a stage with the names, paths and seed of job; argv, request and rules
 * are not set. */
static inline void job_stage_init(struct job_spec *ret, const struct job_spec *job)
{
	*ret = (struct job_spec){
		.id = job->id,
		.name = job->name,
		.subject = job->subject,
		.block = job->block,
		.dir = job->dir,
		.log = job->log,
		.seed = job->seed,
		.pos = job->pos,
	};
}

/* Number of units of a resource in the configuration (-R overrides it). */
struct resource_limit {
	const char *name; /* upper case */
	uint32_t count;	  /* RESOURCE_UNLIMITED: no limit */
	const uint32_t
		*units; /* numbers of the `count` units in ascending order; NULL: they have none */
};
#define RESOURCE_UNLIMITED UINT32_MAX

enum { PLAN_KEEP_RUNS = 20 }; /* default of keep_runs */
#define PLAN_NO_REPORT ""

struct plan {
	struct arena *mem;
	struct job_spec *jobs; /* in the order of the configuration; frozen once made */
	size_t n_jobs;
	const char *name;     /* the root configuration's name */
	const char *cfg_path; /* absolute; NULL for `run -- CMD` */
	const char *
		scratch_root; /* absolute; nothing outside it is ever removed, renamed or rotated */
	const char *flow;
	/* Name of the kind of its report (report/list.h). NULL, or PLAN_NO_REPORT where the flow
	 * has one: only the last lines of the run are printed. */
	const char *report;
	const char *seed_base; /* base of all random seeds; NULL: no seed is random */
	const char *parent;    /* id of the run that this run resumes or repeats; NULL: none */
	size_t n_left;	/* jobs that did not pass in the parent and do not run again in this run */
	bool is_nested; /* started by a job of another run */
	/* No job runs: --fake, make -n. Decided with the backends of the jobs, when a run starts.
	 */
	bool is_rehearsal;
	bool has_passed_links; /* passed/ gets a link for each job that passed */
	const struct resource_limit *limits;
	uint32_t n_limits;
	/* Globs of absolute paths, or NULL: files that jobs write into the sources. */
	const char *const *generated;
	uint32_t keep_runs;	  /* how many runs of this configuration are kept on disk; 0: all */
	const struct dv_plan *dv; /* of DVSim's flows; else NULL */
	const struct roster *roster; /* see flow/roster.h; NULL: the plan is not to be run */
	/* Jobs of equal priority start in the order of their ids as text, as in DVSim, not in the
	 * order of the plan. */
	bool is_by_id;
	/* The run has builds of its own (--build-unique), so it may run at the same time as another
	 * run in the same scratch path. */
	bool may_share;
	/* The run has one block, whose scratch path nothing else uses: if another run uses that
	 * path, this run takes NAME.2, and so on. */
	bool may_move;
};

/* The arguments to execute, NULL-terminated: argv, or, if is_split, the words of command, allocated
 * in mem. */
const char *const *job_argv(const struct job_spec *spec, struct arena *mem);

/*
 * The most text of a job, with any backend: it is sent to its process in one message. Linux allows
 * at most 6 MiB of arguments and environment per process.
 */
#define JOB_TEXT_MOST ((size_t)8 << 20)
/* Bytes of a job's own text (command, arguments, request, step file), and of the text in its rules
 * (environment). Counting stops soon after JOB_TEXT_MOST. */
size_t job_text_bytes(const struct job_spec *spec);
size_t job_rules_bytes(const struct job_rules *rules);

/* Returns text with each JOB_ATTEMPT_WORD replaced by the number; the caller must free() it. */
char *job_attempt_text(const char *text, uint32_t attempt);

struct plan *plan_new(void);
void plan_free(struct plan *p); /* accepts NULL */

#endif
