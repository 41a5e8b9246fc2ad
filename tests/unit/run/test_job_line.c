/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that are read without a tree say the same as jansson's tree of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "run/job_line.h"
#include "same_record.h"

/* A small generator, the same everywhere. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % below;
}

/* Numbers of all lengths. */
static int64_t draw_int(uint64_t *state, int64_t most)
{
	int64_t n = (int64_t)draw(state, 1u << 31) << 32 | draw(state, 1u << 31) << 1;

	return (n >> draw(state, 63)) % most;
}

static double draw_real(uint64_t *state)
{
	return (double)draw(state, 1u << 31) / (draw(state, 4) ? 1e6 : 1e-3) +
	       (draw(state, 3) ? 0 : 1.7e9);
}

static const char *draw_text(uint64_t *state, bool may_be_odd)
{
	static const char *const texts[] = {
		"",	     "t.1",	   "local/17", "Job timed out.", "a b ~ {\"ev\"",
		"x\"quoted", "a\\b: \n c", "é",	       "\x7f",		 "\"},\"crc\":\"0"};

	return texts[draw(state, may_be_odd ? ARRAY_LEN(texts) : 4)];
}

static struct job_result draw_result(uint64_t *state, bool may_be_odd)
{
	static const enum job_status ends[] = {JOB_PASSED, JOB_FAILED, JOB_KILLED};

	return (struct job_result){
		.status = ends[draw(state, 3)],
		.reason = (enum job_reason)draw(state, REASON_COUNT),
		.message = draw(state, 2) ? draw_text(state, may_be_odd) : NULL,
		.context = draw(state, 4) ? NULL : draw_text(state, may_be_odd),
		.line = draw(state, 3),
		.exit_status = (int32_t)draw(state, 4) - 1,
		.term_signal = (int32_t)draw(state, 3),
		.pid = (int32_t)draw_int(state, INT32_MAX),
		.marks = draw(state, 3),
		.start_wall_s = draw_real(state),
		.duration_s = draw_real(state),
		.usage = {draw_real(state), draw_real(state), (uint64_t)draw_int(state, INT64_MAX)},
		.peak_memory_kib = (uint64_t)draw_int(state, INT64_MAX),
		.log_stamp = (uint64_t)draw_int(state, INT64_MAX),
		.details = may_be_odd && !draw(state, 9) ? "{\"n\":[1]}" : NULL,
	};
}

/* A line as journal.c writes it. */
static void draw_line(uint64_t *state, bool may_be_odd, struct str *ret)
{
	struct job_result result = draw_result(state, may_be_odd);
	bool has_result = draw(state, 2);
	const struct job_record r = {
		.n = (uint32_t)draw_int(state, UINT32_MAX),
		.id = draw_text(state, may_be_odd),
		.status = has_result && draw(state, 3)
				  ? result.status
				  : (enum job_status)draw(state, JOB_STATUS_COUNT),
		.reason = draw(state, 2) ? result.reason : REASON_NONE,
		.marks = draw(state, 2),
		.message = draw(state, 2) ? result.message : NULL,
		.cause = draw(state, 2) ? JOB_RECORD_NO_CAUSE : draw(state, 1000),
		.backend = draw(state, 2) ? "local" : NULL,
		.attempt = has_result || draw(state, 2) ? 1 + draw(state, 3) : 0,
		.where = draw(state, 2) ? "local/0" : NULL,
		.stage = draw(state, 2) ? "hw" : NULL,
		.resources = may_be_odd && !draw(state, 9) ? "{\"LIC\":[1]}" : NULL,
		.result = has_result ? &result : NULL,
	};
	struct json_out out;

	jout_init(&out, -1, 0);
	jout_object(&out);
	jout_key_int(&out, "seq", draw_int(state, INT64_MAX));
	jout_key_real(&out, "t", draw_real(state), 3);
	jout_key_string(&out, "ev", "job");
	job_record_write(&out, &r);
	*ret = out.buf;
	str_add(ret, ",\"crc\":\"01234567\"}");
}

/* Returns whether the line could be read without a tree. If so, the tree must say the same. */
static bool check_line(struct job_line *l, const char *line, size_t len)
{
	struct job_record record;
	struct job_result result;
	json_t *json;

	if (!job_line_read(l, line, len))
		return false;
	json = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	if (!json || !job_record_read(json, &record, &result) ||
	    strcmp(json_string_value(json_object_get(json, "ev")), JOB_RECORD_EV) != 0 ||
	    !json_is_integer(json_object_get(json, "seq")) ||
	    (uint64_t)json_integer_value(json_object_get(json, "seq")) != l->seq ||
	    !is_same_real(json_number_value(json_object_get(json, "t")), l->wall_s) ||
	    !is_same_record(&record, &l->record))
		fail_msg("not as jansson reads it: %.*s", (int)len, line);
	json_decref(json);
	return true;
}

