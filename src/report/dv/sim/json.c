/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in the order of DVSim's models, which dashboards load with unknown keys forbidden. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/json_out.h"
#include "report/dv/sim/results.h"

/* The shortest digits that read back as the same number, always with a point or an exponent. */
static void add_real(struct json_out *j, const char *key, struct maybe_number number)
{
	char text[40], *exponent;

	jout_key(j, key);
	if (!number.known || !isfinite(number.value)) {
		jout_null(j);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number.value);
		if (strtod(text, NULL) == number.value)
			break;
	}
	exponent = strstr(text, "e-0"); /* Python's JSON writes 1e-7 */
	if (exponent)
		memmove(exponent + 2, exponent + 3, strlen(exponent + 3) + 1);
	if (!strpbrk(text, ".e"))
		memcpy(text + strlen(text), ".0", sizeof(".0"));
	jout_raw(j, text);
}

static void sim_json_add_digits(struct json_out *j, const char *key, const char *digits)
{
	jout_key(j, key);
	if (digits)
		jout_raw(j, digits);
	else
		jout_null(j);
}

static void sim_json_add_count(struct json_out *j, struct sim_count count)
{
	jout_key_int(j, "passed", count.passed);
	jout_key_int(j, "total", count.total);
	add_real(j, "percent", (struct maybe_number){true, sim_percent(count)});
}

void sim_json_add_block(struct json_out *j, const char *key, const struct sim_block *block)
{
	jout_key(j, key);
	if (!block) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key_string(j, "name", block->name);
	jout_key_string(j, "variant", block->variant);
	jout_key_string(j, "commit", block->commit);
	jout_key_string(j, "commit_short", block->commit_short);
	jout_key_bool(j, "dirty", block->dirty);
	jout_key_string(j, "branch", block->branch);
	jout_key_string(j, "url", block->url);
	jout_key_string(j, "revision_info", block->revision_info);
	jout_object_end(j);
}

static void add_testpoint(struct json_out *j, const struct sim_testpoint *point)
{
	jout_key(j, point->name);
	jout_object(j);
	jout_key(j, "tests");
	jout_object(j);
	for (size_t i = 0; i < point->n_tests; i++) {
		jout_key(j, point->tests[i].name);
		jout_object(j);
		add_real(j, "max_time", point->tests[i].max_time_s);
		add_real(j, "sim_time", point->tests[i].sim_time_us);
		sim_json_add_count(j, point->tests[i].count);
		jout_object_end(j);
	}
	jout_object_end(j);
	sim_json_add_count(j, sim_testpoint_count(point));
	jout_object_end(j);
}

static void add_stages(struct json_out *j, const struct sim_block_results *results)
{
	jout_key(j, "stages");
	jout_object(j);
	for (size_t s = 0; s < results->n_stages; s++) {
		const struct sim_stage *stage = &results->stages[s];

		jout_key(j, stage->name);
		jout_object(j);
		jout_key(j, "testpoints");
		jout_object(j);
		for (size_t p = 0; p < stage->n_testpoints; p++)
			add_testpoint(j, &stage->testpoints[p]);
		jout_object_end(j);
		sim_json_add_count(j, sim_stage_count(stage));
		jout_object_end(j);
	}
	jout_object_end(j);
}

static void sim_json_add_coverage(struct json_out *j, const struct sim_coverage *coverage)
{
	jout_key(j, "coverage");
	if (!coverage) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key(j, "code");
	jout_object(j);
	for (unsigned i = 0; i < TOOL_ASSERTION; i++)
		add_real(j, tool_metric_names[i], coverage->metric[i]);
	jout_object_end(j);
	for (unsigned i = TOOL_ASSERTION; i < TOOL_METRIC_COUNT; i++)
		add_real(j, tool_metric_names[i], coverage->metric[i]);
	jout_object_end(j);
}

