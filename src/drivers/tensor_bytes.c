/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a tensor: filled from its content, and compared with the expected one. */
#include "drivers/tensor.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

struct element {
	bool is_real;
	double real;
	int64_t integer;
};

static uint16_t to_bf16(double d)
{
	float f = (float)d;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	if (isnan(f))
		return (uint16_t)(bits >> 16 | 0x40);
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16); /* to nearest, ties to even */
}

static double from_bf16(uint16_t h)
{
	uint32_t bits = (uint32_t)h << 16;
	float f;

	memcpy(&f, &bits, sizeof(f));
	return (double)f;
}

static uint16_t to_f16(double d)
{
	uint16_t sign = signbit(d) ? 0x8000 : 0;
	double a = fabs(d), mantissa;
	int exponent;

	if (isnan(d))
		return sign | 0x7e00;
	if (a >= 65520)
		return sign | 0x7c00;
	if (a < 0x1p-14)
		return (uint16_t)(sign | (uint16_t)nearbyint(a * 0x1p24)); /* subnormal */
	mantissa = frexp(a, &exponent);					   /* [0.5, 1) */
	/* If the mantissa rounds up to 2, the carry increments the exponent, which is right. */
	return (uint16_t)(sign + (uint16_t)((exponent + 13) * 1024 + nearbyint(mantissa * 2048)));
}

static double from_f16(uint16_t h)
{
	unsigned exponent = h >> 10 & 31, mantissa = h & 1023;
	double a = exponent == 31  ? (mantissa ? (double)NAN : (double)INFINITY)
		   : exponent == 0 ? ldexp(mantissa, -24)
				   : ldexp(1024 + mantissa, (int)exponent - 25);

	return h & 0x8000 ? -a : a;
}

#define PUT(T, v)                          \
	do {                               \
		T x = (T)(v);              \
		memcpy(to, &x, sizeof(x)); \
	} while (0)
#define GET(T, member)                       \
	do {                                 \
		T x;                         \
		memcpy(&x, from, sizeof(x)); \
		e.member = x;                \
	} while (0)

static void put_real(enum tensor_type type, void *to, double d)
{
	if (type == TENSOR_F64)
		PUT(double, d);
	else if (type == TENSOR_F32)
		PUT(float, d);
	else if (type == TENSOR_BF16)
		PUT(uint16_t, to_bf16(d));
	else
		PUT(uint16_t, to_f16(d));
}

/* Little-endian, as the devices are: the first n bytes of an integer are its value in n bytes. */
static void tensor_put(enum tensor_type type, void *to, const struct element *e)
{
	if (type <= TENSOR_F64)
		put_real(type, to, e->is_real ? e->real : (double)e->integer);
	else
		memcpy(to, &e->integer, tensor_type_size(type));
}

static struct element tensor_bytes_get(enum tensor_type type, const void *from)
{
	struct element e = {.is_real = type <= TENSOR_F64};
	uint16_t half;

	memcpy(&half, from, type <= TENSOR_BF16 ? sizeof(half) : 1);
	switch (type) {
	case TENSOR_F16:
		e.real = from_f16(half);
		break;
	case TENSOR_BF16:
		e.real = from_bf16(half);
		break;
	case TENSOR_F32:
		GET(float, real);
		break;
	case TENSOR_F64:
		GET(double, real);
		break;
	case TENSOR_I8:
		GET(int8_t, integer);
		break;
	case TENSOR_I16:
		GET(int16_t, integer);
		break;
	case TENSOR_I32:
		GET(int32_t, integer);
		break;
	default:
		memcpy(&e.integer, from, tensor_type_size(type)); /* the rest stays 0 */
		break;
	}
	return e;
}

double tensor_get(enum tensor_type type, const void *from)
{
	struct element e = tensor_bytes_get(type, from);

	if (type == TENSOR_U64)
		return (double)(uint64_t)e.integer;
	return e.is_real ? e.real : (double)e.integer;
}

static int64_t to_integer(enum tensor_type type, double value)
{
	bool is_signed = type <= TENSOR_I64;
	unsigned bits = (unsigned)tensor_type_size(type) * 8 - is_signed;
	int64_t most = INT64_MAX >> (bits > 63 ? 0 : 63 - bits), least = is_signed ? -most - 1 : 0;

	if (!(value > (double)least)) /* also true for NaN */
		return least;
	return value < (double)most ? (int64_t)value : most;
}

void tensor_set(enum tensor_type type, void *to, double value)
{
	struct element e = {.is_real = type <= TENSOR_F64, .real = value};

	if (!e.is_real)
		e.integer = to_integer(type, value);
	tensor_put(type, to, &e);
}

static struct element content_at(const struct tensor *t, const struct tensor_content *c,
				 const void *bytes, uint64_t i)
{
	struct element e = {.is_real = t->type <= TENSOR_F64};

	if (c->source == TENSOR_FILE)
		return tensor_bytes_get(t->type,
					(const char *)bytes + i * tensor_type_size(t->type));
	e.real = c->source == TENSOR_IOTA ? (double)i : c->real;
	e.integer = c->source == TENSOR_IOTA ? (int64_t)i : c->integer;
	return e;
}

static int read_bytes(const struct tensor *t, const char *path, struct str *ret, struct error *err)
{
	if (fs_read_file(path, t->bytes, ret, err) < 0) {
		error_wrap(err, "%s", path);
		return -1;
	}
	if (ret->len != t->bytes)
		return error_plain(err, "%s: has %zu bytes, not %" PRIu64, path, ret->len,
				   t->bytes);
	return 0;
}

