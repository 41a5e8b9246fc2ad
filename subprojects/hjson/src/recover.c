/* SPDX-License-Identifier: Apache-2.0 */
#include "recover.h"

#include "parse.h"

#include <stdlib.h>
#include <string.h>

enum {
	RECOVER_MOST_TEXT = 4 << 20, /* bytes: each further error costs up to MENDS_MOST readings */
	CREDIBLE_LINES = 4,	     /* between an error and one that may only follow from it */
};

/* `cut` bytes at `at`, an offset in the text before, became `insert` bytes. */
struct change {
	size_t at, cut, insert;
};

/* A text that was read, and its fault. */
struct attempt {
	struct hjson_doc *doc; /* NULL: source is borrowed */
	const struct source *source;
	struct fault fault;
	struct change change; /* that made it of the text before */
	bool is_good;	      /* no fault */
};

struct found {
	struct fault fault;
	size_t at, other, inside; /* offsets in the text as it was written */
};

struct recovery {
	const struct source *source; /* as it was written */
	struct attempt now;	     /* after all changes so far */
	struct change changes[HJSON_MOST_ERRORS];
	unsigned n_changes;
	struct found found[HJSON_MOST_ERRORS];
	unsigned n;
	bool is_explained; /* after one more change all of the text can be read */
};

static size_t offset_of(const struct attempt *a, const char *at)
{
	return (size_t)(at - a->source->text);
}

/* Where a byte of the text after all changes was written. */
static size_t origin_of(const struct recovery *r, const char *at)
{
	size_t offset = offset_of(&r->now, at);

	for (unsigned i = r->n_changes; i-- > 0;) {
		const struct change *c = &r->changes[i];

		if (offset >= c->at + c->insert)
			offset += c->cut - c->insert;
		else if (offset > c->at)
			offset = c->at;
	}
	return offset;
}

static void attempt_done(struct attempt *a)
{
	hjson_free(a->doc);
	*a = (struct attempt){0};
}

static void attempt_read(struct attempt *a, const char *text, size_t len)
{
	struct frame *frames = must_realloc(NULL, HJSON_MAX_DEPTH * sizeof(*frames));
	struct scan s;

	a->doc = hjson_new();
	a->source = doc_add_source(a->doc, "", text, len);
	parse_begin(&s, a->doc, a->source, frames);
	a->is_good = parse_source(&s) != NULL;
	a->fault = s.fault;
	parse_end(&s);
	free(frames);
}

/* The text of old after a change. */
static struct attempt attempt_make(const struct attempt *old, const struct mend *m)
{
	struct change c = {offset_of(old, m->at), m->cut, strlen(m->insert)};
	size_t rest = old->source->len - c.at - c.cut;
	char *text = must_realloc(NULL, c.at + c.insert + rest + 1);
	struct attempt a = {.change = c};

	memcpy(text, old->source->text, c.at);
	memcpy(text + c.at, m->insert, c.insert);
	memcpy(text + c.at + c.insert, m->at + m->cut, rest);
	attempt_read(&a, text, c.at + c.insert + rest);
	free(text);
	return a;
}

/* How much was read before the fault was noticed. */
static bool is_further(const struct attempt *a, const struct attempt *b)
{
	if (!b->doc || b->is_good || a->is_good)
		return !b->doc || !b->is_good;
	return offset_of(a, a->fault.noticed) > offset_of(b, b->fault.noticed);
}

/* The change that lets most of the text be read; its doc is NULL if there is none. */
static struct attempt attempt_best(const struct attempt *old)
{
	struct attempt best = {0};

	for (unsigned i = 0; i < old->fault.n_mends; i++) {
		struct attempt a = attempt_make(old, &old->fault.mends[i]);
		struct attempt worse = a;

		if (is_further(&a, &best)) {
			worse = best;
			best = a;
		}
		attempt_done(&worse);
	}
	return best;
}

static bool is_found(const struct recovery *r, size_t at)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->found[i].at == at)
			return true;
	return false;
}

/* False: it was found before. */
static bool note_fault(struct recovery *r)
{
	const struct fault *f = &r->now.fault;
	struct found found = {.fault = *f, .at = origin_of(r, f->at)};

	if (is_found(r, found.at))
		return false;
	found.other = f->other ? origin_of(r, f->other) : 0;
	found.inside = f->inside ? origin_of(r, f->inside) : 0;
	r->found[r->n++] = found;
	return true;
}

