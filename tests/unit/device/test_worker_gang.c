/* SPDX-License-Identifier: Apache-2.0 */
/* Gangs of device workers: join, arm, start. */
#include <sys/mman.h>
#include <unistd.h>

#include "../base/unit.h"
#include "base/mem.h"
#include "disk.h"
#include "worker_bed.h"
#include "worker_tests.h"

enum { RANKS = 3, SHARED = 4096 };

static const struct dvs_buffer_want wants[] = {{.name = "left", .bytes = 1024, .align = 64},
					       {.name = "right", .bytes = 2048}};

static void open_gang(struct worker_bed *b)
{
	for (unsigned i = 0; i < RANKS; i++)
		worker_bed_start(b, i, "{}");
	for (unsigned i = 0; i < RANKS; i++)
		worker_bed_wait(b, i, bed_is_open);
	b->request.n_ranks = RANKS;
	b->request.waits_for_go = true;
	b->request.token = "token-1";
	b->request.window_bytes = 65536;
	b->request.buffers = wants;
	b->request.n_buffers = ARRAY_LEN(wants);
	b->request.join_deadline_ns = board_now_ns() + 60ull * 1000000000u;
	b->request.shared_bytes = SHARED;
	b->request.shared_fd = memfd_create("gang", MFD_CLOEXEC);
	assert_int_equal(ftruncate(b->request.shared_fd, SHARED), 0);
	b->epoch++;
}

static bool is_taken(const struct bed_rank *r)
{
	return r->phase >= PHASE_TAKEN;
}

static void send_gang(struct worker_bed *b, const char *job, const char *job_of_2)
{
	worker_bed_send_rank(b, 0, job);
	worker_bed_wait(b, 0, is_taken);
	worker_bed_send_rank(b, 1, job);
	worker_bed_send_rank(b, 2, job_of_2);
	close(b->request.shared_fd); /* it was sent with the requests */
}

static void a_gang_meets_arms_and_starts_at_the_word(void **state)
{
	struct worker_bed *b = *state;
	const char *job = "{\"print_env\": true, \"polls\": 2}";
	_cleanup_(freep) char *log_path = NULL, *log = NULL, *context_path = NULL, *context = NULL;

	open_gang(b);
	send_gang(b, job, job);
	for (unsigned i = 0; i < RANKS; i++)
		worker_bed_wait(b, i, bed_is_armed);
	for (unsigned i = 0; i < RANKS; i++)
		device_worker_go(b->ranks[i].worker, b->epoch);
	for (unsigned i = 0; i < RANKS; i++) {
		worker_bed_wait(b, i, bed_has_ended);
		assert_ended(&b->ranks[i].result, DVS_OK, CALL_NONE);
	}
	log_path = xasprintf("%s/rank2.log", b->odir);
	log = disk_log(log_path);
	context_path = xasprintf("%s/rank2.json", b->odir);
	context = disk_text(context_path);
	assert_non_null(strstr(log, "DVSCHED_JOB=cfg:job\nDVSCHED_ATTEMPT=1\nDVSCHED_ODIR="));
	assert_non_null(strstr(log, "DVSCHED_DEVICE=2\nDVSCHED_RANK=2\nDVSCHED_RANKS=3\n"));
	assert_non_null(strstr(log, context_path));
	assert_string_equal(context, "{\n"
				     "  \"device\": 2,\n"
				     "  \"rank\": 2,\n"
				     "  \"n_ranks\": 3,\n"
				     "  \"communicator\": \"0x1234\",\n"
				     "  \"window\": {\n"
				     "    \"base\": \"0xfffffffff0000000\",\n"
				     "    \"bytes\": 65536\n"
				     "  },\n"
				     "  \"buffers\": {\n"
				     "    \"left\": {\n"
				     "      \"address\": \"0xfffffffff0000000\",\n"
				     "      \"bytes\": 1024\n"
				     "    },\n"
				     "    \"right\": {\n"
				     "      \"address\": \"0xfffffffff0001000\",\n"
				     "      \"bytes\": 2048\n"
				     "    }\n"
				     "  }\n"
				     "}\n");
}

static void a_list_of_buffers_that_is_not_what_was_asked_for_is_an_error(void **state)
{
	static const struct {
		const char *job, *words;
	} cases[] = {
		{"{\"join\": \"few\"}", "join() gave 1 buffers, 2 were asked for"},
		{"{\"join\": \"other\"}",
		 "join() gave a buffer 'elsewhere' that was not asked for"},
		{"{\"join\": \"twice\"}", "join() gave the buffer 'left' twice"},
		{"{\"join\": \"small\"}",
		 "join() gave 1023 bytes for buffer 'left', 1024 were asked for"},
		{"{\"join\": \"crooked\"}", "which is not aligned to 64"},
		{"{\"join\": \"endless\"}",
		 "join() gave a name that is not terminated, for buffer 1"},
	};
	struct worker_bed *b = *state;

	open_gang(b);
	close(b->request.shared_fd);
	b->request.shared_fd = -1;
	b->request.n_ranks = 1;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct device_result *r = worker_bed_run(b, cases[i].job);

		assert_ended(r, DVS_CONFIG, CALL_JOIN);
		if (!strstr(r->text, cases[i].words))
			print_error("%s\n", r->text);
		assert_non_null(strstr(r->text, cases[i].words));
		assert_int_equal(r->stamp_ns[PHASE_ARMED], 0);
	}
}

static void a_rank_that_fails_to_join_says_so_and_the_others_can_be_cancelled(void **state)
{
	struct worker_bed *b = *state;

	open_gang(b);
	b->request.join_deadline_ns = board_now_ns(); /* no rank waits for long */
	send_gang(b, "{}", "{\"join\": \"code 600\"}");
	for (unsigned i = 0; i < RANKS; i++)
		worker_bed_wait(b, i, bed_has_ended);
	assert_ended(&b->ranks[2].result, DVS_POISON, CALL_JOIN);
	assert_ended(&b->ranks[0].result, DVS_PEER, CALL_JOIN);
	assert_ended(&b->ranks[1].result, DVS_PEER, CALL_JOIN);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_gang_meets_arms_and_starts_at_the_word),
		TEST(a_list_of_buffers_that_is_not_what_was_asked_for_is_an_error),
		TEST(a_rank_that_fails_to_join_says_so_and_the_others_can_be_cancelled),
	};

	worker_bed_dispatch(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
