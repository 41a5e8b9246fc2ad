/* SPDX-License-Identifier: Apache-2.0 */
/* Interactive jobs: each has a terminal of its own. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "exec_bed.h"

static struct slot_terminal a_terminal(void)
{
	struct slot_terminal t = {.rows = 7, .columns = 70};
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	assert_int_equal(tcgetattr(fd, &t.modes), 0);
	close(fd);
	return t;
}

static void an_interactive_job_has_a_terminal_of_its_own(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	char *log;

	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, &t);
	bed_shell(b, "stty size; tty -s && printf 'a\\rb\\r\\nc\\r'; read x; echo $x > /dev/tty; "
		     "exit 3");
	bed_start(b, 1);
	slot_type(b->slot, "typed\n", 6);
	bed_wait(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	log = bed_log(b);
	assert_non_null(strstr(log, "7 70\n"));
	assert_non_null(strstr(log, "a\rb\r\nc\r"));
	assert_non_null(strstr(log, "typed\n"));
	assert_string_equal(log + strlen(log) - 6, "typed\n");
	free(log);
}

static void an_interactive_program_that_is_not_there_is_named_on_the_terminal(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	char *log;

	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, &t);
	b->argv[0] = "nowhere";
	b->argv[1] = NULL;
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 127);
	log = bed_log(b);
	assert_string_equal(log, "dvsched: command not found: 'nowhere'\n");
	free(log);
}

static void its_slot_is_good_for_others_afterwards(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	struct job_rules ordinary = b->rules;

	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, &t);
	for (int i = 0; i < 2; i++) {
		bed_shell(b, "tty -s");
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		b->spec.rules = &ordinary;
		bed_shell(b, "! tty -s && ! true < /dev/tty");
		bed_run(b);
		assert_ended(b, JOB_PASSED, REASON_NONE);
		b->spec.rules = &b->rules;
	}
}

static void without_a_terminal_no_job_is_interactive(void **state)
{
	struct slot_bed *b = *state;

	b->rules.is_interactive = true;
	bed_shell(b, "true");
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_LAUNCH);
	assert_string_equal(b->result.message, "there is no terminal for it");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(an_interactive_job_has_a_terminal_of_its_own),
		EXEC_CASE(an_interactive_program_that_is_not_there_is_named_on_the_terminal),
		EXEC_CASE(its_slot_is_good_for_others_afterwards),
		EXEC_CASE(without_a_terminal_no_job_is_interactive),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
