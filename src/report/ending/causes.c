/* SPDX-License-Identifier: Apache-2.0 */
#include "report/ending/causes.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "job/job_paths.h"
#include "report/buckets.h"

/* State of the search for causes. */
struct search {
	struct causes *out;
	struct bucketer *bucketer;
	struct map by_key; /* "<reason>\n<key>" -> struct bucket */
	struct map counts; /* id of a failed or stopped job -> its count of cancelled jobs */
	struct str scratch;
	VEC(struct bucket *) buckets;
};

static struct bucket *new_bucket(struct search *s, const struct result_row *row, uint32_t n)
{
	struct causes *c = s->out;
	struct bucket *b = arena_zalloc(c->mem, sizeof(*b));
	char *key = arena_strndup(c->mem, s->scratch.s, s->scratch.len);

	b->key = strchr(key, '\n') + 1;
	b->reason = row->reason;
	b->status = row->status;
	b->first = b->last = n;
	vec_push_in(c->mem, &s->buckets, b);
	map_set(&s->by_key, key, b);
	return b;
}

static void replace_text(struct str *text, const char *what, const char *by)
{
	char *at = what && *what ? strstr(text->s, what) : NULL;
	char *rest;

	if (!at)
		return;
	rest = xstrdup(at + strlen(what));
	text->len = (size_t)(at - text->s);
	str_add(text, by);
	str_add(text, rest);
	free(rest);
}

/* "the job breaks devices (0,2-3): …": without the numbers, such failures are one bucket. */
static void replace_list(struct str *text)
{
	const char *begin = strchr(text->s, '('), *end = begin ? strchr(begin, ')') : NULL;
	_cleanup_(freep) char *list = end ? xstrndup(begin, (size_t)(end - begin)) : NULL;

	replace_text(text, list, "(*");
}

/* Messages of launch failures have paths of the job. Without the paths, a full disk is one
 * bucket. */
static void causes_add_key(struct search *s, const struct result_row *row)
{
	_cleanup_(str_done) struct str text = {0}, room = {0};

	str_add(&text, row->message ? row->message : job_reason_name(row->reason));
	if (row->reason == REASON_LAUNCH) {
		replace_text(&text, job_log_path(row->spec, &room), "*");
		replace_text(&text, job_odir(row->spec, &room), "*");
	}
	if (row->reason == REASON_BREAKS_DEVICES)
		replace_list(&text);
	bucketer_key(s->bucketer, text.s, &s->scratch);
}

static void causes_add_failure(struct search *s, const struct result_row *row, uint32_t n)
{
	struct bucket *b;

	str_clear(&s->scratch);
	str_printf(&s->scratch, "%s\n", job_reason_name(row->reason));
	causes_add_key(s, row);
	b = map_get_n(&s->by_key, s->scratch.s, s->scratch.len);
	if (!b)
		b = new_bucket(s, row, n);
	if (b->n_jobs++)
		s->out->next[b->last] = n;
	b->last = n;
	s->out->next[n] = CAUSES_NO_JOB;
	s->out->n_cancelled_by[n] = 0;
	map_set(&s->counts, row->spec->id, &s->out->n_cancelled_by[n]);
}

static void causes_add_stopped(struct search *s, const struct result_row *row)
{
	s->out->stopped[row->reason]++;
	map_set(&s->counts, row->spec->id, &s->out->stopped_more[row->reason]);
}

static void add_root(struct search *s, const struct result_row *row, uint32_t n)
{
	struct causes *c = s->out;
	enum job_class class = job_reason_class(row->reason);

	c->n_flaky += (row->marks & MARK_FLAKY) != 0;
	c->n_leaky += (row->marks & MARK_LEAKY) != 0;
	c->n_fallback += (row->marks & MARK_FALLBACK) != 0;
	c->n_passed += row->status == JOB_PASSED;
	if (row->status != JOB_FAILED && row->status != JOB_KILLED)
		return;
	if (row->status == JOB_FAILED)
		c->n_failed++;
	else if (class == CLASS_DEPENDENCY)
		c->n_cancelled++;
	else if (class == CLASS_USER)
		c->n_stopped++;
	else
		c->n_killed++;
	if (class == CLASS_USER)
		causes_add_stopped(s, row);
	else if (class != CLASS_DEPENDENCY)
		causes_add_failure(s, row, n);
}

static void add_cancelled(struct search *s, const struct result_row *row)
{
	uint32_t *count;

	if (row->status != JOB_KILLED || job_reason_class(row->reason) != CLASS_DEPENDENCY)
		return;
	count = row->cause ? map_get(&s->counts, row->cause) : NULL;
	++*(count ? count : &s->out->n_unexplained);
}

struct member {
	uint32_t job, n_cancelled;
};

static int most_cancelled_first(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->n_cancelled != b->n_cancelled)
		return a->n_cancelled < b->n_cancelled ? 1 : -1;
	return a->job < b->job ? -1 : 1;
}

/* Sorts the jobs of a bucket: those that cancelled most others come first. */
static void sort_members(struct causes *c, struct bucket *b)
{
	_cleanup_(freep) struct member *members = xcalloc(b->n_jobs, sizeof(*members));
	uint32_t n = 0, *link = &b->first;

	for (uint32_t job = b->first; job != CAUSES_NO_JOB; job = c->next[job]) {
		members[n++] = (struct member){job, c->n_cancelled_by[job]};
		b->n_cancelled += c->n_cancelled_by[job];
	}
	if (!b->n_cancelled)
		return;
	qsort(members, n, sizeof(*members), most_cancelled_first);
	for (uint32_t i = 0; i < n; i++) {
		*link = b->last = members[i].job;
		link = &c->next[b->last];
	}
	*link = CAUSES_NO_JOB;
}

static int costliest_first(const void *x, const void *y)
{
	const struct bucket *a = *(struct bucket *const *)x, *b = *(struct bucket *const *)y;
	uint64_t cost_a = (uint64_t)a->n_jobs + a->n_cancelled;
	uint64_t cost_b = (uint64_t)b->n_jobs + b->n_cancelled;

	if (cost_a != cost_b)
		return cost_a < cost_b ? 1 : -1;
	return a->first < b->first ? -1 : 1;
}

void causes_find(struct causes *ret, size_t n_jobs, results_next *next, void *ctx)
{
	struct search s = {.out = ret, .bucketer = bucketer_new()};
	struct result_row row;

	*ret = (struct causes){.mem = arena_new()};
	ret->next = arena_array(ret->mem, n_jobs, sizeof(*ret->next));
	ret->n_cancelled_by = arena_array(ret->mem, n_jobs, sizeof(*ret->n_cancelled_by));
	for (size_t i = 0; i < n_jobs; i++) {
		next(ctx, i, &row);
		add_root(&s, &row, (uint32_t)i);
	}
	for (size_t i = 0; i < n_jobs; i++) { /* a cause may follow its cancelled jobs */
		next(ctx, i, &row);
		add_cancelled(&s, &row);
	}
	ret->buckets = s.buckets.at;
	ret->n_buckets = s.buckets.n;
	for (size_t i = 0; i < ret->n_buckets; i++)
		sort_members(ret, ret->buckets[i]);
	if (ret->n_buckets)
		qsort(ret->buckets, ret->n_buckets, sizeof(*ret->buckets), costliest_first);
	bucketer_free(s.bucketer);
	map_done(&s.by_key);
	map_done(&s.counts);
	str_done(&s.scratch);
}

void causes_done(struct causes *c)
{
	arena_free(c->mem);
}
