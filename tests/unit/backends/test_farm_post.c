/* SPDX-License-Identifier: Apache-2.0 */
/* Who may connect as a pilot, and who is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/farm/node_file.h"
#include "backends/farm/post.h"
#include "base/mem.h"
#include "exec/slot_wire.h"
#include "io/loop.h"

static void a_proof_is_an_hmac_of_both_numbers(void **state)
{
	static const char expected[] =
		"aa60102879faee19a2a16e554793c3b067e11665f080db9d80dedc6da47e5699";
	uint8_t secret[SECRET_SIZE], theirs[SECRET_SIZE], own[SECRET_SIZE], proof[SECRET_SIZE];
	char text[2 * SECRET_SIZE + 1];

	(void)state;
	for (int i = 0; i < SECRET_SIZE; i++)
		secret[i] = (uint8_t)i;
	memset(theirs, 1, sizeof(theirs));
	memset(own, 2, sizeof(own));
	secret_prove(secret, "pilot", theirs, own, proof);
	for (size_t i = 0; i < SECRET_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", proof[i]);
	assert_string_equal(text, expected);
	assert_true(secret_is_equal(proof, proof));
	assert_false(secret_is_equal(proof, own));
}

/* ---- a post, and one client ---- */

struct bed {
	struct ev_loop *loop;
	struct post *post;
	unsigned n_arrived, n_refused;
	char key[16], node[16];
	int fd; /* of the client */
	uint8_t challenge[SECRET_SIZE];
};

static void bed_arrived(void *ctx, int fd, const struct pilot_hello *hello)
{
	struct bed *b = ctx;

	b->n_arrived++;
	snprintf(b->key, sizeof(b->key), "%s", hello->key);
	snprintf(b->node, sizeof(b->node), "%s", hello->node);
	assert_string_equal(hello->env[0], "A=1");
	close(fd);
}

static void bed_refused(void *ctx)
{
	((struct bed *)ctx)->n_refused++;
}

static const struct post_handler bed_handler = {.arrived = bed_arrived, .refused = bed_refused};

/* Connects, and reads the challenge: a header of 5 bytes, two versions, a length, the number. */
static void bed_begin(struct bed *b)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	struct error err = {0};
	char frame[5 + 4 + 4 + 4 + SECRET_SIZE + 1];

	*b = (struct bed){.loop = loop_new()};
	b->post = post_new(b->loop, &bed_handler, b, &err);
	assert_non_null(b->post);
	at.sin_port = htons(post_port(b->post));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(b->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ev_run(b->loop, EVRUN_ONCE);
	assert_int_equal(recv(b->fd, frame, sizeof(frame), MSG_WAITALL), sizeof(frame));
	memcpy(b->challenge, frame + 17, SECRET_SIZE);
}

static void bed_send(const struct bed *b, const struct str *bytes)
{
	assert_int_equal(send(b->fd, bytes->s, bytes->len, 0), bytes->len);
	ev_run(b->loop, EVRUN_ONCE);
}

static void bed_end(struct bed *b)
{
	post_free(b->post);
	ev_loop_destroy(b->loop);
	close(b->fd);
}

static void put_hello(const struct bed *b, const uint8_t secret[SECRET_SIZE], struct str *to)
{
	static const uint8_t own[SECRET_SIZE] = {7};
	const char *env[] = {"A=1", NULL};

	pilot_put_hello(to, &(struct pilot_hello){"3", 0, "n1", "12", env}, secret, b->challenge,
			own);
}

static bool is_closed(const struct bed *b)
{
	char c;

	return recv(b->fd, &c, 1, MSG_DONTWAIT) == 0;
}

static void a_pilot_with_the_secret_is_welcome(void **state)
{
	struct str out = {0};
	struct bed b;
	char answer[5];

	(void)state;
	bed_begin(&b);
	put_hello(&b, post_secret(b.post), &out);
	bed_send(&b, &out);
	assert_int_equal(b.n_arrived, 1);
	assert_string_equal(b.key, "3");
	assert_string_equal(b.node, "n1");
	assert_int_equal(recv(b.fd, answer, sizeof(answer), MSG_WAITALL), sizeof(answer));
	assert_int_equal((uint8_t)answer[4], PILOT_WELCOME);
	assert_int_equal(post_n_strangers(b.post), 0);
	str_done(&out);
	bed_end(&b);
}

