/* SPDX-License-Identifier: Apache-2.0 */
/* The driver `simpler`: one rank of a gang, with a stand-in for the library. */
#include "simpler_bed.h"

#include "base/fs.h"
#include "base/mem.h"

static int open_setup(void **state)
{
	bed_setup(state);
	assert_int_equal(bed_open(*state, ""), 0);
	return 0;
}

static struct dvs_join join_of(const struct bed *b, const struct dvs_buffer_want *buffers,
			       uint32_t n)
{
	return (struct dvs_join){.size = sizeof(struct dvs_join),
				 .n_ranks = 2,
				 .n_buffers = n,
				 .epoch = b->epoch,
				 .token = "t-1",
				 .buffers = buffers,
				 .shared_fd = -1};
}

static const struct dvs_buffer_want two_buffers[] = {{"in", 100, 0, 0}, {"acc", 4096, 256, 0}};

static int32_t join(struct bed *b, struct dvs_join *j, struct dvs_context *ret,
		    struct dvs_buffer *buffers)
{
	*ret = (struct dvs_context){.size = sizeof(*ret), .buffers = buffers};
	b->err_text[0] = '\0';
	return b->d->join(b->ctx, j, ret, &b->err);
}

static void a_gang_has_a_window_with_named_buffers(void **state)
{
	struct bed *b = *state;
	struct dvs_join j = join_of(b, two_buffers, 2);
	struct dvs_buffer buffers[2];
	struct dvs_context c;
	char *root = xasprintf("%s/dvsched-t-1.root", b->dir);
	char *job = xstrdup(
		"{\"callable\": {\"orch\": \"orch.so\", \"sig\": "
		"\"scalar,scalar,scalar,inout\", \"kernels\": [{\"id\": 0, \"so\": \"add.so\", "
		"\"sig\": []}]}, \"args\": [{\"u64\": \"communicator\"}, {\"i32\": \"ranks\"}, "
		"{\"f32\": 1.5}, {\"f32\": [1024], \"buffer\": \"acc\", \"fill\": 4, \"out\": "
		"true, "
		"\"expect\": {\"fill\": 5.5, \"atol\": 1e-3}}]}");

	assert_int_equal(bed_load(b, job), 0);
	bed_forget_report(b);
	assert_int_equal(join(b, &j, &c, buffers), 0);
	assert_int_equal(c.n_buffers, 2);
	assert_int_equal(c.communicator, 0xc0ffee);
	assert_int_equal(c.window_bytes, 8192);
	assert_string_equal(buffers[1].name, "acc");
	assert_int_equal(buffers[0].address, c.window_base);
	assert_int_equal(buffers[1].address, c.window_base + 256);
	assert_int_equal(buffers[1].bytes, 4096);
	assert_true(fs_exists(root));
	assert_int_equal(bed_run(b, job), 0);
	assert_int_equal(bed_count(b, "saw scalar 0xc0ffee"), 1);
	assert_int_equal(bed_count(b, "saw scalar 0x2"), 1);
	assert_int_equal(bed_count(b, "saw tensor 0 dtype 0 dims 1 space 1"), 1);
	assert_int_equal(b->d->leave(b->ctx), 0);
	assert_int_equal(b->d->leave(b->ctx), 0);
	assert_false(fs_exists(root));
	bed_expect_calls(b,
			 "ready stream comm_init windows base size copy_to barrier copy_to prepare "
			 "copy_to copy_to launch poll poll wait finalize copy_from comm_destroy");
	free(root);
	free(job);
}

/* A window may have the content of an earlier job. */
static void a_window_begins_as_zeros(void **state)
{
	struct bed *b = *state;
	struct dvs_join j = join_of(b, two_buffers, 2);
	struct dvs_buffer buffers[2];
	struct dvs_context c;

	for (unsigned i = 0; i < 3; i++) {
		unsigned char *at;

		assert_int_equal(join(b, &j, &c, buffers), 0);
		at = (unsigned char *)(uintptr_t)c.window_base;
		for (unsigned k = 0; k < c.window_bytes; k++)
			assert_int_equal(at[k], 0);
		memset(at, 1, c.window_bytes);
		assert_int_equal(b->d->leave(b->ctx), 0);
	}
}

