/* SPDX-License-Identifier: Apache-2.0 */
/* reports/<block>.json and index.json of the one-shot flows; DVSim has no such files. */
#include <string.h>

#include "base/json_out.h"
#include "job/job_paths.h"
#include "report/dv/oneshot/data.h"
#include "report/dv/sim/results.h"

static void add_node(struct json_out *j, struct hjson_doc *doc, struct hjson_node *n)
{
	_cleanup_(str_done) struct str digits = {0};
	struct hjson_node *e;
	const char *text;
	size_t len;

	switch ((enum hjson_type)n->type) {
	case HJSON_STRING:
		jout_string_n(j, n->str, n->n);
		break;
	case HJSON_INT:
	case HJSON_REAL:
		text = hjson_number(doc, n, &len);
		str_addn(&digits, text, len);
		jout_raw(j, digits.s);
		break;
	case HJSON_BOOL:
		jout_bool(j, n->i);
		break;
	case HJSON_ARRAY:
		jout_array(j);
		hjson_for_each (e, n)
			add_node(j, doc, e);
		jout_array_end(j);
		break;
	case HJSON_OBJECT:
		jout_object(j);
		hjson_for_each (e, n) {
			if (e->shadowed)
				continue;
			jout_key(j, hjson_key_cstr(doc, e));
			add_node(j, doc, e);
		}
		jout_object_end(j);
		break;
	case HJSON_NULL:
	case HJSON_TYPE_COUNT:
		jout_null(j);
		break;
	}
}

static void oneshot_add_block(struct json_out *j, const char *key, const struct dv_block *dv)
{
	struct sim_block block = dv ? sim_block_of(dv) : (struct sim_block){0};

	sim_json_add_block(j, key, dv ? &block : NULL);
}

/* Writes the counts of all buckets, and with_messages their messages. null: not known. */
static void add_buckets(struct json_out *j, const struct os_mode *mode, bool with_messages)
{
	jout_key(j, "buckets");
	jout_object(j);
	for (size_t i = 0; i < mode->buckets.n; i++) {
		const struct os_bucket *b = &mode->buckets.at[i];

		jout_key(j, b->key);
		jout_object(j);
		jout_key_string(j, "label", b->label);
		jout_key_string(j, "severity", b->severity);
		jout_key_bool(j, "is_failure", b->is_failure);
		jout_key(j, "count");
		if (b->is_known)
			jout_int(j, (int64_t)b->n);
		else
			jout_null(j);
		if (with_messages) {
			jout_key(j, "messages");
			jout_array(j);
			for (size_t k = 0; k < b->n; k++)
				jout_string(j, b->messages.at[k]);
			jout_array_end(j);
		}
		jout_object_end(j);
	}
	jout_object_end(j);
}

/* Writes all results except messages: area, timing, summary, coverage … */
static void oneshot_add_results(struct json_out *j, const struct oneshot_report *r,
				const struct os_mode *mode)
{
	struct hjson_node *e;

	jout_key(j, "results");
	jout_object(j);
	if (mode->root && !os_is_lint(r))
		hjson_for_each (e, mode->root) {
			if (e->shadowed || hjson_key_is(e, "messages"))
				continue;
			jout_key(j, hjson_key_cstr(mode->doc, e));
			add_node(j, mode->doc, e);
		}
	jout_object_end(j);
}

static void oneshot_json_add_mode(struct json_out *j, const struct oneshot_report *r,
				  const struct os_mode *mode)
{
	_cleanup_(str_done) struct str room = {0};

	jout_object(j);
	jout_key_string(j, "name", mode->spec->name);
	jout_key_string(j, "status", job_status_name(mode->status));
	jout_key_string(j, "message", mode->message);
	jout_key_string(j, "log_path", job_log_path(mode->spec, &room));
	jout_key_string(j, "results_path", mode->path);
	add_buckets(j, mode, true);
	oneshot_add_results(j, r, mode);
	jout_object_end(j);
}

void os_json_block(const struct oneshot_report *r, const struct os_block *b, struct str *out)
{
	_cleanup_(str_done) struct str title = {0};
	struct json_out j;

	os_add_title(r, b->dv, &title);
	jout_init(&j, -1, 0);
	jout_object(&j);
	oneshot_add_block(&j, "block", b->dv);
	jout_key_string(&j, "flow", r->plan->flow);
	jout_key_string(&j, "title", title.s);
	jout_key_string(&j, "tool", b->dv->tool);
	sim_json_add_time(&j, r->plan->dv->timestamp);
	jout_key_int(&j, "errors", (int64_t)b->n_errors);
	add_buckets(&j, &b->sum, false);
	jout_key(&j, "build_modes");
	jout_array(&j);
	for (size_t i = 0; i < b->n_modes; i++)
		oneshot_json_add_mode(&j, r, &b->modes[i]);
	jout_array_end(&j);
	jout_object_end(&j);
	str_addn(out, j.buf.s, j.buf.len);
	jout_done(&j);
}

void os_json_index(const struct oneshot_report *r, struct str *out)
{
	struct json_out j;

	jout_init(&j, -1, 0);
	jout_object(&j);
	oneshot_add_block(&j, "top", r->plan->dv->top);
	jout_key_string(&j, "flow", r->plan->flow);
	sim_json_add_time(&j, r->plan->dv->timestamp);
	jout_key_int(&j, "errors", (int64_t)oneshot_report_errors(r));
	jout_key(&j, "flow_results");
	jout_object(&j);
	for (size_t i = 0; i < r->n_blocks; i++) {
		const struct os_block *b = &r->blocks[i];

		jout_key(&j, b->dv->name);
		jout_object(&j);
		oneshot_add_block(&j, "block", b->dv);
		jout_key_string(&j, "tool", b->dv->tool);
		jout_key_int(&j, "errors", (int64_t)b->n_errors);
		add_buckets(&j, &b->sum, false);
		jout_object_end(&j);
	}
	jout_object_end(&j);
	jout_key_string(&j, "report_path", r->plan->dv->reports_dir);
	jout_object_end(&j);
	str_addn(out, j.buf.s, j.buf.len);
	jout_done(&j);
}
