/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/tensor.h"

#include <math.h>
#include <unistd.h>

#include "../base/unit.h"

struct bed {
	struct arena *mem;
	struct error err;
	struct tensor *t;
	size_t n;
};

static int bed_init(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	b->mem = arena_new();
	*state = b;
	return 0;
}

static int bed_done(void **state)
{
	struct bed *b = *state;

	error_done(&b->err);
	arena_free(b->mem);
	free(b);
	return 0;
}

static int read_args(struct bed *b, const char *text)
{
	json_t *args = json_loads(text, 0, NULL);
	int rc;

	assert_non_null(args);
	rc = tensors_read(args, b->mem, &b->t, &b->n, &b->err);
	json_decref(args);
	return rc;
}

static void tensors_and_scalars_are_read_in_order(void **state)
{
	struct bed *b = *state;

	assert_int_equal(read_args(b, "[ {\"f32\": [2, 3], \"fill\": 1.5}, {\"i64\": -7},"
				      "  {\"u8\": [4], \"out\": true,"
				      "   \"expect\": {\"fill\": 9, \"atol\": 1}} ]"),
			 0);
	assert_int_equal(b->n, 3);
	assert_int_equal(b->t[0].type, TENSOR_F32);
	assert_int_equal(b->t[0].n_dims, 2);
	assert_int_equal(b->t[0].bytes, 24);
	assert_true(b->t[1].is_scalar);
	assert_int_equal(b->t[1].content.integer, -7);
	assert_true(b->t[2].is_out);
	assert_true(b->t[2].atol > 0.9);
	assert_int_equal(tensors_read(NULL, b->mem, &b->t, &b->n, &b->err), 0);
	assert_int_equal(b->n, 0);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *args, *message;
	} cases[] = {
		{"[ {\"i8\": 1}, 5 ]", "args[1]: needs one type, such as f32: [16384], or i64: 5"},
		{"[ {\"f32\": [1], \"i8\": 1} ]",
		 "args[0]: needs one type, such as f32: [16384], or i64: 5"},
		{"[ {\"f32\": []} ]", "args[0]: f32 needs 1 to 5 dimensions"},
		{"[ {\"f32\": [1,1,1,1,1,1]} ]", "args[0]: f32 needs 1 to 5 dimensions"},
		{"[ {\"f32\": [0]} ]", "args[0]: a dimension must be an integer, 1 or more"},
		{"[ {\"f32\": [4294967295, 4294967295]} ]", "args[0]: larger than 4 TiB"},
		{"[ {\"f32\": [2], \"fil\": 1} ]", "args[0]: unknown key 'fil'"},
		{"[ {\"i8\": 300} ]", "args[0]: i8: 300 does not fit into i8"},
		{"[ {\"u8\": [1], \"fill\": -1} ]", "args[0]: fill: -1 does not fit into u8"},
		{"[ {\"i8\": [1], \"fill\": 1.5} ]", "args[0]: fill must be an integer"},
		{"[ {\"f32\": [1], \"fill\": \"x\"} ]", "args[0]: fill must be a number"},
		{"[ {\"f32\": [1], \"fill\": 1, \"file\": \"x\"} ]",
		 "args[0]: either fill or file, not both"},
		{"[ {\"f32\": [1], \"expect\": {\"fill\": 1}} ]",
		 "args[0]: expect is for outputs: say out: true"},
		{"[ {\"f32\": [1], \"out\": true, \"expect\": {\"rtol\": 1}} ]",
		 "args[0]: expect needs fill or file"},
		{"[ {\"f32\": [1], \"out\": true, \"expect\": {\"fill\": 1, \"rtol\": -1}} ]",
		 "args[0]: expect.rtol must be a number, 0 or more"},
		{"[ {\"f32\": [1], \"out\": 1} ]", "args[0]: out must be true or false"},
		{"{}", "args must be a list"},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(read_args(b, cases[i].args), -1);
		assert_string_equal(b->err.msg, cases[i].message);
		error_done(&b->err);
	}
}

/* Each type has the value that it was filled with, and one wrong element is found. */
static void every_type_is_filled_and_checked(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < TENSOR_TYPE_COUNT; i++) {
		char text[200], bytes[8 * 7];

		snprintf(text, sizeof(text),
			 "[{\"%s\": [7], \"out\": true, \"fill\": 100, \"expect\": {\"fill\": "
			 "100}}]",
			 tensor_type_name((enum tensor_type)i));
		assert_int_equal(read_args(b, text), 0);
		assert_int_equal(tensor_fill(b->t, bytes, &b->err), 0);
		assert_int_equal(tensor_check(b->t, bytes, &b->err), 0);
		bytes[3 * tensor_type_size((enum tensor_type)i)] ^= 1;
		assert_int_equal(tensor_check(b->t, bytes, &b->err), -1);
		assert_non_null(strstr(b->err.msg, "1 of 7 elements wrong; element 3 is "));
		assert_non_null(strstr(b->err.msg, ", not 100"));
		error_done(&b->err);
	}
}

