/* SPDX-License-Identifier: Apache-2.0 */
/* The frames between a scheduler and a slot: exactly the written values are read. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/link.h"
#include "base/mem.h"
#include "base/proc.h"
#include "exec/slot_wire.h"
#include "exec_bed.h"

static const char *const our_env[] = {"A=1", "B=", NULL};

static struct slot_options the_options(void)
{
	return (struct slot_options){
		.number = 3,
		.default_grace_s = 2.5,
		.job_nofile = 1ull << 40,
		.scratch_root = "/s",
		.cpus = "0-3",
		.numa = -1,
		.cgroup_dir = "/c",
	};
}

static const struct job_steps all_steps = {
	.remove_before = "/s/1",
	.write_path = "/s/2",
	.write_text = "text",
	.remove_unless_passed = "/s/3",
	.reader = "reader",
	.read_path = "/s/4",
};

static const char *const the_argv[] = {"sh", "-c", "true", NULL};

static struct job_spec the_spec(void)
{
	return (struct job_spec){
		.id = "a:b",
		.dir = "/s/a/b",
		.log = "log",
		.command = "true",
		.argv = the_argv,
		.steps = &all_steps,
		.has_attempt = true,
	};
}

static struct slot_terminal the_terminal(void)
{
	struct slot_terminal t = {
		.modes = {.c_iflag = 1, .c_oflag = 2, .c_cflag = 3, .c_lflag = 4},
		.rows = 25,
		.columns = 80,
		.path = "/dev/pts/1",
	};

	for (size_t i = 0; i < sizeof(t.modes.c_cc); i++)
		t.modes.c_cc[i] = (cc_t)(i + 1);
	return t;
}

/* The fields of the one frame in b. */
static struct wire fields_of(const struct str *b, uint8_t type)
{
	struct wire w;
	uint8_t found;
	size_t size;

	assert_int_equal(wire_next(b->s, b->len, &found, &w, &size), 1);
	assert_int_equal(size, b->len);
	assert_int_equal(found, type);
	return w;
}

static void a_greeting_is_taken_as_it_was_put(void **state)
{
	_cleanup_(str_done) struct str b = {0};
	struct slot_options o = the_options();
	struct slot_hello hello;
	struct wire w;

	(void)state;
	slot_put_hello(&b, &o, our_env);
	w = fields_of(&b, FRAME_HELLO);
	assert_true(slot_take_hello(&w, &hello));
	assert_int_equal(hello.number, 3);
	assert_true(hello.grace_s == 2.5);
	assert_true(hello.nofile == 1ull << 40);
	assert_string_equal(hello.scratch_root, "/s");
	assert_string_equal(hello.cpus, "0-3");
	assert_int_equal(hello.numa, -1);
	assert_string_equal(hello.cgroup_dir, "/c");
	assert_string_equal(hello.env[0], "A=1");
	assert_string_equal(hello.env[1], "B=");
	assert_null(hello.env[2]);
	free(hello.env);
}

static void a_job_is_taken_as_it_was_put(void **state)
{
	_cleanup_(str_done) struct str b = {0};
	struct job_spec spec = the_spec();
	struct slot_run run;
	struct wire w;

	(void)state;
	slot_put_run(&b, JOB_WIRE_PLACES - 1, &spec, 7, our_env);
	w = fields_of(&b, FRAME_RUN);
	assert_true(slot_take_run(&w, &run));
	assert_int_equal(run.start.rules, JOB_WIRE_PLACES - 1);
	assert_int_equal(run.start.attempt, 7);
	assert_true(run.start.has_attempt);
	assert_string_equal(run.start.id, "a:b");
	assert_string_equal(run.start.odir, "/s/a/b");
	assert_string_equal(run.start.log_path, "/s/a/b/log");
	assert_string_equal(run.start.command, "true");
	assert_int_equal(run.n_argv, 3);
	assert_string_equal(run.argv[2], "true");
	assert_null(run.argv[3]);
	assert_int_equal(run.start.n_env, 2);
	assert_string_equal(run.start.env[1], "B=");
	assert_string_equal(run.steps.remove_before, "/s/1");
	assert_string_equal(run.steps.write_path, "/s/2");
	assert_string_equal(run.steps.write_text, "text");
	assert_string_equal(run.steps.remove_unless_passed, "/s/3");
	assert_string_equal(run.steps.reader, "reader");
	assert_string_equal(run.steps.read_path, "/s/4");
	slot_run_done(&run);
	assert_null(run.argv);
}

