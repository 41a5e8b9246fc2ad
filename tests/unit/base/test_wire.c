/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

#include "unit.h"

static const char *const words[] = {"one", "", "three"};

static size_t put_sample(struct str *b, uint8_t type)
{
	size_t start = wire_begin(b, type);

	wire_put_u32(b, 0xdeadbeef);
	wire_put_u64(b, UINT64_C(0x0123456789abcdef));
	wire_put_f64(b, -2.5);
	wire_put_string(b, "text");
	wire_put_string(b, NULL);
	wire_put_string(b, "");
	wire_put_bytes(b, "a\0b", 3);
	wire_put_strings(b, words, ARRAY_LEN(words));
	wire_end(b, start);
	return b->len - start;
}

static void read_sample(struct wire *w)
{
	const char **list;
	const char *bytes;
	size_t n;

	assert_int_equal(wire_u32(w), 0xdeadbeef);
	assert_true(wire_u64(w) == UINT64_C(0x0123456789abcdef));
	assert_true(wire_f64(w) == -2.5);
	assert_string_equal(wire_string(w), "text");
	assert_null(wire_string(w));
	assert_string_equal(wire_string(w), "");
	bytes = wire_bytes(w, &n);
	assert_int_equal(n, 3);
	assert_memory_equal(bytes, "a\0b", 4);
	list = wire_strings(w, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(list[i], words[i]);
	assert_null(list[3]);
	free(list);
	assert_true(w->ok);
	assert_ptr_equal(w->at, w->end);
}

static void what_was_put_is_read_frame_by_frame(void **state)
{
	struct str b = {0};
	size_t at = 0, size;
	struct wire w;
	uint8_t type;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		put_sample(&b, (uint8_t)(200 + i));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(wire_next(b.s + at, b.len - at, &type, &w, &size), 1);
		assert_int_equal(type, 200 + i);
		read_sample(&w);
		at += size;
	}
	assert_int_equal(at, b.len);
	str_done(&b);
}

static void the_bytes_are_little_endian_everywhere(void **state)
{
	static const char want[] = "\x0b\0\0\0\x07\x04\x03\x02\x01\x01\0\0\0x\0";
	struct str b = {0};
	size_t start = wire_begin(&b, 7);

	(void)state;
	wire_put_u32(&b, 0x01020304);
	wire_put_string(&b, "x");
	wire_end(&b, start);
	assert_int_equal(b.len, sizeof(want) - 1);
	assert_memory_equal(b.s, want, b.len);
	str_done(&b);
}

static void a_frame_waits_for_its_last_byte(void **state)
{
	struct str b = {0};
	size_t n = put_sample(&b, 1), size = 0;
	struct wire w;
	uint8_t type;

	(void)state;
	for (size_t k = 0; k < n; k++)
		assert_int_equal(wire_next(b.s, k, &type, &w, &size), 0);
	assert_int_equal(wire_next(b.s, n, &type, &w, &size), 1);
	assert_int_equal(size, n);
	str_done(&b);
}

static void a_length_that_cannot_be_is_refused(void **state)
{
	struct wire w;
	size_t size;
	uint8_t type;

	(void)state;
	assert_int_equal(wire_next("\0\0\0\0\1", 5, &type, &w, &size), -1);
	assert_int_equal(wire_next("\xff\xff\xff\xff\1", 5, &type, &w, &size), -1);
	assert_int_equal(wire_next("\1\0\0\4\1", 5, &type, &w, &size), -1); /* 64 MiB + 1 */
	assert_int_equal(wire_next("\0\0\0\4\1", 5, &type, &w, &size), 0);
}

/* Reads fields of any kind until they stop fitting; exact mallocs let ASan see one byte too many.
 */
static void read_anything(const char *bytes, size_t n, unsigned *seed)
{
	char *copy = memcpy(malloc(n ? n : 1), bytes, n);
	struct wire w = {copy, copy + n, true};
	size_t len;

	for (unsigned i = 0; i < 20; i++) {
		switch (next_random(seed) % 6) {
		case 0:
			wire_u32(&w);
			break;
		case 1:
			wire_u64(&w);
			break;
		case 2:
			wire_f64(&w);
			break;
		case 3: {
			const char *s = wire_string(&w);

			assert_true(!s || (s >= copy && s + strlen(s) < copy + n));
			break;
		}
		case 4:
			assert_true(wire_bytes(&w, &len) || len == 0);
			break;
		default: {
			const char **list = wire_strings(&w, &len);

			assert_true(list || len == 0);
			free(list);
		}
		}
		assert_in_range((uintptr_t)w.at, (uintptr_t)copy, (uintptr_t)(copy + n));
	}
	free(copy);
}

static void cut_and_damaged_fields_are_never_read_past_the_end(void **state)
{
	struct str b = {0};
	size_t n = put_sample(&b, 1);
	unsigned seed = 77;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		size_t from = next_random(&seed) % n, k = next_random(&seed) % (n - from + 1);
		size_t at = next_random(&seed) % n;
		char was = b.s[at];

		b.s[at] = (char)next_random(&seed);
		read_anything(b.s + from, k, &seed);
		b.s[at] = was;
	}
	str_done(&b);
}

static void after_a_misfit_all_reads_are_empty(void **state)
{
	char bytes[] = "\1\0\0\0x"; /* a string whose NUL is missing */
	struct wire w = {bytes, bytes + 5, true};
	size_t n = 9;

	(void)state;
	assert_null(wire_string(&w));
	assert_false(w.ok);
	w.at = bytes;
	assert_int_equal(wire_u32(&w), 0);
	assert_true(wire_u64(&w) == 0);
	assert_null(wire_bytes(&w, &n));
	assert_int_equal(n, 0);
	n = 9;
	assert_null(wire_strings(&w, &n));
	assert_int_equal(n, 0);
}

static void a_string_must_end_where_it_says(void **state)
{
	char bytes[] = "\1\0\0\0xy";
	struct wire w = {bytes, bytes + 6, true};

	(void)state;
	assert_null(wire_string(&w));
	assert_false(w.ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_read_frame_by_frame),
		cmocka_unit_test(the_bytes_are_little_endian_everywhere),
		cmocka_unit_test(a_frame_waits_for_its_last_byte),
		cmocka_unit_test(a_length_that_cannot_be_is_refused),
		cmocka_unit_test(cut_and_damaged_fields_are_never_read_past_the_end),
		cmocka_unit_test(after_a_misfit_all_reads_are_empty),
		cmocka_unit_test(a_string_must_end_where_it_says),
	};

	return RUN(tests);
}
