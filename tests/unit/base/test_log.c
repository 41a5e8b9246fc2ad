/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <unistd.h>

#include "base/fs.h"
#include "unit.h"

static struct str sunk;
static enum log_level last_level;

static void collect(void *ctx, enum log_level level, const char *text, size_t len)
{
	assert_ptr_equal(ctx, &sunk);
	last_level = level;
	str_addn(&sunk, text, len);
	errno = EPIPE; /* a sink may change errno */
}

static int use_sink(void **state)
{
	(void)state;
	log_set_level(LOG_INFO);
	log_set_color(false);
	log_set_sink(collect, &sunk);
	str_clear(&sunk);
	return 0;
}

static int no_sink(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	return 0;
}

static void log_all(void)
{
	log_error("e%d", 1);
	log_warning("w");
	log_info("i");
	log_verbose("v");
	log_debug("d");
}

static void each_level_shows_itself_and_what_is_graver(void **state)
{
	static const char *const want[] = {
		[LOG_ERROR] = "dvsched: error: e1\n",
		[LOG_WARNING] = "dvsched: error: e1\ndvsched: warning: w\n",
		[LOG_INFO] = "dvsched: error: e1\ndvsched: warning: w\ndvsched: i\n",
		[LOG_VERBOSE] = "dvsched: error: e1\ndvsched: warning: w\ndvsched: i\ndvsched: v\n",
		[LOG_DEBUG] = ("dvsched: error: e1\ndvsched: warning: w\ndvsched: i\ndvsched: v\n"
			       "dvsched: debug: d\n"),
	};

	(void)state;
	for (int level = LOG_ERROR; level < LOG_LEVEL_COUNT; level++) {
		str_clear(&sunk);
		log_set_level((enum log_level)level);
		assert_int_equal(log_level(), level);
		log_all();
		assert_string_equal(sunk.s, want[level]);
		assert_int_equal(last_level, level);
	}
}

static void color_wraps_the_whole_line(void **state)
{
	(void)state;
	log_set_color(true);
	log_error("e");
	log_info("i");
	assert_string_equal(sunk.s, "dvsched: \033[1;31merror: e\033[0m\ndvsched: i\n");
}

static void a_message_leaves_errno_as_it_was(void **state)
{
	(void)state;
	errno = EXDEV;
	log_error("e");
	assert_int_equal(errno, EXDEV);
}

static void the_file_gets_every_line_plain(void **state)
{
	char path[] = "/tmp/dvsched-log-XXXXXX", other[] = "/tmp/dvsched-log-XXXXXX";
	struct str got = {0};
	struct error err = {0};

	(void)state;
	close(mkstemp(path));
	close(mkstemp(other));
	assert_int_equal(log_open_file("/nowhere/at/all"), -1);
	assert_int_equal(log_open_file(path), 0);
	log_set_color(true);
	log_warning("w");
	log_debug("not shown, not kept");
	assert_int_equal(log_open_file(other), 0); /* in its place */
	log_info("i");
	assert_int_equal(fs_read_file(path, 1000, &got, &err), 0);
	assert_string_equal(got.s, "dvsched: warning: w\n");
	assert_int_equal(fs_read_file(other, 1000, &got, &err), 0);
	assert_string_equal(got.s, "dvsched: i\n");
	str_done(&got);
	unlink(path);
	unlink(other);
}

static void without_a_sink_it_is_standard_error(void **state)
{
	int saved = dup(STDERR_FILENO), fds[2];
	char text[64] = "";

	(void)state;
	log_set_sink(NULL, NULL);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log_error("to stderr");
	dup2(saved, STDERR_FILENO);
	close(fds[1]);
	close(saved);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_string_equal(text, "dvsched: error: to stderr\n");
}

static void a_file_that_takes_no_more_is_given_up_with_one_warning(void **state)
{
	(void)state;
	assert_int_equal(log_open_file("/dev/full"), 0);
	log_info("i");
	log_info("j");
	assert_string_equal(sunk.s,
			    "dvsched: i\n"
			    "dvsched: warning: the log file cannot be written (No space left on "
			    "device): it ends here\n"
			    "dvsched: j\n");
}

static void what_a_terminal_obeys_is_shown(void **state)
{
	(void)state;
	log_info("a\tb\n%s", "c\033[2J\xe2\x80\xae\xff");
	assert_string_equal(sunk.s, "dvsched: a\tb\nc\\x1b[2J\\xe2\\x80\\xae\\xff\n");
}

static int free_sunk(void **state)
{
	(void)state;
	str_done(&sunk);
	return 0;
}

int main(void)
{
#define WITH_SINK(test) cmocka_unit_test_setup_teardown(test, use_sink, no_sink)
	const struct CMUnitTest tests[] = {
		WITH_SINK(each_level_shows_itself_and_what_is_graver),
		WITH_SINK(color_wraps_the_whole_line),
		WITH_SINK(a_message_leaves_errno_as_it_was),
		WITH_SINK(what_a_terminal_obeys_is_shown),
		WITH_SINK(without_a_sink_it_is_standard_error),
		WITH_SINK(the_file_gets_every_line_plain),
		WITH_SINK(a_file_that_takes_no_more_is_given_up_with_one_warning),
	};

	return cmocka_run_group_tests(tests, NULL, free_sunk);
}
