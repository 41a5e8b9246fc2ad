/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of journals: long lines, what errno was before, and memory. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>

#include "base/str.h"
#include "unit/heap.h"
#include "run/journal.h"

enum { MIB = 1 << 20 };

static char path[128];

static int set_up(void **state)
{
	if (make_scratch(state) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", scratch, JOURNAL_NAME);
	return 0;
}

static struct journal *create(void)
{
	int dir_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = {0};
	struct journal *j;

	unlink(path);
	j = journal_create(dir_fd, &err);
	if (!j)
		fail_msg("%s", err.msg);
	close(dir_fd);
	return j;
}

static void add_text(struct journal *j, const char *text)
{
	jout_key_string(journal_begin(j, "test", 1e9), "text", text);
	assert_int_equal(journal_commit(j), 0);
}

static bool count(void *ctx, const struct journal_record *record)
{
	int *n = ctx;

	(void)record;
	++*n;
	return true;
}

/* More of the journal may have been read than the longest line has. */
static void lines_that_are_not_too_long_are_read(void **state)
{
	char *text = xmalloc(33 * MIB + 1);
	struct journal *j = create();
	struct error err = {0};
	bool is_torn;
	int n = 0;

	(void)state;
	memset(text, 'x', 33 * MIB);
	text[33 * MIB] = '\0';
	add_text(j, "before");
	add_text(j, text);
	add_text(j, "after");
	journal_free(j);
	if (journal_read(path, count, &n, &is_torn, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(n, 3);
	assert_false(is_torn);
	free(text);
}

static void a_line_without_an_end_is_damage(void **state)
{
	struct journal *j = create();
	struct error err = {0};
	bool is_torn;
	int n = 0;

	(void)state;
	add_text(j, "before");
	journal_free(j);
	assert_int_equal(truncate(path, 66 * MIB), 0);
	assert_int_equal(journal_read(path, count, &n, &is_torn, &err), -1);
	assert_non_null(strstr(err.msg, "a line has no end"));
	assert_int_equal(n, 1);
	error_done(&err);
}

static bool count_interrupted(void *ctx, const struct journal_record *record)
{
	count(ctx, record);
	errno = EINTR;
	return true;
}

/* With a read() at the end that does not change errno. A loop that tests errno alone never ends. */
static void an_earlier_interrupted_call_is_not_taken_for_one_of_the_reader(void **state)
{
	struct journal *j = create();
	struct error err = {0};
	bool is_torn;
	int n = 0;

	(void)state;
	add_text(j, "only");
	journal_free(j);
	assert_int_equal(journal_read(path, count_interrupted, &n, &is_torn, &err), 0);
	assert_int_equal(n, 1);
}

static void write_and_read_once(void *ctx)
{
	struct journal *j = create();
	struct error err = {0};
	bool is_torn;
	int n = 0;

	(void)ctx;
	journal_gather(j);
	add_text(j, "one");
	add_text(j, "two");
	journal_free(j);
	assert_int_equal(journal_read(path, count, &n, &is_torn, &err), 0);
	assert_int_equal(n, 2);
}

static void the_memory_of_a_journal_is_given_back(void **state)
{
	(void)state;
	assert_keeps_no_memory(write_and_read_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_are_not_too_long_are_read),
		cmocka_unit_test(a_line_without_an_end_is_damage),
		cmocka_unit_test(an_earlier_interrupted_call_is_not_taken_for_one_of_the_reader),
		cmocka_unit_test(the_memory_of_a_journal_is_given_back),
	};

	return cmocka_run_group_tests(tests, set_up, remove_scratch);
}