/* Repeats the first element by copying ever larger parts. */
static void tensor_repeat(char *to, uint64_t bytes, size_t first)
{
	for (uint64_t n = first; n < bytes; n *= 2)
		memcpy(to + n, to, n < bytes - n ? n : bytes - n);
}

/* Fills a tensor with its content. */
static int fill_content(const struct tensor *t, void *to, struct error *err)
{
	const struct tensor_content *c = &t->content;
	size_t size = tensor_type_size(t->type);
	_cleanup_(str_done) struct str file = {0};
	struct element e;

	if (c->source == TENSOR_FILE) {
		if (read_bytes(t, c->file, &file, err) < 0)
			return -1;
		memcpy(to, file.s, t->bytes);
		return 0;
	}
	for (uint64_t i = 0; i < (c->source == TENSOR_IOTA ? t->n : 1); i++) {
		e = content_at(t, c, NULL, i);
		tensor_put(t->type, (char *)to + i * size, &e);
	}
	tensor_repeat(to, t->bytes, c->source == TENSOR_IOTA ? t->bytes : size);
	return 0;
}

/* The value after it was stored: 0.1 in f16 is not 0.1. */
static struct element as_stored(enum tensor_type type, const struct element *e)
{
	char bytes[8] = {0};

	tensor_put(type, bytes, e);
	return tensor_bytes_get(type, bytes);
}

static bool is_near(const struct tensor *t, const struct element *got, const struct element *want)
{
	double g = got->is_real ? got->real : (double)got->integer;
	double w = want->is_real ? want->real : (double)want->integer;

	if (!got->is_real && got->integer == want->integer)
		return true;
	if (got->is_real && (isnan(g) || isnan(w) || isinf(w)))
		return g == w || (isnan(g) && isnan(w));
	if (!got->is_real && t->rtol <= 0 && t->atol <= 0)
		return false;
	return fabs(g - w) <= t->atol + t->rtol * fabs(w);
}

static void tensor_add_element(struct str *b, const struct tensor *t, const struct element *e)
{
	if (e->is_real && isnan(e->real))
		str_add(b, "nan"); /* without its sign */
	else if (e->is_real)
		str_printf(b, "%.9g", e->real);
	else if (t->type == TENSOR_U64)
		str_printf(b, "%" PRIu64, (uint64_t)e->integer);
	else
		str_printf(b, "%" PRId64, e->integer);
}

static int tensor_mismatch(const struct tensor *t, uint64_t n, uint64_t first,
			   const struct element *got, const struct element *want, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};

	str_printf(&text, "%" PRIu64 " of %" PRIu64 " elements wrong; element %" PRIu64 " is ", n,
		   t->n, first);
	tensor_add_element(&text, t, got);
	str_add(&text, ", not ");
	tensor_add_element(&text, t, want);
	return error_plain(err, "%s", text.s);
}

/* Tells whether element i of the result is as expected. file: the expected bytes. */
static bool is_expected(const struct tensor *t, const char *file, uint64_t i, const void *bytes,
			struct element *got, struct element *want)
{
	*want = content_at(t, &t->expect, file, i);
	*want = as_stored(t->type, want);
	*got = tensor_bytes_get(t->type, (const char *)bytes + i * tensor_type_size(t->type));
	return is_near(t, got, want);
}

/* Fills an output with bytes that differ from the expected ones: 0xff, or others where 0xff is
 * expected. */
static void fill_unwritten(const struct tensor *t, void *to)
{
	static const unsigned char patterns[] = {0x55, 0x00, 0xff};
	size_t size = tensor_type_size(t->type);
	_cleanup_(str_done) struct str file = {0};
	struct error ignored = {0}; /* tensor_check() reads the file again, and reports the error */
	struct element got, want;
	bool is_known = t->expect.source != TENSOR_UNSET;

	memset(to, 0xff, t->bytes);
	if (t->expect.source == TENSOR_FILE && read_bytes(t, t->expect.file, &file, &ignored) < 0)
		is_known = false;
	error_done(&ignored);
	for (uint64_t i = 0; i < t->n && is_known; i++)
		for (unsigned p = 0;
		     p < ARRAY_LEN(patterns) && is_expected(t, file.s, i, to, &got, &want); p++)
			memset((char *)to + i * size, patterns[p], size);
}

int tensor_fill(const struct tensor *t, void *to, struct error *err)
{
	if (t->content.source != TENSOR_UNSET)
		return fill_content(t, to, err);
	if (t->is_out)
		fill_unwritten(t, to);
	else
		memset(to, 0, t->bytes);
	return 0;
}

int tensor_check(const struct tensor *t, const void *got, struct error *err)
{
	_cleanup_(str_done) struct str file = {0};
	struct element first_got = {0}, first_want = {0};
	uint64_t n = 0, first = 0;

	if (t->expect.source == TENSOR_UNSET)
		return 0;
	if (t->expect.source == TENSOR_FILE && read_bytes(t, t->expect.file, &file, err) < 0)
		return -1;
	for (uint64_t i = 0; i < t->n; i++) {
		struct element want, is;

		if (is_expected(t, file.s, i, got, &is, &want))
			continue;
		if (n++ == 0) {
			first = i;
			first_got = is;
			first_want = want;
		}
	}
	return n ? tensor_mismatch(t, n, first, &first_got, &first_want, err) : 0;
}
