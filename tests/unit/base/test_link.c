/* SPDX-License-Identifier: Apache-2.0 */
/* Two links at the ends of a socket pair, and protection of a link from its peer. */
#include "base/link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/mem.h"
#include "faulty.h"

struct pair {
	struct link a, b;
	size_t n_open; /* descriptors of this process before */
};

static size_t count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void connect_pair(struct pair *p, unsigned accepts)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	link_init(&p->a, fds[0], accepts);
	link_init(&p->b, fds[1], accepts);
}

static void disconnect(struct pair *p)
{
	link_done(&p->a);
	link_done(&p->b);
}

static int setup(void **state)
{
	struct pair *p = xcalloc(1, sizeof(*p));

	p->n_open = count_open();
	connect_pair(p, LINK_DESCRIPTORS);
	*state = p;
	return 0;
}

/* No test leaves a descriptor. */
static int teardown(void **state)
{
	struct pair *p = *state;
	size_t n_open;

	faulty_clear();
	disconnect(p);
	n_open = count_open();
	assert_int_equal(n_open, p->n_open);
	free(p);
	return 0;
}

static void put_text(struct str *out, uint8_t type, const char *text, size_t n)
{
	size_t start = wire_begin(out, type);

	wire_put_bytes(out, text, n);
	wire_end(out, start);
}

static void assert_next(struct link *l, uint8_t type, const char *text)
{
	uint8_t got;
	struct wire w;
	size_t n;

	assert_int_equal(link_next(l, &got, &w), 1);
	assert_int_equal(got, type);
	assert_string_equal(wire_bytes(&w, &n), text);
}

static void assert_none(struct link *l)
{
	struct wire w;
	uint8_t type;

	assert_int_equal(link_next(l, &type, &w), 0);
}

/* A pipe whose read end sees when the last copy of the write end is closed. */
static int new_pipe(int *ret_writing)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	*ret_writing = fds[1];
	return fds[0];
}

static void assert_closed(int reading)
{
	char byte;

	assert_int_equal(read(reading, &byte, 1), 0);
	close(reading);
}

