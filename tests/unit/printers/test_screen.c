/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "printers/cells.h"
#include "printers/screen.h"

static struct tally t;
static struct canvas c;
static struct screen s;

static int set_up(void **state)
{
	(void)state;
	tally_init(&t, 2000, 0);
	add_target(&t, "build", 2);
	add_target(&t, "run", 60);
	canvas_init(&c, false);
	screen_init(&s);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tally_done(&t);
	canvas_done(&c);
	return 0;
}

static void draw(unsigned columns, unsigned rows, double now)
{
	struct screen_view v = {
		.tally = &t, .run_name = "nightly", .now_s = now, .columns = columns, .rows = rows};

	screen_draw(&s, &c, &v);
}

/* The row that holds text, or -1. */
static int row_of(const char *text)
{
	for (unsigned i = 0; i < c.n_rows; i++)
		if (strstr(c.rows[i].text.s, text))
			return (int)i;
	return -1;
}

static bool is_marked(const char *text)
{
	int i = row_of(text);

	return i >= 0 && c.rows[i].pieces.n == 1 && c.rows[i].pieces.at[0].ink == INK_CURSOR;
}

static void fails(uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++)
		change(&t, i, 1, JOB_SCHEDULED, JOB_FAILED, 5);
}

static void every_size_is_filled_and_none_is_left(void **state)
{
	static const unsigned sizes[][2] = {{80, 24}, {20, 5},	{200, 60}, {1, 1},   {3, 2},
					    {40, 9},  {79, 14}, {500, 4},  {20, 200}};

	(void)state;
	start(&t, 0, 0, 1);
	fails(10, 30);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (int focus = 0; focus < PANE_COUNT; focus++) {
			s.focus = (enum pane_name)focus;
			draw(sizes[i][0], sizes[i][1], 9);
			assert_true(c.n_rows >= 1 && c.n_rows <= sizes[i][1]);
			for (unsigned row = 0; row < c.n_rows; row++)
				assert_true(c.rows[row].columns <= sizes[i][0]);
			if (sizes[i][1] >= 3)
				assert_int_equal(c.n_rows, sizes[i][1]);
		}
}

static void a_screen_of_80_by_24_shows_all_lists(void **state)
{
	static const char *const expected[] = {
		" dvsched  nightly                                                      00:00:09 ",
		" #FFF:...........................................................   6%  4 of 62 ",
		" passed 1  failed 3  killed 0  running 1  queued 0  scheduled 57 ",
		" Targets  0 of 2 done",
		" build ##########::::::::::  50%  R  1  P  1  F  0  K  0  of  2        00:00:08 ",
		" run   F...................   5%  R  0  P  0  F  3  K  0  of 60        00:00:04 ",
		" Running  1, longest first",
		"    8.00s  job_0",
	};

	(void)state;
	start(&t, 0, 0, 1);
	start(&t, 1, 0, 1);
	change(&t, 1, 0, JOB_RUNNING, JOB_PASSED, 3);
	fails(10, 3);
	draw(80, 24, 9);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_string_equal(c.rows[i].text.s, expected[i]);
	assert_true(row_of(">Failures  3") > 7);
	assert_true(row_of(" 00:00:05 FAILED job_12  exit 1") > row_of("job_11"));
	assert_string_equal(c.rows[22].text.s, " log /s/log");
	assert_non_null(strstr(c.rows[23].text.s, " q leave view  Tab next list "));
}

static void the_newest_failures_are_followed_until_the_user_goes_back(void **state)
{
	(void)state;
	fails(2, 40);
	draw(80, 24, 9);
	assert_true(row_of("job_41 ") > 0);
	assert_int_equal(row_of("job_2 "), -1);
	fails(42, 5);
	draw(80, 24, 9);
	assert_true(row_of("job_46 ") > 0);
	screen_key(&s, SCREEN_FIRST);
	draw(80, 24, 9);
	assert_true(row_of("job_2 ") > 0);
	fails(47, 5);
	draw(80, 24, 9);
	assert_int_equal(row_of("job_51 "), -1);
	assert_true(row_of("job_2 ") > 0);
	screen_key(&s, SCREEN_LAST);
	fails(52, 1);
	draw(80, 24, 9);
	assert_true(row_of("job_52 ") > 0);
}

