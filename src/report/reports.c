/* SPDX-License-Identifier: Apache-2.0 */
#include "report/reports.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

#define REPORT(name) extern const struct report_kind report_##name;
#include "report/list.h"
#undef REPORT

static const struct {
	const char *name;
	const struct report_kind *kind;
} report_kinds[] = {
#define REPORT(name) {#name, &report_##name},
#include "report/list.h"
#undef REPORT
};

struct report {
	const struct report_kind *kind;
	void *self;
};

static const struct report_kind *report_kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(report_kinds); i++)
		if (str_eq(report_kinds[i].name, name))
			return report_kinds[i].kind;
	return NULL;
}

bool report_is_known(const char *name)
{
	return report_kind_find(name);
}

struct report *report_new(const struct report_source *source)
{
	const char *name = source->plan->report;
	const struct report_kind *kind;
	struct report *r;
	void *self;

	if (!name || !*name)
		return NULL;
	kind = report_kind_find(name);
	assert(kind); /* a test compares the flows with this table */
	self = kind->make(source);
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

const char *report_dir(const struct report *r)
{
	return r->kind->dir ? r->kind->dir(r->self) : NULL;
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
