/* SPDX-License-Identifier: Apache-2.0 */
/* A port at one end of a socket pair: both directions continue after a shortage in the kernel. */
#include "io/port.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "faulty.h"

struct rig {
	struct ev_loop *loop;
	struct port port;
	struct link link;
	int other;
	char heard[8];
	size_t n_heard;
	bool is_at_end;
};

static void on_readable(struct port *p)
{
	struct rig *r = container_of(p, struct rig, port);
	ssize_t n = read(p->fd, r->heard + r->n_heard, sizeof(r->heard) - r->n_heard);

	r->is_at_end = port_is_end(n, errno);
	r->n_heard += n > 0 ? (size_t)n : 0;
	if (r->is_at_end)
		port_want_in(p, false);
	else
		port_want_out(p, false); /* as after an answer that was sent at once */
}

static void on_writable(struct port *p)
{
	struct rig *r = container_of(p, struct rig, port);

	port_flush(p, &r->link);
}

static int setup(void **state)
{
	struct rig *r = xcalloc(1, sizeof(*r));
	int pair[2];

	r->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
			 0);
	r->other = pair[1];
	link_init(&r->link, pair[0], 0);
	port_init(&r->port, r->loop, pair[0], on_readable, on_writable);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	faulty_clear();
	port_stop(&r->port);
	link_done(&r->link);
	closep(&r->other);
	ev_loop_destroy(r->loop);
	free(r);
	return 0;
}

/* Only a broken port keeps the loop for ever: the test's own limit ends that. */
static void turn_until_heard(struct rig *r, size_t n)
{
	while (r->n_heard < n && !r->is_at_end)
		ev_run(r->loop, EVRUN_ONCE);
	assert_int_equal(r->n_heard, n);
}

static void turn_until_said(struct rig *r)
{
	while (link_unsent(&r->link))
		ev_run(r->loop, EVRUN_ONCE);
}

static void what_the_loop_does_not_watch_is_heard_all_the_same(void **state)
{
	static const int errnums[] = {ENOMEM, ENOSPC};

	for (size_t i = 0; i < ARRAY_LEN(errnums); i++) {
		struct rig *r = *state;

		faulty_set(FAULTY_EPOLL, errnums[i], 0, i ? 1 : 3);
		port_want_in(&r->port, true);
		if (i == 0)
			ev_run(r->loop, EVRUN_NOWAIT);
		assert_int_equal(write(r->other, "x", 1), 1);
		turn_until_heard(r, 1);
		assert_int_equal(write(r->other, "yz", 2), 2);
		turn_until_heard(r, 3);
		assert_true(faulty_count(FAULTY_EPOLL) > 0);
		teardown(state);
		setup(state);
	}
}

static void a_loop_that_watches_nothing_any_more_still_hears_the_end(void **state)
{
	struct rig *r = *state;

	faulty_set(FAULTY_EPOLL, ENOSPC, 0, -1);
	port_want_in(&r->port, true);
	ev_run(r->loop, EVRUN_NOWAIT);
	closep(&r->other);
	while (!r->is_at_end)
		ev_run(r->loop, EVRUN_ONCE);
}

static void what_memory_is_too_short_for_is_sent_later(void **state)
{
	static const int errnums[] = {ENOBUFS, ENOMEM, EAGAIN, EINTR};

	for (size_t i = 0; i < ARRAY_LEN(errnums); i++) {
		struct rig *r = *state;
		char bytes[8] = "";

		faulty_set(FAULTY_SEND, errnums[i], 0, 2);
		str_add(&r->link.out, "hello");
		port_flush(&r->port, &r->link);
		assert_int_equal(link_unsent(&r->link), 5);
		turn_until_said(r);
		assert_int_equal(read(r->other, bytes, sizeof(bytes)), 5);
		assert_string_equal(bytes, "hello");
		assert_int_equal(faulty_count(FAULTY_SEND), 2);
	}
}

static void nobody_at_the_other_end_is_no_reason_to_wait(void **state)
{
	struct rig *r = *state;

	closep(&r->other);
	str_add(&r->link.out, "hello");
	assert_int_equal(port_flush(&r->port, &r->link), LINK_LOST);
	assert_false(r->port.wants_out);
	assert_true(port_is_end(0, 0));
	assert_true(port_is_end(-1, ECONNRESET));
	assert_false(port_is_end(-1, ENOMEM));
	assert_false(port_is_end(-1, EAGAIN));
	assert_false(port_is_end(1, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_the_loop_does_not_watch_is_heard_all_the_same,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_loop_that_watches_nothing_any_more_still_hears_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(what_memory_is_too_short_for_is_sent_later, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nobody_at_the_other_end_is_no_reason_to_wait, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
