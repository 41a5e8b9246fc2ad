/* SPDX-License-Identifier: Apache-2.0 */
/* The data of an attempt that both slots and device workers get. */
#include "job/job_start.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "job/job_wire.h"

static const struct job_block block = {"cfg", "/s/cfg", NULL};
static const struct job_spec spec = {
	.id = "cfg:a",
	.name = "a",
	.block = &block,
	.dir = "/s/a",
	.log = "/s/a/log",
	.command = "true",
	.has_attempt = true,
};

static struct wire wire_of(const struct str *b)
{
	return (struct wire){b->s, b->s + b->len, true};
}

static void a_start_is_taken_as_it_was_put(void **state)
{
	static const char *const env[] = {"A=1", "B=", NULL};
	_cleanup_(str_done) struct str b = {0};
	struct job_start s;
	struct wire w;

	(void)state;
	job_start_put(&b, JOB_WIRE_PLACES - 1, &spec, 7, env);
	w = wire_of(&b);
	assert_true(job_start_take(&w, &s));
	assert_ptr_equal(w.at, w.end);
	assert_int_equal(s.rules, JOB_WIRE_PLACES - 1);
	assert_int_equal(s.attempt, 7);
	assert_true(s.has_attempt);
	assert_string_equal(s.id, "cfg:a");
	assert_string_equal(s.odir, "/s/a");
	assert_string_equal(s.log_path, "/s/a/log");
	assert_string_equal(s.command, "true");
	assert_int_equal(s.n_env, 2);
	assert_string_equal(s.env[1], "B=");
	assert_null(s.env[2]);
	job_start_done(&s);
	assert_null(s.env);
}

static bool is_taken(const struct str *b, size_t len)
{
	struct wire w = {b->s, b->s + len, true};
	struct job_start s;
	bool is_good = job_start_take(&w, &s);

	job_start_done(&s);
	return is_good;
}

static void a_frame_of_somebody_else_is_refused(void **state)
{
	static const char *const env[] = {"A=1", NULL};
	_cleanup_(str_done) struct str b = {0};
	struct job_spec other = spec;

	(void)state;
	job_start_put(&b, 0, &spec, 1, env);
	assert_true(is_taken(&b, b.len));
	for (size_t n = 0; n < b.len; n++)
		assert_false(is_taken(&b, n)); /* cut */
	str_clear(&b);
	job_start_put(&b, JOB_WIRE_PLACES, &spec, 1, NULL);
	assert_false(is_taken(&b, b.len));
	other.command = NULL;
	str_clear(&b);
	job_start_put(&b, 0, &other, 1, NULL);
	assert_false(is_taken(&b, b.len));
}

static void a_variable_that_is_null_is_refused(void **state)
{
	_cleanup_(str_done) struct str b = {0};

	(void)state;
	job_start_put(&b, 0, &spec, 1, NULL);
	b.len -= sizeof(uint32_t); /* the number of variables */
	wire_put_u32(&b, 1);
	wire_put_string(&b, NULL);
	assert_false(is_taken(&b, b.len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_is_taken_as_it_was_put),
		cmocka_unit_test(a_frame_of_somebody_else_is_refused),
		cmocka_unit_test(a_variable_that_is_null_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
