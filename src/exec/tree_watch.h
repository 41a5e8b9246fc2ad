/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are the processes of a job within its limits (job/tree_limits.h)? Decided from samples of what
 * they take; this reads no clock and no file.
 */
#ifndef EXEC_TREE_WATCH_H
#define EXEC_TREE_WATCH_H

#include "job/job_result.h"
#include "job/tree_limits.h"
#include "judge/verdict.h"

/* What all of them take at one moment. */
struct tree_sample {
	double at_s; /* monotonic */
	uint64_t memory_bytes;
	double cpu_s; /* since the job began, processes that have ended included */
	uint32_t n_processes;
	bool is_runnable;   /* one of them has a processor, or waits for one */
	uint64_t log_stamp; /* differs after a change of the log */
};

struct tree_watch {
	struct tree_limits limits;
	struct tree_sample last;
	double active_cpu_s; /* cpu_s when they did something last */
	double idle_s;	     /* since then */
	double pause_s;	     /* from the last sample to the next */
	uint64_t peak_bytes; /* 0: no sample was taken */
};

/* Without limits that need samples, later and fewer are taken: for the peak. Sets w->pause_s. */
void tree_watch_begin(struct tree_watch *w, const struct tree_limits *limits, double now_s);
/* With more memory than that, shared pages must be counted once: tree_sample_read(). */
uint64_t tree_watch_asks_twice(const struct tree_watch *w);
/* Sets w->pause_s, too. */
struct over_limit tree_watch_take(struct tree_watch *w, const struct tree_sample *s);
/* A sample took so long: they may not become the machine's main work. */
void tree_watch_slow_down(struct tree_watch *w, double cost_s);
/*
 * Of a job that has ended: what it was seen to use, however fast it was. own_rss_kib: the kernel
 * counts as much to any process that we start.
 */
struct over_limit tree_watch_end(const struct tree_limits *limits, const struct job_usage *usage,
				 uint64_t own_rss_kib);

#endif
