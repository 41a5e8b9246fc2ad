/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations for the files of the page of metrics. */
#ifndef REPORT_METRICS_DATA_H
#define REPORT_METRICS_DATA_H

#include "base/arena.h"
#include "report/json_in.h"
#include "report/metrics/metrics.h"

struct metrics_job {
	const char *id;
	const char *name, *target, *tool, *block, *status; /* "Unknown" without meta */
	const char *backend;				   /* NULL: the default */
	const char *test; /* name of the test, the same for all its runs; other jobs: the id */
	bool has_meta;
	double start_s, end_s; /* from the start of the run */
	struct maybe_number max_rss, cpu_percent;
};

struct metrics {
	struct arena *mem;
	struct json_in in;
	struct metrics_job *jobs; /* jobs with a start and an end, in the order of the file */
	size_t n_jobs;
	size_t n_all; /* in the file */
	bool has_meta;
	double duration_s;
	struct maybe_number own_rss, own_cpu, used_rss, used_cpu; /* scheduler; machine */
	size_t n_passed, n_failed, n_killed;			  /* of all jobs with meta */
};

static inline double metrics_duration(const struct metrics_job *j)
{
	return j->end_s - j->start_s;
}

/* A property of a job, by which it is grouped or coloured. */
typedef const char *metrics_key(const struct metrics_job *j);
const char *metrics_block(const struct metrics_job *j);
const char *metrics_tool(const struct metrics_job *j);
const char *metrics_status(const struct metrics_job *j);
const char *metrics_target(const struct metrics_job *j);

/* The values of a property, sorted. metrics_groups_done() frees the arrays. */
struct metrics_groups {
	const char **names;
	size_t n;
	size_t *of; /* by job: the group */
};
struct metrics_groups metrics_group(const struct metrics *m, metrics_key *key);
void metrics_groups_done(struct metrics_groups *g);

/* Views are appended to out. A view without data appends nothing. Limit 0: no limit. */
struct metrics_longest {
	metrics_key *key; /* categories */
	bool is_by_test, is_by_status;
	size_t n_bars, n_parts; /* limits: bars; runs drawn separately in the bar of a test */
	const char *name;	/* a valid id, unique on the page */
};
void metrics_add_longest(const struct metrics *m, const struct metrics_longest *view,
			 struct str *out);
void metrics_add_breakdown(const struct metrics *m, metrics_key *key, const char *what,
			   struct str *out);
void metrics_add_concurrency(const struct metrics *m, struct str *out);
/* If there are more than n_drawn jobs, bars have no texts. */
void metrics_add_timeline(const struct metrics *m, size_t n_drawn, struct str *out);
void metrics_add_parallelism(const struct metrics *m, size_t n_drawn, struct str *out);

/* "1h02m (3,723.50 s)" */
void metrics_add_time(struct str *out, double s);
/* Appends the tooltip of a job: lines, escaped. */
void metrics_add_hover(struct str *out, const struct metrics_job *j);
/* "var(--c3)" */
void metrics_add_color(struct str *out, size_t group);
void metrics_add_legend(struct str *out, const struct metrics_groups *g);

#endif
