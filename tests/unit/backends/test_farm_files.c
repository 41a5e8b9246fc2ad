/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of a batch system, and the files between scheduler and runner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/farm/command.h"
#include "backends/farm/node_file.h"
#include "exec/slot_wire.h"

static void a_command_gets_input_and_its_output_is_collected(void **state)
{
	static const char *const argv[] = {"sh", "-c", "cat; echo wrong >&2; exit 3", NULL};
	struct command_end end;

	(void)state;
	command_run(argv, "text\n", 5, 60, &end);
	assert_int_equal(end.exit_status, 3);
	assert_string_equal(end.out.s, "text\n");
	assert_string_equal(end.err.s, "wrong\n");
	assert_false(end.is_late);
	command_end_done(&end);
}

static void much_output_arrives_in_order(void **state)
{
	static const char *const argv[] = {"seq", "1", "200000", NULL};
	struct command_end end;

	(void)state;
	command_run(argv, NULL, 0, 60, &end);
	assert_int_equal(end.out.len, 1288895);
	assert_string_equal(end.out.s + end.out.len - 7, "200000\n");
	command_end_done(&end);
}

static void a_command_that_takes_too_long_is_killed_with_its_children(void **state)
{
	static const char *const waits[] = {"sh", "-c", "echo begun; sleep 1000 | cat", NULL};
	static const char *const closed[] = {"sh", "-c", "exec sleep 1000 >&- 2>&-", NULL};
	struct command_end end;

	(void)state;
	command_run(waits, NULL, 0, 0.2, &end);
	assert_true(end.is_late);
	assert_int_equal(end.exit_status, -1);
	command_end_done(&end);
	command_run(closed, NULL, 0, 0.2, &end);
	assert_true(end.is_late);
	command_end_done(&end);
}

static void an_unknown_command_has_an_error(void **state)
{
	static const char *const argv[] = {"no-such-command", NULL};
	struct command_end end;
	struct str text = {0};

	(void)state;
	command_run(argv, NULL, 0, 60, &end);
	assert_int_equal(end.errnum, 2);
	command_explain("sbatch", &end, &text);
	assert_string_equal(text.s, "sbatch: No such file or directory");
	command_end_done(&end);
	str_done(&text);
}

/* ---- news ---- */

static void put_news(struct str *b, bool has_result)
{
	node_file_put_place(b, &(struct node_place){"n1", "12"});
	if (has_result)
		slot_put_result(b, &(struct job_result){.status = JOB_PASSED, .pid = 7});
}

static void news_come_back_as_they_were(void **state)
{
	struct node_news news;
	struct str b = {0};

	(void)state;
	put_news(&b, true);
	assert_true(node_file_take_news(b.s, b.len, &news));
	assert_true(news.has_result);
	assert_int_equal(news.outcome.result.pid, 7);
	assert_string_equal(news.place.node, "n1");
	assert_string_equal(news.place.batch_id, "12");
	node_news_done(&news);
	str_clear(&b);
	put_news(&b, false);
	assert_true(node_file_take_news(b.s, b.len, &news));
	assert_false(news.has_result);
	node_news_done(&news);
	str_done(&b);
}

static void damaged_news_are_no_news(void **state)
{
	struct node_news news;
	struct str b = {0}, place = {0};

	(void)state;
	put_news(&b, true);
	put_news(&place, false);
	for (size_t n = 0; n < b.len; n++) {
		/* The place alone is what a runner writes when it begins. */
		assert_int_equal(node_file_take_news(b.s, n, &news), n == place.len);
		node_news_done(&news);
	}
	put_news(&b, true); /* a second result */
	assert_false(node_file_take_news(b.s, b.len, &news));
	node_news_done(&news);
	str_done(&b);
	str_done(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_gets_input_and_its_output_is_collected),
		cmocka_unit_test(much_output_arrives_in_order),
		cmocka_unit_test(a_command_that_takes_too_long_is_killed_with_its_children),
		cmocka_unit_test(an_unknown_command_has_an_error),
		cmocka_unit_test(news_come_back_as_they_were),
		cmocka_unit_test(damaged_news_are_no_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
