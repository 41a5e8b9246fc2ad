/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/tensor.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"

/* More memory than any known device has, so a larger size is a typo. */
#define TENSOR_BYTES_MAX (UINT64_C(1) << 42)

static const struct type_row {
	const char *name;
	uint8_t size;
	bool is_real;
	double least, most; /* of integers, as far as a double can represent them */
} types[] = {
	[TENSOR_F16] = {"f16", 2, true, 0, 0},
	[TENSOR_BF16] = {"bf16", 2, true, 0, 0},
	[TENSOR_F32] = {"f32", 4, true, 0, 0},
	[TENSOR_F64] = {"f64", 8, true, 0, 0},
	[TENSOR_I8] = {"i8", 1, false, INT8_MIN, INT8_MAX},
	[TENSOR_I16] = {"i16", 2, false, INT16_MIN, INT16_MAX},
	[TENSOR_I32] = {"i32", 4, false, INT32_MIN, INT32_MAX},
	[TENSOR_I64] = {"i64", 8, false, -0x1p63, 0x1p63},
	[TENSOR_U8] = {"u8", 1, false, 0, UINT8_MAX},
	[TENSOR_U16] = {"u16", 2, false, 0, UINT16_MAX},
	[TENSOR_U32] = {"u32", 4, false, 0, UINT32_MAX},
	[TENSOR_U64] = {"u64", 8, false, 0, 0x1p63},
};
static_assert(ARRAY_LEN(types) == TENSOR_TYPE_COUNT, "one row per type");

const char *tensor_type_name(enum tensor_type t)
{
	return types[t].name;
}

size_t tensor_type_size(enum tensor_type t)
{
	return types[t].size;
}

static int tensor_read_value(const struct tensor *t, const char *key, const json_t *value,
			     struct tensor_content *ret, struct error *err)
{
	const struct type_row *type = &types[t->type];

	if (!json_is_number(value) || (!type->is_real && !json_is_integer(value)))
		return error_plain(err, "%s must be %s", key,
				   type->is_real ? "a number" : "an integer");
	ret->source = TENSOR_FILL;
	ret->real = json_number_value(value);
	ret->integer = json_is_integer(value) ? json_integer_value(value) : 0;
	if (!type->is_real && (ret->real < type->least || ret->real > type->most))
		return error_plain(err, "%s: %" PRId64 " does not fit into %s", key, ret->integer,
				   type->name);
	return 0;
}

/* Reads `fill` or `file` of object. Both together are an error. */
static int read_content(const struct tensor *t, const json_t *object, struct arena *mem,
			struct tensor_content *ret, struct error *err)
{
	const json_t *fill = json_object_get(object, "fill"),
		     *file = json_object_get(object, "file");

	if (fill && file)
		return error_plain(err, "either fill or file, not both");
	if (file) {
		if (!json_is_string(file))
			return error_plain(err, "file must be a path");
		ret->source = TENSOR_FILE;
		ret->file = arena_strdup(mem, json_string_value(file));
		return 0;
	}
	if (json_is_string(fill) && strcmp(json_string_value(fill), "iota") == 0) {
		ret->source = TENSOR_IOTA;
		return 0;
	}
	return fill ? tensor_read_value(t, "fill", fill, ret, err) : 0;
}

static int read_tolerance(const json_t *expect, const char *key, double *ret, struct error *err)
{
	const json_t *v = json_object_get(expect, key);

	if (!v)
		return 0;
	*ret = json_number_value(v);
	if (!json_is_number(v) || *ret < 0)
		return error_plain(err, "expect.%s must be a number, 0 or more", key);
	return 0;
}

static int only_known_keys(const json_t *object, const char *const *known, size_t n,
			   const char *type, struct error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		size_t i = 0;

		while (i < n && strcmp(key, known[i]) != 0)
			i++;
		if (i == n && !str_eq(key, type))
			return error_plain(err, "unknown key '%s'", key);
	}
	return 0;
}

