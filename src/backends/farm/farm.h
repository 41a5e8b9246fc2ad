/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs in a batch system, one submission per attempt: what all batch systems have in common. The
 * owner (a backend) says which commands submit, look and cancel, and reads their output
 * (struct farm_ops); the farm decides when they run, and what has become of each job.
 *
 * The result file that the runner writes on the node decides (node_file.h). What the batch system
 * says of a job only matters when there is none: then the job is over when the batch system has
 * answered, does not have the job any more, and two looks into the directory after that found no
 * result. A batch system that does not answer is waited for.
 *
 * A submission is known by its name, which no other has. If the answer to it was lost, the next
 * look into the queue tells whether it arrived; only if it did not is it sent again. On the node, a
 * second runner of the same job finds that the first one has taken it.
 */
#ifndef BACKENDS_FARM_FARM_H
#define BACKENDS_FARM_FARM_H

#include <ev.h>

#include "backends/farm/command.h"
#include "backends/farm/node_file.h"
#include "scheduler/backend.h"

enum farm_stage { FARM_WAITS, FARM_RUNS, FARM_OVER };

/* What the batch system says of a submission. Texts are valid during the call. */
struct farm_sight {
	const char *name, *id;
	enum farm_stage stage;
	enum job_reason reason; /* of FARM_OVER: why, if there is no result; never NONE */
	const char *word;	/* its own word for the state: "NODE_FAIL" */
	const char *why;	/* of FARM_WAITS: why it waits; or NULL */
};

typedef void farm_see(void *ctx, const struct farm_sight *sight);

enum farm_answer {
	FARM_ACCEPTED, /* text: the id */
	FARM_REFUSED,  /* for ever; text: why */
	FARM_UNKNOWN,  /* the answer was lost, or there was none; text: why */
};

/* What a submission has, for the command that submits it. */
struct farm_order {
	const struct job_spec *spec; /* NULL: it is no job, but a pilot */
	const char *name;
	const char *out_path;	      /* for what its script prints */
	const char *const *runner;    /* the words of the command in its script */
	const char *const *bad_nodes; /* that must not run it; NULL-terminated */
};

/* ctx is the owner's. Each command is written into words. */
struct farm_ops {
	const char *system; /* "Slurm" */
	/* Gets a script on its standard input. */
	void (*submit)(void *ctx, const struct farm_order *order, struct command_words *words);
	enum farm_answer (*submitted)(void *ctx, const struct command_end *end, struct str *text);
	/* One command for all submissions whose names begin with prefix, those that ended a short
	 * time ago included. */
	void (*look)(void *ctx, const char *prefix, struct command_words *words);
	/* Calls see() for each submission in the output. false: end is no answer. */
	bool (*seen)(void *ctx, const struct command_end *end, farm_see *see, void *see_ctx);
	/* is_now: without any grace. */
	void (*cancel)(void *ctx, bool is_now, const char *const *ids, struct command_words *words);
};

struct farm_options {
	struct ev_loop *loop;
	const struct clock *clock;
	const char *scratch_root; /* borrowed, as everything here */
	double grace_s;
	uint64_t job_nofile;
	double look_s; /* between two looks into the queue */
	/* How long a submission that the batch system has accepted may be missing in its answers
	 * before it counts as ended. */
	double unseen_s;
	uint32_t n_most;     /* submissions at a time */
	const char *program; /* dvsched as the nodes see it */
	const struct node_site *site;
	void (*warn)(const char *text); /* NULL: dropped */
};

/* Whose submission it is: a job, or something else. */
struct farm_owner_ops {
	/* Its runner has begun. */
	void (*began)(void *owner, const char *node);
	/* It is over; the submission was freed. */
	void (*ended)(void *owner, const struct job_result *result);
	/* The job whose waiting is reported; NULL: none. */
	const struct job *(*job)(void *owner);
};

struct farm;
struct submission;

struct farm *farm_new(const struct farm_options *options, const struct farm_ops *ops, void *ctx);
/* Accepts NULL. Submissions that are left stay in the batch system. */
void farm_free(struct farm *f);
/* The directory of the run, which the nodes see, too: before the first job. */
void farm_begin(struct farm *f, const char *run_dir);
/* As the operations of a backend. */
enum submit farm_submit(struct farm *f, const struct job *job, uint32_t attempt, struct error *why);
void farm_kill(struct farm *f, const struct job *job, enum kill_level level,
	       enum job_reason reason);
void farm_close(struct farm *f, void (*closed)(void *ctx, const char *trouble), void *ctx);
/* Submits something that is no job, with this content of its file, which is taken. Its end always
 * comes, but never within this call. */
struct submission *farm_add_other(struct farm *f, const struct farm_owner_ops *ops, void *owner,
				  struct str *content);
/* Looks into the queue as soon as possible. */
void farm_look_soon(struct farm *f);
void farm_cancel_other(struct submission *s);
/* A job that is no submission has ended on a node. */
void farm_note_node(struct farm *f, const char *node, const struct job_result *result);
/* It gets no more jobs: farm/nodes.h. */
bool farm_node_is_bad(const struct farm *f, const char *node);
/* Its number, as its runner gets it. */
const char *farm_key(const struct submission *s);
/* The first part of the names of all submissions of a run; the caller must free() it. */
char *farm_prefix(const char *run_dir);
void farm_tell(const struct farm *f, struct json_out *json);

#endif
