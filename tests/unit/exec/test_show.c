/* SPDX-License-Identifier: Apache-2.0 */
/* A job whose output is shown while it runs: its slot reads the log behind it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "exec_bed.h"

static void start_shown(struct slot_bed *b, const char *command)
{
	b->rules.is_shown = true;
	bed_shell(b, command);
	bed_start(b, 1);
}

/* Without the header of the log, and before the end is reported. */
static void all_that_a_job_writes_is_shown_before_its_end(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *log = NULL;

	for (int i = 0; i < 2; i++) {
		str_clear(&b->said);
		start_shown(b, "echo one; echo two >&2; exit 3");
		bed_wait(b);
		assert_ended(b, JOB_FAILED, REASON_EXIT);
		assert_string_equal(b->said.s, "one\ntwo\n");
	}
	log = bed_log(b);
	assert_string_equal(log, "one\ntwo\n");
}

static void what_it_writes_is_shown_while_it_runs(void **state)
{
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/go", b->base);
	int fifo;

	assert_int_equal(mkfifo(path, 0600), 0);
	fifo = open(path, O_RDWR | O_CLOEXEC);
	start_shown(b, "exec < go; for i in 1 2 3; do echo $i; read x; done");
	bed_wait_for_said(b, "1\n");
	assert_int_equal(write(fifo, "\n", 1), 1);
	bed_wait_for_said(b, "1\n2\n");
	assert_int_equal(write(fifo, "\n", 1), 1);
	bed_wait_for_said(b, "1\n2\n3\n");
	assert_false(b->has_ended);
	assert_int_equal(write(fifo, "\n", 1), 1);
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_string_equal(b->said.s, "1\n2\n3\n");
	close(fifo);
}

static void other_jobs_of_its_slot_are_not_shown(void **state)
{
	struct slot_bed *b = *state;
	struct job_rules ordinary = b->rules;

	start_shown(b, "echo shown");
	bed_wait(b);
	b->spec.rules = &ordinary;
	bed_shell(b, "echo not shown");
	bed_run(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_string_equal(b->said.s, "shown\n");
}

/* Its log is read later: more than the socket and the slot have room for. */
static void it_never_waits_for_the_screen(void **state)
{
	enum { SIZE = 6 << 20 };
	struct slot_bed *b = *state;
	_cleanup_(freep) char *path = xasprintf("%s/done", b->base);

	start_shown(b, "head -c 6291456 /dev/zero | tr '\\0' x; echo > done");
	slot_listen(b->slot, false);
	for (unsigned i = 0; i < 60000 && !fs_exists(path); i++)
		bed_turn(b);
	assert_true(fs_exists(path));
	assert_true(b->said.len < SIZE);
	assert_false(b->has_ended);
	slot_listen(b->slot, true);
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->said.len, SIZE);
	assert_int_equal(strspn(b->said.s, "x"), SIZE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(all_that_a_job_writes_is_shown_before_its_end),
		EXEC_CASE(what_it_writes_is_shown_while_it_runs),
		EXEC_CASE(other_jobs_of_its_slot_are_not_shown),
		EXEC_CASE(it_never_waits_for_the_screen),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
