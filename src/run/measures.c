/* SPDX-License-Identifier: Apache-2.0 */
/* Measures as JSON, written and read. Doubles are read back exactly. */
#include <jansson.h>
#include <stdio.h>

#include "run/job_record.h"

static void write_double(struct json_out *out, const char *key, bool is_known, double value)
{
	char text[40];

	if (!is_known)
		return;
	snprintf(text, sizeof(text), "%.17g", value);
	jout_key(out, key);
	jout_raw(out, text);
}

void job_measures_write(struct json_out *out, const struct job_measures *m)
{
	jout_key(out, "measures");
	jout_object(out);
	write_double(out, "run_time_s", m->has_run_time, m->run_time_s);
	write_double(out, "sim_time_us", m->has_sim_time, m->sim_time_us);
	write_double(out, "vplan_percent", m->has_vplan, m->vplan_percent);
	if (m->has_coverage_db)
		jout_key_bool(out, "coverage_db", true);
	if (m->n_coverage) {
		jout_key(out, "coverage");
		jout_array(out);
		for (uint32_t i = 0; i < m->n_coverage; i++) {
			jout_array(out);
			jout_string(out, m->coverage[i].name);
			jout_string(out, m->coverage[i].value);
			jout_array_end(out);
		}
		jout_array_end(out);
	}
	jout_object_end(out);
}

static bool read_double(const json_t *obj, const char *key, double *ret)
{
	const json_t *v = json_object_get(obj, key);

	*ret = json_number_value(v);
	return json_is_number(v);
}

static void measures_read_coverage(const json_t *list, struct arena *mem, struct job_measures *ret)
{
	struct job_coverage *at = arena_array(mem, json_array_size(list) + 1, sizeof(*at));

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *pair = json_array_get(list, i);
		const char *name = json_string_value(json_array_get(pair, 0)),
			   *value = json_string_value(json_array_get(pair, 1));

		if (name && value)
			at[ret->n_coverage++] = (struct job_coverage){arena_strdup(mem, name),
								      arena_strdup(mem, value)};
	}
	ret->coverage = at;
}

struct job_measures *job_record_measures(const void *json, struct arena *mem)
{
	const json_t *obj = json_object_get(json_object_get(json, "result"), "measures");
	struct job_measures *ret;

	if (!json_is_object(obj))
		return NULL;
	ret = arena_zalloc(mem, sizeof(*ret));
	ret->has_run_time = read_double(obj, "run_time_s", &ret->run_time_s);
	ret->has_sim_time = read_double(obj, "sim_time_us", &ret->sim_time_us);
	ret->has_vplan = read_double(obj, "vplan_percent", &ret->vplan_percent);
	ret->has_coverage_db = json_is_true(json_object_get(obj, "coverage_db"));
	measures_read_coverage(json_object_get(obj, "coverage"), mem, ret);
	return ret;
}
