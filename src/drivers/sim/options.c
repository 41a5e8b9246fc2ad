/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "drivers/sim/codes.h"

enum { MOST_DEVICES = 4096, USUAL_DEVICES = 4 };

static int32_t sim_options_read_watch(json_t *object, struct sim_watch_rule *ret,
				      struct dvs_text *err)
{
	static const char *const keys[] = {"idle", "rule", "sync", NULL};
	const struct fields r = {object, "inner_watch", SIM_BAD_JOB, err};
	const char *rule = "evidence";

	if (!object)
		return 0;
	if (!json_is_object(object))
		return sim_fail(err, SIM_BAD_JOB, "inner_watch must be an object");
	if (fields_only(&r, keys) != 0 || fields_time(&r, "idle", 0, &ret->idle_ns) != 0 ||
	    fields_time(&r, "sync", 0, &ret->sync_ns) != 0 || fields_text(&r, "rule", &rule) != 0)
		return SIM_BAD_JOB;
	ret->by_evidence = strcmp(rule, "evidence") == 0;
	if (!ret->by_evidence && strcmp(rule, "idle") != 0)
		return sim_fail(err, SIM_BAD_JOB,
				"inner_watch: 'rule' must be \"idle\" or \"evidence\"");
	return 0;
}

/* "20ms", or an object with a distribution. */
static int32_t read_open_delay(json_t *value, struct sim_delay *ret, struct dvs_text *err)
{
	static const char *const keys[] = {"ms", "max_ms", "dist", "shape", NULL};
	const struct fields r = {value, "open_delay", SIM_BAD_JOB, err};
	uint64_t ns = 0;

	if (json_is_object(value))
		return fields_only(&r, keys) != 0 ? SIM_BAD_JOB : sim_delay_read(&r, ret);
	if (value) {
		json_t *wrapped = json_pack("{s:O}", "open_delay", value);
		int32_t code = fields_time(&(struct fields){wrapped, "options", SIM_BAD_JOB, err},
					   "open_delay", 0, &ns);

		json_decref(wrapped);
		ret->ms = (double)ns / 1e6;
		return code;
	}
	return 0;
}

static int32_t read_fault_domains(json_t *lists, struct sim_options *o, struct dvs_text *err)
{
	size_t i, k;
	json_t *list, *id;

	o->fault_domains = lists;
	if (lists && !json_is_array(lists))
		return sim_fail(err, SIM_BAD_JOB, "fault_domains must be a list of lists");
	json_array_foreach(lists, i, list)
	{
		if (!json_is_array(list))
			return sim_fail(err, SIM_BAD_JOB, "fault_domains[%zu] must be a list", i);
		json_array_foreach(list, k, id)
		{
			if (!json_is_integer(id))
				return sim_fail(err, SIM_BAD_JOB,
						"fault_domains[%zu][%zu] must be the number of a "
						"device",
						i, k);
			if (sim_options_fault_domain(o, (int32_t)json_integer_value(id)) !=
			    (int32_t)i)
				return sim_fail(err, SIM_BAD_JOB,
						"fault_domains[%zu][%zu]: device %lld is in two "
						"fault domains",
						i, k, (long long)json_integer_value(id));
		}
	}
	return 0;
}

static int32_t read_faults(struct sim_options *o, int64_t seed, struct dvs_text *err)
{
	if (sim_faults_read(json_object_get(o->json, "faults"), getenv("DVS_SIM_FAULTS"),
			    &o->faults, err) != 0)
		return SIM_BAD_JOB;
	o->faults.seed = (uint64_t)seed;
	for (size_t i = 0; i < o->faults.n; i++)
		if (o->faults.items[i].action == SIM_WEDGE && !o->state_dir)
			return sim_fail(err, SIM_BAD_JOB,
					"faults: 'wedge' needs 'state_dir', "
					"where it is stored");
	return 0;
}

int32_t sim_options_read(const char *text, struct sim_options *ret, struct dvs_text *err)
{
	static const char *const keys[] = {
		"n_devices",   "fault_domains", "state_dir", "open_delay", "memory",
		"inner_watch", "faults",	"seed",	     "runtime",	   NULL};
	struct fields r = {NULL, "options", SIM_BAD_JOB, err};
	const char *runtime; /* not used here; jobs with another runtime get another worker */
	int64_t seed = 0;

	*ret = (struct sim_options){.n_devices = USUAL_DEVICES};
	r.from = ret->json = fields_parse(text, "options", err);
	if (!r.from)
		return SIM_BAD_JOB;
	if (fields_only(&r, keys) != 0 ||
	    fields_int(&r, "n_devices", 0, MOST_DEVICES, &ret->n_devices) != 0 ||
	    fields_int(&r, "seed", INT64_MIN, INT64_MAX, &seed) != 0 ||
	    fields_text(&r, "state_dir", &ret->state_dir) != 0 ||
	    fields_text(&r, "runtime", &runtime) != 0 ||
	    fields_size(&r, "memory", &ret->memory) != 0 ||
	    read_open_delay(json_object_get(ret->json, "open_delay"), &ret->open, err) != 0 ||
	    sim_options_read_watch(json_object_get(ret->json, "inner_watch"), &ret->watch, err) !=
		    0 ||
	    read_fault_domains(json_object_get(ret->json, "fault_domains"), ret, err) != 0 ||
	    read_faults(ret, seed, err) != 0) {
		sim_options_done(ret);
		return SIM_BAD_JOB;
	}
	return 0;
}

void sim_options_done(struct sim_options *o)
{
	sim_faults_done(&o->faults);
	json_decref(o->json);
	*o = (struct sim_options){0};
}

int32_t sim_options_fault_domain(const struct sim_options *o, int32_t device)
{
	size_t i;
	json_t *list;

	json_array_foreach(o->fault_domains, i,
			   list) if (fields_has_number(list, device)) return (int32_t)i;
	return -1;
}
