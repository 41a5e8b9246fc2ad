/* SPDX-License-Identifier: Apache-2.0 */
#include "report/dv/reports.h"

#include <stdlib.h>

#include "base/mem.h"
#include "report/dv/oneshot/oneshot.h"
#include "report/dv/sim/report.h"

static const struct report_kind *const report_kinds[PLAN_REPORT_COUNT] = {
	[PLAN_REPORT_SIM] = &sim_report_kind,
	[PLAN_REPORT_ONESHOT] = &oneshot_report_kind,
};

struct report {
	const struct report_kind *kind;
	void *self;
};

struct report *report_new(const struct report_source *source)
{
	const struct report_kind *kind = report_kinds[source->plan->report];
	void *self = kind ? kind->make(source) : NULL;
	struct report *r;

	if (!self)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	*r = (struct report){kind, self};
	return r;
}

void report_free(struct report *r)
{
	if (r)
		r->kind->free(r->self);
	free(r);
}

size_t report_n_findings(const struct report *r)
{
	return r->kind->n_findings ? r->kind->n_findings(r->self) : 0;
}

int report_write(struct report *r, struct error *err)
{
	return r->kind->write(r->self, err);
}

void report_show(struct report *r, bool has_pages, struct str *blocks, struct str *summary)
{
	r->kind->show(r->self, has_pages, blocks, summary);
}

bool report_is_always_shown(const struct report *r)
{
	return r->kind->is_always_shown;
}
