/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a finished run of simulations. */

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/map.h"
#include "base/vec.h"
#include "dvsim/dv_block.h"
#include "job/job_paths.h"
#include "report/buckets.h"
#include "report/dv/sim/files.h"
#include "report/dv/sim/stages.h"
#include "report/report_kind.h"
#include "tool/tool.h"

struct sim_report {
	struct arena *mem;
	const struct plan *plan;
	struct sim_summary summary;
	struct sim_block_results *blocks;
	struct bucketer *bucketer;
	const char *signal_name; /* NULL: no signal stopped the run */
	const char *(*ask_version)(const char *tool, struct arena *mem); /* NULL: unknown */
	enum job_status *statuses; /* by job of the plan, of the rows read so far */
};

struct bucket {
	struct sim_bucket out; /* without its failures */
	VEC(struct sim_failure) failures;
};

/* State while a block is collected. */
struct gather {
	struct sim_report *report;
	const struct dv_block *dv;
	struct map by_name, by_key; /* -> struct sim_tested, struct bucket */
	size_t n_buckets;
	struct sim_coverage *coverage;
	struct maybe_number vplan;
};

static struct arena *sim_report_mem_of(const struct gather *g)
{
	return g->report->mem;
}

static struct sim_tested *test_of(struct gather *g, const char *name)
{
	struct sim_tested *t = map_get(&g->by_name, name);

	if (!t) {
		t = arena_zalloc(sim_report_mem_of(g), sizeof(*t));
		t->test.name = name;
		map_set(&g->by_name, name, t);
	}
	return t;
}

static const struct job_result *last_of(const struct result_row *row)
{
	return row->n_attempts ? &row->attempts[row->n_attempts - 1].result : NULL;
}

/* The times of a test are those of its slowest run, from the tool if it reports them, else measured
 * by dvsched. An unknown simulated time is 0, as in DVSim. */
static void sim_report_add_run(struct gather *g, const struct result_row *row)
{
	struct sim_tested *t = test_of(g, row->spec->subject);
	const struct job_result *last = last_of(row);
	const struct job_measures *m = last ? last->measures : NULL;
	double seconds = m && m->has_run_time ? m->run_time_s : last ? last->duration_s : 0;

	if (!t->test.max_time_s.known || seconds > t->test.max_time_s.value) {
		t->test.max_time_s = (struct maybe_number){true, seconds};
		t->test.sim_time_us = (struct maybe_number){true, m ? m->sim_time_us : 0};
	}
	t->test.count.total++;
	t->test.count.passed += row->status == JOB_PASSED;
}

static struct bucket *sim_report_bucket_of(struct gather *g, const char *message)
{
	_cleanup_(str_done) struct str key = {0};
	struct bucket *b;

	str_reserve(&key, 0);
	bucketer_key(g->report->bucketer, message, &key);
	b = map_get(&g->by_key, key.s);
	if (b)
		return b;
	b = arena_zalloc(sim_report_mem_of(g), sizeof(*b));
	b->out.message = arena_strdup(sim_report_mem_of(g), key.s);
	map_set(&g->by_key, b->out.message, b);
	g->n_buckets++;
	return b;
}

static const char *const *lines_of(struct gather *g, const char *text, size_t *ret_n)
{
	const char **lines;
	size_t n = 1;

	*ret_n = 0;
	if (!text || !*text)
		return NULL;
	for (const char *s = text; *s; s++)
		n += *s == '\n';
	lines = arena_array(sim_report_mem_of(g), n, sizeof(*lines));
	for (;;) {
		size_t len = strcspn(text, "\n");

		len += text[len] == '\n'; /* DVSim keeps the line ends */
		lines[(*ret_n)++] = arena_strndup(sim_report_mem_of(g), text, len);
		text += len;
		if (!*text)
			return lines;
	}
}

static bool lost_a_dependency(const struct sim_report *r, const struct job_spec *spec)
{
	for (uint32_t i = 0; i < job_n_deps(spec); i++)
		if (r->statuses[spec->deps[i]] == JOB_KILLED)
			return true;
	return false;
}

static const char *stopped_message(struct gather *g, const struct result_row *row)
{
	if (last_of(row))
		return arena_printf(sim_report_mem_of(g),
				    "Job killed by a %s signal to the scheduler whilst executing.",
				    g->report->signal_name);
	return lost_a_dependency(g->report, row->spec)
		       ? "Job cancelled because one of its dependencies was killed."
		       : "Job killed whilst waiting to begin execution.";
}