static int read_expect(struct tensor *t, const json_t *expect, struct arena *mem, struct error *err)
{
	static const char *const known[] = {"fill", "file", "rtol", "atol"};

	if (!expect)
		return 0;
	if (!t->is_out)
		return error_plain(err, "expect is for outputs: say out: true");
	if (!json_is_object(expect))
		return error_plain(err, "expect must be an object: { fill: 42, rtol: 1e-5 }");
	if (only_known_keys(expect, known, ARRAY_LEN(known), NULL, err) < 0 ||
	    read_content(t, expect, mem, &t->expect, err) < 0 ||
	    read_tolerance(expect, "rtol", &t->rtol, err) < 0 ||
	    read_tolerance(expect, "atol", &t->atol, err) < 0)
		return -1;
	if (t->expect.source == TENSOR_UNSET)
		return error_plain(err, "expect needs fill or file");
	return 0;
}

static int read_dims(struct tensor *t, const json_t *dims, struct error *err)
{
	t->n_dims = (unsigned)json_array_size(dims);
	if (t->n_dims < 1 || t->n_dims > TENSOR_DIMS)
		return error_plain(err, "%s needs 1 to %d dimensions", types[t->type].name,
				   TENSOR_DIMS);
	t->n = 1;
	for (unsigned i = 0; i < t->n_dims; i++) {
		json_int_t d = json_integer_value(json_array_get(dims, i));

		if (d < 1 || d > UINT32_MAX)
			return error_plain(err, "a dimension must be an integer, 1 or more");
		t->dims[i] = (uint32_t)d;
		if (t->n > TENSOR_BYTES_MAX / types[t->type].size / (uint64_t)d)
			return error_plain(err, "larger than 4 TiB");
		t->n *= (uint64_t)d;
	}
	t->bytes = t->n * types[t->type].size;
	return 0;
}

static int read_tensor(struct tensor *t, const json_t *arg, struct arena *mem, struct error *err)
{
	static const char *const known[] = {"name", "fill", "file", "out", "expect"};
	const json_t *out = json_object_get(arg, "out");

	if (out && !json_is_boolean(out))
		return error_plain(err, "out must be true or false");
	t->is_out = json_is_true(out);
	if (only_known_keys(arg, known, ARRAY_LEN(known), types[t->type].name, err) < 0 ||
	    read_dims(t, json_object_get(arg, types[t->type].name), err) < 0 ||
	    read_content(t, arg, mem, &t->content, err) < 0)
		return -1;
	return read_expect(t, json_object_get(arg, "expect"), mem, err);
}

static int read_scalar(struct tensor *t, const json_t *arg, struct error *err)
{
	const char *name = types[t->type].name;

	t->is_scalar = true;
	t->n = 1;
	t->bytes = types[t->type].size;
	if (only_known_keys(arg, (const char *const[]){"name"}, 1, name, err) < 0)
		return -1;
	return tensor_read_value(t, name, json_object_get(arg, name), &t->content, err);
}

static int read_arg(struct tensor *t, const json_t *arg, struct arena *mem, struct error *err)
{
	const json_t *name = json_object_get(arg, "name");
	unsigned n_types = 0;

	if (name && !json_is_string(name))
		return error_plain(err, "name must be a text");
	t->name = name ? arena_strdup(mem, json_string_value(name)) : NULL;
	for (unsigned i = 0; i < TENSOR_TYPE_COUNT; i++)
		if (json_object_get(arg, types[i].name)) {
			t->type = (enum tensor_type)i;
			n_types++;
		}
	if (n_types != 1)
		return error_plain(err, "needs one type, such as f32: [16384], or i64: 5");
	if (json_is_array(json_object_get(arg, types[t->type].name)))
		return read_tensor(t, arg, mem, err);
	return read_scalar(t, arg, err);
}

int tensors_read(const json_t *args, struct arena *mem, struct tensor **ret, size_t *ret_n,
		 struct error *err)
{
	size_t n = json_array_size(args);

	*ret = NULL;
	*ret_n = 0;
	if (args && !json_is_array(args))
		return error_plain(err, "args must be a list");
	if (n == 0)
		return 0;
	*ret = arena_zalloc(mem, n * sizeof(**ret));
	for (size_t i = 0; i < n; i++)
		if (read_arg(&(*ret)[i], json_array_get(args, i), mem, err) < 0) {
			error_wrap(err, "args[%zu]", i);
			return -1;
		}
	*ret_n = n;
	return 0;
}
