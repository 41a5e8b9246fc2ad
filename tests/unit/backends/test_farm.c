/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a submission whose batch system is a few lines of shell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/farm/agent.h"
#include "backends/farm/farm.h"
#include "backends/farm/farm_parts.h"
#include "base/attr.h"
#include "base/fs.h"
#include "base/mem.h"
#include "io/loop.h"
#include "temp_dir.h"

static const struct node_site bed_site = {.id = "BATCH_ID"};

/* The commands of the batch system: each is a line of shell in the directory of the test. */
struct bed {
	char dir[32];
	struct ev_loop *loop;
	struct farm *farm;
	const char *submit, *look, *cancel;
	unsigned n_ended;
	enum job_status status;
	enum job_reason reason;
	char message[512];
};

static void bed_command(const struct bed *b, const char *line, struct command_words *words)
{
	command_add(words, "sh");
	command_add(words, "-c");
	command_add(words, "cd %s; %s", b->dir, line);
}

static void bed_submit(void *ctx, const struct farm_order *order, struct command_words *words)
{
	struct bed *b = ctx;

	bed_command(b, b->submit, words);
	command_add(words, "%s", order->name); /* $0 */
	command_add(words, "%s", order->out_path);
}

/* "7" is an id, anything else a doubt; a status other than 0 is a refusal. */
static enum farm_answer bed_submitted(void *ctx, const struct command_end *end, struct str *text)
{
	(void)ctx;
	if (end->exit_status != 0) {
		command_explain("submit", end, text);
		return FARM_REFUSED;
	}
	str_add(text, "7");
	return end->out.s && strcmp(end->out.s, "7\n") == 0 ? FARM_ACCEPTED : FARM_UNKNOWN;
}

static void bed_look(void *ctx, const char *prefix, struct command_words *words)
{
	struct bed *b = ctx;

	(void)prefix;
	bed_command(b, b->look, words);
}

/* "waits", "runs", or "gone". */
static bool bed_seen(void *ctx, const struct command_end *end, farm_see *see, void *see_ctx)
{
	const char *word = end->out.s ? end->out.s : "";
	struct farm_sight s = {.name = "dvs-abc-1", .id = "7", .word = "PREEMPTED"};

	(void)ctx;
	if (end->exit_status != 0)
		return false;
	s.stage = str_starts(word, "waits")  ? FARM_WAITS
		  : str_starts(word, "runs") ? FARM_RUNS
					     : FARM_OVER;
	s.reason = s.stage == FARM_OVER ? REASON_PREEMPTED : REASON_NONE;
	if (*word)
		see(see_ctx, &s);
	return true;
}

static void bed_cancel(void *ctx, bool is_now, const char *const *ids, struct command_words *words)
{
	struct bed *b = ctx;

	(void)is_now;
	assert_string_equal(ids[0], "7");
	bed_command(b, b->cancel, words);
}

static const struct farm_ops bed_ops = {
	.system = "Batch",
	.submit = bed_submit,
	.submitted = bed_submitted,
	.look = bed_look,
	.seen = bed_seen,
	.cancel = bed_cancel,
};

static void bed_began(void *owner, const char *node)
{
	(void)owner;
	(void)node;
}

static void bed_ended(void *owner, const struct job_result *result)
{
	struct bed *b = owner;

	b->n_ended++;
	b->status = result->status;
	b->reason = result->reason;
	snprintf(b->message, sizeof(b->message), "%s", result->message ? result->message : "");
}

static const struct job *bed_job(void *owner)
{
	(void)owner;
	return NULL;
}

static const struct farm_owner_ops bed_owner = {
	.began = bed_began, .ended = bed_ended, .job = bed_job};

static struct submission *bed_begin(struct bed *b, const char *submit, const char *look)
{
	_cleanup_(freep) char *run_dir = NULL;
	struct str content = {0};
	struct farm_options options = {
		.clock = clock_real(),
		.scratch_root = "/",
		.look_s = 0.05,
		.site = &bed_site,
		.n_most = 10,
		.program = "/no/dvsched",
	};

	*b = (struct bed){.dir = "/tmp/farm-XXXXXX", .loop = loop_new()};
	assert_non_null(temp_dir_make(b->dir));
	b->submit = submit;
	b->look = look;
	b->cancel = "touch cancelled";
	options.loop = b->loop;
	b->farm = farm_new(&options, &bed_ops, b);
	run_dir = xasprintf("%s/run-abc", b->dir);
	farm_begin(b->farm, run_dir);
	str_add(&content, "the file");
	return farm_add_other(b->farm, &bed_owner, b, &content);
}

static void on_bed_closed(void *ctx, const char *trouble)
{
	assert_null(trouble);
	*(bool *)ctx = true;
}

