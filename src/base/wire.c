/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* The length counts everything after itself. */
enum { HEADER = 5 };
#define NO_STRING UINT32_MAX

size_t wire_begin(struct str *b, uint8_t type)
{
	size_t start = b->len;

	wire_put_u32(b, 0);
	str_addc(b, (char)type);
	return start;
}

static void store_u32(char *to, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (char)(v >> 8 * i);
}

void wire_end(struct str *b, size_t start)
{
	size_t n = b->len - start - 4;

	assert(n <= WIRE_LARGEST);
	store_u32(b->s + start, (uint32_t)n);
}

void wire_put_u32(struct str *b, uint32_t v)
{
	char bytes[4];

	store_u32(bytes, v);
	str_addn(b, bytes, 4);
}

void wire_put_u64(struct str *b, uint64_t v)
{
	wire_put_u32(b, (uint32_t)v);
	wire_put_u32(b, (uint32_t)(v >> 32));
}

void wire_put_f64(struct str *b, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	wire_put_u64(b, bits);
}

void wire_put_bytes(struct str *b, const void *s, size_t n)
{
	wire_put_u32(b, (uint32_t)n);
	str_addn(b, s, n);
	str_addc(b, '\0');
}

void wire_put_string(struct str *b, const char *s)
{
	if (s)
		wire_put_bytes(b, s, strlen(s));
	else
		wire_put_u32(b, NO_STRING);
}

void wire_put_strings(struct str *b, const char *const *list, size_t n)
{
	wire_put_u32(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		wire_put_string(b, list[i]);
}

void wire_put_list(struct str *b, const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	wire_put_strings(b, list, n);
}

static uint32_t load_u32(const char *from)
{
	const unsigned char *u = (const unsigned char *)from;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

int wire_next(const char *buf, size_t n, uint8_t *ret_type, struct wire *ret, size_t *ret_size)
{
	uint32_t len;

	if (n < HEADER)
		return 0;
	len = load_u32(buf);
	if (len < 1 || len > WIRE_LARGEST)
		return -1;
	if (n - 4 < len)
		return 0;
	*ret_type = (uint8_t)buf[4];
	*ret = (struct wire){buf + HEADER, buf + 4 + len, true};
	*ret_size = 4 + (size_t)len;
	return 1;
}

static bool wire_has_bytes(struct wire *w, size_t n)
{
	if ((size_t)(w->end - w->at) < n)
		w->ok = false;
	return w->ok;
}

uint32_t wire_u32(struct wire *w)
{
	uint32_t v;

	if (!w->ok || !wire_has_bytes(w, 4))
		return 0;
	v = load_u32(w->at);
	w->at += 4;
	return v;
}

uint64_t wire_u64(struct wire *w)
{
	uint64_t low = wire_u32(w);

	return low | (uint64_t)wire_u32(w) << 32;
}

double wire_f64(struct wire *w)
{
	uint64_t bits = wire_u64(w);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static const char *take_bytes(struct wire *w, size_t n)
{
	const char *s = w->at;

	if (!wire_has_bytes(w, n + 1))
		return NULL;
	if (s[n] != '\0') {
		w->ok = false;
		return NULL;
	}
	w->at += n + 1;
	return s;
}

const char *wire_bytes(struct wire *w, size_t *ret_n)
{
	uint32_t n = wire_u32(w);
	const char *s = w->ok ? take_bytes(w, n) : NULL;

	*ret_n = s ? n : 0;
	return s;
}

const char *wire_string(struct wire *w)
{
	uint32_t n = wire_u32(w);

	if (!w->ok || n == NO_STRING)
		return NULL;
	return take_bytes(w, n);
}

const char **wire_strings(struct wire *w, size_t *ret_n)
{
	uint32_t n = wire_u32(w);
	const char **list;

	*ret_n = 0;
	if (!w->ok || (size_t)(w->end - w->at) / 4 < n) {
		w->ok = w->ok && n == 0;
		return NULL;
	}
	list = xcalloc((size_t)n + 1, sizeof(*list));
	for (uint32_t i = 0; i < n; i++)
		list[i] = wire_string(w);
	*ret_n = n;
	return list;
}
