/* SPDX-License-Identifier: Apache-2.0 */
/* Interactive jobs: each has a terminal of its own. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/term_mode.h"
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

static void start_interactive(struct slot_bed *b, const struct slot_terminal *t,
			      const char *command)
{
	b->rules.is_interactive = true;
	slot_give_terminal(b->slot, t);
	bed_shell(b, command);
	bed_start(b, 1);
}

/* Lines end with a carriage return on a screen, and without one in a log. */
static void what_it_writes_is_sent_to_the_screen_and_to_the_log(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	_cleanup_(freep) char *log = NULL;

	start_interactive(b, &t, "echo one; printf 'two\\r'; echo three >&2");
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_string_equal(b->said.s, "one\r\ntwo\rthree\r\n");
	log = bed_log(b);
	assert_string_equal(log, "one\ntwo\rthree\n");
}

/* As stty -g has it. */
static void add_modes(struct str *to, const struct termios *m)
{
	str_printf(to, "%lx:%lx:%lx:%lx", (unsigned long)m->c_iflag, (unsigned long)m->c_oflag,
		   (unsigned long)m->c_cflag, (unsigned long)m->c_lflag);
	for (size_t i = 0; i < NCCS; i++)
		str_printf(to, ":%x", m->c_cc[i]);
	str_addc(to, '\n');
}

static void assert_same_modes(const struct termios *have, const struct termios *want)
{
	_cleanup_(str_done) struct str a = {0}, b = {0};

	add_modes(&a, have);
	add_modes(&b, want);
	assert_string_equal(a.s, b.s);
}

static void its_terminal_has_the_modes_and_keys_of_the_user_s(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	_cleanup_(str_done) struct str want = {0};
	_cleanup_(freep) char *log = NULL;

	t.modes.c_iflag ^= IXANY;
	t.modes.c_oflag ^= ONLRET;
	t.modes.c_cflag ^= HUPCL;
	t.modes.c_lflag ^= ECHOK;
	t.modes.c_cc[VINTR] = 'x';
	add_modes(&want, &t.modes);
	start_interactive(b, &t, "stty -g");
	bed_wait(b);
	log = bed_log(b);
	assert_string_equal(log, want.s);
}

static void keys_of_its_terminal_interrupt_it(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();

	start_interactive(b, &t, "echo up; exec sleep 1000");
	bed_wait_for_said(b, "up\r\n");
	slot_type(b->slot, "\003", 1);
	bed_wait(b);
	assert_ended(b, JOB_FAILED, REASON_SIGNAL);
	assert_int_equal(b->result.term_signal, SIGINT);
}

static void a_new_size_of_the_screen_reaches_it(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	_cleanup_(freep) char *log = NULL;

	t.modes.c_lflag &= ~(tcflag_t)ECHO;
	start_interactive(b, &t, "echo up; read x; stty size");
	bed_wait_for_said(b, "up\r\n");
	slot_resize(b->slot, 5, 50);
	slot_type(b->slot, "\n", 1);
	bed_wait(b);
	log = bed_log(b);
	assert_string_equal(log, "up\n5 50\n");
}

/* Once for each time that it stops. */
static void a_stop_is_reported_and_it_goes_on_when_the_user_says_so(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();

	start_interactive(b, &t, "for i in 1 2; do kill -STOP $$; echo on $i; done; exit 3");
	for (unsigned n = 1; n <= 2; n++) {
		while (b->n_stopped < n)
			ev_run(b->loop, EVRUN_ONCE);
		assert_false(b->has_ended);
		slot_continue(b->slot);
	}
	bed_wait(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
	assert_int_equal(b->result.exit_status, 3);
	assert_int_equal(b->n_stopped, 2);
	assert_string_equal(b->said.s, "on 1\r\non 2\r\n");
}

/* A process that it started is not the job. */
static void a_child_that_stops_is_not_reported(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();

	start_interactive(b, &t, "(sh -c 'kill -STOP $$' &); echo up; read x; exit 0");
	bed_wait_for_said(b, "up\r\n");
	slot_type(b->slot, "\n", 1);
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->n_stopped, 0);
}

/* The user decides how long it takes. */
static void it_has_no_time_limit(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();

	b->rules.timeout_s = 0.001;
	start_interactive(b, &t, "for i in 1 2 3 4 5 6 7 8 9; do sleep 0.01; done; exit 3");
	bed_wait(b);
	assert_ended(b, JOB_FAILED, REASON_EXIT);
}

static void what_the_user_does_after_its_end_reaches_no_job(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();

	start_interactive(b, &t, "true");
	bed_wait(b);
	slot_type(b->slot, "typed\n", 6);
	slot_resize(b->slot, 5, 50);
	slot_continue(b->slot);
	str_clear(&b->said);
	t.modes.c_lflag &= ~(tcflag_t)ECHO;
	start_interactive(b, &t, "stty size; read x; echo $x");
	slot_type(b->slot, "mine\n", 5);
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_string_equal(b->said.s, "7 70\r\nmine\r\n");
}

/* More than a terminal takes at once: its line discipline has room for 4095 bytes of a line. */
static void much_that_is_typed_arrives_whole_and_in_order(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	_cleanup_(str_done) struct str typed = {0};

	t.modes.c_lflag &= ~(tcflag_t)ECHO;
	t.modes.c_oflag &= ~(tcflag_t)OPOST;
	for (unsigned i = 0; i < 20000; i++)
		str_printf(&typed, "%u\n", i);
	start_interactive(b, &t,
			  "while read x && [ \"$x\" != 19999 ]; do echo $x; done; echo 19999");
	slot_type(b->slot, typed.s, typed.len);
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_string_equal(b->said.s, typed.s);
}

