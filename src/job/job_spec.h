/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be run: the frozen record that flow makes and every other module reads.
 *
 * A plan owns everything in it (one arena). What jobs of one kind have in common (a sweep of 10,000
 * differs in names and arguments only) stands once, in job_rules.
 */
#ifndef JOB_SPEC_H
#define JOB_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "job/job_needs.h"
#include "job/job_steps.h"

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
	enum retry_on on; /* which ends are tried again */
	double backoff_s; /* before the second attempt; doubles each time, at most 10 minutes */
	bool reuse; /* the next attempt goes on in the directory of the failed one; only the log is
		       set aside */
};

enum leak_rule { LEAK_KILL, LEAK_FAIL };

/* A backend's own setting of a job ("fake: { outcome: … }", "devices: 2"), for its check(). */
struct backend_key {
	const char *backend, *key;
	const char *value; /* a scalar as written, anything else as JSON; no {words} replaced */
	const char *json;  /* as JSON in any case */
	struct src_pos pos;
};

/* A key of a job that a backend reads, beside the one with the backend's name. */
struct job_key {
	const char *backend, *key;
	bool is_work; /* it says what runs, in the place of a command */
};

/*
 * What {attempt} becomes in a frozen spec: the number is known only at the launch. No user can
 * write it, control characters are refused in commands.
 */
#define JOB_ATTEMPT_WORD "\001attempt\001"

/* Shared by jobs of one kind. */
struct job_rules {
	const char *target;  /* row in the status table */
	const char *backend; /* NULL: the run's default */
	uint32_t backend_no; /* its number in the plan's roster, from 1 on; 0: the run's default */
	const char *cwd;     /* absolute */
	const char *tool;    /* what the job runs, for readers and reports; NULL: not known */
	const char *log_reader; /* what reads the log for measures (job/job_reader.h); NULL: none */
	const char *const
		*env; /* "NAME=VALUE" that we set over our own environment; NULL-terminated */
	const char *const *terminal_env; /* likewise, over env, of an interactive job: what the user
					    did not ask for; NULL: none */
	struct pattern_list pass_patterns, fail_patterns;
	const struct resource_need *resources;
	const char *const *tags; /* NULL-terminated */
	const char *const *keep; /* globs of daemons' names that outlive the job; NULL-terminated */
	const struct backend_key *backend_keys;
	uint32_t n_resources, n_backend_keys;
	struct retry_rules retry;
	double timeout_s;	/* 0: none */
	bool in_minutes;	/* it is told in minutes, as "90.0 minutes" */
	double grace_s;		/* between TERM and KILL; < 0: the run's */
	uint64_t max_log_bytes; /* 0: no limit */
	int32_t weight;		/* priority: larger first */
	uint32_t cpus;		/* at least 1 */
	enum leak_rule leak;
	bool is_finally;   /* runs at the end, whatever happened before */
	bool renew_odir;   /* an existing odir is moved aside (rotation) before the job, not re-used
			    */
	bool plain_stamps; /* with renew_odir: earlier ones are called by their stamp alone, the
			      parent holds nothing else (a directory `latest` always has this) */
	uint32_t max_odirs; /* with renew_odir: directories kept, the new one included; 0: all */
	bool dump_env;	    /* write <odir>/env_vars */
	bool is_interactive;
	bool is_shown;	 /* what it adds to its log is sent to the user's screen meanwhile */
	bool is_command; /* argv comes from a command line: an executable file that is no
			    program is a script of /bin/sh, as for a shell */
	bool is_dry_run; /* its command only tells what it would do: run without steps, always a
			    pass */
};

struct dv_block;
struct dv_plan;
struct roster;

struct job_block {
	const char *name;	   /* the configuration's name */
	const char *scratch_path;  /* absolute; passed/ failed/ killed/ running/ and job directories
				      are in it */
	const struct dv_block *dv; /* of DVSim's flows; else NULL */
};

