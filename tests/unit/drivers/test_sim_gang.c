/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks of a gang, here threads, each with a device of its own and the host's shared memory. */
#include "sim_bed.h"

#include <pthread.h>
#include <sys/mman.h>

enum { MOST = 4, WINDOW = 64 << 10 };

struct rank {
	struct sim_bed bed;
	const char *options, *json;
	int32_t number, n_ranks;
	int fd;
	uint64_t window_bytes, deadline_ns;
	const char *token;
	struct dvs_buffer buffers[2];
	struct dvs_context context;
	int32_t join_code, code;
	char text[512];
	bool is_absent;
	_Atomic bool is_open;
	pthread_t thread;
};

static uint64_t shared_bytes(const struct rank *r)
{
	return (64 << 10) + (uint64_t)r->n_ranks * ((r->window_bytes + 4095) / 4096 * 4096);
}

static int32_t join(struct rank *r)
{
	static const struct dvs_buffer_want wants[] = {{"inbox", 4096, 0, 0},
						       {"outbox", 4000, 256, 0}};
	struct dvs_join j = {
		.size = sizeof(j),
		.rank = r->number,
		.n_ranks = r->n_ranks,
		.epoch = 7,
		.token = "gang-7",
		.window_bytes = r->window_bytes,
		.buffers = wants,
		.n_buffers = r->window_bytes ? ARRAY_LEN(wants) : 0,
		.deadline_ns = r->deadline_ns,
		.shared_fd = r->fd,
		.shared_bytes = shared_bytes(r),
	};

	r->context = (struct dvs_context){.size = sizeof(r->context), .buffers = r->buffers};
	return sim()->join(r->bed.ctx, &j, &r->context, &(struct dvs_text){r->text, 512});
}

static void *run_rank(void *arg)
{
	struct rank *r = arg;

	assert_int_equal(bed_open_device(&r->bed, r->number, r->options), 0);
	r->is_open = true;
	if (r->is_absent)
		return NULL;
	r->join_code = join(r);
	if (r->join_code)
		return NULL;
	r->code = bed_run_job(
		&r->bed,
		&(struct bed_job){.json = r->json, .rank = r->number, .n_ranks = r->n_ranks});
	assert_int_equal(sim()->leave(r->bed.ctx), 0);
	return NULL;
}

static void start(struct rank *ranks, int n, const char *json)
{
	int fd = memfd_create("gang", MFD_CLOEXEC);

	for (int i = 0; i < n; i++) {
		ranks[i].number = i;
		ranks[i].n_ranks = n;
		ranks[i].fd = fd;
		if (!ranks[i].options)
			ranks[i].options = "{}";
		if (!ranks[i].json)
			ranks[i].json = json;
	}
	assert_int_equal(ftruncate(fd, (off_t)shared_bytes(ranks)), 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(pthread_create(&ranks[i].thread, NULL, run_rank, &ranks[i]), 0);
}

static void end(struct rank *ranks, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_join(ranks[i].thread, NULL);
		bed_close(&ranks[i].bed);
	}
	close(ranks[0].fd);
}

static void ranks_meet_and_exchange(void **state)
{
	static const char json[] =
		"{\"program\": [{\"alloc\": 4096, \"name\": \"x\", \"fill\": 1},"
		" {\"alloc\": 4096, \"name\": \"sum\"},"
		" {\"set\": \"x\", \"fill\": 10, \"only\": 2},"
		" {\"put\": \"x\", \"to\": \"inbox\", \"rank\": \"next\"}, \"barrier\","
		" {\"expect\": \"inbox\", \"fill\": 1, \"only\": [0, 1, 2]},"
		" {\"expect\": \"inbox\", \"fill\": 10, \"only\": 3},"
		" {\"sum\": \"inbox\", \"to\": \"sum\"}, {\"expect\": \"sum\", \"fill\": 13},"
		" {\"get\": \"inbox\", \"to\": \"x\", \"rank\": 3},"
		" {\"expect\": \"x\", \"fill\": 10}, \"barrier\"]}";
	struct rank ranks[MOST] = {{.window_bytes = WINDOW}};

	(void)state;
	for (int i = 0; i < MOST; i++)
		ranks[i].window_bytes = WINDOW;
	start(ranks, MOST, json);
	end(ranks, MOST);
	for (int i = 0; i < MOST; i++) {
		if (ranks[i].join_code || ranks[i].code)
			fail_msg("rank %d: %s; %s", i, ranks[i].text, ranks[i].bed.text);
		assert_int_equal(ranks[i].context.n_buffers, 2);
		assert_string_equal(ranks[i].buffers[1].name, "outbox");
		assert_int_equal(ranks[i].buffers[1].address % 256, 0);
		assert_true(ranks[i].buffers[0].address >= ranks[i].context.window_base);
		assert_true(ranks[i].context.window_bytes >= WINDOW);
	}
}

