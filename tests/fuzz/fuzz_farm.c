/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what reaches the scheduler from other machines and from a batch system, and a runner from
 * its file. The first byte of the input says what the rest is:
 *
 *   n   a file of news      o   the order of a pilot     q   a list of the queue
 *   h   the end of a pilot's beginning: its random number and its proof are put before it
 *   r   all of a pilot's beginning    a   the answer to a submission    i   a list of sites
 */
#include <stdlib.h>
#include <string.h>

#include "backends/farm/node_file.h"
#include "backends/farm/pilot_wire.h"
#include "backends/slurm/queue.h"
#include "backends/slurm/sites.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len);

static const uint8_t secret[SECRET_SIZE] = {1}, theirs[SECRET_SIZE] = {2};

/* Texts of a message end in it. */
static void farm_check_text(const char *text, const char *bytes, size_t n)
{
	if (text && (text < bytes || text + strlen(text) >= bytes + n))
		abort();
}

static void farm_read_news(const char *bytes, size_t n)
{
	struct node_news news;

	if (node_file_take_news(bytes, n, &news)) {
		farm_check_text(news.place.node, bytes, n);
		farm_check_text(news.place.batch_id, bytes, n);
		if (news.has_result && !job_status_is_final(news.outcome.result.status))
			abort();
	}
	node_news_done(&news);
}

static void farm_read_order(const char *bytes, size_t n)
{
	struct wire w = {bytes, bytes + n, true};
	struct pilot_order order = {0};

	if (pilot_take_order(&w, &order) && order.secret[SECRET_SIZE - 1] == 0 && !order.hosts)
		abort();
	free(order.hosts);
}

static void farm_read_beginning(const char *bytes, size_t n)
{
	struct wire w = {bytes, bytes + n, true};
	uint8_t own[SECRET_SIZE];
	struct pilot_hello hello;

	if (pilot_take_hello(&w, secret, theirs, own, &hello) == PILOT_GOOD) {
		farm_check_text(hello.key, bytes, n);
		farm_check_text(hello.node, bytes, n);
		farm_check_text(hello.batch_id, bytes, n);
	}
	free(hello.env);
}

static void farm_read_hello(const char *bytes, size_t n)
{
	static const uint8_t own[SECRET_SIZE] = {3};
	uint8_t proof[SECRET_SIZE];
	struct str all = {0};
	char *copy;

	secret_prove(secret, PILOT_SIDE, theirs, own, proof);
	wire_put_bytes(&all, own, SECRET_SIZE);
	wire_put_bytes(&all, proof, SECRET_SIZE);
	str_addn(&all, bytes, n);
	copy = xmalloc(all.len); /* ends where its memory ends */
	memcpy(copy, all.s, all.len);
	farm_read_beginning(copy, all.len);
	free(copy);
	str_done(&all);
}

static void farm_look(void *ctx, const struct farm_sight *sight)
{
	(void)ctx;
	if (!sight->name || sight->reason >= REASON_COUNT)
		abort();
}

static void farm_read_queue(const char *bytes, size_t n)
{
	struct str text = {0};

	str_addn(&text, bytes, n);
	str_add(&text, "");
	queue_read(text.s, farm_look, NULL);
	str_done(&text);
}

static void farm_read_answer(const char *bytes, size_t n)
{
	struct command_end end = {.exit_status = n && bytes[0] == '1'};
	struct str text = {0};

	str_add(&end.out, "");
	str_add(&end.err, "");
	str_addn(end.exit_status ? &end.err : &end.out, bytes, n);
	queue_read_answer(&end, &text);
	str_done(&text);
	command_end_done(&end);
}

static void farm_read_sites(const char *bytes, size_t n)
{
	struct arena *mem = arena_new();
	struct sites sites = {0};
	struct str text = {0};

	str_addn(&text, bytes, n);
	str_add(&text, "");
	sites_read(mem, text.s, &sites);
	sites_find(&sites, "main");
	str_done(&text);
	arena_free(mem);
}

static const struct {
	char word;
	void (*read)(const char *bytes, size_t n);
} readers[] = {
	{'n', farm_read_news},	    {'o', farm_read_order}, {'h', farm_read_hello},
	{'r', farm_read_beginning}, {'q', farm_read_queue}, {'a', farm_read_answer},
	{'i', farm_read_sites},
};

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len)
{
	size_t n = len ? len - 1 : 0;
	_cleanup_(freep) char *copy = xmalloc(n + !n);

	if (n)
		memcpy(copy, input + 1, n);
	for (size_t i = 0; len && i < ARRAY_LEN(readers); i++)
		if (readers[i].word == (char)input[0])
			readers[i].read(copy, n);
	return 0;
}
