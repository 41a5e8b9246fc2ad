/* SPDX-License-Identifier: Apache-2.0 */
#include "report/dv/sim/read.h"

#include <string.h>

#include "base/fs.h"

/* ---- pieces ---- */

static struct sim_block sim_read_block(struct json_in *in, const struct hjson_node *obj)
{
	return (struct sim_block){
		.name = json_in_text(in, obj, "name"),
		.variant = json_in_text_or_null(in, obj, "variant"),
		.commit = json_in_text(in, obj, "commit"),
		.commit_short = json_in_text(in, obj, "commit_short"),
		.dirty = json_in_bool(in, obj, "dirty"),
		.branch = json_in_text(in, obj, "branch"),
		.url = json_in_text_or_null(in, obj, "url"),
		.revision_info = json_in_text_or_null(in, obj, "revision_info"),
	};
}

static struct sim_coverage sim_read_coverage(struct json_in *in, const struct hjson_node *obj)
{
	const struct hjson_node *code = json_in_object_or_null(in, obj, "code");
	struct sim_coverage c = {0};

	for (int i = 0; i < TOOL_METRIC_COUNT; i++)
		c.metric[i] = json_in_number_or_null(in, i < TOOL_ASSERTION ? code : obj,
						     tool_metric_names[i]);
	return c;
}

static struct sim_count sim_read_count(struct json_in *in, const struct hjson_node *obj)
{
	return (struct sim_count){json_in_count(in, obj, "passed"),
				  json_in_count(in, obj, "total")};
}

/* Memory for the members of an object or the elements of an array. */
static void *sim_read_room_for(struct arena *mem, const struct hjson_node *parent, size_t size)
{
	return arena_array(mem, parent ? (size_t)parent->n + 1 : 1, size);
}

/* A member that must be an object itself. */
static bool sim_read_is_object(struct json_in *in, const struct hjson_node *n)
{
	if (n->type == HJSON_OBJECT)
		return true;
	json_in_fault(in, n, "this must be an object, not %s",
		      hjson_type_name((enum hjson_type)n->type));
	return false;
}

/* ---- the index ---- */

static void read_entries(struct sim_index *x, struct json_in *in)
{
	struct hjson_node *flows = json_in_object(in, in->root, "flow_results"), *n, *coverage;

	x->entries = sim_read_room_for(x->mem, flows, sizeof(*x->entries));
	json_in_each(n, flows)
	{
		struct sim_index_entry *e = &x->entries[x->n_entries];

		if (!sim_read_is_object(in, n))
			return;
		*e = (struct sim_index_entry){
			.key = hjson_key_cstr(in->doc, n),
			.block = sim_read_block(in, json_in_object(in, n, "block")),
			.count = sim_read_count(in, n),
		};
		coverage = json_in_object_or_null(in, n, "coverage");
		e->has_coverage = coverage != NULL;
		e->coverage = sim_read_coverage(in, coverage);
		x->n_entries++;
	}
}

static void read_summary(struct sim_index *x, struct json_in *in)
{
	struct hjson_node *top = json_in_object_or_null(in, in->root, "top");

	if (top) {
		struct sim_block *block = arena_alloc(x->mem, sizeof(*block));

		*block = sim_read_block(in, top);
		x->summary.top = block;
	}
	x->summary.version = json_in_text_or_null(in, in->root, "version");
	x->summary.timestamp = json_in_time(in, in->root, "timestamp");
	x->summary.build_seed = json_in_digits_or_null(in, in->root, "build_seed", x->mem);
	x->summary.report_path = json_in_text(in, in->root, "report_path");
}

struct sim_index *sim_read_index(const struct json_in *in)
{
	struct arena *mem = arena_new();
	struct sim_index *x = arena_zalloc(mem, sizeof(*x));

	x->mem = mem;
	x->files = arena_alloc(mem, sizeof(*x->files));
	x->files[x->n_files++] = *in;
	read_summary(x, &x->files[0]);
	read_entries(x, &x->files[0]);
	if (!json_in_is_bad(in) && x->n_entries == 0)
		json_in_fault(&x->files[0], in->root, "'flow_results' has no block");
	if (!json_in_is_bad(in))
		return x;
	sim_index_free(x);
	return NULL;
}

/* ---- a block ---- */

static const struct sim_test *sim_read_tests(struct sim_index *x, struct json_in *in,
					     const struct hjson_node *tests, size_t *ret_n)
{
	struct sim_test *ret = sim_read_room_for(x->mem, tests, sizeof(*ret));
	struct hjson_node *n;

	json_in_each(n, tests)
	{
		if (!sim_read_is_object(in, n))
			break;
		ret[(*ret_n)++] = (struct sim_test){
			.name = hjson_key_cstr(in->doc, n),
			.max_time_s = json_in_number_or_null(in, n, "max_time"),
			.sim_time_us = json_in_number_or_null(in, n, "sim_time"),
			.count = sim_read_count(in, n),
		};
	}
	return ret;
}

static const struct sim_testpoint *read_testpoints(struct sim_index *x, struct json_in *in,
						   const struct hjson_node *points, size_t *ret_n)
{
	struct sim_testpoint *ret = sim_read_room_for(x->mem, points, sizeof(*ret));
	struct hjson_node *n;

	json_in_each(n, points)
	{
		struct sim_testpoint *p = &ret[(*ret_n)++];

		if (!sim_read_is_object(in, n))
			break;
		p->name = hjson_key_cstr(in->doc, n);
		p->tests = sim_read_tests(x, in, json_in_object(in, n, "tests"), &p->n_tests);
	}
	return ret;
}

