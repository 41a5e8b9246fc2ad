/* SPDX-License-Identifier: Apache-2.0 */
/* The job's `args`: vectors that go to the device, and what should come back. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "drivers/sim/codes.h"
#include "drivers/sim/program.h"

enum { MOST_ARGS = 256 };

static const struct {
	const char *key;
	enum dvs_kernel_type type;
} types[] = {
	{"f32", DVS_KERNEL_F32},
	{"f64", DVS_KERNEL_F64},
	{"i32", DVS_KERNEL_I32},
	{"u8", DVS_KERNEL_U8},
};

/* [16384], [64, 256] or 16384. */
static int32_t read_shape(const struct sim_reader *r, json_t *shape, const char *key, size_t *ret_n)
{
	size_t i, most = (size_t)1 << 32, n = 1;
	json_t *one = json_is_array(shape) ? json_array_get(shape, 0) : shape;

	for (i = 0; one; one = json_array_get(shape, ++i)) {
		json_int_t k = json_integer_value(one);

		if (!json_is_integer(one) || k < 0 || (k && n > most / (size_t)k))
			return sim_fail(r->err, SIM_BAD_JOB,
					"%s: '%s' must be a length, or a list of them", r->where,
					key);
		n *= (size_t)k;
	}
	*ret_n = n;
	return 0;
}

/* Also checked now, so that a wrong one does not cost a run. */
static int32_t read_expect(const struct sim_reader *r, json_t *object, struct sim_vector *v)
{
	static const char *const keys[] = {"fill", "iota", "values", "rtol", "atol", NULL};
	struct sim_values values;

	v->expect = json_object_get(object, "expect");
	if (!v->expect || json_is_number(v->expect))
		return 0;
	if (!json_is_object(v->expect))
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'expect' must be a number or an object",
				r->where);
	if (sim_read_keys(r, v->expect, keys) != 0)
		return SIM_BAD_JOB;
	return sim_values_read(r, v->expect, &values);
}

static int32_t read_arg(const struct sim_reader *r, json_t *object, size_t number,
			struct sim_vectors *ret)
{
	static const char *const keys[] = {"name", "f32",    "f64", "i32",    "u8", "fill",
					   "iota", "values", "out", "expect", NULL};
	char usual_name[24];
	const char *name = usual_name;
	json_t *shape = NULL;
	struct sim_values values;
	struct sim_vector *v;
	size_t t, n = 0;

	snprintf(usual_name, sizeof(usual_name), "%zu", number);
	if (sim_read_keys(r, object, keys) != 0 || sim_read_text(r, object, "name", &name) != 0 ||
	    sim_values_read(r, object, &values) != 0)
		return SIM_BAD_JOB;
	for (t = 0; t < ARRAY_LEN(types) && !shape; t++)
		shape = json_object_get(object, types[t].key);
	if (!shape)
		return sim_fail(r->err, SIM_BAD_JOB, "%s needs one of f32, f64, i32, u8", r->where);
	if (read_shape(r, shape, types[t - 1].key, &n) != 0 ||
	    !(v = sim_vectors_add(ret, name, types[t - 1].type, n, r->err)))
		return SIM_BAD_JOB;
	v->is_out = json_is_true(json_object_get(object, "out"));
	if (read_expect(r, object, v) != 0)
		return SIM_BAD_JOB;
	return values.is_there ? sim_vector_fill(v, &values, r->err) : 0;
}

int32_t sim_args_read(json_t *list, struct sim_vectors *ret, struct dvs_text *err)
{
	size_t i;
	json_t *object;

	if (list && !json_is_array(list))
		return sim_fail(err, SIM_BAD_JOB, "'args' must be a list");
	if (json_array_size(list) > MOST_ARGS)
		return sim_fail(err, SIM_BAD_JOB, "'args' has more than %d items", MOST_ARGS);
	json_array_foreach(list, i, object)
	{
		char where[32];

		snprintf(where, sizeof(where), "args[%zu]", i);
		if (!json_is_object(object))
			return sim_fail(err, SIM_BAD_JOB, "%s must be an object", where);
		if (read_arg(&(struct sim_reader){where, err}, object, i, ret) != 0)
			return SIM_BAD_JOB;
	}
	return 0;
}

static int32_t verify(const struct sim_vector *v, struct dvs_text *err)
{
	struct sim_values values = {.fill = json_number_value(v->expect), .rtol = 1e-6};

	if (json_is_object(v->expect) &&
	    sim_values_read(&(struct sim_reader){v->name, err}, v->expect, &values) != 0)
		return SIM_BAD_JOB;
	return sim_vector_compare(v, &values, err);
}

int32_t sim_args_verify(const struct sim_vectors *v, struct dvs_text *err)
{
	int32_t code = 0;

	for (size_t i = 0; i < v->n && code == 0; i++)
		if (v->items[i].expect)
			code = verify(&v->items[i], err);
	return code;
}