static void bed_end(struct bed *b)
{
	_cleanup_(freep) char *left = xasprintf("%s/run-abc/farm", b->dir);
	bool is_closed = false;

	while (b->n_ended == 0)
		ev_run(b->loop, EVRUN_ONCE);
	assert_int_equal(b->n_ended, 1);
	farm_close(b->farm, on_bed_closed, &is_closed);
	while (!is_closed)
		ev_run(b->loop, EVRUN_ONCE);
	assert_false(fs_exists(left));
	farm_free(b->farm);
	ev_loop_destroy(b->loop);
	fs_remove_tree(b->dir);
}

static void a_refusal_is_the_end(void **state)
{
	struct bed b;

	(void)state;
	bed_begin(&b, "echo no such account >&2; exit 1", "true");
	bed_end(&b);
	assert_int_equal(b.reason, REASON_REFUSED);
	assert_string_equal(b.message, "no such account");
}

static void what_is_over_without_a_result_has_its_reason_and_what_it_printed(void **state)
{
	struct bed b;

	(void)state;
	bed_begin(&b, "grep -q 'the file$' run-abc/farm/jobs/1 && echo what > \"$1\"; echo 7",
		  "echo gone");
	bed_end(&b);
	assert_int_equal(b.status, JOB_KILLED);
	assert_int_equal(b.reason, REASON_PREEMPTED);
	assert_string_equal(b.message, "Batch ended it: PREEMPTED (job 7); it printed: what");
}

static void what_is_not_in_the_queue_any_more_is_lost(void **state)
{
	struct bed b;

	(void)state;
	bed_begin(&b, "echo 7", "true");
	bed_end(&b);
	assert_int_equal(b.reason, REASON_LOST);
	assert_non_null(strstr(b.message, "not in the queue any more"));
}

/* The first three looks fail, which proves nothing. */
static void a_silent_batch_system_is_waited_for(void **state)
{
	struct bed b;

	(void)state;
	bed_begin(&b, "echo 7", "echo >> looks; test $(wc -l < looks) -gt 3 || exit 1; echo gone");
	bed_end(&b);
	assert_int_equal(b.reason, REASON_PREEMPTED);
}

/* It is there, so it is not sent again; it is cancelled by the id that the look has. */
static void a_doubtful_submission_that_waits_can_be_cancelled(void **state)
{
	struct submission *s;
	struct bed b;

	(void)state;
	s = bed_begin(&b, "echo >> sent; test $(wc -l < sent) = 1 && echo perhaps",
		      "test -e cancelled || echo waits");
	farm_cancel_other(s);
	bed_end(&b);
	assert_int_equal(b.reason, REASON_USER);
}

static void a_submission_that_did_not_arrive_is_sent_again(void **state)
{
	struct bed b;

	(void)state;
	bed_begin(&b, "if mkdir once; then echo perhaps; else touch sent; echo 7; fi",
		  "test ! -e sent || echo gone");
	bed_end(&b);
	assert_int_equal(b.reason, REASON_PREEMPTED);
}

/* Batch systems signal the job's own processes, perhaps before the slot does. */
static void a_signal_after_a_cancellation_is_its_effect(void **state)
{
	static const struct {
		struct job_result result;
		bool is_of_cancel, is_from_outside;
	} rows[] = {
		{{.status = JOB_KILLED, .reason = REASON_TIMEOUT}, true, false},
		{{.status = JOB_KILLED, .reason = REASON_USER}, true, true},
		{{.status = JOB_FAILED, .reason = REASON_SIGNAL, .term_signal = 15}, true, true},
		{{.status = JOB_FAILED, .reason = REASON_SIGNAL, .term_signal = 11}, true, false},
		{{.status = JOB_FAILED, .reason = REASON_EXIT, .exit_status = 143}, true, true},
		{{.status = JOB_FAILED, .reason = REASON_EXIT, .exit_status = 137}, true, false},
		{{.status = JOB_FAILED, .reason = REASON_EXIT, .exit_status = 128}, false, false},
		{{.status = JOB_FAILED, .reason = REASON_EXIT, .exit_status = 1}, false, false},
		{{.status = JOB_FAILED, .reason = REASON_FAIL_PATTERN}, false, false},
		{{.status = JOB_PASSED}, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(farm_ended_by_cancel(&rows[i].result), rows[i].is_of_cancel);
		assert_int_equal(farm_ended_from_outside(&rows[i].result), rows[i].is_from_outside);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_is_the_end),
		cmocka_unit_test(what_is_over_without_a_result_has_its_reason_and_what_it_printed),
		cmocka_unit_test(what_is_not_in_the_queue_any_more_is_lost),
		cmocka_unit_test(a_silent_batch_system_is_waited_for),
		cmocka_unit_test(a_doubtful_submission_that_waits_can_be_cancelled),
		cmocka_unit_test(a_submission_that_did_not_arrive_is_sent_again),
		cmocka_unit_test(a_signal_after_a_cancellation_is_its_effect),
	};

	if (argc == 2 && strcmp(argv[1], "__agent") == 0)
		return agent_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