static void a_stranger_is_dropped_and_counted(void **state)
{
	static const uint8_t wrong[SECRET_SIZE] = {1};
	static const char garbage[] = "GET / HTTP/1.0\r\n\r\n";
	struct str out = {0};
	struct bed b;

	(void)state;
	bed_begin(&b);
	put_hello(&b, wrong, &out);
	bed_send(&b, &out);
	assert_true(is_closed(&b));
	assert_int_equal(b.n_arrived, 0);
	assert_int_equal(post_n_strangers(b.post), 1);
	bed_end(&b);

	str_clear(&out);
	str_add(&out, garbage);
	bed_begin(&b);
	bed_send(&b, &out);
	assert_true(is_closed(&b));
	assert_int_equal(post_n_strangers(b.post), 1);
	bed_end(&b);
	str_done(&out);
}

/* The proof of an earlier connection is of another random number. */
static void a_recorded_proof_is_of_no_use(void **state)
{
	struct str out = {0};
	struct bed b;

	(void)state;
	bed_begin(&b);
	b.challenge[0] ^= 1;
	put_hello(&b, post_secret(b.post), &out);
	bed_send(&b, &out);
	assert_true(is_closed(&b));
	assert_int_equal(post_n_strangers(b.post), 1);
	str_done(&out);
	bed_end(&b);
}

static void a_pilot_of_another_version_is_refused_with_a_message(void **state)
{
	struct str out = {0};
	struct bed b;
	char answer[64] = "";

	(void)state;
	bed_begin(&b);
	put_hello(&b, post_secret(b.post), &out);
	/* After the header and two blocks: length, bytes, NUL. */
	out.s[5 + 2 * (4 + SECRET_SIZE + 1)]++;
	bed_send(&b, &out);
	assert_int_equal(b.n_arrived, 0);
	assert_int_equal(b.n_refused, 1);
	assert_true(recv(b.fd, answer, sizeof(answer) - 1, 0) > 9);
	assert_int_equal((uint8_t)answer[4], PILOT_REFUSED);
	assert_string_equal(answer + 9, "the scheduler has another version of dvsched");
	str_done(&out);
	bed_end(&b);
}

/* The socket stays readable, so without a pause the loop would run at full speed. */
static void a_pilot_waits_while_there_is_no_descriptor(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct bed b = {.loop = loop_new()};
	struct rlimit limit, none;
	struct error err = {0};
	char byte;

	(void)state;
	b.post = post_new(b.loop, &bed_handler, &b, &err);
	assert_non_null(b.post);
	at.sin_port = htons(post_port(b.post));
	b.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(b.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	ev_run(b.loop, EVRUN_ONCE);
	assert_int_equal(ev_pending_count(b.loop), 0);
	ev_run(b.loop, EVRUN_NOWAIT);
	assert_int_equal(recv(b.fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (recv(b.fd, &byte, 1, MSG_DONTWAIT) < 0)
		ev_run(b.loop, EVRUN_ONCE);
	bed_end(&b);
}

static void the_order_of_a_pilot_comes_back_as_it_was(void **state)
{
	static const uint8_t secret[SECRET_SIZE] = {1, 2, 3};
	const char *hosts[] = {"10.0.0.1", "here", NULL};
	struct pilot_order o = {.n_slots = 4, .port = 4711, .hosts = hosts, .secret = secret}, got;
	struct str b = {0};
	struct wire w;
	uint8_t type;
	size_t size;

	(void)state;
	pilot_put_order(&b, &o);
	assert_int_equal(wire_next(b.s, b.len, &type, &w, &size), 1);
	assert_int_equal(type, NODE_FRAME_PILOT);
	assert_true(pilot_take_order(&w, &got));
	assert_int_equal(got.n_slots, 4);
	assert_int_equal(got.port, 4711);
	assert_string_equal(got.hosts[1], "here");
	assert_memory_equal(got.secret, secret, SECRET_SIZE);
	free(got.hosts);
	b.s[5]++; /* the version */
	wire_next(b.s, b.len, &type, &w, &size);
	assert_false(pilot_take_order(&w, &got));
	free(got.hosts);
	str_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof_is_an_hmac_of_both_numbers),
		cmocka_unit_test(a_pilot_with_the_secret_is_welcome),
		cmocka_unit_test(a_stranger_is_dropped_and_counted),
		cmocka_unit_test(a_recorded_proof_is_of_no_use),
		cmocka_unit_test(a_pilot_of_another_version_is_refused_with_a_message),
		cmocka_unit_test(a_pilot_waits_while_there_is_no_descriptor),
		cmocka_unit_test(the_order_of_a_pilot_comes_back_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
