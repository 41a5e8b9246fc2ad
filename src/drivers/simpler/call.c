/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/call.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const direction_names[] = {"scalar", "in", "out", "inout"};

/* Finds the value of a scalar that is a word instead of a number. */
static int32_t find_symbol(const struct simpler_gang *gang, const char *name, size_t at,
			   json_int_t *ret, struct dvs_text *err)
{
	const struct {
		const char *name;
		uint64_t value;
	} symbols[] = {
		{"communicator", gang->handle},
		{"window", gang->base},
		{"rank", gang->comm ? (uint64_t)gang->rank : 0},
		{"ranks", gang->comm ? (uint64_t)gang->n_ranks : 1},
	};

	for (unsigned i = 0; i < ARRAY_LEN(symbols); i++) {
		if (strcmp(symbols[i].name, name) != 0)
			continue;
		*ret = (json_int_t)symbols[i].value;
		return 0;
	}
	return simpler_fail(err, SIMPLER_E_JOB,
			    "args[%zu]: '%.60s' is neither a number nor communicator, window, rank "
			    "or ranks",
			    at, name);
}

/* Removes the keys of an argument that drivers/tensor.h does not read. */
static int32_t plain_arg(json_t *arg, size_t at, const struct simpler_gang *gang,
			 struct simpler_arg *ret, struct arena *mem, struct dvs_text *err)
{
	struct fields r = {arg, "args", SIMPLER_E_JOB, err};
	const char *key, *buffer = NULL;
	json_int_t number = 0;
	json_t *value;
	void *next;
	int32_t c = fields_text(&r, "buffer", &buffer);

	if (c)
		return c;
	if (buffer)
		ret->buffer = arena_strdup(mem, buffer);
	json_object_del(arg, "buffer");
	json_object_foreach_safe(arg, next, key, value)
	{
		if (!json_is_string(value) || strcmp(key, "file") == 0 || strcmp(key, "fill") == 0)
			continue;
		if ((c = find_symbol(gang, json_string_value(value), at, &number, err)))
			return c;
		json_object_set_new(arg, key, json_integer(number));
	}
	return 0;
}

/* Two arguments must not share a buffer: the initial content of one would overwrite that of the
 * other, or be taken for its result. */
static int32_t simpler_call_check_buffer(const struct simpler_arg *list, size_t at,
					 struct dvs_text *err)
{
	for (size_t i = 0; i < at && list[at].buffer; i++)
		if (list[i].buffer && strcmp(list[i].buffer, list[at].buffer) == 0)
			return simpler_fail(err, SIMPLER_E_JOB,
					    "args[%zu] and args[%zu] are both in buffer '%.60s': "
					    "make them one inout, or give each its own",
					    i, at, list[at].buffer);
	return 0;
}

static int32_t plain_args(json_t *args, const struct simpler_gang *gang, struct simpler_call *ret,
			  struct dvs_text *err)
{
	json_t *one;
	size_t i;
	int32_t c;

	json_array_foreach(args, i, one)
	{
		if (!json_is_object(one))
			return simpler_fail(err, SIMPLER_E_JOB, "args[%zu]: must be an object", i);
		if ((c = plain_arg(one, i, gang, &ret->list[i], ret->mem, err)) ||
		    (c = simpler_call_check_buffer(ret->list, i, err)))
			return c;
	}
	return 0;
}

static int32_t read_tensors(json_t *args, struct simpler_call *ret, struct dvs_text *err)
{
	struct error e = {0};
	struct tensor *tensors;
	size_t n;
	int32_t c = 0;

	if (tensors_read(args, ret->mem, &tensors, &n, &e) < 0)
		c = simpler_fail_error(err, SIMPLER_E_JOB, "job", &e);
	for (size_t i = 0; i < n && !c; i++)
		ret->list[i].t = &tensors[i];
	return c;
}

static const char *simpler_call_kind_of(const struct tensor *t)
{
	if (t->is_scalar)
		return "scalar";
	if (!t->is_out)
		return "in";
	return t->content.source == TENSOR_UNSET ? "out" : "inout";
}

/* An out may have an initial content; an inout must have one. */
static bool call_fits(const struct tensor *t, enum simpler_direction d)
{
	switch (d) {
	case SIMPLER_SCALAR:
		return t->is_scalar;
	case SIMPLER_IN:
		return !t->is_scalar && !t->is_out;
	case SIMPLER_OUT:
		return !t->is_scalar && t->is_out;
	default:
		return !t->is_scalar && t->is_out && t->content.source != TENSOR_UNSET;
	}
}