static void pages_and_lines_move_the_cursor(void **state)
{
	int64_t end, page;

	(void)state;
	fails(2, 50);
	draw(80, 24, 9);
	end = s.panes[PANE_FAILURES].cursor;
	assert_int_equal(end, 49);
	screen_key(&s, SCREEN_UP);
	draw(80, 24, 9);
	assert_true(is_marked("job_50 "));
	page = (int64_t)s.panes[PANE_FAILURES].height - 1;
	screen_key(&s, SCREEN_PAGE_UP);
	draw(80, 24, 9);
	assert_int_equal(s.panes[PANE_FAILURES].cursor, end - 1 - page);
	screen_key(&s, SCREEN_PAGE_DOWN);
	screen_key(&s, SCREEN_DOWN);
	assert_int_equal(s.panes[PANE_FAILURES].cursor, end);
	for (int i = 0; i < 100; i++)
		screen_key(&s, SCREEN_PAGE_UP);
	assert_int_equal(s.panes[PANE_FAILURES].cursor, 0);
}

static void the_cursor_stays_on_its_job_when_others_end(void **state)
{
	int before;

	(void)state;
	for (uint32_t i = 2; i < 42; i++)
		start(&t, i, 1, i);
	s.focus = PANE_RUNNING;
	draw(80, 24, 50);
	for (int i = 0; i < 20; i++)
		screen_key(&s, SCREEN_DOWN);
	draw(80, 24, 50);
	assert_true(is_marked("job_22"));
	before = row_of("job_22");
	for (uint32_t i = 2; i < 12; i++)
		change(&t, i, 1, JOB_RUNNING, JOB_PASSED, 50);
	draw(80, 24, 51);
	assert_true(is_marked("job_22"));
	assert_int_equal(row_of("job_22"), before);
}

static void without_a_cursor_the_longest_is_on_top(void **state)
{
	(void)state;
	for (uint32_t i = 2; i < 42; i++)
		start(&t, i, 1, i);
	draw(80, 24, 50);
	change(&t, 2, 1, JOB_RUNNING, JOB_PASSED, 50);
	draw(80, 24, 51);
	assert_int_equal(row_of("job_3"), row_of("longest first") + 1);
}

static void the_focus_goes_round_and_decides_what_a_small_screen_shows(void **state)
{
	(void)state;
	start(&t, 0, 0, 1);
	fails(10, 3);
	draw(40, 6, 9);
	assert_true(row_of("job_12") > 0);
	screen_key(&s, SCREEN_NEXT_PANE);
	draw(40, 6, 9);
	assert_true(row_of("build") > 0);
	screen_key(&s, SCREEN_NEXT_PANE);
	draw(40, 6, 9);
	assert_true(row_of("8.00s  job_0") > 0);
	screen_key(&s, SCREEN_BEFORE_PANE);
	draw(40, 6, 9);
	assert_true(row_of("build") > 0);
}

static void failures_that_are_forgotten_do_not_hold_the_cursor(void **state)
{
	(void)state;
	add_target(&t, "many", 1500);
	fails(2, 10);
	draw(80, 24, 9);
	screen_key(&s, SCREEN_FIRST);
	for (uint32_t i = 100; i < 1500; i++)
		change(&t, i, 2, JOB_SCHEDULED, JOB_FAILED, 6);
	draw(80, 24, 9);
	assert_int_equal(s.panes[PANE_FAILURES].cursor, (int64_t)tally_first_failure(&t));
}

static void messages_of_the_program_have_a_row(void **state)
{
	struct screen_view v = {.tally = &t,
				.run_name = "\033]0;evil\a",
				.said = "a warning\033[2J",
				.columns = 80,
				.rows = 24};

	(void)state;
	screen_draw(&s, &c, &v);
	assert_string_equal(c.rows[22].text.s, " a warning?[2J");
	assert_null(strchr(c.rows[0].text.s, '\033'));
	assert_int_equal(c.n_rows, 24);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_size_is_filled_and_none_is_left),
		TEST(a_screen_of_80_by_24_shows_all_lists),
		TEST(the_newest_failures_are_followed_until_the_user_goes_back),
		TEST(pages_and_lines_move_the_cursor),
		TEST(the_cursor_stays_on_its_job_when_others_end),
		TEST(without_a_cursor_the_longest_is_on_top),
		TEST(the_focus_goes_round_and_decides_what_a_small_screen_shows),
		TEST(failures_that_are_forgotten_do_not_hold_the_cursor),
		TEST(messages_of_the_program_have_a_row),
	};

	return RUN(tests);
}