static void sim_read_stages(struct sim_index *x, struct json_in *in, struct sim_block_results *b)
{
	struct hjson_node *stages = json_in_object(in, in->root, "stages"), *n;
	struct sim_stage *ret = sim_read_room_for(x->mem, stages, sizeof(*ret));

	json_in_each(n, stages)
	{
		struct sim_stage *s = &ret[b->n_stages++];

		if (!sim_read_is_object(in, n))
			break;
		s->name = hjson_key_cstr(in->doc, n);
		s->testpoints = read_testpoints(x, in, json_in_object(in, n, "testpoints"),
						&s->n_testpoints);
	}
	b->stages = ret;
}

static const char *const *sim_read_lines(struct sim_index *x, struct json_in *in,
					 const struct hjson_node *failure, size_t *ret_n)
{
	struct hjson_node *lines = json_in_array(in, failure, "log_context"), *n;
	const char **ret = sim_read_room_for(x->mem, lines, sizeof(*ret));

	json_in_each(n, lines)
	{
		if (n->type != HJSON_STRING) {
			json_in_fault(in, n, "a line of a log must be a text");
			break;
		}
		ret[(*ret_n)++] = hjson_cstr(in->doc, n);
	}
	return ret;
}

static struct sim_failure read_failure(struct sim_index *x, struct json_in *in,
				       const struct hjson_node *n)
{
	struct sim_failure f = {
		.name = json_in_text(in, n, "name"),
		.qual_name = json_in_text(in, n, "qual_name"),
		.seed = json_in_digits_or_null(in, n, "seed", x->mem),
		.log_path = json_in_text_or_null(in, n, "log_path"),
	};
	struct maybe_number line = json_in_number_or_null(in, n, "line");

	if (line.known && line.value > 0 && line.value < 4e9)
		f.line = (unsigned)line.value;
	f.log_context = sim_read_lines(x, in, n, &f.n_log_context);
	return f;
}

static void sim_read_buckets(struct sim_index *x, struct json_in *in, struct sim_block_results *b)
{
	struct hjson_node *jobs = json_in_object(in, in->root, "failed_jobs"), *n, *f;
	struct hjson_node *buckets = json_in_object(in, jobs, "buckets");
	struct sim_bucket *ret = sim_read_room_for(x->mem, buckets, sizeof(*ret));

	json_in_each(n, buckets)
	{
		struct sim_bucket *to = &ret[b->n_buckets++];
		struct sim_failure *failures = sim_read_room_for(x->mem, n, sizeof(*failures));

		if (n->type != HJSON_ARRAY) {
			json_in_fault(in, n, "a bucket must be an array of failures");
			break;
		}
		json_in_each(f, n)
		{
			if (!sim_read_is_object(in, f))
				break;
			failures[to->n_failures++] = read_failure(x, in, f);
		}
		to->message = hjson_key_cstr(in->doc, n);
		to->failures = failures;
	}
	b->buckets = ret;
}

static void sim_read_results(struct sim_index *x, struct json_in *in, struct sim_block_results *b)
{
	const struct hjson_node *root = in->root, *tool = json_in_object(in, root, "tool"),
				*coverage = json_in_object_or_null(in, root, "coverage");

	*b = (struct sim_block_results){
		.block = sim_read_block(in, json_in_object(in, root, "block")),
		.tool = json_in_text(in, tool, "name"),
		.tool_version = json_in_text(in, tool, "version"),
		.timestamp = json_in_time(in, root, "timestamp"),
		.build_seed = json_in_digits_or_null(in, root, "build_seed", x->mem),
		.testplan_ref = json_in_text_or_null(in, root, "testplan_ref"),
		.cov_report_page = json_in_text_or_null(in, root, "cov_report_page"),
		.vplan_report_page = json_in_text_or_null(in, root, "vplan_report_page"),
		.vplan_coverage = json_in_number_or_null(in, root, "vplan_coverage"),
	};
	if (str_eq(b->tool_version, "unknown"))
		b->tool_version = NULL;
	if (coverage) {
		struct sim_coverage *c = arena_alloc(x->mem, sizeof(*c));

		*c = sim_read_coverage(in, coverage);
		b->coverage = c;
	}
	sim_read_stages(x, in, b);
	sim_read_buckets(x, in, b);
}

/* The path of a key's file in the directory of the index. A `/` in the key cannot lead
 * elsewhere. */
static char *sim_read_path_of(struct sim_index *x, const char *path, const char *key)
{
	char *name = arena_printf(x->mem, "%s.json", key);

	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '_';
	return path_join(x->mem, path_dir(x->mem, path), name);
}

int sim_read_blocks(struct sim_index *x, const char *path, struct error *err)
{
	struct sim_block_results *all = arena_array(x->mem, x->n_entries + 1, sizeof(*all));
	const struct sim_block_results **list = arena_array(x->mem, x->n_entries + 1,
							    sizeof(*list));
	struct json_in *files = arena_array(x->mem, x->n_entries + 1, sizeof(*files));

	files[0] = x->files[0];
	x->files = files;
	for (size_t i = 0; i < x->n_entries; i++) {
		struct json_in *in = &files[x->n_files++];

		if (json_in_open(in, sim_read_path_of(x, path, x->entries[i].key), err) < 0)
			return -1;
		sim_read_results(x, in, &all[i]);
		if (json_in_is_bad(in))
			return -1;
		list[i] = &all[i];
	}
	x->summary.blocks = list;
	x->summary.n_blocks = x->n_entries;
	return 0;
}

void sim_index_free(struct sim_index *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n_files; i++)
		json_in_close(&x->files[i]);
	arena_free(x->mem);
}