/* The library's ranks meet in their windows, so it needs one where the job wants none. */
static void a_gang_without_a_window_meets_as_well(void **state)
{
	struct bed *b = *state;
	struct dvs_join j = join_of(b, NULL, 0);
	struct dvs_context c;
	char *job = bed_job("add.so", 5, "");

	assert_int_equal(bed_load(b, job), 0);
	assert_int_equal(join(b, &j, &c, NULL), 0);
	assert_int_equal(c.communicator, 0xc0ffee);
	assert_int_equal(c.window_base, 0);
	assert_int_equal(c.window_bytes, 0);
	assert_int_equal(bed_count(b, "saw window 4096"), 1);
	assert_int_equal(bed_run(b, job), 0);
	assert_int_equal(b->d->leave(b->ctx), 0);
	free(job);
}

static void a_communicator_goes_before_its_device(void **state)
{
	struct bed *b = *state;
	struct dvs_join j = join_of(b, NULL, 0);
	struct dvs_context c;

	bed_would("stream=1");
	j.rank = 1;
	assert_int_equal(join(b, &j, &c, NULL), 0);
	assert_int_equal(c.window_bytes, 0);
	assert_int_equal(join(b, &j, &c, NULL), SIMPLER_E_ORDER);
	bed_forget_report(b);
	bed_close(b);
	bed_expect_calls(b, "comm_destroy free_stream finalize_device destroy");
}

static const struct dvs_buffer_want twice[] = {{"a", 8, 0, 0}, {"a", 8, 0, 0}};
static const struct dvs_buffer_want crooked[] = {{"a", 8, 3, 0}};

static const struct {
	const char *would;
	const struct dvs_buffer_want *buffers;
	uint32_t n_buffers;
	uint64_t window;
	int32_t n_ranks, code;
	const char *text;
} bad_joins[] = {
	{"comm_init=0", NULL, 0, 0, 2, SIMPLER_E_COMM, "rank 0 of 2: comm_init made no"},
	{"ready=-1", NULL, 0, 0, 2, SIMPLER_E_COMM, "ensure_acl_ready_ctx returned -1"},
	{"windows=507899", NULL, 0, 64, 2, 507899, "comm_alloc_windows returned 507899"},
	{"window=32", NULL, 0, 64, 2, SIMPLER_E_COMM, "has 32 bytes"},
	{"barrier=-1", NULL, 0, 0, 2, SIMPLER_E_PEERS, "comm_barrier returned -1"},
	{"", NULL, 0, 0, 65, SIMPLER_E_WINDOW, "at most 64 ranks"},
	{"", two_buffers, 2, 4096, 2, SIMPLER_E_WINDOW, "need 4352 bytes and the window has 4096"},
	{"", twice, 2, 0, 2, SIMPLER_E_WINDOW, "used twice"},
	{"", crooked, 1, 0, 2, SIMPLER_E_WINDOW, "no power of two"},
};

static void a_join_that_fails_leaves_nothing_of_it(void **state)
{
	struct bed *b = *state;

	for (unsigned i = 0; i < ARRAY_LEN(bad_joins); i++) {
		struct dvs_join j = join_of(b, bad_joins[i].buffers, bad_joins[i].n_buffers);
		struct dvs_buffer buffers[2];
		struct dvs_context c;

		j.window_bytes = bad_joins[i].window;
		j.n_ranks = bad_joins[i].n_ranks;
		bed_would(bad_joins[i].would);
		assert_int_equal(join(b, &j, &c, buffers), bad_joins[i].code);
		if (!strstr(b->err_text, bad_joins[i].text))
			fail_msg("%u: %s", i, b->err_text);
		bed_would("");
		bed_close(b);
		assert_int_equal(bed_open(b, ""), 0);
	}
	assert_int_equal(bed_count(b, "call comm_init") - 1, bed_count(b, "call comm_destroy"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_setup, bed_teardown)
		TEST(a_gang_has_a_window_with_named_buffers),
		TEST(a_window_begins_as_zeros),
		TEST(a_gang_without_a_window_meets_as_well),
		TEST(a_communicator_goes_before_its_device),
		TEST(a_join_that_fails_leaves_nothing_of_it),
	};

	return RUN(tests);
}
