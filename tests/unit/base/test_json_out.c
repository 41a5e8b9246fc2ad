/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_out.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

#include "unit.h"

static json_t *parsed(struct json_out *j)
{
	json_error_t err;
	json_t *root = json_loadb(j->buf.s, j->buf.len, JSON_ALLOW_NUL, &err);

	if (!root)
		fail_msg("%s in: %s", err.text, j->buf.s);
	return root;
}

static void write_sample(struct json_out *j)
{
	jout_object(j);
	jout_key_string(j, "name", "a \"b\" \\ \n\t\x01");
	jout_key_int(j, "least", INT64_MIN);
	jout_key_real(j, "time", 1.5, 3);
	jout_key_bool(j, "yes", true);
	jout_key(j, "list");
	jout_array(j);
	jout_string(j, NULL);
	jout_int(j, -1);
	jout_object(j);
	jout_object_end(j);
	jout_array(j);
	jout_array_end(j);
	jout_array_end(j);
	jout_key(j, "seed");
	jout_raw(j,
		 "12345678901234567890123456789012345678901234567890123456789012345678901234567");
	jout_object_end(j);
}

static void one_line_has_no_blanks(void **state)
{
	struct json_out j;

	(void)state;
	jout_init(&j, -1, 0);
	write_sample(&j);
	assert_string_equal(
		j.buf.s,
		"{\"name\":\"a \\\"b\\\" \\\\ \\n\\t\\u0001\",\"least\":-9223372036854775808,"
		"\"time\":1.5,\"yes\":true,\"list\":[null,-1,{},[]],\"seed\":"
		"12345678901234567890123456789012345678901234567890123456789012345678901234567"
		"}");
	assert_int_equal(jout_done(&j), 0);
}

static void a_list_of_texts_may_be_missing(void **state)
{
	static const char *const texts[] = {"a", "\"", NULL};
	struct json_out j;

	(void)state;
	jout_init(&j, -1, 0);
	jout_object(&j);
	jout_key_strings(&j, "some", texts);
	jout_key_strings(&j, "empty", texts + 2);
	jout_key_strings(&j, "none", NULL);
	jout_object_end(&j);
	assert_string_equal(j.buf.s, "{\"some\":[\"a\",\"\\\"\"],\"empty\":[],\"none\":[]}");
	assert_int_equal(jout_done(&j), 0);
}

static void indented_text_is_the_same_value(void **state)
{
	struct json_out j;

	(void)state;
	jout_init(&j, -1, 2);
	jout_object(&j);
	jout_key(&j, "a");
	jout_array(&j);
	jout_int(&j, 1);
	jout_bool(&j, false);
	jout_array_end(&j);
	jout_key_string(&j, "b", "");
	jout_object_end(&j);
	assert_string_equal(j.buf.s, "{\n  \"a\": [\n    1,\n    false\n  ],\n  \"b\": \"\"\n}");
	jout_done(&j);
}

/* Random bytes, mostly not UTF-8: a JSON parser accepts the output, and valid text is unchanged. */
static void any_bytes_become_json(void **state)
{
	unsigned seed = 33;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct json_out j;
		char bytes[24];
		size_t n = next_random(&seed) % sizeof(bytes);
		json_t *root;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)(next_random(&seed) % (round % 2 ? 256 : 128));
		jout_init(&j, -1, 0);
		jout_array(&j);
		jout_string_n(&j, bytes, n);
		jout_array_end(&j);
		root = parsed(&j);
		if (round % 2 == 0) {
			const json_t *s = json_array_get(root, 0);

			assert_int_equal(json_string_length(s), n);
			assert_memory_equal(json_string_value(s), bytes, n);
		}
		json_decref(root);
		jout_done(&j);
	}
}

