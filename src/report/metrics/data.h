/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the metrics' page. */
#ifndef REPORT_METRICS_DATA_H
#define REPORT_METRICS_DATA_H

#include "base/arena.h"
#include "report/json_in.h"
#include "report/metrics/metrics.h"

struct metrics_job {
	const char *id;
	const char *name, *target, *tool, *block, *status; /* "Unknown" without meta */
	const char *backend;				   /* NULL: the default */
	const char *test; /* what all runs of a test have in common; other jobs: their id */
	bool has_meta;
	double start_s, end_s; /* from the start of the run */
	struct maybe_number max_rss, cpu_percent;
};

struct metrics {
	struct arena *mem;
	struct json_in in;
	struct metrics_job *jobs; /* those that ran, with both times, in the order of the file */
	size_t n_jobs;
	size_t n_all; /* in the file */
	bool has_meta;
	double duration_s;
	struct maybe_number own_rss, own_cpu, used_rss, used_cpu; /* of the scheduler, of all */
	size_t n_passed, n_failed, n_killed;			  /* of all that have meta */
};

static inline double metrics_duration(const struct metrics_job *j)
{
	return j->end_s - j->start_s;
}

/* A property of a job: what it is grouped or coloured by. */
typedef const char *metrics_key(const struct metrics_job *j);
const char *metrics_block(const struct metrics_job *j);
const char *metrics_tool(const struct metrics_job *j);
const char *metrics_status(const struct metrics_job *j);
const char *metrics_target(const struct metrics_job *j);

/* The values of a property, in order of their names. Arrays are the caller's to free. */
struct metrics_groups {
	const char **names;
	size_t n;
	size_t *of; /* of each job: its group */
};
struct metrics_groups metrics_group(const struct metrics *m, metrics_key *key);
void metrics_groups_done(struct metrics_groups *g);

/* Views: appended to out; what has nothing to show appends nothing. 0: no limit. */
struct metrics_longest {
	metrics_key *key; /* categories */
	bool is_by_test, is_by_status;
	size_t n_bars, n_parts; /* of a test: so many runs, the rest together */
	const char *name;	/* unique on the page, fit for an id */
};
void metrics_add_longest(const struct metrics *m, const struct metrics_longest *view,
			 struct str *out);
void metrics_add_breakdown(const struct metrics *m, metrics_key *key, const char *what,
			   struct str *out);
void metrics_add_concurrency(const struct metrics *m, struct str *out);
/* Above n_drawn jobs bars are drawn without their texts. */
void metrics_add_timeline(const struct metrics *m, size_t n_drawn, struct str *out);
void metrics_add_parallelism(const struct metrics *m, size_t n_drawn, struct str *out);

/* "1h02m (3,723.50 s)" */
void metrics_add_time(struct str *out, double s);
/* What is shown under the mouse; lines, escaped. */
void metrics_add_hover(struct str *out, const struct metrics_job *j);
/* "var(--c3)" */
void metrics_add_color(struct str *out, size_t group);
void metrics_add_legend(struct str *out, const struct metrics_groups *g);

#endif
