/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "printers/term_out.h"

/* A client with pictures of one number each, and how often it was asked for one. */
struct pictures {
	struct term_out out;
	unsigned newest, drawn; /* numbers */
	unsigned n_fills, n_broken;
	size_t bytes; /* of a picture, its end included */
	int errnum;
};

static struct ev_loop *loop;

static void fill(void *ctx, struct str *unit)
{
	struct pictures *p = ctx;

	if (p->drawn == p->newest)
		return;
	p->n_fills++;
	p->drawn = p->newest;
	str_printf(unit, "%0*u\n", (int)p->bytes - 1, p->newest);
}

static void broken(void *ctx, int errnum)
{
	struct pictures *p = ctx;

	p->n_broken++;
	p->errnum = errnum;
}

static void pictures_init(struct pictures *p, int fd, size_t bytes)
{
	struct term_out_client client = {.fill = fill, .broken = broken, .ctx = p};

	*p = (struct pictures){.bytes = bytes};
	term_out_init(&p->out, loop, fd, &client);
}

static void draw(struct pictures *p, unsigned number)
{
	p->newest = number;
	term_out_wake(&p->out);
	ev_run(loop, EVRUN_NOWAIT);
}

static void make_pipe(int *fds)
{
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
}

static size_t drain(int fd, struct str *to)
{
	char bytes[65536];
	ssize_t n;
	size_t before = to->len;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		str_addn(to, bytes, (size_t)n);
	return to->len - before;
}

