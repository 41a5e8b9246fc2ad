/* SPDX-License-Identifier: Apache-2.0 */
/* The job's `args`: vectors for the device, and their expected content after the run. */
#include <stdio.h>

#include "drivers/sim/codes.h"
#include "drivers/sim/run.h"

static int32_t sim_args_give(struct dvs_text *err, int32_t code, struct error *fault,
			     const char *name)
{
	sim_fail(err, code, "%s%s%s", name ? name : "", name ? ": " : "", fault->msg);
	error_done(fault);
	return code;
}

static int32_t add_arg(const struct tensor *t, size_t number, struct sim_vectors *ret,
		       struct dvs_text *err)
{
	char usual_name[24];
	struct error fault = {0};
	struct sim_vector *v;

	snprintf(usual_name, sizeof(usual_name), "%zu", number);
	v = sim_vectors_add(ret, t->name ? t->name : usual_name, t->type, t->n, err);
	if (!v)
		return SIM_BAD_JOB;
	v->tensor = t;
	return tensor_fill(t, v->at, &fault) == 0
		       ? 0
		       : sim_args_give(err, SIM_BAD_JOB, &fault, v->name);
}

int32_t sim_args_read(struct sim_run *run, json_t *list, struct dvs_text *err)
{
	struct error fault = {0};
	struct tensor *tensors;
	uint64_t bytes = 0;
	size_t n;
	int32_t code;

	if (tensors_read(list, run->mem, &tensors, &n, &fault) < 0)
		return sim_args_give(err, SIM_BAD_JOB, &fault, NULL);
	for (size_t i = 0; i < n; i++)
		bytes += tensors[i].bytes;
	code = sim_memory_take(run, bytes, err);
	for (size_t i = 0; i < n && code == 0; i++)
		code = add_arg(&tensors[i], i, &run->vectors, err);
	return code;
}

int32_t sim_args_verify(const struct sim_vectors *v, struct dvs_text *err)
{
	struct error fault = {0};

	for (size_t i = 0; i < v->n; i++)
		if (v->at[i].tensor && tensor_check(v->at[i].tensor, v->at[i].at, &fault) < 0)
			return sim_args_give(err, SIM_MISMATCH, &fault, v->at[i].name);
	return 0;
}