static void assert_open(int reading)
{
	char byte;

	assert_int_equal(read(reading, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

/* n copies of fd with some bytes, as no correct peer sends them. */
static void send_raw(int socket, const char *bytes, size_t len, int fd, size_t n)
{
	char control[CMSG_SPACE(200 * sizeof(int))]
		__attribute__((aligned(_Alignof(struct cmsghdr)))) = {0};
	struct iovec from = {.iov_base = (char *)bytes, .iov_len = len};
	struct msghdr m = {.msg_iov = &from,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	assert_int_equal(sendmsg(socket, &m, MSG_NOSIGNAL), len);
}

/* ---- frames ---- */

static void frames_come_whole_however_they_are_cut(void **state)
{
	_cleanup_(str_done) struct str bytes = {0};
	struct pair *p = *state;

	put_text(&bytes, 7, "first", 5);
	put_text(&bytes, 8, "", 0);
	put_text(&bytes, 9, "third", 5);
	for (size_t cut = 1; cut < bytes.len; cut++) {
		size_t first = 0;
		uint8_t type;
		struct wire w;

		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_LATER);
		assert_int_equal(write(p->a.fd, bytes.s, cut), cut);
		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
		while (link_next(&p->b, &type, &w) > 0)
			first++;
		assert_int_equal(write(p->a.fd, bytes.s + cut, bytes.len - cut), bytes.len - cut);
		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
		if (first == 0)
			assert_next(&p->b, 7, "first");
		if (first < 2)
			assert_next(&p->b, 8, "");
		assert_next(&p->b, 9, "third");
		assert_none(&p->b);
	}
}

static void what_the_socket_does_not_take_goes_later_and_in_order(void **state)
{
	struct pair *p = *state;
	size_t n_waits = 0;
	uint8_t want = 0;
	char text[3000];

	memset(text, 'x', sizeof(text));
	for (unsigned i = 0; i < 250; i++)
		put_text(&p->a.out, (uint8_t)i, text, sizeof(text));
	while (want < 250) {
		struct wire w;
		uint8_t type;
		size_t n;

		n_waits += link_flush(&p->a) == LINK_LATER;
		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
		while (link_next(&p->b, &type, &w) > 0) {
			assert_int_equal(type, want++);
			assert_memory_equal(wire_bytes(&w, &n), text, sizeof(text));
		}
	}
	assert_true(n_waits > 0);
	assert_int_equal(link_flush(&p->a), LINK_OK);
	assert_int_equal(link_unsent(&p->a), 0);
}

static void what_memory_is_too_short_for_is_no_end(void **state)
{
	static const struct {
		int errnum;
		enum link_result result;
	} cases[] = {
		{ENOBUFS, LINK_SHORT},
		{ENOMEM, LINK_SHORT},
		{EAGAIN, LINK_LATER},
		{EINTR, LINK_LATER},
	};
	struct pair *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		faulty_set(FAULTY_SEND, cases[i].errnum, 0, 2);
		put_text(&p->a.out, 1, "later", 5);
		assert_int_equal(link_flush(&p->a), cases[i].result);
		assert_true(link_unsent(&p->a) > 0);
		assert_int_equal(link_send(&p->a), 0); /* waits for the second one */
		assert_int_equal(link_read(&p->b, LINK_WAIT), LINK_OK);
		assert_next(&p->b, 1, "later");
	}
}

static void nobody_at_the_other_end_is_distinguished_from_nothing(void **state)
{
	struct pair *p = *state;
	int writing, reading = new_pipe(&writing);

	link_close(&p->b);
	assert_int_equal(link_read(&p->a, LINK_NOW), LINK_END);
	link_attach(&p->a, writing);
	put_text(&p->a.out, 1, "lost", 4);
	assert_int_equal(link_flush(&p->a), LINK_LOST);
	assert_int_equal(link_unsent(&p->a), 0);
	assert_closed(reading);
	put_text(&p->a.out, 1, "lost", 4);
	assert_int_equal(link_send(&p->a), -1);
	link_close(&p->a);
	put_text(&p->a.out, 1, "lost", 4);
	assert_int_equal(link_flush(&p->a), LINK_LOST);
	assert_int_equal(link_read(&p->a, LINK_NOW), LINK_LOST);
}

static void what_came_before_the_end_can_be_read(void **state)
{
	struct pair *p = *state;

	put_text(&p->a.out, 3, "last words", 10);
	assert_int_equal(link_flush(&p->a), LINK_OK);
	link_close(&p->a);
	assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
	assert_int_equal(link_read(&p->b, LINK_NOW), LINK_END);
	link_close(&p->b);
	assert_next(&p->b, 3, "last words");
}

/* The other end reads only after a while. */
static void sending_waits_for_room(void **state)
{
	enum { N = 4 << 20 };
	struct pair *p = *state;
	size_t n_got = 0;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		char buf[4096];
		ssize_t n;

		link_close(&p->a);
		while ((n = read(p->b.fd, buf, sizeof(buf))) > 0)
			n_got += (size_t)n;
		_exit(n_got == N ? 0 : 1);
	}
	str_reserve(&p->a.out, N);
	memset(p->a.out.s, 'x', N);
	p->a.out.len = N;
	assert_int_equal(link_send(&p->a), 0);
	assert_true(p->a.out.cap < N); /* given back */
	link_close(&p->a);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- protection from the peer ---- */

static void a_length_that_cannot_be_is_an_error_for_good(void **state)
{
	static const char *const bad[] = {"\0\0\0\0\1", "\xff\xff\xff\xff\1", "\1\0\0\4\1"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct pair *p = *state;
		struct wire w;
		uint8_t type;

		put_text(&p->a.out, 5, "good", 4);
		str_addn(&p->a.out, bad[i], 5);
		put_text(&p->a.out, 6, "late", 4);
		assert_int_equal(link_flush(&p->a), LINK_OK);
		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
		assert_next(&p->b, 5, "good");
		assert_int_equal(link_next(&p->b, &type, &w), -1);
		assert_int_equal(link_next(&p->b, &type, &w), -1);
		put_text(&p->a.out, 7, "later", 5);
		assert_int_equal(link_flush(&p->a), LINK_OK);
		link_read(&p->b, LINK_NOW);
		assert_int_equal(link_next(&p->b, &type, &w), -1);
		disconnect(p);
		connect_pair(p, LINK_DESCRIPTORS);
	}
}

static void a_promised_length_costs_no_memory(void **state)
{
	struct pair *p = *state;

	assert_int_equal(write(p->a.fd, "\0\0\0\4\1xyz", 8), 8); /* 64 MiB */
	assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
	assert_none(&p->b);
	assert_true(p->b.in.cap < 64 * 1024);
}

static void memory_of_a_large_frame_is_given_back(void **state)
{
	struct pair *p = *state;
	const size_t n = 3 << 20;
	char *text = xcalloc(n, 1);
	struct wire w;
	uint8_t type;
	int rc = 0;

	put_text(&p->a.out, 1, text, n);
	while (rc == 0) {
		link_flush(&p->a);
		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
		rc = link_next(&p->b, &type, &w);
	}
	assert_int_equal(rc, 1);
	assert_int_equal(link_read(&p->b, LINK_NOW), LINK_LATER);
	assert_true(p->b.in.cap < n);
	assert_true(p->a.out.cap < n);
	free(text);
}

static void more_descriptors_than_are_accepted_are_closed(void **state)
{
	static const struct {
		unsigned accepts;
		size_t n_waiting, n;
	} cases[] = {
		{2, 1, 2},
		{1, 0, LINK_DESCRIPTORS},
		{LINK_DESCRIPTORS, 0, LINK_DESCRIPTORS + 1},
		{LINK_DESCRIPTORS, 1, 200},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pair *p = *state;
		int writing, reading = new_pipe(&writing);
		struct wire w;
		uint8_t type;

		disconnect(p);
		connect_pair(p, cases[i].accepts);
		if (cases[i].n_waiting) {
			send_raw(p->a.fd, "\1\0\0\0\7", 5, writing, cases[i].n_waiting);
			assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
		}
		send_raw(p->a.fd, "\1\0\0\0\7", 5, writing, cases[i].n);
		close(writing);
		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_WRONG);
		assert_int_equal(link_take_descriptor(&p->b), -1);
		assert_int_equal(link_next(&p->b, &type, &w), -1);
		assert_closed(reading);
	}
}

static void an_end_that_accepts_no_descriptors_gets_none(void **state)
{
	struct pair *p = *state;
	int writing, reading = new_pipe(&writing);

	disconnect(p);
	connect_pair(p, 0);
	send_raw(p->a.fd, "\1\0\0\0\7", 5, writing, 3);
	close(writing);
	assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
	assert_int_equal(link_take_descriptor(&p->b), -1);
	assert_closed(reading);
}

/* ---- descriptors ---- */

static void a_descriptor_comes_with_its_frame(void **state)
{
	struct pair *p = *state;
	int first, second, read_first = new_pipe(&first), read_second = new_pipe(&second), got;

	link_attach(&p->a, -1);
	put_text(&p->a.out, 1, "none", 4);
	link_attach(&p->a, first);
	put_text(&p->a.out, 2, "one", 3);
	link_attach(&p->a, second);
	put_text(&p->a.out, 3, "two", 3);
	assert_int_equal(link_flush(&p->a), LINK_OK);
	assert_open(read_first); /* in the socket */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
	assert_next(&p->b, 1, "none");
	assert_next(&p->b, 2, "one");
	got = link_take_descriptor(&p->b);
	assert_int_equal(fcntl(got, F_GETFD), FD_CLOEXEC);
	close(got);
	assert_closed(read_first);
	assert_next(&p->b, 3, "two");
	assert_open(read_second);
	close(link_take_descriptor(&p->b));
	assert_closed(read_second);
	assert_int_equal(link_take_descriptor(&p->b), -1);
	assert_int_equal(link_read(&p->b, LINK_NOW), LINK_LATER);
}

static void as_many_as_one_likes_go_with_a_frame(void **state)
{
	enum { N = 2 * LINK_DESCRIPTORS + 3 };
	struct pair *p = *state;
	int writing, reading = new_pipe(&writing), fd;
	size_t n = 0;

	for (size_t i = 0; i < N; i++)
		link_attach(&p->a, fcntl(writing, F_DUPFD_CLOEXEC, 0));
	close(writing);
	put_text(&p->a.out, 1, "many", 4);
	assert_int_equal(link_flush(&p->a), LINK_OK);
	for (unsigned i = 0; i < 3; i++) {
		assert_none(&p->b);
		assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
		for (; (fd = link_take_descriptor(&p->b)) >= 0; n++)
			close(fd);
	}
	assert_next(&p->b, 1, "many");
	assert_int_equal(n, N);
	assert_closed(reading);
}

static void what_was_not_sent_or_taken_is_closed_at_the_end(void **state)
{
	struct pair *p = *state;
	int sent, unsent, read_sent = new_pipe(&sent), read_unsent = new_pipe(&unsent);

	link_attach(&p->a, sent);
	put_text(&p->a.out, 1, "sent", 4);
	assert_int_equal(link_flush(&p->a), LINK_OK);
	assert_int_equal(link_read(&p->b, LINK_NOW), LINK_OK);
	link_attach(&p->a, unsent);
	put_text(&p->a.out, 1, "unsent", 6);
	assert_open(read_sent);
	assert_open(read_unsent);
	disconnect(p);
	assert_closed(read_sent);
	assert_closed(read_unsent);
}

#define LINK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		LINK_TEST(frames_come_whole_however_they_are_cut),
		LINK_TEST(what_the_socket_does_not_take_goes_later_and_in_order),
		LINK_TEST(what_memory_is_too_short_for_is_no_end),
		LINK_TEST(nobody_at_the_other_end_is_distinguished_from_nothing),
		LINK_TEST(what_came_before_the_end_can_be_read),
		LINK_TEST(sending_waits_for_room),
		LINK_TEST(a_length_that_cannot_be_is_an_error_for_good),
		LINK_TEST(a_promised_length_costs_no_memory),
		LINK_TEST(memory_of_a_large_frame_is_given_back),
		LINK_TEST(more_descriptors_than_are_accepted_are_closed),
		LINK_TEST(an_end_that_accepts_no_descriptors_gets_none),
		LINK_TEST(a_descriptor_comes_with_its_frame),
		LINK_TEST(as_many_as_one_likes_go_with_a_frame),
		LINK_TEST(what_was_not_sent_or_taken_is_closed_at_the_end),
	};

	return RUN(tests);
}