static int32_t check_signature(const struct simpler_signature *sig, struct simpler_call *call,
			       struct dvs_text *err)
{
	if (call->n != sig->n)
		return simpler_fail(err, SIMPLER_E_JOB,
				    "the callable takes %u arguments and 'args' has %zu", sig->n,
				    call->n);
	for (size_t i = 0; i < call->n; i++) {
		struct simpler_arg *arg = &call->list[i];

		arg->direction = sig->directions[i];
		if (!call_fits(arg->t, arg->direction))
			return simpler_fail(err, SIMPLER_E_JOB,
					    "args[%zu] is '%s' and the callable's signature says "
					    "'%s'",
					    i, simpler_call_kind_of(arg->t),
					    direction_names[arg->direction]);
	}
	return 0;
}

static bool find_dtype(enum tensor_type t, uint8_t *ret)
{
	static const struct {
		enum tensor_type ours;
		enum simpler_dtype theirs;
	} types[] = {
		{TENSOR_F32, SIMPLER_F32}, {TENSOR_F16, SIMPLER_F16}, {TENSOR_BF16, SIMPLER_BF16},
		{TENSOR_I32, SIMPLER_I32}, {TENSOR_I16, SIMPLER_I16}, {TENSOR_I8, SIMPLER_I8},
		{TENSOR_U8, SIMPLER_U8},   {TENSOR_I64, SIMPLER_I64}, {TENSOR_U64, SIMPLER_U64},
	};

	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].ours == t) {
			*ret = types[i].theirs;
			return true;
		}
	return false;
}

static const char *name_of(size_t i, char room[32])
{
	snprintf(room, 32, "args[%zu]", i);
	return room;
}

static int32_t simpler_call_place(struct simpler_arg *arg, size_t i,
				  const struct simpler_gang *gang, struct dvs_text *err)
{
	const struct dvs_buffer *b = arg->buffer ? simpler_gang_buffer(gang, arg->buffer) : NULL;
	size_t room = (arg->t->bytes + SIMPLER_ALIGN - 1) / SIMPLER_ALIGN * SIMPLER_ALIGN;
	struct error e = {0};
	char name[32];
	int32_t c = 0;

	if (arg->buffer && !b)
		return simpler_fail(err, SIMPLER_E_JOB,
				    "args[%zu]: the window has no buffer '%.60s'", i, arg->buffer);
	if (b && b->bytes < arg->t->bytes)
		return simpler_fail(err, SIMPLER_E_JOB,
				    "args[%zu] has %" PRIu64 " bytes and its buffer %" PRIu64, i,
				    arg->t->bytes, b->bytes);
	arg->at = aligned_alloc(SIMPLER_ALIGN, room);
	if (!arg->at)
		return simpler_fail(err, SIMPLER_E_JOB, "args[%zu]: no memory for %zu bytes", i,
				    room);
	if (tensor_fill(arg->t, arg->at, &e) < 0)
		c = simpler_fail_error(err, SIMPLER_E_FILE, name_of(i, name), &e);
	arg->address = b ? b->address : (uint64_t)(uintptr_t)arg->at;
	return c;
}

static void put_tensor(const struct simpler_arg *arg, uint8_t dtype, struct simpler_args *ret)
{
	struct simpler_tensor *to = &ret->tensors[ret->n_tensors++];
	uint32_t stride = 1;

	*to = (struct simpler_tensor){
		.address = arg->address,
		.bytes = arg->t->bytes,
		.owner = SIMPLER_NO_OWNER,
		.n_dims = arg->t->n_dims,
		.dtype = dtype,
		.is_contiguous = 1,
		.space = arg->buffer ? SIMPLER_DEVICE : SIMPLER_HOST,
		.extent = arg->t->n,
	};
	for (unsigned i = arg->t->n_dims; i-- > 0;) {
		to->shape[i] = arg->t->dims[i];
		to->strides[i] = stride;
		stride *= arg->t->dims[i];
	}
}

static int32_t put_scalar(const struct simpler_arg *arg, struct simpler_args *ret,
			  struct dvs_text *err)
{
	struct error e = {0};
	uint64_t bits = 0;
	int32_t c = 0;

	if (ret->n_scalars == SIMPLER_MAX_SCALARS)
		return simpler_fail(err, SIMPLER_E_JOB, "more than %d scalars",
				    SIMPLER_MAX_SCALARS);
	if (tensor_fill(arg->t, &bits, &e) < 0)
		c = simpler_fail_error(err, SIMPLER_E_JOB, "scalar", &e);
	ret->scalars[ret->n_scalars++] = bits;
	return c;
}