static void all_that_it_writes_is_said_and_logged_however_much(void **state)
{
	enum { SIZE = 3 << 20 };
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	_cleanup_(freep) char *log = NULL;

	start_interactive(b, &t, "head -c 3145728 /dev/zero | tr '\\0' x");
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_int_equal(b->said.len, SIZE);
	log = bed_log(b);
	assert_int_equal(strlen(log), SIZE);
	assert_int_equal(strspn(log, "x"), SIZE);
}

/* Until it has not grown for a while. */
static void wait_until_log_rests(struct slot_bed *b)
{
	struct stat was = {0}, now;

	for (unsigned n = 0; n < 200; n++) {
		bed_turn(b);
		assert_int_equal(stat(b->log, &now), 0);
		if (now.st_size != was.st_size)
			n = 0;
		was = now;
	}
}

/* Its output is only in the terminal, so the job is stopped. */
static void a_job_that_nobody_listens_to_has_to_wait(void **state)
{
	struct slot_bed *b = *state;
	struct slot_terminal t = a_terminal();
	_cleanup_(freep) char *done = xasprintf("%s/done", b->base);

	start_interactive(b, &t, "echo up; read x; head -c 3145728 /dev/zero; touch done");
	bed_wait_for_said(b, "up\r\n");
	slot_listen(b->slot, false);
	slot_type(b->slot, "\n", 1);
	wait_until_log_rests(b);
	assert_false(fs_exists(done));
	slot_listen(b->slot, true);
	bed_wait(b);
	assert_ended(b, JOB_PASSED, REASON_NONE);
	assert_true(fs_exists(done));
}

/* ---- the user's own terminal, when no process of dvsched is left to restore it ---- */

struct users_terminal {
	int master, slave;
	char path[64];
	struct termios before;
};

static struct users_terminal users_terminal(void)
{
	struct users_terminal u = {.master = posix_openpt(O_RDWR | O_NOCTTY)};

	assert_int_equal(unlockpt(u.master), 0);
	assert_int_equal(ptsname_r(u.master, u.path, sizeof(u.path)), 0);
	u.slave = open(u.path, O_RDWR | O_NOCTTY);
	assert_int_equal(tcgetattr(u.slave, &u.before), 0);
	return u;
}

/* Its modes after a slot with an interactive job has lost its scheduler. */
static struct termios modes_after_the_loss(struct slot_bed *b, const struct users_terminal *u)
{
	struct slot_terminal t = {.modes = u->before, .rows = 7, .columns = 70, .path = u->path};
	struct termios after;

	start_interactive(b, &t, "echo up; read x");
	bed_wait_for_said(b, "up\r\n");
	slot_free(b->slot);
	b->slot = NULL;
	assert_int_equal(bed_count_processes(b), 0);
	assert_int_equal(tcgetattr(u->slave, &after), 0);
	return after;
}

static void a_raw_terminal_is_put_right_when_the_scheduler_is_gone(void **state)
{
	struct users_terminal u = users_terminal();
	struct termios raw = term_mode_of(TERM_RAW, &u.before), after;

	assert_int_equal(tcsetattr(u.slave, TCSANOW, &raw), 0);
	after = modes_after_the_loss(*state, &u);
	assert_same_modes(&after, &u.before);
	close(u.slave);
	close(u.master);
}

/* Each of its flags may be what a shell has set. */
static void a_terminal_that_a_shell_has_again_is_left_alone(void **state)
{
	struct users_terminal u = users_terminal();

	for (int i = 0; i < 3; i++) {
		struct termios shells = term_mode_of(TERM_RAW, &u.before), after;

		shells.c_iflag ^= i == 0 ? IXANY : 0;
		shells.c_oflag ^= i == 1 ? ONLRET : 0;
		shells.c_lflag ^= i == 2 ? ECHO : 0;
		assert_int_equal(tcsetattr(u.slave, TCSANOW, &shells), 0);
		after = modes_after_the_loss(*state, &u);
		assert_same_modes(&after, &shells);
		str_clear(&((struct slot_bed *)*state)->said);
		bed_renew_slot(*state);
	}
	close(u.slave);
	close(u.master);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		EXEC_CASE(an_interactive_job_has_a_terminal_of_its_own),
		EXEC_CASE(an_interactive_program_that_is_not_there_is_named_on_the_terminal),
		EXEC_CASE(its_slot_is_good_for_others_afterwards),
		EXEC_CASE(without_a_terminal_no_job_is_interactive),
		EXEC_CASE(what_it_writes_is_sent_to_the_screen_and_to_the_log),
		EXEC_CASE(its_terminal_has_the_modes_and_keys_of_the_user_s),
		EXEC_CASE(keys_of_its_terminal_interrupt_it),
		EXEC_CASE(a_new_size_of_the_screen_reaches_it),
		EXEC_CASE(a_stop_is_reported_and_it_goes_on_when_the_user_says_so),
		EXEC_CASE(a_child_that_stops_is_not_reported),
		EXEC_CASE(it_has_no_time_limit),
		EXEC_CASE(what_the_user_does_after_its_end_reaches_no_job),
		EXEC_CASE(much_that_is_typed_arrives_whole_and_in_order),
		EXEC_CASE(all_that_it_writes_is_said_and_logged_however_much),
		EXEC_CASE(a_job_that_nobody_listens_to_has_to_wait),
		EXEC_CASE(a_raw_terminal_is_put_right_when_the_scheduler_is_gone),
		EXEC_CASE(a_terminal_that_a_shell_has_again_is_left_alone),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
