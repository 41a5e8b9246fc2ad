/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An example report: how many jobs had which status, in totals.txt in the scratch root and on the
 * terminal. A flow asks for it by its name ("totals"); flow_lines.c is one.
 */
#include <stdlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "report/report_kind.h"

struct totals {
	const char *scratch_root;
	size_t n[JOB_STATUS_COUNT];
};

static void *totals_make(const struct report_source *source)
{
	struct totals *t = xcalloc(1, sizeof(*t));
	struct result_row row;

	t->scratch_root = source->plan->scratch_root;
	for (size_t i = 0; i < source->plan->n_jobs; i++) {
		source->next(source->ctx, i, &row);
		t->n[row.status]++;
	}
	return t;
}

static void totals_free(void *self)
{
	free(self);
}

static void totals_add(const struct totals *t, struct str *out)
{
	for (int i = 0; i < JOB_STATUS_COUNT; i++)
		if (t->n[i])
			str_printf(out, "%s %zu\n", job_status_name((enum job_status)i), t->n[i]);
}

static int totals_write(void *self, struct error *err)
{
	const struct totals *t = self;
	_cleanup_(freep) char *path = xasprintf("%s/totals.txt", t->scratch_root);
	_cleanup_(str_done) struct str text = {0};

	totals_add(t, &text);
	return fs_write_atomic(path, text.s, text.len, err);
}

static void totals_show(void *self, bool has_pages, struct str *blocks, struct str *summary)
{
	(void)has_pages, (void)blocks;
	totals_add(self, summary);
}

const struct report_kind report_totals = {
	.make = totals_make,
	.free = totals_free,
	.write = totals_write,
	.show = totals_show,
	.is_always_shown = true,
};
