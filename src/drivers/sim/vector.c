/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/vector.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "drivers/sim/codes.h"

static const size_t type_bytes[] = {
	[DVS_KERNEL_F32] = sizeof(float),
	[DVS_KERNEL_F64] = sizeof(double),
	[DVS_KERNEL_I32] = sizeof(int32_t),
	[DVS_KERNEL_U8] = 1,
};

uint64_t sim_vector_bytes(const struct sim_vector *v)
{
	return v->n * type_bytes[v->type];
}

int32_t sim_values_read(const struct sim_reader *r, json_t *object, struct sim_values *ret)
{
	json_t *fill = json_object_get(object, "fill"), *iota = json_object_get(object, "iota");
	json_t *values = json_object_get(object, "values"), *first = fill ? fill : iota;

	*ret = (struct sim_values){.values = values, .rtol = 1e-6};
	ret->is_there = first || values;
	if (!!fill + !!iota + !!values > 1)
		return sim_fail(r->err, SIM_BAD_JOB, "%s: one of 'fill', 'iota', 'values'",
				r->where);
	if (first && !json_is_number(first))
		return sim_fail(r->err, SIM_BAD_JOB, "%s: '%s' must be a number", r->where,
				fill ? "fill" : "iota");
	if (values && !json_is_array(values))
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'values' must be a list", r->where);
	ret->fill = json_number_value(first);
	ret->step = iota ? 1 : 0;
	if (sim_read_real(r, object, "rtol", &ret->rtol) != 0)
		return SIM_BAD_JOB;
	return sim_read_real(r, object, "atol", &ret->atol);
}

static double value_at(const struct sim_values *v, size_t i)
{
	return v->values ? json_number_value(json_array_get(v->values, i))
			 : v->fill + v->step * (double)i;
}

static int32_t check_size(const struct sim_vector *v, const struct sim_values *with,
			  struct dvs_text *err)
{
	if (!with->values || json_array_size(with->values) == v->n)
		return 0;
	return sim_fail(err, SIM_BAD_JOB, "'%s' has %zu elements, and 'values' %zu", v->name, v->n,
			json_array_size(with->values));
}

static struct sim_vector *grow(struct sim_vectors *v)
{
	v->items = xreallocarray(v->items, v->n + 1, sizeof(*v->items));
	v->items[v->n] = (struct sim_vector){0};
	return &v->items[v->n++];
}

struct sim_vector *sim_vectors_add(struct sim_vectors *v, const char *name,
				   enum dvs_kernel_type type, size_t n, struct dvs_text *err)
{
	struct sim_vector *one;
	void *at;

	if (sim_vectors_find(v, name)) {
		sim_fail(err, 0, "there are two vectors '%.60s'", name);
		return NULL;
	}
	if (n > SIZE_MAX / 2 / type_bytes[type] || !(at = calloc(n ? n : 1, type_bytes[type]))) {
		sim_fail(err, 0, "no memory for '%.60s': %zu elements", name, n);
		return NULL;
	}
	one = grow(v);
	one->type = type;
	one->n = n;
	one->at = at;
	one->is_owned = true;
	snprintf(one->name, sizeof(one->name), "%s", name);
	return one;
}

struct sim_vector *sim_vectors_add_view(struct sim_vectors *v, const char *name,
					enum dvs_kernel_type type, void *at, size_t bytes)
{
	struct sim_vector *one = grow(v);

	one->type = type;
	one->n = bytes / type_bytes[type];
	one->at = at;
	snprintf(one->name, sizeof(one->name), "%s", name);
	return one;
}

struct sim_vector *sim_vectors_find(const struct sim_vectors *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->items[i].name, name) == 0)
			return &v->items[i];
	return NULL;
}

void sim_vectors_remove(struct sim_vectors *v, struct sim_vector *one)
{
	if (one->is_owned)
		free(one->at);
	*one = v->items[--v->n];
}

void sim_vectors_done(struct sim_vectors *v)
{
	while (v->n)
		sim_vectors_remove(v, &v->items[v->n - 1]);
	free(v->items);
	*v = (struct sim_vectors){0};
}

double sim_vector_get(const struct sim_vector *v, size_t i)
{
	switch (v->type) {
	case DVS_KERNEL_F32:
		return (double)((const float *)v->at)[i];
	case DVS_KERNEL_F64:
		return ((const double *)v->at)[i];
	case DVS_KERNEL_I32:
		return ((const int32_t *)v->at)[i];
	case DVS_KERNEL_U8:
		return ((const uint8_t *)v->at)[i];
	}
	return NAN;
}

/* Numbers that a whole-number type cannot hold stop at its ends. */
void sim_vector_set(struct sim_vector *v, size_t i, double to)
{
	switch (v->type) {
	case DVS_KERNEL_F32:
		((float *)v->at)[i] = (float)to;
		break;
	case DVS_KERNEL_F64:
		((double *)v->at)[i] = to;
		break;
	case DVS_KERNEL_I32:
		((int32_t *)v->at)[i] = (int32_t)fmin(fmax(to, INT32_MIN), INT32_MAX);
		break;
	case DVS_KERNEL_U8:
		((uint8_t *)v->at)[i] = (uint8_t)fmin(fmax(to, 0), UINT8_MAX);
		break;
	}
}

int32_t sim_vector_fill(struct sim_vector *v, const struct sim_values *with, struct dvs_text *err)
{
	if (check_size(v, with, err) != 0)
		return SIM_BAD_JOB;
	for (size_t i = 0; i < v->n; i++)
		sim_vector_set(v, i, value_at(with, i));
	return 0;
}

int32_t sim_vector_compare(const struct sim_vector *v, const struct sim_values *with,
			   struct dvs_text *err)
{
	size_t n_wrong = 0, first = 0;

	if (check_size(v, with, err) != 0)
		return SIM_BAD_JOB;
	for (size_t i = 0; i < v->n; i++) {
		double is = sim_vector_get(v, i), should = value_at(with, i);

		/* Written so that a NaN is wrong. */
		if (fabs(is - should) <= with->atol + with->rtol * fabs(should))
			continue;
		if (n_wrong++ == 0)
			first = i;
	}
	if (n_wrong == 0)
		return 0;
	return sim_fail(err, SIM_MISMATCH, "%s[%zu] is %.9g, expected %.9g (%zu of %zu differ)",
			v->name, first, sim_vector_get(v, first), value_at(with, first), n_wrong,
			v->n);
}