static void each_bad_byte_becomes_one_replacement(void **state)
{
	struct json_out j;

	(void)state;
	jout_init(&j, -1, 0);
	jout_string(&j, "\xc3\xa9 \xff\xfe \xe2\x9c \xed\xa0\x80");
	assert_string_equal(j.buf.s, "\"\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd "
				     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	jout_done(&j);
}

static void reals_have_the_digits_they_need(void **state)
{
	static const struct {
		double d;
		unsigned decimals;
		const char *text;
	} cases[] = {
		{1.5, 3, "1.5"},
		{2, 3, "2.0"},
		{0.1239, 3, "0.124"},
		{2.6, 0, "3"},
		{100, 0, "100"},
		{-0.25, 6, "-0.25"},
		{1.0 / 0.0, 3, "null"},
		{-1.0 / 0.0, 3, "null"},
		{0.0 / 0.0, 3, "null"},
		{1e20, 1, "100000000000000000000.0"},
		{0.000002, 6, "0.000002"},
		{1763704197.123456, 6, "1763704197.123456"},
		{0.05, 3, "0.05"},
		{-1e-9, 6, "0.0"},
		{0.000000125, 9, "0.000000125"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_out j;

		jout_init(&j, -1, 0);
		jout_real(&j, cases[i].d, cases[i].decimals);
		assert_string_equal(j.buf.s, cases[i].text);
		jout_done(&j);
	}
}

/* A special byte is found at every position, also where many bytes are compared at once. */
static void an_odd_byte_is_escaped_at_every_place(void **state)
{
	static const char odd[] = {'"', '\\', 0x1f, 0x7f, '\n', (char)0xff};
	char text[40];

	(void)state;
	for (size_t len = 1; len < sizeof(text); len++)
		for (size_t at = 0; at < len; at++)
			for (size_t k = 0; k < sizeof(odd); k++) {
				struct json_out j;
				json_t *root;

				memset(text, 'x', len);
				text[at] = odd[k];
				jout_init(&j, -1, 0);
				jout_array(&j);
				jout_string_n(&j, text, len);
				jout_array_end(&j);
				root = parsed(&j);
				if (odd[k] != (char)0xff)
					assert_memory_equal(
						json_string_value(json_array_get(root, 0)), text,
						len);
				else
					assert_non_null(strstr(j.buf.s, "\xef\xbf\xbd"));
				json_decref(root);
				jout_done(&j);
			}
}

static void write_common(struct json_out *j)
{
	jout_key_string(j, "common", "text");
	jout_key(j, "more");
	jout_array(j);
	jout_int(j, 1);
	jout_array_end(j);
}

static void a_part_reads_as_if_written_in_place(void **state)
{
	struct json_out j, plain, part;

	(void)state;
	jout_init(&j, -1, 2);
	jout_init(&plain, -1, 2);
	jout_array(&j);
	jout_array(&plain);
	for (int i = 0; i < 3; i++) {
		jout_object(&j);
		jout_object(&plain);
		jout_key_int(&j, "i", i);
		jout_key_int(&plain, "i", i);
		if (i == 0) {
			jout_part(&part, &j);
			write_common(&part);
		}
		jout_add_part(&j, &part.buf);
		write_common(&plain);
		jout_key_bool(&j, "last", i == 2);
		jout_key_bool(&plain, "last", i == 2);
		jout_object_end(&j);
		jout_object_end(&plain);
	}
	jout_array_end(&j);
	jout_array_end(&plain);
	assert_string_equal(j.buf.s, plain.buf.s);
	jout_done(&part);
	jout_done(&plain);
	jout_done(&j);
}

static void a_break_puts_the_next_item_on_its_own_line(void **state)
{
	struct json_out j;

	(void)state;
	jout_init(&j, -1, 0);
	jout_array(&j);
	for (int i = 0; i < 2; i++) {
		jout_break(&j);
		jout_object(&j);
		jout_key_int(&j, "i", i);
		jout_key_int(&j, "j", i);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	assert_string_equal(j.buf.s, "[\n{\"i\":0,\"j\":0},\n{\"i\":1,\"j\":1}]");
	jout_done(&j);
}

static void a_file_gets_everything_in_order(void **state)
{
	char path[] = "/tmp/dvsched-json-XXXXXX";
	int fd = mkstemp(path);
	struct json_out j;
	json_t *root;

	(void)state;
	jout_init(&j, fd, 1);
	jout_array(&j);
	for (unsigned i = 0; i < 50000; i++) {
		jout_int(&j, i);
		assert_true(j.buf.len < 80 * 1024); /* constant memory */
	}
	jout_array_end(&j);
	assert_int_equal(jout_done(&j), 0);
	close(fd);
	root = json_load_file(path, 0, NULL);
	assert_int_equal(json_array_size(root), 50000);
	assert_int_equal(json_integer_value(json_array_get(root, 49999)), 49999);
	json_decref(root);
	unlink(path);
}

static void a_write_that_fails_is_reported_at_the_end(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct json_out j;

	(void)state;
	jout_init(&j, fd, 0);
	jout_array(&j);
	for (unsigned i = 0; i < 100000; i++)
		jout_int(&j, i);
	jout_array_end(&j);
	assert_int_equal(jout_done(&j), ENOSPC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_has_no_blanks),
		cmocka_unit_test(a_list_of_texts_may_be_missing),
		cmocka_unit_test(indented_text_is_the_same_value),
		cmocka_unit_test(any_bytes_become_json),
		cmocka_unit_test(each_bad_byte_becomes_one_replacement),
		cmocka_unit_test(reals_have_the_digits_they_need),
		cmocka_unit_test(an_odd_byte_is_escaped_at_every_place),
		cmocka_unit_test(a_part_reads_as_if_written_in_place),
		cmocka_unit_test(a_break_puts_the_next_item_on_its_own_line),
		cmocka_unit_test(a_file_gets_everything_in_order),
		cmocka_unit_test(a_write_that_fails_is_reported_at_the_end),
	};

	return RUN(tests);
}