static void an_inherited_description_stays_blocking(void **state)
{
	struct pictures p;
	int fds[2];

	(void)state;
	make_pipe(fds);
	pictures_init(&p, fds[1], 10);
	assert_int_equal(p.out.kind, OUT_OWN);
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(p.out.fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	term_out_done(&p.out);
	close(fds[0]);
	close(fds[1]);
}

static void a_full_pipe_gets_whole_pictures_and_the_newest_last(void **state)
{
	enum { BYTES = 100000, N = 50 };
	struct pictures p;
	struct str got = {0};
	int fds[2];

	(void)state;
	make_pipe(fds);
	pictures_init(&p, fds[1], BYTES);
	for (unsigned i = 1; i <= N; i++)
		draw(&p, i); /* a pipe takes 64 KiB: the call still returns */
	assert_int_equal(p.n_fills, 1);
	while (drain(fds[0], &got) > 0)
		ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(p.n_fills, 2);
	assert_int_equal(got.len, 2 * BYTES);
	assert_int_equal(got.s[BYTES - 1], '\n'); /* the first one was not cut */
	assert_int_equal(atoi(got.s + BYTES), N);
	str_done(&got);
	term_out_done(&p.out);
	close(fds[0]);
	close(fds[1]);
}

static void nothing_is_watched_while_there_is_nothing_to_say(void **state)
{
	struct pictures p;
	int fds[2];

	(void)state;
	make_pipe(fds);
	pictures_init(&p, fds[1], 10);
	draw(&p, 1);
	ev_run(loop, EVRUN_NOWAIT);
	assert_false(ev_is_active(&p.out.writable));
	term_out_done(&p.out);
	close(fds[0]);
	close(fds[1]);
}

static void added_bytes_follow_the_unit_on_its_way(void **state)
{
	struct pictures p;
	struct str got = {0};
	int fds[2];

	(void)state;
	make_pipe(fds);
	pictures_init(&p, fds[1], 100000);
	draw(&p, 1);
	p.newest = 2;
	term_out_add(&p.out, "bye\n", 4);
	while (drain(fds[0], &got) > 0)
		ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(got.len, 200004);
	assert_memory_equal(got.s + 100000, "bye\n", 4);
	str_done(&got);
	term_out_done(&p.out);
	close(fds[0]);
	close(fds[1]);
}

static void a_reader_that_left_is_reported_once(void **state)
{
	struct pictures p;
	int fds[2];

	(void)state;
	make_pipe(fds);
	pictures_init(&p, fds[1], 10);
	close(fds[0]);
	draw(&p, 1);
	draw(&p, 2);
	term_out_flush(&p.out);
	assert_int_equal(p.n_broken, 1);
	assert_int_equal(p.errnum, EPIPE);
	assert_false(ev_is_active(&p.out.writable));
	term_out_done(&p.out);
	close(fds[1]);
}

static void a_socket_is_not_waited_for(void **state)
{
	struct pictures p;
	struct str got = {0};
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	pictures_init(&p, fds[1], 1 << 20);
	assert_int_equal(p.out.kind, OUT_SOCKET);
	draw(&p, 1);
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	while (drain(fds[0], &got) > 0)
		ev_run(loop, EVRUN_NOWAIT);
	assert_int_equal(got.len, 1 << 20);
	str_done(&got);
	term_out_done(&p.out);
	close(fds[0]);
	close(fds[1]);
}

/* The shell's `>> log`: output of other processes in between stays. */
static void a_file_is_written_through_what_was_inherited(void **state)
{
	struct pictures p;
	FILE *f = tmpfile();
	char text[64] = "";

	(void)state;
	assert_non_null(f);
	pictures_init(&p, fileno(f), 5);
	assert_int_equal(p.out.kind, OUT_FILE);
	p.newest = 1;
	term_out_try(&p.out);
	assert_int_equal(write(fileno(f), "other\n", 6), 6);
	p.newest = 2;
	term_out_try(&p.out);
	assert_true(pread(fileno(f), text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "0001\nother\n0002\n");
	term_out_done(&p.out);
	fclose(f);
}

static int open_terminal(int *ret_user)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios raw;

	assert_true(fd >= 0);
	assert_int_equal(grantpt(fd), 0);
	assert_int_equal(unlockpt(fd), 0);
	*ret_user = open(ptsname(fd), O_RDWR | O_NOCTTY);
	assert_true(*ret_user >= 0);
	tcgetattr(*ret_user, &raw);
	cfmakeraw(&raw);
	tcsetattr(*ret_user, TCSANOW, &raw);
	return fd;
}

static void a_stopped_terminal_is_given_up_at_the_end(void **state)
{
	struct pictures p;
	int user, screen = open_terminal(&user);

	(void)state;
	assert_int_equal(tcflow(user, TCOOFF), 0);
	pictures_init(&p, user, 1000);
	assert_true(p.out.is_tty);
	assert_true(p.out.patience_s == 5);
	for (unsigned i = 1; i <= 1000; i++)
		draw(&p, i);
	p.out.patience_s = 0.01;
	term_out_flush(&p.out); /* comes back */
	assert_true(p.n_fills <= 2);
	assert_int_equal(p.n_broken, 0);
	term_out_done(&p.out);
	close(user);
	close(screen);
}

static void a_terminal_that_goes_on_gets_the_newest(void **state)
{
	struct pictures p;
	struct str got = {0};
	int user, screen = open_terminal(&user);

	(void)state;
	tcflow(user, TCOOFF);
	pictures_init(&p, user, 1000);
	for (unsigned i = 1; i <= 100; i++)
		draw(&p, i);
	tcflow(user, TCOON);
	term_out_flush(&p.out);
	drain(screen, &got);
	assert_true(got.len >= 1000 && got.len % 1000 == 0);
	assert_int_equal(atoi(got.s + got.len - 1000), 100);
	str_done(&got);
	term_out_done(&p.out);
	close(user);
	close(screen);
}

static void a_terminal_that_is_gone_breaks(void **state)
{
	struct pictures p;
	int user, screen = open_terminal(&user);

	(void)state;
	pictures_init(&p, user, 1000);
	close(screen);
	draw(&p, 1);
	assert_int_equal(p.n_broken, 1);
	assert_int_equal(p.errnum, EIO);
	term_out_done(&p.out);
	close(user);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_inherited_description_stays_blocking),
		cmocka_unit_test(a_full_pipe_gets_whole_pictures_and_the_newest_last),
		cmocka_unit_test(nothing_is_watched_while_there_is_nothing_to_say),
		cmocka_unit_test(added_bytes_follow_the_unit_on_its_way),
		cmocka_unit_test(a_reader_that_left_is_reported_once),
		cmocka_unit_test(a_socket_is_not_waited_for),
		cmocka_unit_test(a_file_is_written_through_what_was_inherited),
		cmocka_unit_test(a_stopped_terminal_is_given_up_at_the_end),
		cmocka_unit_test(a_terminal_that_goes_on_gets_the_newest),
		cmocka_unit_test(a_terminal_that_is_gone_breaks),
	};
	int rc;

	signal(SIGPIPE, SIG_IGN);
	loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	rc = RUN(tests);
	ev_loop_destroy(loop);
	return rc;
}