static void what_the_journal_writes_is_read_without_a_tree(void **state)
{
	struct job_line l = {0};
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		_cleanup_(str_done) struct str line = {0};

		draw_line(&seed, false, &line);
		if (!check_line(&l, line.s, line.len))
			fail_msg("%s", line.s);
	}
	job_line_done(&l);
}

static void odd_and_changed_lines_are_refused_or_read_as_jansson_does(void **state)
{
	struct job_line l = {0};
	uint64_t seed = 5;
	int n = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		_cleanup_(str_done) struct str line = {0};

		draw_line(&seed, i % 2, &line);
		for (uint32_t k = draw(&seed, 3); k; k--)
			line.s[draw(&seed, (uint32_t)line.len)] =
				"0123456789.,:\"\\{}[]-eE \x01\x7f\xc3\0a"[draw(&seed, 29)];
		if (!draw(&seed, 8))
			line.len = draw(&seed, (uint32_t)line.len + 1);
		n += check_line(&l, line.s, line.len);
	}
	assert_in_range(n, 1000, 19000);
	job_line_done(&l);
}

static void numbers_that_need_a_reader_of_json_are_left_to_it(void **state)
{
	static const struct {
		const char *seq, *t, *n, *stamp;
		bool is_read;
	} cases[] = {
		{"1", "2", "3", "4", true},
		{"1", "2.5", "0", "9223372036854775807", true},
		{"1", "9007199254740991", "0", "0", true},
		{"1", "9007199254740993", "0", "0", false},
		{"1", "900719925474.0993", "0", "0", false},
		{"1", "1.1234567891", "0", "0", false},
		{"1", "1.", "0", "0", false},
		{"1", "01", "0", "0", false},
		{"1", "1e3", "0", "0", false},
		{"1", "-1", "0", "0", false},
		{"01", "1", "0", "0", false},
		{"1.0", "1", "0", "0", false},
		{"1", "1", "4294967294", "0", true},
		{"1", "1", "4294967295", "0", false},
		{"1", "1", "0", "9223372036854775808", false},
		{"1", "1", "0", "92233720368547758070", false},
	};
	struct job_line l = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *line = xasprintf(
			"{\"seq\":%s,\"t\":%s,\"ev\":\"job\",\"n\":%s,\"id\":\"a\",\"status\":"
			"\"PASSED\",\"attempt\":1,\"result\":{\"log_stamp\":%s},\"crc\":"
			"\"01234567\"}",
			cases[i].seq, cases[i].t, cases[i].n, cases[i].stamp);

		if (check_line(&l, line, strlen(line)) != cases[i].is_read)
			fail_msg("case %zu", i);
	}
	job_line_done(&l);
}

static void each_form_that_is_no_record_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"{}",
		"{\"seq\":1,\"t\":1,\"ev\":\"hold\",\"why\":null,\"crc\":\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"status\":\"PASSED\",\"crc\":"
		"\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"id\":\"a\",\"crc\":\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"id\":\"a\",\"status\":\"PASSED\",\"crc\":"
		"\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"id\":\"a\",\"status\":\"GONE\","
		"\"crc\":\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"id\":\"a\",\"status\":\"PASSED\","
		"\"reason\":\"?\",\"crc\":"
		"\"01234567\"}",
		/* a result without an attempt; a result that is not final; one with measures */
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"id\":\"a\",\"status\":\"PASSED\","
		"\"result\":{},\"crc\":"
		"\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"id\":\"a\",\"status\":\"RUNNING\","
		"\"attempt\":1,\"result\":"
		"{},\"crc\":\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"id\":\"a\",\"status\":\"PASSED\","
		"\"attempt\":1,\"result\":"
		"{\"measures\":{}},\"crc\":\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"id\":\"a\",\"status\":\"PASSED\","
		"\"more\":1,\"crc\":"
		"\"01234567\"}",
		"{\"seq\":1,\"t\":1,\"ev\":\"job\",\"n\":1,\"id\":\"a\",\"status\":\"PASSED\","
		"\"crc2\":\"1234567\"}",
	};
	struct job_line l = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (job_line_read(&l, lines[i], strlen(lines[i])))
			fail_msg("%s", lines[i]);
	job_line_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_journal_writes_is_read_without_a_tree),
		cmocka_unit_test(odd_and_changed_lines_are_refused_or_read_as_jansson_does),
		cmocka_unit_test(numbers_that_need_a_reader_of_json_are_left_to_it),
		cmocka_unit_test(each_form_that_is_no_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