/* The words of its command are what runs. */
static void a_job_without_arguments_of_its_own_has_those_of_its_command(void **state)
{
	_cleanup_(str_done) struct str b = {0};
	struct job_spec spec = the_spec();
	struct slot_run run;
	struct wire w;

	(void)state;
	spec.steps = NULL;
	spec.has_attempt = false;
	spec.argv = NULL;
	spec.is_split = true;
	spec.command = "echo 'a  b' c";
	slot_put_run(&b, 0, &spec, 1, NULL);
	w = fields_of(&b, FRAME_RUN);
	assert_true(slot_take_run(&w, &run));
	assert_int_equal(run.n_argv, 3);
	assert_string_equal(run.argv[1], "a  b");
	assert_int_equal(run.start.n_env, 0);
	assert_false(run.start.has_attempt);
	assert_null(run.steps.remove_before);
	assert_null(run.steps.write_path);
	assert_null(run.steps.reader);
	slot_run_done(&run);
}

static void orders_are_taken_as_they_were_put(void **state)
{
	_cleanup_(str_done) struct str b = {0};
	enum job_reason reason;
	unsigned rows, columns;
	bool is_on;
	struct wire w;

	(void)state;
	for (int on = 0; on <= 1; on++) {
		str_clear(&b);
		slot_put_kill(&b, on, REASON_COUNT - 1);
		w = fields_of(&b, FRAME_KILL);
		assert_true(slot_take_kill(&w, &is_on, &reason));
		assert_int_equal(is_on, on);
		assert_int_equal(reason, REASON_COUNT - 1);
		str_clear(&b);
		slot_put_pause(&b, on);
		w = fields_of(&b, FRAME_PAUSE);
		assert_true(slot_take_pause(&w, &is_on));
		assert_int_equal(is_on, on);
	}
	str_clear(&b);
	slot_put_size(&b, 25, 80);
	w = fields_of(&b, FRAME_SIZE);
	assert_true(slot_take_size(&w, &rows, &columns));
	assert_int_equal(rows, 25);
	assert_int_equal(columns, 80);
}

static void a_terminal_is_taken_as_it_was_put(void **state)
{
	_cleanup_(str_done) struct str b = {0};
	struct slot_terminal t = the_terminal(), found;
	struct wire w;

	(void)state;
	slot_put_terminal(&b, &t);
	w = fields_of(&b, FRAME_TERMINAL);
	assert_true(slot_take_terminal(&w, &found));
	assert_int_equal(found.modes.c_iflag, 1);
	assert_int_equal(found.modes.c_oflag, 2);
	assert_int_equal(found.modes.c_cflag, 3);
	assert_int_equal(found.modes.c_lflag, 4);
	assert_memory_equal(found.modes.c_cc, t.modes.c_cc, sizeof(t.modes.c_cc));
	assert_int_equal(found.rows, 25);
	assert_int_equal(found.columns, 80);
	assert_string_equal(found.path, "/dev/pts/1");
}

static bool is_taken(uint8_t type, struct wire *w)
{
	struct slot_hello hello = {0};
	struct slot_run run = {0};
	struct slot_terminal terminal;
	enum job_reason reason;
	unsigned rows, columns;
	bool is_on, is_good = false;

	switch (type) {
	case FRAME_HELLO:
		is_good = slot_take_hello(w, &hello);
		free(hello.env);
		break;
	case FRAME_RUN:
		is_good = slot_take_run(w, &run);
		slot_run_done(&run);
		break;
	case FRAME_KILL:
		is_good = slot_take_kill(w, &is_on, &reason);
		break;
	case FRAME_PAUSE:
		is_good = slot_take_pause(w, &is_on);
		break;
	case FRAME_TERMINAL:
		is_good = slot_take_terminal(w, &terminal);
		break;
	case FRAME_SIZE:
		is_good = slot_take_size(w, &rows, &columns);
		break;
	}
	return is_good;
}

static void put(struct str *b, uint8_t type)
{
	struct slot_options o = the_options();
	struct slot_terminal t = the_terminal();
	struct job_spec spec = the_spec();

	switch (type) {
	case FRAME_HELLO:
		slot_put_hello(b, &o, our_env);
		break;
	case FRAME_RUN:
		slot_put_run(b, 0, &spec, 1, our_env);
		break;
	case FRAME_KILL:
		slot_put_kill(b, true, REASON_USER);
		break;
	case FRAME_PAUSE:
		slot_put_pause(b, true);
		break;
	case FRAME_TERMINAL:
		slot_put_terminal(b, &t);
		break;
	case FRAME_SIZE:
		slot_put_size(b, 25, 80);
		break;
	}
}

