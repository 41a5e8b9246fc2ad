/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files through which the scheduler and the runner of a job on another machine exchange the job
 * and its result, in a directory that both see:
 *
 *   <dir>/jobs/<number>         the job: the frames that a slot gets (exec/slot_wire.h)
 *   <dir>/jobs/<number>.out     what the runner and the batch system print
 *   <dir>/news/<number>.began   the runner has taken the job. Only the runner that makes this
 *                               file runs the job, so it never runs twice
 *   <dir>/news/<number>.ended   its result
 *
 * Files in news/ are complete when they have their names.
 */
#ifndef BACKENDS_FARM_NODE_FILE_H
#define BACKENDS_FARM_NODE_FILE_H

#include "base/wire.h"
#include "exec/slot.h"

/* Frames in these files, beside those of slots. */
enum node_frame {
	NODE_FRAME_SITE = 200, /* version, struct node_site; the first frame of jobs and pilots */
	NODE_FRAME_JOB,	       /* id of the job; its other frames follow */
	NODE_FRAME_PILOT,      /* instead of a job: pilot_wire.h */
	NODE_FRAME_PLACE,      /* of news: node, id in the batch system */
};

enum { NODE_FILE_VERSION = 2 };

/* Environment variables that a batch system sets on its nodes. */
struct node_site {
	const char *id;	  /* its variable with the id of the submission: "SLURM_JOB_ID" */
	const char *node; /* with the name of the node; NULL: the host's name is used */
	/* Names, or beginnings of names: "SLURM_"; NULL-terminated. Jobs have these variables from
	 * their node, and those that give a job its GPUs. */
	const char *const *variables;
};

void node_file_put_site(struct str *b, const struct node_site *site);
/* w: a frame of type NODE_FRAME_SITE. false: another version, or damaged. The caller must free()
 * ret->variables; the texts point into the frame. */
bool node_file_take_site(struct wire *w, struct node_site *ret);

/* Appends a job. env, needs: as in slot_run(). */
void node_file_put_job(struct str *b, const struct slot_options *slot, const struct job_spec *spec,
		       uint32_t attempt, const char *const *env, const struct job_needs *needs);

/* Where a runner is; the strings point into the file. */
struct node_place {
	const char *node, *batch_id;
};

void node_file_put_place(struct str *b, const struct node_place *p);

/* A file of news. */
struct node_news {
	struct node_place place;
	bool has_result;
	struct job_outcome outcome; /* if has_result; its texts point into the file */
};

/* false: it is not such a file. Call node_news_done() in any case. */
bool node_file_take_news(const char *bytes, size_t n, struct node_news *ret);
void node_news_done(struct node_news *n);

/* Does the batch system set this variable of an environment, "NAME=VALUE"? */
bool node_sets_variable(const struct node_site *site, const char *variable);

/* A runner whose file has NODE_FRAME_PILOT; w: that frame. Returns 0, or -1. */
int pilot_run(struct wire *w, const char *key, const struct node_site *site,
	      const struct node_place *place);
/* `dvsched __runner DIR NUMBER`, on the node. Returns its exit status: 0 if the job passed. */
int runner_main(const char *dir, const char *number);

#endif