/* DVSim's message for signals and timeouts, because users search for these texts. Minutes always
 * have a decimal point. */
static const char *sim_report_message_of(struct gather *g, const struct result_row *row)
{
	double minutes = row->spec->rules->timeout_s / 60;

	if (row->reason == REASON_USER && g->report->signal_name)
		return stopped_message(g, row);
	if (row->reason != REASON_TIMEOUT)
		return row->message;
	return arena_printf(sim_report_mem_of(g),
			    minutes >= floor(minutes) && minutes <= floor(minutes)
				    ? "Job timed out after %.1f minutes"
				    : "Job timed out after %.15g minutes",
			    minutes);
}

static void sim_report_add_failure(struct gather *g, const struct result_row *row)
{
	const struct job_result *last = last_of(row);
	struct bucket *b = sim_report_bucket_of(g, sim_report_message_of(g, row));
	struct sim_failure *f = vec_add_in(sim_report_mem_of(g), &b->failures);
	_cleanup_(str_done) struct str room = {0};
	const char *log_path = job_log_path(row->spec, &room);

	*f = (struct sim_failure){
		.name = row->spec->subject,
		.qual_name = row->spec->name,
		.seed = row->spec->seed,
		.line = last ? last->line : 0,
		.log_path = arena_strdup_or_null(sim_report_mem_of(g), log_path),
	};
	f->log_context = lines_of(g, last ? last->context : NULL, &f->n_log_context);
}

/* Takes coverage totals and the coverage of the annotated plan from a job's measures. */
static void add_measures(struct gather *g, const struct job_spec *spec,
			 const struct job_measures *m)
{
	struct tool_pair *pairs = arena_array(sim_report_mem_of(g), m->n_coverage + 1,
					      sizeof(*pairs));
	struct tool_coverage coverage = {.pairs = pairs, .n_pairs = m->n_coverage};

	if (m->has_vplan)
		g->vplan = (struct maybe_number){true, m->vplan_percent};
	if (m->n_coverage == 0)
		return;
	for (uint32_t i = 0; i < m->n_coverage; i++)
		pairs[i] = (struct tool_pair){m->coverage[i].name, m->coverage[i].value};
	tool_map_coverage(tool_find(spec->rules->tool), &coverage);
	memcpy(g->coverage->metric, coverage.metric, sizeof(coverage.metric));
}

static void sim_report_add_row(struct gather *g, const struct result_row *row)
{
	const struct job_result *last = last_of(row);

	if (strcmp(row->spec->rules->target, "run") == 0)
		sim_report_add_run(g, row);
	else if (last && last->measures)
		add_measures(g, row->spec, last->measures);
	if ((row->status == JOB_FAILED || row->status == JOB_KILLED) && row->message)
		sim_report_add_failure(g, row);
}

static struct sim_block block_of(struct arena *mem, const struct dv_block *dv, bool is_top)
{
	struct sim_block b = sim_block_of(dv);

	if (is_top) {
		b.variant = dv->variant ? dv->variant : "";
		return b;
	}
	b.name = arena_strdup_lower(mem, dv->name);
	b.variant = dv->variant ? arena_strdup_lower(mem, dv->variant) : NULL;
	return b;
}

static const struct sim_bucket *buckets_of(struct gather *g)
{
	struct sim_bucket *ret = arena_array(sim_report_mem_of(g), g->n_buckets + 1, sizeof(*ret));
	const struct map_entry *e;
	size_t at = 0, n = 0;

	while ((e = map_next(&g->by_key, &at))) {
		const struct bucket *b = e->value;

		ret[n] = b->out;
		ret[n].failures = b->failures.at;
		ret[n++].n_failures = b->failures.n;
	}
	return ret;
}

