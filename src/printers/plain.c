/* SPDX-License-Identifier: Apache-2.0 */
/* The printer for logs and pipes: lines only. A row is printed again when it changed, and at every
 * tick while jobs of the target run or wait. Failures are printed at once. */
#include "printers/printer.h"

#include <stdlib.h>

#include "base/mem.h"

struct said {
	uint32_t version; /* of the row; 0: none */
	double at_s;	  /* when it was printed */
};

struct plain {
	struct said *said; /* per target: what was printed last */
};

/* A finished target is printed once more, with its time; after that it does not change. */
static bool plain_is_due(const struct printer *p, uint32_t i)
{
	const struct said *said = &((const struct plain *)p->own)->said[i];
	const struct tally_target *t = &p->tally.targets[i];

	if (tally_target_is_begun(t) && t->version != said->version)
		return true;
	return tally_target_is_at_work(t) && p->pace.drawn_s >= said->at_s + p->pace.tick_s;
}

static void print_target(struct printer *p, uint32_t i, struct str *out)
{
	struct plain *own = p->own;

	rows_target(out, &p->widths, &p->tally.targets[i], printer_now(p));
	own->said[i] = (struct said){p->tally.targets[i].version, p->pace.drawn_s};
}

static void plain_draw(struct printer *p)
{
	_cleanup_(str_done) struct str out = {0};

	for (uint32_t i = 0; i < p->tally.n_targets; i++)
		if (plain_is_due(p, i))
			print_target(p, i, &out);
	printer_add_lines(p, out.s, out.len);
}

static void plain_started(struct printer *p)
{
	_cleanup_(str_done) struct str out = {0};
	struct plain *own = xcalloc(1, sizeof(*own));

	own->said = xcalloc(p->tally.n_targets ? p->tally.n_targets : 1, sizeof(*own->said));
	p->own = own;
	rows_legend(&out, &p->widths);
	printer_add_lines(p, out.s, out.len);
	pace_drew(&p->pace, clock_now(clock_real())); /* the first rows after one interval */
	for (uint32_t i = 0; i < p->tally.n_targets; i++)
		own->said[i].at_s = p->pace.drawn_s;
}

static void plain_ended(struct printer *p)
{
	_cleanup_(str_done) struct str out = {0};

	for (uint32_t i = 0; i < p->tally.n_targets; i++)
		print_target(p, i, &out);
	printer_add_lines(p, out.s, out.len);
}

static void plain_destroy(struct printer *p)
{
	struct plain *own = p->own;

	if (own)
		free(own->said);
	free(own);
	p->own = NULL;
}

const struct view_ops plain_view = {
	.name = "plain",
	.interval_s = 10, /* DVSim's */
	.tick_s = 60,	  /* CI services end jobs that print nothing for long */
	.has_users_tick = true,
	.started = plain_started,
	.draw = plain_draw,
	.failed = printer_add_failure,
	.ended = plain_ended,
	.destroy = plain_destroy,
};

struct observer *plain_create(const struct printer_env *env, struct error *err)
{
	(void)err;
	return printer_new(env, &plain_view, NULL);
}
