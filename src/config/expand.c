/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expands the whole tree, in order, with its own values: a key gets the values of keys before it
 * expanded, and of keys after it as written. DVSim expands one string after the other. The result
 * here is the same, but a string that needs a command only starts the command and waits; so do all
 * strings that use its key. The commands run in parallel. When they have ended, waiting strings are
 * tried again, until none waits. Keys that are expanded while a string waits keep a copy of their
 * text as written for that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "config/cfg.h"
#include "config/eval.h"
#include "config/subst.h"

enum { FAULTS_MOST = 1000 };

#define TREE_TEXT_MOST ((size_t)1 << 30)

/* One key of the root. */
struct slot {
	struct hjson_node *member;
	const struct hjson_node *written; /* a copy of member as written; NULL: not needed yet */
	size_t n_open;			  /* strings that wait or failed */
};

struct waiting {
	struct hjson_node *string;
	size_t slot;
};

struct result {
	struct hjson_node *string;
	struct str text;
};

struct cfg_expansion {
	struct cfg *cfg;
	struct diags *diags;
	struct subst subst;
	struct cfg_subst rules;
	struct map known; /* key -> slot */
	struct slot *slots;
	size_t n_slots, now; /* now: index of the slot that is being expanded */
	VEC(struct waiting) waiting;
	VEC(struct result) results; /* of the current slot, not yet set */
	struct map reported;	    /* positions of reported errors */
	unsigned n_faults;
	size_t text_len;   /* of all expanded strings */
	size_t n_commands; /* number of commands at the end of the first round */
	unsigned n_errors; /* in diags, before the expansion */
	bool is_over;	   /* a limit was hit */
};

static const struct hjson_node *expand_find_value(void *ctx, const char *name, size_t len)
{
	const struct cfg_expansion *x = ctx;
	const struct slot *s = map_get_n(&x->known, name, len);

	if (!s)
		return NULL;
	if ((size_t)(s - x->slots) >= x->now)
		return s->written ? s->written : s->member;
	return s->n_open ? &subst_blocked : s->member;
}

/* An error is reported once, at its origin, even if many strings contain it. */
static bool is_new_fault(struct cfg_expansion *x, const struct hjson_node *string,
			 const struct subst_error *err)
{
	const struct hjson_node *in = err->node ? err->node : string;
	const char *key = arena_printf(x->cfg->mem, "%lx:%u:%zu",
				       in->pos ? 0ul : (unsigned long)(uintptr_t)in, in->pos,
				       err->offset);

	if (map_has(&x->reported, key))
		return false;
	map_set(&x->reported, key, x);
	return true;
}

static void on_fault(struct cfg_expansion *x, const struct hjson_node *string,
		     struct subst_error *err)
{
	if (is_new_fault(x, string, err))
		cfg_subst_fault(x->cfg, x->diags, string, err, &x->known);
	x->is_over |= ++x->n_faults >= FAULTS_MOST;
}

static void expand_set_text(struct cfg_expansion *x, struct hjson_node *string,
			    const struct str *text)
{
	x->text_len += text->len;
	if (x->text_len > TREE_TEXT_MOST) {
		cfg_error(x->cfg, x->diags, string, "the configuration expands to more than %d GiB",
			  (int)(TREE_TEXT_MOST >> 30));
		x->is_over = true;
		return;
	}
	if (text->len != string->n || memcmp(text->s, string->str, text->len) != 0)
		hjson_set_string(x->cfg->doc, string, text->s, text->len);
}

enum outcome { DONE, WAITS, FAILED };

static enum outcome try_string(struct cfg_expansion *x, struct hjson_node *string, struct str *ret)
{
	_cleanup_(subst_error_done) struct subst_error err = {0};

	str_clear(ret);
	if (subst_expand(&x->subst, string->str, string->n, ret, &err) == 0)
		return DONE;
	if (err.problem == SUBST_BLOCKED)
		return WAITS;
	on_fault(x, string, &err);
	return FAILED;
}

static void wait_for(struct cfg_expansion *x, struct hjson_node *string)
{
	vec_push(&x->waiting, (struct waiting){string, x->now});
}

/* ---- the first round ---- */

/* Iterates over the nodes below a key, with an explicit stack. */
struct walk {
	struct hjson_node **at;
	size_t n, cap;
};

static void walk_push(struct walk *w, struct hjson_node *n)
{
	if (n)
		vec_push(w, n);
}

static bool has_children(const struct hjson_node *n)
{
	return n->type == HJSON_ARRAY || n->type == HJSON_OBJECT;
}

static bool may_change(const struct hjson_node *n)
{
	return n->type == HJSON_STRING && n->n && memchr(n->str, '{', n->n);
}

/* The next string that contains a '{', in order; NULL at the end. */
static struct hjson_node *walk_next(struct walk *w)
{
	while (w->n) {
		struct hjson_node *n = w->at[--w->n];

		walk_push(w, n->next);
		if (n->shadowed)
			continue;
		if (has_children(n))
			walk_push(w, n->child);
		else if (may_change(n))
			return n;
	}
	return NULL;
}