static void gather_block(struct sim_report *r, const struct dv_block *dv, results_next *next,
			 void *ctx, struct sim_block_results *ret)
{
	struct gather g = {.report = r, .dv = dv};

	g.coverage = arena_zalloc(r->mem, sizeof(*g.coverage));

	for (size_t i = 0; i < r->plan->n_jobs; i++) {
		struct result_row row;

		if (r->plan->jobs[i].block->dv != dv)
			continue;
		next(ctx, i, &row);
		r->statuses[i] = row.status;
		sim_report_add_row(&g, &row);
	}
	*ret = (struct sim_block_results){
		.block = block_of(r->mem, dv, false),
		.tool = arena_strdup_lower(r->mem, dv->tool),
		.timestamp = r->plan->dv->timestamp,
		.build_seed = dv->build_seed,
		.testplan_ref = dv->testplan_ref,
		.coverage = g.coverage,
		.cov_report_page = dv->cov_report_page
					   ? path_join(r->mem,
						       dv->cov_report_dir ? dv->cov_report_dir
									  : "cov_report",
						       dv->cov_report_page)
					   : NULL,
		.vplan_report_page = dv->vplan_report_page,
		.vplan_coverage = g.vplan,
		.buckets = buckets_of(&g),
		.n_buckets = g.n_buckets,
	};
	sim_stages_map(r->mem, dv, &g.by_name, ret);
	map_done(&g.by_name);
	map_done(&g.by_key);
}

static void *sim_report_make(const struct report_source *source)
{
	const struct plan *plan = source->plan;
	const struct sim_block_results **all;
	struct sim_report *r;
	struct sim_block *top;
	struct arena *mem;

	if (plan->dv->n_blocks == 0)
		return NULL;
	mem = arena_new();
	r = arena_zalloc(mem, sizeof(*r));
	*r = (struct sim_report){
		.mem = mem,
		.plan = plan,
		.bucketer = bucketer_new(),
		.signal_name = source->signal_name,
		.ask_version = source->ask_version,
		.statuses = arena_zalloc(mem, (plan->n_jobs + 1) * sizeof(*r->statuses)),
	};
	r->blocks = arena_array(mem, plan->dv->n_blocks, sizeof(*r->blocks));
	all = arena_array(mem, plan->dv->n_blocks, sizeof(*r->summary.blocks));
	for (size_t i = 0; i < plan->dv->n_blocks; i++) {
		gather_block(r, plan->dv->blocks[i], source->next, source->ctx, &r->blocks[i]);
		all[i] = &r->blocks[i];
	}
	r->summary = (struct sim_summary){
		.version = source->version,
		.timestamp = plan->dv->timestamp,
		.build_seed = plan->dv->blocks[0]->build_seed,
		.blocks = all,
		.n_blocks = plan->dv->n_blocks,
		.report_path = plan->dv->reports_dir,
	};
	if (plan->dv->top) {
		top = arena_zalloc(mem, sizeof(*top));
		*top = block_of(mem, plan->dv->top, true);
		r->summary.top = top;
	}
	return r;
}

static void sim_report_free(void *self)
{
	struct sim_report *r = self;

	bucketer_free(r->bucketer);
	arena_free(r->mem);
}

/* Asks for the version of each tool once. */
static void ask_versions(struct sim_report *r)
{
	for (size_t i = 0; i < r->summary.n_blocks; i++) {
		size_t k = 0;

		while (strcmp(r->blocks[k].tool, r->blocks[i].tool) != 0)
			k++;
		r->blocks[i].tool_version = k < i ? r->blocks[k].tool_version
						  : r->ask_version(r->blocks[i].tool, r->mem);
	}
}

static const char *sim_report_dir(const void *self)
{
	return ((const struct sim_report *)self)->summary.report_path;
}

static int sim_report_write(void *self, struct error *err)
{
	struct sim_report *r = self;

	if (r->ask_version)
		ask_versions(r);
	r->ask_version = NULL;
	return sim_files_write(&r->summary, r->summary.report_path, err);
}

static void sim_report_show(void *self, bool has_pages, struct str *blocks, struct str *summary)
{
	const struct sim_summary *s = &((const struct sim_report *)self)->summary;

	for (size_t i = 0; i < s->n_blocks; i++) {
		str_add(blocks, "[results]: [");
		sim_block_add_name(&s->blocks[i]->block, "_", blocks);
		str_add(blocks, "]\n");
		sim_console_block(s->blocks[i], blocks);
		str_add(blocks, s->top ? "\n\n\n" : "\n\n");
	}
	if (s->top)
		sim_files_show(s, has_pages ? s->report_path : NULL, summary);
}

const struct report_kind report_sim = {
	.make = sim_report_make,
	.free = sim_report_free,
	.dir = sim_report_dir,
	.write = sim_report_write,
	.show = sim_report_show,
};