static void halves_have_their_bits(void **state)
{
	static const struct {
		const char *type, *value;
		uint16_t bits;
	} cases[] = {
		{"f16", "1", 0x3c00},
		{"f16", "-2", 0xc000},
		{"f16", "65504", 0x7bff},
		{"f16", "65520", 0x7c00},
		{"f16", "0.1", 0x2e66},
		{"f16", "2049", 0x6800},
		{"f16", "2051", 0x6802},
		{"f16", "6e-8", 0x0001},
		{"f16", "0", 0},
		{"f16", "0.00006103515625", 0x0400},
		{"bf16", "1", 0x3f80},
		{"bf16", "0.1", 0x3dcd},
		{"bf16", "-3.140625", 0xc049},
	};
	struct bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[200];
		uint16_t bits;

		snprintf(text, sizeof(text), "[{\"%s\": [1], \"fill\": %s}]", cases[i].type,
			 cases[i].value);
		assert_int_equal(read_args(b, text), 0);
		assert_int_equal(tensor_fill(b->t, &bits, &b->err), 0);
		assert_int_equal(bits, cases[i].bits);
	}
}

static void an_output_nobody_wrote_is_not_a_result(void **state)
{
	static const char *const args[] = {
		"[{\"f32\": [4], \"out\": true, \"expect\": {\"fill\": 0, \"atol\": 1e9}}]",
		"[{\"u32\": [4], \"out\": true, \"expect\": {\"fill\": 0}}]",
		"[{\"i32\": [4], \"out\": true, \"expect\": {\"fill\": -1}}]",
		"[{\"i64\": [4], \"out\": true, \"expect\": {\"fill\": -1}}]",
		"[{\"u8\": [4], \"out\": true, \"expect\": {\"fill\": 255}}]",
		"[{\"u8\": [4], \"out\": true, \"expect\": {\"fill\": 150, \"atol\": 110}}]",
		"[{\"u16\": [4], \"out\": true, \"expect\": {\"fill\": 65535}}]",
	};
	struct bed *b = *state;
	char bytes[32];

	for (size_t i = 0; i < ARRAY_LEN(args); i++) {
		assert_int_equal(read_args(b, args[i]), 0);
		assert_int_equal(tensor_fill(b->t, bytes, &b->err), 0);
		assert_int_equal(tensor_check(b->t, bytes, &b->err), -1);
		assert_non_null(strstr(b->err.msg, "4 of 4 elements wrong; element 0 is "));
		assert_null(strstr(b->err.msg, "-nan"));
		error_done(&b->err);
	}
}

/* Also if only some elements of the expected file have the pattern of unwritten memory. */
static void no_element_begins_as_what_is_expected_of_it(void **state)
{
	static const uint32_t wanted[4] = {0xffffffff, 5, 0x55555555, 0xffffffff}; /* NaN: f32 */
	static const uint32_t began[4] = {0x55555555, 0xffffffff, 0xffffffff, 0x55555555};
	static const char *const types[] = {"f32", "i32", "u32"};
	struct bed *b = *state;
	char path[] = "/tmp/test-tensor-XXXXXX", text[200], bytes[16];
	int fd = mkstemp(path);

	assert_int_equal(write(fd, wanted, sizeof(wanted)), sizeof(wanted));
	close(fd);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		snprintf(text, sizeof(text),
			 "[{\"%s\": [4], \"out\": true, \"expect\": {\"file\": \"%s\"}}]", types[i],
			 path);
		assert_int_equal(read_args(b, text), 0);
		assert_int_equal(tensor_fill(b->t, bytes, &b->err), 0);
		if (i > 0)
			assert_memory_equal(bytes, began, sizeof(began));
		assert_int_equal(tensor_check(b->t, bytes, &b->err), -1);
		assert_non_null(strstr(b->err.msg, "4 of 4 elements wrong"));
		error_done(&b->err);
	}
	unlink(path);
	assert_int_equal(tensor_fill(b->t, bytes, &b->err), 0); /* the check says what is missing */
	assert_int_equal(tensor_check(b->t, bytes, &b->err), -1);
	error_done(&b->err);
}

