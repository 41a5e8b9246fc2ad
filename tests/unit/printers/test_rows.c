/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "printers/rows.h"

static struct tally t;
static struct row_widths w;
static struct canvas c;
static struct str out;

static int set_up(void **state)
{
	(void)state;
	tally_init(&t, 100, 0);
	add_target(&t, "build", 2);
	add_target(&t, "run", 12);
	rows_measure(&w, &t, true);
	canvas_init(&c, true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tally_done(&t);
	canvas_done(&c);
	str_done(&out);
	return 0;
}

static void half_of_the_run_has_ended(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		start(&t, i, 0, 0);
		change(&t, i, 0, JOB_RUNNING, JOB_PASSED, 0.5);
	}
	for (uint32_t i = 2; i < 14; i++)
		start(&t, i, 1, i < 4 ? 1 : 2);
	for (uint32_t i = 4; i < 14; i++)
		change(&t, i, 1, JOB_RUNNING, i < 8 ? JOB_PASSED : JOB_FAILED, 3);
}

static void the_rows_for_logs_have_the_fields_of_dvsim(void **state)
{
	(void)state;
	half_of_the_run_has_ended();
	rows_legend(&out, &w);
	rows_target(&out, &w, &t.targets[0], 3);
	rows_target(&out, &w, &t.targets[1], 3);
	assert_string_equal(out.s, "          [   legend    ]: [S: scheduled, Q: queued, R: "
				   "running, P: passed, F: failed, "
				   "K: killed, T: total]\n"
				   "00:00:00  [    build    ]: [S:        00, Q:     00, R:      "
				   "00, P:     02, F:     00, "
				   "K:     00, T:    02] 100%\n"
				   "00:00:02  [     run     ]: [S:        00, Q:     00, R:      "
				   "02, P:     04, F:     06, "
				   "K:     00, T:    12]  83%  job_2 2.00s\n");
}

static void columns_grow_with_the_widest_total_and_name(void **state)
{
	(void)state;
	add_target(&t, "a_target_with_a_long_name", 12345678);
	rows_measure(&w, &t, true);
	rows_legend(&out, &w);
	rows_target(&out, &w, &t.targets[2], 0);
	assert_string_equal(
		out.s, "          [         legend          ]: [S: scheduled, Q:   queued, R:  "
		       "running, P:   passed, F:   failed, K:   killed, T:    total]\n"
		       "00:00:00  [a_target_with_a_long_name]: [S:  12345678, Q: 00000000, R: "
		       "00000000, P: 00000000, F: 00000000, K: 00000000, T: 12345678]   0%\n");
}

static void what_runs_is_cut_to_30_columns(void **state)
{
	struct tally_job job = {.id = "mini:0.mini_slow.32834909350000000000000000",
				.n = 3,
				.target = 1,
				.status = JOB_RUNNING};

	(void)state;
	tally_change(&t, &job, JOB_SCHEDULED, 0);
	rows_target(&out, &w, &t.targets[1], 5);
	assert_non_null(strstr(out.s, "  0%  mini:0.mini_slow.328349093500\xe2\x80\xa6 5.00s\n"));
}

static void a_failure_is_one_clean_line(void **state)
{
	struct tally_failure f = {.id = (char *)(uintptr_t) "run.7",
				  .message = (char *)(uintptr_t) "exit 1\033[2J",
				  .log_path = (char *)(uintptr_t) "/s/run.7/log",
				  .status = JOB_FAILED};

	(void)state;
	rows_failure(&out, &f, false);
	assert_string_equal(out.s, "FAILED run.7  exit 1\\x1b[2J  [/s/run.7/log]\n");
	str_clear(&out);
	f.log_path = NULL;
	f.message = (char *)(uintptr_t) "late";
	f.status = JOB_KILLED;
	rows_failure(&out, &f, true);
	assert_string_equal(out.s, "\033[1;31mKILLED\033[0m run.7  late\n");
}

static void the_table_says_as_much_as_there_is_room_for(void **state)
{
	static const struct {
		unsigned width;
		const char *head, *row;
	} cases[] = {
		{120, "                 scheduled  queued  running  passed  failed  killed  total",
		 "00:00:02  run            0       0        2       4       6       0     12   83% "
		 " "
		 "job_2 2.00s"},
		{60, "                  S   Q   R   P   F   K   T",
		 "00:00:02  run     0   0   2   4   6   0  12   83%"},
		{30, NULL, " 83% F6 P4 R2 run"},
		{12, NULL, " 83% F6 P4 R"},
	};

	(void)state;
	half_of_the_run_has_ended();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned at = 0;

		canvas_start(&c, cases[i].width);
		rows_table_head(&c, &w);
		rows_table_row(&c, &w, &t.targets[1], 3);
		if (cases[i].head)
			assert_string_equal(c.rows[at++].text.s, cases[i].head);
		if (cases[i].width > 12)
			assert_string_equal(c.rows[at].text.s, cases[i].row);
		assert_true(c.rows[at].columns <= cases[i].width);
		assert_int_equal(c.n_rows, at + 1);
	}
}

static void a_target_that_has_not_begun_has_no_time(void **state)
{
	(void)state;
	canvas_start(&c, 60);
	rows_table_row(&c, &w, &t.targets[1], 3);
	assert_string_equal(c.rows[0].text.s, "          run    12   0   0   0   0   0  12    0%");
}

static void the_name_of_what_runs_is_cut_and_its_time_is_not(void **state)
{
	struct tally_job job = {.id = "a_job_with_a_name_that_is_much_too_long_for_this",
				.n = 3,
				.target = 1,
				.status = JOB_RUNNING};

	(void)state;
	tally_change(&t, &job, JOB_SCHEDULED, 0);
	canvas_start(&c, 70);
	rows_table_row(&c, &w, &t.targets[1], 245);
	assert_int_equal(c.rows[0].columns, 70);
	assert_non_null(strstr(c.rows[0].text.s, "\xe2\x80\xa6 4m05s"));
}

static void the_sum_adds_all_targets(void **state)
{
	(void)state;
	half_of_the_run_has_ended();
	canvas_start(&c, 60);
	rows_table_sum(&c, &w, &t, "total", 7);
	assert_string_equal(c.rows[0].text.s, "00:00:07  total   0   0   2   6   6   0  14   85%");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_rows_for_logs_have_the_fields_of_dvsim),
		TEST(columns_grow_with_the_widest_total_and_name),
		TEST(what_runs_is_cut_to_30_columns),
		TEST(a_failure_is_one_clean_line),
		TEST(the_table_says_as_much_as_there_is_room_for),
		TEST(a_target_that_has_not_begun_has_no_time),
		TEST(the_name_of_what_runs_is_cut_and_its_time_is_not),
		TEST(the_sum_adds_all_targets),
	};

	return RUN(tests);
}