static void kernels_meet_in_their_windows(void **state)
{
	struct rank ranks[MOST] = {{.number = 0}};
	char json[300];

	(void)state;
	snprintf(json, sizeof(json), "{\"image\": \"%s\"}", KERNEL_ONE);
	for (int i = 0; i < MOST; i++)
		ranks[i].window_bytes = WINDOW;
	start(ranks, MOST, json);
	end(ranks, MOST);
	for (int i = 0; i < MOST; i++)
		assert_int_equal(ranks[i].code, 0);
}

static void a_rank_that_waits_says_so_and_for_whom(void **state)
{
	struct rank ranks[2] = {{.number = 0}};
	char text[256] = "";

	(void)state;
	ranks[1].json = "{\"program\": [\"compute 1h\", \"barrier\"]}";
	start(ranks, 2, "{\"program\": [\"barrier\"]}");
	while (!ranks[0].is_open || !ranks[1].is_open)
		bed_nap();
	while (ranks[0].bed.evidence != 2 || ranks[1].bed.evidence != 1)
		bed_nap();
	sim()->diagnose(ranks[0].bed.ctx, &(struct dvs_text){text, sizeof(text)});
	assert_non_null(strstr(text, "(barrier)"));
	assert_non_null(strstr(text, "waits for peers: rank 1"));
	for (int i = 0; i < 2; i++)
		assert_int_equal(sim()->abort(ranks[i].bed.ctx, ranks[i].bed.epoch), 0);
	end(ranks, 2);
	/* Cancelled, or ended because of a peer, if it sees the peer's end first. */
	assert_true(ranks[0].code == 1008 || ranks[0].code == 1007);
}

static void a_rank_that_never_comes_is_named(void **state)
{
	struct rank ranks[3] = {{.number = 0}};

	(void)state;
	for (int i = 0; i < 3; i++)
		ranks[i].deadline_ns = bed_now_ns(NULL) + 200000000;
	ranks[2].is_absent = true;
	start(ranks, 3, "{}");
	end(ranks, 3);
	assert_int_equal(ranks[0].join_code, 1007);
	assert_string_equal(ranks[0].text, "rank 2 of 3 did not join in time");
}

static void a_join_can_be_cancelled(void **state)
{
	struct rank ranks[2] = {{.number = 0}};

	(void)state;
	ranks[1].is_absent = true;
	start(ranks, 2, "{}");
	pthread_join(ranks[1].thread, NULL);
	while (!ranks[0].is_open)
		bed_nap();
	ranks[0].bed.is_cancelled = 1;
	pthread_join(ranks[0].thread, NULL);
	assert_int_equal(ranks[0].join_code, 1008);
	bed_close(&ranks[0].bed);
	bed_close(&ranks[1].bed);
	close(ranks[0].fd);
}

static void ranks_that_ask_for_different_gangs_are_reported(void **state)
{
	struct rank ranks[2] = {{.window_bytes = WINDOW}, {.window_bytes = WINDOW / 2}};

	(void)state;
	start(ranks, 2, "{}");
	end(ranks, 2);
	assert_int_equal(ranks[0].join_code, 1002);
	assert_int_equal(ranks[1].join_code, 1002);
	assert_string_equal(ranks[1].text, "ranks 1 and 0 ask for different gangs");
}

