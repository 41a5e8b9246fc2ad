/* SPDX-License-Identifier: Apache-2.0 */
/* The interface between the files of a farm: farm.c talks to the batch system and to agents,
 * submission.c decides what has become of a job. */
#ifndef BACKENDS_FARM_FARM_PARTS_H
#define BACKENDS_FARM_FARM_PARTS_H

#include "backends/farm/agent.h"
#include "backends/farm/farm.h"
#include "backends/farm/node_file.h"
#include "backends/farm/nodes.h"
#include "base/list.h"
#include "base/map.h"

enum submission_state {
	SUBMISSION_SENT,     /* to the agent that submits */
	SUBMISSION_DOUBTFUL, /* nobody knows whether it arrived: the next look tells */
	SUBMISSION_IN_QUEUE, /* its id is known */
	SUBMISSION_GONE,     /* it is over for the batch system, and has no result yet */
	SUBMISSION_ASKING,   /* for what its script printed; the last step before it is lost */
};

struct submission {
	struct list link; /* farm.submissions */
	struct farm *farm;
	const struct farm_owner_ops *ops;
	void *owner;
	const struct job_spec *spec; /* NULL: it is no job */
	char key[16];		     /* its number, in names */
	uint32_t number;
	enum submission_state state;
	char *id;	   /* in the batch system; NULL: not known */
	char *other_id;	   /* of a second submission with the same name; NULL: none was seen */
	struct str order;  /* its job's file, until it is accepted */
	struct str result; /* a result that is kept until the cause of the end is known */
	struct str node;   /* where it has begun */
	double sent_s, began_s;
	/* ---- the queue ---- */
	uint64_t doubted_look;	/* the look that was under way when its answer was lost */
	bool was_seen;		/* in the last look */
	double seen_s;		/* when it was accepted, sent without an answer, or seen */
	unsigned n_looks_gone;	/* looks into the directory since it is GONE */
	enum job_reason reason; /* why it is over for the batch system */
	char word[32];		/* its word for that */
	/* ---- killed by the scheduler ---- */
	bool is_killed, is_now;
	enum job_reason kill_reason;
	double cancel_at_s; /* when the next cancel is due; INFINITY: none is wanted */
	double give_up_s;   /* when nothing more is waited for; INFINITY: never */
};

struct farm {
	const struct farm_ops *ops;
	void *ctx;
	struct farm_options options;
	struct arena *mem;
	struct ev_loop *loop;
	ev_timer tick;
	double pause_s; /* until the next tick */
	struct list submissions;
	struct map by_key, by_job;
	uint32_t n_submissions, n_made;
	char *dir, *prefix; /* NULL: no job was submitted yet */
	struct {
		struct agent *submit, *look, *cancel, *files; /* NULL: not needed yet */
	} agents;
	uint64_t n_looks; /* begun */
	bool is_looking, is_taking, is_cancelling;
	struct command_words strays; /* ids to be cancelled, in mem: nobody needs their jobs */
	double look_due_s;
	bool is_silent;	  /* the batch system does not answer, and users know it */
	double silent_s;  /* since when; 0: it answers */
	struct map waits; /* reasons for waiting that were reported */
	struct nodes nodes;
	uint64_t n_lost_answers, n_unanswered_looks;
	void (*closed)(void *ctx, const char *trouble);
	void *closed_ctx;
};

/* ---- farm.c ---- */

double farm_now_s(const struct farm *f);
/* Something has happened: looks into the directory again soon. */
void farm_hurry(struct farm *f);
void farm_send(struct farm *f, struct submission *s);
void farm_ask_output(struct farm *f, struct submission *s);
/* Cancels a submission that has no job any more. */
void farm_cancel_stray(struct farm *f, const char *id);
/* Removes its files, and frees it. */
void farm_forget(struct farm *f, struct submission *s);

/* ---- submission.c; each of these may end and free s ---- */

void submission_answered(struct submission *s, enum farm_answer answer, const struct str *text);
void submission_look_begins(struct submission *s);
void submission_seen(struct submission *s, const struct farm_sight *sight);
/* After a look that began as number `look`. */
void submission_look_over(struct submission *s, uint64_t look);
void submission_news(struct submission *s, const char *bytes, size_t n, bool is_end);
/* After a look into the directory that began after the last look into the queue. */
void submission_taken(struct submission *s);
void submission_output(struct submission *s, const char *text, size_t n);
/* The result can be the effect of a cancellation. A batch system sends TERM to the processes of the
 * job, too, which may end by it before their slot has ended them. */
bool farm_ended_by_cancel(const struct job_result *r);
/* TERM ended it, or its shell, and the scheduler did not ask for that: it may have come from the
 * batch system, for a reason that only its queue has. */
bool farm_ended_from_outside(const struct job_result *r);
void submission_kill(struct submission *s, bool is_now, enum job_reason reason);
/* true: its end was waited for long enough, and s was freed. */
bool submission_is_given_up(struct submission *s, double now_s);
/* true: it is to be cancelled now. */
bool submission_wants_cancel(struct submission *s, double now_s);

#endif