static const uint8_t with_fields[] = {FRAME_HELLO, FRAME_RUN,	   FRAME_KILL,
				      FRAME_PAUSE, FRAME_TERMINAL, FRAME_SIZE};

static void a_frame_that_was_cut_is_refused_wherever(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(with_fields); i++) {
		_cleanup_(str_done) struct str b = {0};
		struct wire whole, w;

		put(&b, with_fields[i]);
		w = whole = fields_of(&b, with_fields[i]);
		assert_true(is_taken(with_fields[i], &w));
		for (const char *end = whole.at; end < whole.end; end++) {
			w = (struct wire){whole.at, end, true};
			if (is_taken(with_fields[i], &w))
				fail_msg("frame %u: taken with %d bytes", with_fields[i],
					 (int)(end - whole.at));
		}
	}
}

/* A frame with these changes, which no scheduler of this program sends. */
static bool is_run_taken(const struct job_spec *spec, uint32_t place)
{
	_cleanup_(str_done) struct str b = {0};
	struct wire w;

	slot_put_run(&b, place, spec, 1, NULL);
	w = fields_of(&b, FRAME_RUN);
	return is_taken(FRAME_RUN, &w);
}

static void a_job_that_lacks_what_it_needs_is_refused(void **state)
{
	static const struct job_steps no_text = {.write_path = "/s/1"}, no_path = {.reader = "r"};
	static const char *const nothing[] = {NULL};
	struct job_spec good = the_spec(), spec;

	(void)state;
	assert_true(is_run_taken(&good, 0));
	assert_false(is_run_taken(&good, JOB_WIRE_PLACES));
	spec = good;
	spec.id = NULL;
	assert_false(is_run_taken(&spec, 0));
	spec = good;
	spec.dir = NULL;
	assert_false(is_run_taken(&spec, 0));
	spec = good;
	spec.log = NULL;
	assert_false(is_run_taken(&spec, 0));
	spec = good;
	spec.command = NULL;
	assert_false(is_run_taken(&spec, 0));
	spec = good;
	spec.argv = nothing;
	assert_false(is_run_taken(&spec, 0));
	spec = good;
	spec.steps = &no_text;
	assert_false(is_run_taken(&spec, 0));
	spec.steps = &no_path;
	assert_false(is_run_taken(&spec, 0));
}

static void what_no_scheduler_says_is_refused(void **state)
{
	_cleanup_(str_done) struct str b = {0};
	struct slot_options o = the_options();
	struct wire w;

	(void)state;
	slot_put_kill(&b, true, REASON_COUNT);
	w = fields_of(&b, FRAME_KILL);
	assert_false(is_taken(FRAME_KILL, &w));
	str_clear(&b);
	o.scratch_root = NULL;
	slot_put_hello(&b, &o, our_env);
	w = fields_of(&b, FRAME_HELLO);
	assert_false(is_taken(FRAME_HELLO, &w));
	str_clear(&b);
	o.scratch_root = "/s";
	slot_put_hello(&b, &o, our_env);
	w = fields_of(&b, FRAME_HELLO);
	*(char *)(uintptr_t)w.at ^= 1; /* the version */
	assert_false(is_taken(FRAME_HELLO, &w));
}

/* ---- a slot's process, and a peer that is no scheduler of this program ---- */

struct raw_slot {
	struct proc proc;
	struct link link;
};

static void raw_start(struct raw_slot *r, const struct slot_bed *b)
{
	static const char *const no_env[] = {NULL};
	struct slot_options o = b->options;
	struct error err = {0};

	assert_int_equal(proc_start("dvs-slot", "__slot", &r->proc, &err), 0);
	link_init(&r->link, r->proc.fd, 0);
	slot_put_hello(&r->link.out, &o, no_env);
}

static uint8_t raw_next(struct raw_slot *r, struct wire *w)
{
	struct pollfd p = {.fd = r->link.fd, .events = POLLIN};
	uint8_t type;

	assert_int_equal(link_send(&r->link), 0);
	while (link_next(&r->link, &type, w) <= 0) {
		poll(&p, 1, -1);
		assert_int_equal(link_read(&r->link, LINK_NOW), LINK_OK);
	}
	return type;
}

