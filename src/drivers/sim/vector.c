/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/vector.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "drivers/sim/codes.h"

uint64_t sim_vector_bytes(const struct sim_vector *v)
{
	return v->n * tensor_type_size(v->type);
}

static bool is_iota(json_t *fill)
{
	return json_is_string(fill) && strcmp(json_string_value(fill), "iota") == 0;
}

int32_t sim_values_read(const struct fields *r, struct sim_values *ret)
{
	json_t *fill = json_object_get(r->from, "fill");
	json_t *values = json_object_get(r->from, "values");

	*ret = (struct sim_values){.values = values, .is_there = fill || values, .rtol = 1e-6};
	if (fill && values)
		return sim_fail(r->err, SIM_BAD_JOB, "%s: either 'fill' or 'values'", r->where);
	if (fill && !json_is_number(fill) && !is_iota(fill))
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'fill' must be a number or \"iota\"",
				r->where);
	if (values && !json_is_array(values))
		return sim_fail(r->err, SIM_BAD_JOB, "%s: 'values' must be a list", r->where);
	ret->fill = json_number_value(fill);
	ret->step = is_iota(fill) ? 1 : 0;
	if (fields_real(r, "rtol", &ret->rtol) != 0)
		return SIM_BAD_JOB;
	return fields_real(r, "atol", &ret->atol);
}

static double value_at(const struct sim_values *v, size_t i)
{
	return v->values ? json_number_value(json_array_get(v->values, i))
			 : v->fill + v->step * (double)i;
}

static int32_t vector_check_size(const struct sim_vector *v, const struct sim_values *with,
				 struct dvs_text *err)
{
	if (!with->values || json_array_size(with->values) == v->n)
		return 0;
	return sim_fail(err, SIM_BAD_JOB, "'%s' has %zu elements, and 'values' %zu", v->name, v->n,
			json_array_size(with->values));
}

static struct sim_vector *vector_grow(struct sim_vectors *v)
{
	vec_push(v, (struct sim_vector){0});
	return &v->at[v->n - 1];
}

static struct sim_vector *vector_find(const struct sim_vectors *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->at[i].name, name) == 0)
			return &v->at[i];
	return NULL;
}

struct sim_vector *sim_vectors_add(struct sim_vectors *v, const char *name, enum tensor_type type,
				   size_t n, struct dvs_text *err)
{
	struct sim_vector *one;
	void *at;

	if (vector_find(v, name)) {
		sim_fail(err, 0, "the vector '%.60s' exists already", name);
		return NULL;
	}
	if (n > SIZE_MAX / 2 / tensor_type_size(type) ||
	    !(at = calloc(n ? n : 1, tensor_type_size(type)))) {
		sim_fail(err, 0, "no memory for '%.60s': %zu elements", name, n);
		return NULL;
	}
	one = vector_grow(v);
	one->type = type;
	one->n = n;
	one->at = at;
	one->is_owned = true;
	snprintf(one->name, sizeof(one->name), "%s", name);
	return one;
}

struct sim_vector *sim_vectors_add_view(struct sim_vectors *v, const char *name,
					enum tensor_type type, void *at, size_t bytes)
{
	struct sim_vector *one = vector_grow(v);

	one->type = type;
	one->n = bytes / tensor_type_size(type);
	one->at = at;
	snprintf(one->name, sizeof(one->name), "%s", name);
	return one;
}

struct sim_vector *sim_vectors_need(const struct sim_vectors *v, const char *name,
				    struct dvs_text *err)
{
	struct sim_vector *one = vector_find(v, name ? name : "");

	if (!one)
		sim_fail(err, 0, "there is no vector '%.60s'", name ? name : "");
	return one;
}

void sim_vectors_remove(struct sim_vectors *v, struct sim_vector *one)
{
	if (one->is_owned)
		free(one->at);
	*one = v->at[--v->n];
}

void sim_vectors_done(struct sim_vectors *v)
{
	while (v->n)
		sim_vectors_remove(v, &v->at[v->n - 1]);
	free(v->at);
	*v = (struct sim_vectors){0};
}

static char *vector_element(const struct sim_vector *v, size_t i)
{
	return (char *)v->at + i * tensor_type_size(v->type);
}

double sim_vector_get(const struct sim_vector *v, size_t i)
{
	return tensor_get(v->type, vector_element(v, i));
}

void sim_vector_set(struct sim_vector *v, size_t i, double to)
{
	tensor_set(v->type, vector_element(v, i), to);
}

int32_t sim_vector_fill(struct sim_vector *v, const struct sim_values *with, struct dvs_text *err)
{
	if (vector_check_size(v, with, err) != 0)
		return SIM_BAD_JOB;
	for (size_t i = 0; i < v->n; i++)
		sim_vector_set(v, i, value_at(with, i));
	return 0;
}

int32_t sim_vector_compare(const struct sim_vector *v, const struct sim_values *with,
			   struct dvs_text *err)
{
	size_t n_wrong = 0, first = 0;

	if (vector_check_size(v, with, err) != 0)
		return SIM_BAD_JOB;
	for (size_t i = 0; i < v->n; i++) {
		double is = sim_vector_get(v, i), should = value_at(with, i);

		/* In this form, a NaN counts as different. */
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
