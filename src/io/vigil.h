/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An eye on a helper that has something to do: is it alive to it? The helper is asked now and then
 * (which costs nothing for short work), and what /proc says of it tells a helper that is busy from
 * one that is stopped, hangs in the kernel, or has forgotten us.
 *
 * Evidence, not time: what is counted is looks of ours, so neither a machine that was suspended nor
 * a pause of this process counts; a helper that answers, uses the processor, or was scheduled once
 * since the last look is well, however slow it is.
 */
#ifndef IO_VIGIL_H
#define IO_VIGIL_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a look shows. */
struct vigil_sight {
	char state; /* as in /proc/PID/stat; 0: there is no such process */
	uint64_t cpu_ticks, switches;
	bool has_answered; /* what it was asked last, or it was not asked */
};

enum vigil_act {
	VIGIL_WAIT,
	VIGIL_CONTINUE, /* it is stopped: SIGCONT */
	VIGIL_WARN,	/* it shows no sign of life: people should know */
	VIGIL_KILL,	/* it was stopped too often, or has shown no sign of life for too long */
	VIGIL_GONE,	/* it has ended, and its socket does not say so */
};

struct vigil_limits {
	double look_s;		/* between two looks */
	double stopped_look_s;	/* the same, while it is stopped */
	unsigned stopped_looks; /* so many in a row: SIGCONT */
	unsigned continues;	/* so often; then KILL */
	double warn_s, kill_s;	/* without a sign of life */
};

extern const struct vigil_limits vigil_limits_default;

/* Of a helper whose work should have ended after so long: it is not waited for much longer, but is
 * reported first. */
void vigil_shorten(struct vigil_limits *limits, double most_s);

/* What is remembered from look to look; {0} at the beginning. */
struct vigil_memory {
	unsigned n_stopped, n_continued;
	double silent_s;
	uint64_t cpu_ticks, switches;
	bool was_warned;
};

/* The rule. Pure; to be called once per look_s (stopped_look_s after a look with n_stopped). */
enum vigil_act vigil_judge(struct vigil_memory *m, const struct vigil_limits *limits,
			   const struct vigil_sight *sight);

/* What /proc shows of pid now; it has answered nothing. */
struct vigil_sight vigil_look(pid_t pid);

struct vigil;

struct vigil_ops {
	/* Sends the question that vigil_answered() answers. */
	void (*ask)(struct vigil *v);
	/* Any but WAIT. Afterwards v may be gone. */
	void (*act)(struct vigil *v, enum vigil_act act, const struct vigil_sight *sight);
};

struct vigil {
	struct ev_loop *loop;
	pid_t pid;
	const struct vigil_limits *limits;
	const struct vigil_ops *ops;
	struct vigil_memory memory;
	ev_timer look;
	bool is_asked, has_answered;
};

/* limits: NULL: the default. */
void vigil_init(struct vigil *v, struct ev_loop *loop, pid_t pid, const struct vigil_limits *limits,
		const struct vigil_ops *ops);
/* It has something to do from now on; what was before is forgotten. */
void vigil_start(struct vigil *v);
void vigil_answered(struct vigil *v);
void vigil_stop(struct vigil *v);

#endif