static int32_t simpler_call_put(struct simpler_call *call, size_t i,
				const struct simpler_gang *gang, struct dvs_text *err)
{
	struct simpler_arg *arg = &call->list[i];
	uint8_t dtype;
	int32_t c;

	if (arg->t->is_scalar && arg->buffer)
		return simpler_fail(err, SIMPLER_E_JOB, "args[%zu]: a scalar lies in no buffer", i);
	if (arg->t->is_scalar)
		return put_scalar(arg, call->args, err);
	if (!find_dtype(arg->t->type, &dtype) || arg->t->n > UINT32_MAX)
		return simpler_fail(err, SIMPLER_E_JOB,
				    "args[%zu]: the library has no tensors of %s, or none so large",
				    i, tensor_type_name(arg->t->type));
	if ((c = simpler_call_place(arg, i, gang, err)))
		return c;
	put_tensor(arg, dtype, call->args);
	return 0;
}

static int32_t simpler_call_read_all(json_t *args, const struct simpler_signature *sig,
				     const struct simpler_gang *gang, struct simpler_call *ret,
				     struct dvs_text *err)
{
	int32_t c;

	if ((c = plain_args(args, gang, ret, err)) || (c = read_tensors(args, ret, err)) ||
	    (c = check_signature(sig, ret, err)))
		return c;
	for (size_t i = 0; i < ret->n && !c; i++)
		c = simpler_call_put(ret, i, gang, err);
	return c;
}

int32_t simpler_call_read(json_t *job, const struct simpler_signature *sig,
			  const struct simpler_gang *gang, struct simpler_call *ret,
			  struct dvs_text *err)
{
	json_t *given = json_object_get(job, "args"), *args;
	int32_t c;

	*ret = (struct simpler_call){.mem = arena_new()};
	if (given && !json_is_array(given))
		return simpler_fail(err, SIMPLER_E_JOB, "'args' must be a list");
	args = given ? json_deep_copy(given) : json_array();
	ret->n = json_array_size(args);
	ret->list = arena_array(ret->mem, ret->n + 1, sizeof(*ret->list));
	ret->args = aligned_alloc(SIMPLER_ALIGN, sizeof(*ret->args));
	if (!ret->args)
		abort();
	memset(ret->args, 0, sizeof(*ret->args));
	c = simpler_call_read_all(args, sig, gang, ret, err);
	json_decref(args);
	return c;
}

int32_t simpler_call_send(struct simpler_session *s, const struct simpler_call *call,
			  struct dvs_text *err)
{
	for (size_t i = 0; i < call->n; i++) {
		const struct simpler_arg *arg = &call->list[i];
		int native;

		if (!arg->buffer)
			continue;
		native = SESSION_CALL(s, copy_to, s->context, (void *)(uintptr_t)arg->address,
				      arg->at, arg->t->bytes);
		if (native)
			return simpler_fail(err, simpler_code_of(native, SIMPLER_E_COPY),
					    "args[%zu]: copy to buffer '%s' returned %d", i,
					    arg->buffer, native);
	}
	return 0;
}

static int32_t call_fetch(struct simpler_session *s, const struct simpler_arg *arg,
			  struct dvs_text *err)
{
	int native;

	if (!arg->buffer)
		return 0;
	native = SESSION_CALL(s, copy_from, s->context, arg->at,
			      (const void *)(uintptr_t)arg->address, arg->t->bytes);
	return native ? simpler_fail(err, simpler_code_of(native, SIMPLER_E_COPY),
				     "copy from buffer '%s' returned %d", arg->buffer, native)
		      : 0;
}

int32_t simpler_call_check(struct simpler_session *s, const struct simpler_call *call,
			   unsigned *ret_n_checked, struct dvs_text *err)
{
	struct error e = {0};
	char room[32];
	int32_t c = 0;

	*ret_n_checked = 0;
	for (size_t i = 0; i < call->n && !c; i++) {
		const struct simpler_arg *arg = &call->list[i];

		if (arg->t->is_scalar || arg->t->expect.source == TENSOR_UNSET)
			continue;
		if ((c = call_fetch(s, arg, err)))
			break;
		++*ret_n_checked;
		if (tensor_check(arg->t, arg->at, &e) < 0)
			c = simpler_fail_error(err, e.pos.file ? SIMPLER_E_FILE : SIMPLER_E_RESULT,
					       name_of(i, room), &e);
	}
	return c;
}

void simpler_call_done(struct simpler_call *call)
{
	for (size_t i = 0; i < call->n && call->list; i++)
		free(call->list[i].at);
	free(call->args);
	arena_free(call->mem);
	*call = (struct simpler_call){0};
}