struct job_spec {
	const char *id;	     /* unique in the plan: "<block>:<name>" or as the flow says */
	const char *name;    /* unique in its block; as a file name: job/file_name.h */
	const char *subject; /* the test or build mode this is a run of; NULL: none (jobs flow) */
	const struct job_block *block;
	const struct job_rules *rules;
	const char *const *argv; /* NULL-terminated; NULL if is_split: see job_argv() */
	const char *command;  /* as the user wrote it, one line; what people are shown and the log
				 begins with */
	const char *odir;     /* absolute, normalised, below the scratch root */
	const char *log_path; /* likewise */
	const char *seed;     /* digits of any length, or NULL */
	const struct job_steps *steps; /* NULL: none */
	/* What the job says to its backend, {words} replaced: a JSON object of those keys; or NULL.
	 */
	const char *request;
	/*
	 * Indices into plan->jobs: the first n_needs must pass, of the n_any after them one must;
	 * the n_held after those must have ended, and the fallback is there only if they passed.
	 */
	const uint32_t *deps;
	uint32_t n_needs, n_any, n_held;
	uint32_t n_settled; /* of settled, below */
	/* The backend that it goes to, as in job_rules. 0: not decided yet, that is, before a run.
	 */
	uint32_t backend_no;
	uint16_t n_fallback;  /* of fallback, below */
	bool is_split : 1;    /* argv is the words of command, quotes taken away: it is not kept */
	bool is_request : 1;  /* it has no command of its own: argv and command stand for request */
	bool has_attempt : 1; /* argv, env or request holds JOB_ATTEMPT_WORD, for
				 job_attempt_text() */
	/* Jobs that it needs, but that are not in the plan: an earlier run has settled them. */
	const struct job_need *settled;
	/*
	 * What the job goes on with when its own attempts failed by its own fault (CLASS_JOB), or
	 * at once when a job that it needs passed on a fallback: stages, one after another, each
	 * with this job's name, places and dependencies, but with its own argv, request and rules.
	 * The pass of the last one is the job's, with MARK_FALLBACK.
	 */
	struct job_spec *fallback;
	const char *stage;  /* of a fallback: what its attempts are called; else NULL */
	struct src_pos pos; /* where it is defined */
};

static inline uint32_t job_n_deps(const struct job_spec *spec)
{
	return spec->n_needs + spec->n_any + spec->n_held;
}

/* *ret is job under its name and in its places; what is to be run is not set. */
static inline void job_stage_init(struct job_spec *ret, const struct job_spec *job)
{
	*ret = (struct job_spec){
		.id = job->id,
		.name = job->name,
		.subject = job->subject,
		.block = job->block,
		.odir = job->odir,
		.log_path = job->log_path,
		.seed = job->seed,
		.pos = job->pos,
	};
}

/* Units of a resource, as the configuration says (-R overrides it). */
struct resource_limit {
	const char *name; /* upper case */
	uint32_t count;	  /* RESOURCE_UNLIMITED: no limit */
	const uint32_t
		*units; /* their numbers, count of them, the lowest first; NULL: they have none */
};
#define RESOURCE_UNLIMITED UINT32_MAX

/* Who reports a finished run: a row each in report/report.c. */
enum plan_report {
	PLAN_REPORT_OF_FLOW, /* until flow_plan() is done: as the flow's type says */
	PLAN_REPORT_NONE,    /* only our own ending */
	PLAN_REPORT_SIM,
	PLAN_REPORT_ONESHOT,
	PLAN_REPORT_COUNT,
};

enum { PLAN_KEEP_RUNS = 20 }; /* if nothing says how many */

struct plan {
	struct arena *mem;
	struct job_spec *jobs; /* in the order of the configuration; frozen once made */
	size_t n_jobs;
	const char *name;     /* the root configuration's name */
	const char *cfg_path; /* absolute; NULL for `run -- CMD` */
	const char *
		scratch_root; /* absolute; nothing outside it is ever removed, renamed or rotated */
	const char *flow;
	enum plan_report report;
	const char *seed_base; /* of all random seeds; NULL: none is random */
	const char *parent;    /* id of the run that this one was made from; NULL: none */
	size_t n_left;	       /* jobs that did not pass there, and do not run again here */
	bool is_nested;	       /* started by a job of another run */
	bool is_rehearsal;     /* no job is really run: --fake, make -n */
	bool has_passed_links; /* passed/ has a link for each job that passed */
	const struct resource_limit *limits;
	uint32_t n_limits;
	uint32_t keep_runs;	     /* records of this configuration's runs; 0: all of them */
	const struct dv_plan *dv;    /* of DVSim's flows; else NULL */
	const struct roster *roster; /* flow/roster.h; NULL: of a plan that is not to be run */
	/* Jobs of equal priority start in the order of their ids as text, as in DVSim; else in the
	 * order of the plan. */
	bool is_by_id;
	/* Its builds are its own (--build-unique): it may run beside a run in the same scratch
	 * path. */
	bool may_share;
	/* Of one block that nobody else looks into: beside another run it takes another scratch
	 * path, NAME.2 and so on. */
	bool may_move;
};

/* What is executed, NULL-terminated: argv, or the words of command, in mem. */
const char *const *job_argv(const struct job_spec *spec, struct arena *mem);

/*
 * The most text that a job may have: what goes to its process in one message, whatever backend it
 * is for. Linux gives a process at most 6 MiB of arguments and environment.
 */
#define JOB_TEXT_MOST ((size_t)8 << 20)
/* Bytes of a job's own text (command, arguments, request, step file) and of what it shares with
 * others (environment). Counting stops soon after JOB_TEXT_MOST. */
size_t job_text_bytes(const struct job_spec *spec);
size_t job_rules_bytes(const struct job_rules *rules);

/* text with each JOB_ATTEMPT_WORD replaced by the number; malloc()ed. */
char *job_attempt_text(const char *text, uint32_t attempt);

struct plan *plan_new(void);
void plan_free(struct plan *p); /* accepts NULL */

#endif
