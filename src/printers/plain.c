/* SPDX-License-Identifier: Apache-2.0 */
/* The printer for logs and pipes: lines only. A row is said again when it changed, never twice the
 * same; what failed is said when it does. */
#include "printers/printer.h"

#include <stdlib.h>

#include "base/mem.h"

struct plain {
	uint32_t *said; /* per target: the version that was printed last; 0: none */
};

/* A finished target is said once more, with the time it took; then it changes no more. */
static bool is_news(const struct printer *p, uint32_t i)
{
	const struct plain *own = p->own;
	const struct tally_target *t = &p->tally.targets[i];

	return tally_target_is_begun(t) && t->version != own->said[i];
}

static void say_target(struct printer *p, uint32_t i, struct str *out)
{
	struct plain *own = p->own;

	rows_target(out, &p->widths, &p->tally.targets[i], printer_now(p));
	own->said[i] = p->tally.targets[i].version;
}

static void plain_draw(struct printer *p)
{
	_cleanup_(str_done) struct str out = {0};

	for (uint32_t i = 0; i < p->tally.n_targets; i++)
		if (is_news(p, i))
			say_target(p, i, &out);
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
}

static void plain_ended(struct printer *p)
{
	_cleanup_(str_done) struct str out = {0};

	for (uint32_t i = 0; i < p->tally.n_targets; i++)
		say_target(p, i, &out);
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

const struct face_ops plain_face = {
	.name = "plain",
	.interval_s = 10, /* DVSim's */
	.started = plain_started,
	.draw = plain_draw,
	.failed = printer_add_failure,
	.ended = plain_ended,
	.destroy = plain_destroy,
};

struct observer *plain_create(const struct printer_env *env, struct error *err)
{
	(void)err;
	return printer_new(env, &plain_face, NULL);
}