static void sim_json_add_failure(struct json_out *j, const struct sim_failure *failure)
{
	jout_object(j);
	jout_key_string(j, "name", failure->name);
	jout_key_string(j, "qual_name", failure->qual_name);
	sim_json_add_digits(j, "seed", failure->seed);
	jout_key(j, "line");
	if (failure->line)
		jout_int(j, failure->line);
	else
		jout_null(j);
	jout_key_string(j, "log_path", failure->log_path);
	jout_key(j, "log_context");
	jout_array(j);
	for (size_t i = 0; i < failure->n_log_context; i++)
		jout_string(j, failure->log_context[i]);
	jout_array_end(j);
	jout_object_end(j);
}

static void add_failed_jobs(struct json_out *j, const struct sim_block_results *results)
{
	jout_key(j, "failed_jobs");
	jout_object(j);
	jout_key(j, "buckets");
	jout_object(j);
	for (size_t b = 0; b < results->n_buckets; b++) {
		jout_key(j, results->buckets[b].message);
		jout_array(j);
		for (size_t i = 0; i < results->buckets[b].n_failures; i++)
			sim_json_add_failure(j, &results->buckets[b].failures[i]);
		jout_array_end(j);
	}
	jout_object_end(j);
	jout_object_end(j);
}

void sim_json_add_time(struct json_out *j, time_t when)
{
	struct str text = {0};

	sim_add_time(when, "%Y-%m-%dT%H:%M:%SZ", &text);
	jout_key_string(j, "timestamp", text.s);
	str_done(&text);
}

static void sim_json_finish(struct json_out *j, struct str *out)
{
	str_addn(out, j->buf.s, j->buf.len);
	jout_done(j);
}

void sim_json_block(const struct sim_block_results *results, struct str *out)
{
	struct json_out j;

	jout_init(&j, -1, 0);
	jout_object(&j);
	sim_json_add_block(&j, "block", &results->block);
	jout_key(&j, "tool");
	jout_object(&j);
	jout_key_string(&j, "name", results->tool);
	jout_key_string(&j, "version", results->tool_version ? results->tool_version : "unknown");
	jout_object_end(&j);
	sim_json_add_time(&j, results->timestamp);
	sim_json_add_digits(&j, "build_seed", results->build_seed);
	jout_key_string(&j, "testplan_ref", results->testplan_ref);
	add_stages(&j, results);
	sim_json_add_coverage(&j, results->coverage);
	jout_key_string(&j, "cov_report_page", results->cov_report_page);
	jout_key_string(&j, "vplan_report_page", results->vplan_report_page);
	add_real(&j, "vplan_coverage", results->vplan_coverage);
	add_failed_jobs(&j, results);
	sim_json_add_count(&j, sim_results_count(results));
	jout_object_end(&j);
	sim_json_finish(&j, out);
}

/* Writes the stem of a block's files, which is its key in the index. */
static void add_block_key(struct json_out *j, const struct sim_block *block)
{
	struct str key = {0};

	sim_block_add_name(block, "_", &key);
	for (size_t i = 0; i < key.len; i++)
		key.s[i] = key.s[i] == '/' ? '_' : ascii_lower(key.s[i]);
	jout_key(j, key.s);
	str_done(&key);
}

void sim_json_summary(const struct sim_summary *summary, struct str *out)
{
	struct json_out j;

	jout_init(&j, -1, 0);
	jout_object(&j);
	sim_json_add_block(&j, "top", summary->top);
	jout_key_string(&j, "version", summary->version);
	sim_json_add_time(&j, summary->timestamp);
	sim_json_add_digits(&j, "build_seed", summary->build_seed);
	jout_key(&j, "flow_results");
	jout_object(&j);
	for (size_t i = 0; i < summary->n_blocks; i++) {
		add_block_key(&j, &summary->blocks[i]->block);
		jout_object(&j);
		sim_json_add_block(&j, "block", &summary->blocks[i]->block);
		sim_json_add_coverage(&j, summary->blocks[i]->coverage);
		sim_json_add_count(&j, sim_results_count(summary->blocks[i]));
		jout_object_end(&j);
	}
	jout_object_end(&j);
	jout_key_string(&j, "report_path", summary->report_path);
	jout_object_end(&j);
	sim_json_finish(&j, out);
}