static void a_barrier_that_nobody_else_comes_to_is_a_deadlock(void **state)
{
	struct rank ranks[2] = {{.number = 0}};

	(void)state;
	ranks[1].json = "{\"program\": [\"compute 1ms\"]}";
	start(ranks, 2, "{\"program\": [\"barrier\"]}");
	end(ranks, 2);
	assert_int_equal(ranks[1].code, 0);
	assert_int_equal(ranks[0].bed.class, DVS_DEADLOCK);
	assert_string_equal(ranks[0].bed.text, "rank 1 has ended and will never reach barrier 1");
}

static void one_that_fails_is_the_cause_and_the_others_are_peers(void **state)
{
	struct rank ranks[3] = {{.number = 0}};

	(void)state;
	ranks[2].json = "{\"program\": [\"compute 1ms\", {\"fail\": \"mine\"}, \"barrier\"]}";
	start(ranks, 3, "{\"program\": [\"barrier\"]}");
	end(ranks, 3);
	assert_int_equal(ranks[2].bed.class, DVS_JOB);
	assert_string_equal(ranks[2].bed.text, "mine");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ranks[i].bed.class, DVS_PEER);
		assert_string_equal(ranks[i].bed.text, "rank 2 failed before barrier 1");
	}
}

static void what_does_not_fit_is_refused(void **state)
{
	struct rank r = {.n_ranks = 2, .fd = -1};

	(void)state;
	bed_open(&r.bed, "{}");
	assert_int_equal(join(&r), 1002);
	assert_non_null(strstr(r.text, "2 ranks need 65536 bytes of shared memory, and have 0"));
	r.n_ranks = 1;
	r.window_bytes = 5000;
	assert_int_equal(join(&r), 1002);
	assert_non_null(strstr(r.text, "buffer 'outbox' of 4000 bytes does not fit"));
	r.window_bytes = WINDOW;
	assert_int_equal(join(&r), 0);
	assert_int_not_equal(join(&r), 0);
	assert_int_equal(sim()->leave(r.bed.ctx), 0);
	bed_close(&r.bed);
}

/* The naive rule ends the rank that waits; the evidence rule does not. */
static void only_the_naive_rule_ends_a_rank_that_waits_for_a_slow_peer(void **state)
{
	static const struct {
		const char *options;
		int32_t code;
	} rows[] = {
		{"{\"inner_watch\": {\"idle\": \"40ms\", \"rule\": \"idle\"}}", -100},
		{"{\"inner_watch\": {\"idle\": \"40ms\", \"rule\": \"evidence\"}}", 0},
		{"{\"inner_watch\": {\"sync\": \"60ms\"}}", 507046},
		{"{}", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rank ranks[2] = {{.options = rows[i].options}, {.number = 1}};

		ranks[1].json = "{\"program\": [\"compute 150ms\", \"barrier\"]}";
		start(ranks, 2, "{\"program\": [\"barrier\"]}");
		end(ranks, 2);
		if (ranks[0].code != rows[i].code)
			fail_msg("%s: %d %s", rows[i].options, ranks[0].code, ranks[0].bed.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_meet_and_exchange),
		cmocka_unit_test(kernels_meet_in_their_windows),
		cmocka_unit_test(a_rank_that_waits_says_so_and_for_whom),
		cmocka_unit_test(a_rank_that_never_comes_is_named),
		cmocka_unit_test(a_join_can_be_cancelled),
		cmocka_unit_test(ranks_that_ask_for_different_gangs_are_reported),
		cmocka_unit_test(a_barrier_that_nobody_else_comes_to_is_a_deadlock),
		cmocka_unit_test(one_that_fails_is_the_cause_and_the_others_are_peers),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(only_the_naive_rule_ends_a_rank_that_waits_for_a_slow_peer),
	};

	return RUN(tests);
}