static void raw_job(struct raw_slot *r, struct slot_bed *b, const char *command)
{
	struct job_wire_places places = {0};
	uint32_t place;

	bed_shell(b, command);
	place = job_wire_place_rules(&places, &r->link.out, FRAME_RULES, &b->rules);
	slot_put_run(&r->link.out, place, &b->spec, 1, NULL);
}

/* Sends all queued frames. Returns the exit status of the slot. */
static int raw_status(struct raw_slot *r)
{
	int status;

	link_send(&r->link);
	assert_int_equal(waitpid(r->proc.pid, &status, 0), r->proc.pid);
	link_done(&r->link);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_slot_answers(void **state)
{
	struct raw_slot r = {0};
	struct wire w;

	raw_start(&r, *state);
	slot_put_kill(&r.link.out, true, REASON_USER); /* its job has ended meanwhile */
	slot_put_word(&r.link.out, FRAME_PING);
	assert_int_equal(raw_next(&r, &w), FRAME_ALIVE);
	link_close(&r.link);
	assert_int_equal(raw_status(&r), 0);
}

static void a_job_that_cannot_be_read_fails(void **state)
{
	struct slot_bed *b = *state;
	struct job_outcome outcome = {0};
	struct raw_slot r = {0};
	struct wire w;

	raw_start(&r, b);
	b->argv[0] = NULL;
	slot_put_run(&r.link.out, 0, &b->spec, 1, NULL);
	assert_int_equal(raw_next(&r, &w), FRAME_RESULT);
	assert_true(job_wire_take_result(&w, &outcome));
	assert_int_equal(outcome.result.status, JOB_FAILED);
	assert_int_equal(outcome.result.reason, REASON_LAUNCH);
	assert_string_equal(outcome.result.message, "the slot was sent a job that it cannot read");
	job_outcome_done(&outcome);
	link_close(&r.link);
	assert_int_equal(raw_status(&r), 0);
}

/* It kills its job, too. */
static void a_slot_that_hears_nonsense_ends(void **state)
{
	static const uint8_t cut[] = {FRAME_RULES, FRAME_KILL, FRAME_PAUSE,  FRAME_TERMINAL,
				      FRAME_TYPED, FRAME_SIZE, FRAME_RESULT, 99};
	struct slot_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cut); i++) {
		struct raw_slot r = {0};

		raw_start(&r, b);
		raw_job(&r, b, "exec sleep 1000");
		slot_put_word(&r.link.out, cut[i]);
		assert_int_equal(raw_status(&r), 70);
		assert_int_equal(bed_count_processes(b), 0);
	}
}

static void a_slot_is_greeted_once_and_has_one_job(void **state)
{
	struct slot_bed *b = *state;
	struct raw_slot r = {0};

	raw_start(&r, b);
	slot_put_hello(&r.link.out, &b->options, our_env);
	assert_int_equal(raw_status(&r), 70);
	raw_start(&r, b);
	str_clear(&r.link.out);
	slot_put_word(&r.link.out, FRAME_PING);
	assert_int_equal(raw_status(&r), 70);
	raw_start(&r, b);
	raw_job(&r, b, "exec sleep 1000");
	slot_put_run(&r.link.out, 0, &b->spec, 1, NULL);
	assert_int_equal(raw_status(&r), 70);
	assert_int_equal(bed_count_processes(b), 0);
	raw_start(&r, b);
	str_addn(&r.link.out, "\xff\xff\xff\xff\xff", 5); /* a frame of 4 GiB */
	assert_int_equal(raw_status(&r), 70);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_greeting_is_taken_as_it_was_put),
		cmocka_unit_test(a_job_is_taken_as_it_was_put),
		cmocka_unit_test(a_job_without_arguments_of_its_own_has_those_of_its_command),
		cmocka_unit_test(orders_are_taken_as_they_were_put),
		cmocka_unit_test(a_terminal_is_taken_as_it_was_put),
		cmocka_unit_test(a_frame_that_was_cut_is_refused_wherever),
		cmocka_unit_test(a_job_that_lacks_what_it_needs_is_refused),
		cmocka_unit_test(what_no_scheduler_says_is_refused),
		EXEC_CASE(a_slot_answers),
		EXEC_CASE(a_job_that_cannot_be_read_fails),
		EXEC_CASE(a_slot_that_hears_nonsense_ends),
		EXEC_CASE(a_slot_is_greeted_once_and_has_one_job),
	};

	bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