static void expand_keep_result(struct cfg_expansion *x, struct hjson_node *string, struct str *text)
{
	vec_push(&x->results, (struct result){string, *text});
	*text = (struct str){0};
}

static void expand_string(struct cfg_expansion *x, struct hjson_node *string)
{
	_cleanup_(str_done) struct str text = {0};
	enum outcome o;

	if (x->is_over)
		return;
	o = try_string(x, string, &text);
	if (o == DONE)
		expand_keep_result(x, string, &text);
	else
		x->slots[x->now].n_open++;
	if (o == WAITS)
		wait_for(x, string);
}

/* A list that refers to itself gets its text as written, so the results are set after all its
 * strings were expanded. */
static void set_results(struct cfg_expansion *x, struct slot *s)
{
	if (s->n_open && !s->written)
		s->written = hjson_copy(x->cfg->doc, s->member);
	for (size_t i = 0; i < x->results.n; i++) {
		expand_set_text(x, x->results.at[i].string, &x->results.at[i].text);
		str_done(&x->results.at[i].text);
	}
	x->results.n = 0;
}

static void expand_slot(struct cfg_expansion *x, struct slot *s)
{
	struct walk w = {0};
	struct hjson_node *string;

	if (x->waiting.n)
		s->written = hjson_copy(x->cfg->doc, s->member);
	if (may_change(s->member))
		expand_string(x, s->member);
	if (has_children(s->member))
		walk_push(&w, s->member->child);
	while ((string = walk_next(&w)))
		expand_string(x, string);
	set_results(x, s);
	vec_done(&w);
}

/* ---- the other rounds ---- */

static void retry_waiting(struct cfg_expansion *x)
{
	_cleanup_(str_done) struct str text = {0};
	size_t n_left = 0;

	for (size_t i = 0; i < x->waiting.n && !x->is_over; i++) {
		struct waiting w = x->waiting.at[i];
		enum outcome o;

		x->now = w.slot;
		o = try_string(x, w.string, &text);
		if (o == WAITS) {
			x->waiting.at[n_left++] = w;
		} else if (o == DONE) {
			expand_set_text(x, w.string, &text);
			x->slots[w.slot].n_open--;
		}
	}
	x->waiting.n = n_left;
}

/* In each round at least one new command has run, so at least the first waiting string makes
 * progress. */
static void expand_rest(struct cfg_expansion *x)
{
	evals_wait(x->cfg->evals, x->n_commands);
	retry_waiting(x);
	while (x->waiting.n && evals_are_open(x->cfg->evals) && !x->is_over) {
		evals_run(x->cfg->evals);
		retry_waiting(x);
	}
}

static void make_slots(struct cfg_expansion *x)
{
	struct hjson_node *m;

	x->slots = xcalloc(x->cfg->root->n + 1, sizeof(*x->slots));
	hjson_for_each (m, x->cfg->root) {
		if (m->shadowed)
			continue;
		x->slots[x->n_slots] = (struct slot){.member = m};
		map_set_n(&x->known, m->key, m->key_len, &x->slots[x->n_slots++]);
	}
}

struct cfg_expansion *cfg_expand_begin(struct cfg *c, const struct cfg_expand_options *options,
				       struct diags *diags)
{
	struct cfg_expansion *x = xcalloc(1, sizeof(*x));

	x->cfg = c;
	x->diags = diags;
	x->n_errors = diags->n_errors;
	x->rules = (struct cfg_subst){.lookup = expand_find_value, .ctx = x};
	if (options)
		x->rules.options = *options;
	x->subst = (struct subst){
		.rules = &x->rules, .doc = c->doc, .evals = c->evals, .collect = true};
	make_slots(x);
	for (x->now = 0; x->now < x->n_slots; x->now++)
		expand_slot(x, &x->slots[x->now]);
	x->n_commands = evals_wanted(c->evals);
	return x;
}

int cfg_expand_end(struct cfg_expansion *x)
{
	int ret;

	expand_rest(x);
	ret = x->diags->n_errors == x->n_errors ? 0 : -1;
	map_done(&x->known);
	map_done(&x->reported);
	free(x->slots);
	vec_done(&x->waiting);
	vec_done(&x->results);
	free(x);
	return ret;
}

int cfg_expand(struct cfg *c, const struct cfg_expand_options *options, struct diags *diags)
{
	return cfg_expand_end(cfg_expand_begin(c, options, diags));
}

size_t cfg_n_commands(const struct cfg *c)
{
	return evals_wanted(c->evals);
}

void cfg_wait_commands(struct cfg *c, size_t n)
{
	evals_wait(c->evals, n);
}

double cfg_waited_s(const struct cfg *c)
{
	return evals_waited_s(c->evals);
}