static void tolerances_are_relative_and_absolute(void **state)
{
	struct bed *b = *state;
	float got[2] = {42.0004f, 42.0f};

	assert_int_equal(read_args(b, "[{\"f32\": [2], \"out\": true,"
				      "  \"expect\": {\"fill\": 42, \"rtol\": 1e-5}}]"),
			 0);
	assert_int_equal(tensor_check(b->t, got, &b->err), 0);
	got[1] = 42.0005f;
	assert_int_equal(tensor_check(b->t, got, &b->err), -1);
	error_done(&b->err);
	got[1] = (float)INFINITY;
	assert_int_equal(tensor_check(b->t, got, &b->err), -1);
	assert_string_equal(b->err.msg, "1 of 2 elements wrong; element 1 is inf, not 42");
	error_done(&b->err);
	assert_int_equal(read_args(b, "[{\"f16\": [1], \"out\": true, \"fill\": 0.1,"
				      "  \"expect\": {\"fill\": 0.1}}]"),
			 0);
	assert_int_equal(tensor_fill(b->t, got, &b->err), 0);
	assert_int_equal(tensor_check(b->t, got, &b->err), 0); /* the nearest value of the type */
}

static void files_hold_what_goes_in_and_what_should_come_out(void **state)
{
	struct bed *b = *state;
	char path[] = "/tmp/test-tensor-XXXXXX", text[300];
	int32_t wanted[3] = {5, -6, 7}, got[3];
	int fd = mkstemp(path);

	assert_int_equal(write(fd, wanted, sizeof(wanted)), sizeof(wanted));
	snprintf(
		text, sizeof(text),
		"[{\"i32\": [3], \"out\": true, \"file\": \"%s\", \"expect\": {\"file\": \"%s\"}}]",
		path, path);
	assert_int_equal(read_args(b, text), 0);
	assert_int_equal(tensor_fill(b->t, got, &b->err), 0);
	assert_memory_equal(got, wanted, sizeof(got));
	got[1] = 6;
	assert_int_equal(tensor_check(b->t, got, &b->err), -1);
	assert_string_equal(b->err.msg, "1 of 3 elements wrong; element 1 is 6, not -6");
	error_done(&b->err);
	assert_int_equal(ftruncate(fd, 8), 0);
	assert_int_equal(tensor_fill(b->t, got, &b->err), -1);
	assert_non_null(strstr(b->err.msg, "has 8 bytes, not 12"));
	error_done(&b->err);
	close(fd);
	unlink(path);
	assert_int_equal(tensor_fill(b->t, got, &b->err), -1);
	snprintf(text, sizeof(text), "%s: cannot be read: No such file or directory", path);
	assert_string_equal(b->err.msg, text);
}

static void iota_counts(void **state)
{
	struct bed *b = *state;
	int16_t got[5];

	assert_int_equal(read_args(b, "[{\"i16\": [5], \"fill\": \"iota\", \"out\": true,"
				      "  \"expect\": {\"fill\": \"iota\"}}]"),
			 0);
	assert_int_equal(tensor_fill(b->t, got, &b->err), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(got[i], i);
	assert_int_equal(tensor_check(b->t, got, &b->err), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bed_init, bed_done)

static void every_type_holds_what_a_double_can_say_of_it(void **state)
{
	static const double most[TENSOR_TYPE_COUNT] = {
		[TENSOR_F16] = 65504,	   [TENSOR_BF16] = 0x1p100,   [TENSOR_F32] = 0x1p100,
		[TENSOR_F64] = 0x1p1000,   [TENSOR_I8] = INT8_MAX,    [TENSOR_I16] = INT16_MAX,
		[TENSOR_I32] = INT32_MAX,  [TENSOR_I64] = 0x1p63,     [TENSOR_U8] = UINT8_MAX,
		[TENSOR_U16] = UINT16_MAX, [TENSOR_U32] = UINT32_MAX, [TENSOR_U64] = 0x1p63,
	};
	char at[8];

	(void)state;
	for (unsigned t = 0; t < TENSOR_TYPE_COUNT; t++) {
		tensor_set((enum tensor_type)t, at, 5);
		assert_true(tensor_get((enum tensor_type)t, at) == 5);
		tensor_set((enum tensor_type)t, at, most[t]);
		assert_true(tensor_get((enum tensor_type)t, at) == most[t]);
		if (t < TENSOR_I8)
			continue;
		tensor_set((enum tensor_type)t, at, 1e30);
		assert_true(tensor_get((enum tensor_type)t, at) == most[t]);
		tensor_set((enum tensor_type)t, at, -1e30);
		assert_true(tensor_get((enum tensor_type)t, at) ==
			    (t < TENSOR_U8 ? -most[t] - (t == TENSOR_I64 ? 0 : 1) : 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tensors_and_scalars_are_read_in_order),
		TEST(what_is_wrong_is_said_with_its_place),
		TEST(every_type_is_filled_and_checked),
		TEST(halves_have_their_bits),
		TEST(an_output_nobody_wrote_is_not_a_result),
		TEST(no_element_begins_as_what_is_expected_of_it),
		TEST(tolerances_are_relative_and_absolute),
		TEST(files_hold_what_goes_in_and_what_should_come_out),
		TEST(iota_counts),
		cmocka_unit_test(every_type_holds_what_a_double_can_say_of_it),
	};

	return RUN(tests);
}
