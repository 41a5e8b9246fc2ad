/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches a helper that has work to do. Every few seconds the helper is asked for an answer, and
 * its state in /proc is read. Together they distinguish a busy helper from one that is stopped,
 * hangs in the kernel, or does not react any more. Work shorter than one interval is not checked.
 *
 * Time without a sign of life is counted in looks of this process, so the time in which the machine
 * was suspended or this process was stopped does not count. A helper that has answered, used CPU
 * time, or was scheduled once since the last look is alive, however slow it is.
 */
#ifndef IO_VIGIL_H
#define IO_VIGIL_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The result of one look. */
struct vigil_sight {
	char state; /* as in /proc/PID/stat; 0: there is no such process */
	uint64_t cpu_ticks, switches;
	bool has_answered; /* it has answered the last question, or it was not asked */
};

enum vigil_act {
	VIGIL_WAIT,
	VIGIL_CONTINUE, /* it is stopped: SIGCONT */
	VIGIL_WARN,	/* no sign of life for warn_s: warn the user */
	VIGIL_KILL,	/* it was stopped too often, or no sign of life for kill_s */
	VIGIL_GONE,	/* it has ended, but its socket is still open */
};

struct vigil_limits {
	double look_s;		/* between two looks */
	double stopped_look_s;	/* the same, while it is stopped */
	unsigned stopped_looks; /* after so many in a row: SIGCONT */
	unsigned continues;	/* the most SIGCONTs; then KILL */
	double warn_s, kill_s;	/* without a sign of life */
};

extern const struct vigil_limits vigil_limits_default;

/* Lowers kill_s to most_s (a time after which the helper's work should have ended), but not below
 * warn_s plus one look, so that the user is warned before the helper is killed. */
void vigil_shorten(struct vigil_limits *limits, double most_s);

/* The state between looks; {0} at the start. */
struct vigil_memory {
	unsigned n_stopped, n_continued;
	double silent_s;
	uint64_t cpu_ticks, switches;
	bool was_warned;
};

/* Decides what to do; updates m only. To be called every look_s seconds, or stopped_look_s while
 * m->n_stopped is not 0. */
enum vigil_act vigil_judge(struct vigil_memory *m, const struct vigil_limits *limits,
			   const struct vigil_sight *sight);

/* Reads pid's state from /proc; has_answered is false. */
struct vigil_sight vigil_look(pid_t pid);

struct vigil;

struct vigil_ops {
	/* Sends the question that vigil_answered() answers. */
	void (*ask)(struct vigil *v);
	/* act is not VIGIL_WAIT. May free v. */
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

/* limits: borrowed; NULL: the default. */
void vigil_init(struct vigil *v, struct ev_loop *loop, pid_t pid, const struct vigil_limits *limits,
		const struct vigil_ops *ops);
/* Starts to watch: the helper has work to do from now on. Resets the memory. */
void vigil_start(struct vigil *v);
void vigil_answered(struct vigil *v);
void vigil_stop(struct vigil *v);

#endif