/* One more change. False: none helps, or none is needed any more. */
static bool go_on(struct recovery *r)
{
	struct attempt next = attempt_best(&r->now);

	r->is_explained = next.is_good;
	if (!next.doc || next.is_good) {
		attempt_done(&next);
		return false;
	}
	attempt_done(&r->now);
	r->now = next;
	r->changes[r->n_changes++] = next.change;
	return note_fault(r);
}

/* At most CREDIBLE_LINES. */
static unsigned lines_between(const struct recovery *r, size_t a, size_t b)
{
	const char *text = r->source->text;
	unsigned n = 0;

	for (size_t i = a < b ? a : b; i < (a < b ? b : a) && n < CREDIBLE_LINES; i++)
		n += text[i] == '\n' || text[i] == '\r';
	return n;
}

/* From the nearest of those that were found before. */
static unsigned lines_apart(const struct recovery *r, const struct found *f)
{
	unsigned least = CREDIBLE_LINES;

	for (const struct found *g = r->found; g < f; g++) {
		unsigned n = lines_between(r, g->at, f->at);

		least = n < least ? n : least;
	}
	return least;
}

/* The one is about a bracket that was open, or was opened on the line, where the other is. */
static bool is_around(const struct recovery *r, const struct found *outer,
		      const struct found *inner)
{
	return outer->fault.inside && inner->at <= outer->at &&
	       (outer->inside <= inner->at || !lines_between(r, outer->inside, inner->at));
}

static bool is_entangled(const struct recovery *r, const struct found *f)
{
	for (const struct found *g = r->found; g < f; g++)
		if (is_around(r, f, g) || is_around(r, g, f))
			return true;
	return false;
}

/*
 * A wrong guess makes errors that do not exist. An error after a guess counts if it is some lines
 * away, neither is about a bracket that was open at the other, and it is a mistake by itself or
 * fits the changes that explain the whole text.
 */
static bool is_credible(const struct recovery *r, const struct found *f)
{
	const struct found *before = f - 1;
	unsigned n_lines;

	if (f == r->found || before->fault.is_sure)
		return true;
	if (is_entangled(r, f))
		return false;
	n_lines = lines_apart(r, f);
	if (f->fault.is_local)
		return n_lines >= (r->is_explained || before->fault.is_local ? 1 : CREDIBLE_LINES);
	return r->is_explained && n_lines >= CREDIBLE_LINES;
}

static void report_found(const struct recovery *r, const struct found *f, hjson_report *report,
			 void *ctx)
{
	hjson_pos base = r->source->base;

	report(ctx,
	       &(struct hjson_diag){.severity = HJSON_ERROR,
				    .problem = f->fault.problem,
				    .pos = base + (hjson_pos)f->at,
				    .len = (uint32_t)f->fault.len,
				    .other = f->fault.other ? base + (hjson_pos)f->other : 0,
				    .message = f->fault.message,
				    .hint = f->fault.hint[0] ? f->fault.hint : NULL,
				    .other_label = f->fault.other ? f->fault.other_label : NULL});
}

static int by_place(const void *a, const void *b)
{
	const struct found *const *x = a;
	const struct found *const *y = b;

	return ((*x)->at > (*y)->at) - ((*x)->at < (*y)->at);
}

/* The first one first, the others in the order of the text. */
static void report_all(const struct recovery *r, hjson_report *report, void *ctx)
{
	const struct found *all[HJSON_MOST_ERRORS];
	unsigned n = 0;

	for (const struct found *f = r->found; f < r->found + r->n; f++) {
		if (is_credible(r, f))
			all[n++] = f;
		else if (!r->is_explained)
			break;
	}
	qsort(all + 1, n - 1, sizeof(*all), by_place);
	for (unsigned i = 0; i < n; i++)
		report_found(r, all[i], report, ctx);
}

void recover(const struct source *source, const struct fault *first, hjson_report *report,
	     void *ctx)
{
	struct recovery *r = must_realloc(NULL, sizeof(*r));

	*r = (struct recovery){.source = source, .now = {.source = source, .fault = *first}};
	note_fault(r);
	while (r->n < HJSON_MOST_ERRORS && source->len <= RECOVER_MOST_TEXT && go_on(r))
		;
	report_all(r, report, ctx);
	attempt_done(&r->now);
	free(r);
}
