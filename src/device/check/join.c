/* SPDX-License-Identifier: Apache-2.0 */
/* The step of a check that joins a gang of one: without a window, and with one. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "device/check/parts.h"
#include "device/driver/join_context.h"
#include "device/worker/board.h"

enum { WINDOW = 64 << 10, HEADER = 64 << 10, UNTOUCHED = 0xa5a5a5 };

/* Sizes and alignments that need padding between buffers. */
static const struct dvs_buffer_want wants[] = {
	{"left", 4000, 256, 0}, {"right", 4096, 1024, 0}, {"small", 24, 0, 0}};

static int32_t call_join(struct check *c, const struct dvs_join *join, struct dvs_context *ret)
{
	struct dvs_text err = check_err(c);

	check_enter(c, "in join()");
	return c->d->join(c->ctx, join, ret, &err);
}

static bool check_leave(struct check *c, const char *what)
{
	int32_t code;

	check_enter(c, "in leave()");
	code = c->d->leave(c->ctx);
	return code == 0 || check_bad_code(c, what, "leave", code);
}

static bool check_given(struct check *c, const char *what, const struct dvs_join *join,
			const struct dvs_context *got)
{
	struct error err = {0};
	bool is_good;

	if (fcntl(join->shared_fd, F_GETFD) < 0)
		return check_bad(c, what, "it closed shared_fd, which is the host's");
	if (got->n_buffers == UNTOUCHED)
		return check_bad(c, what, "join() returned 0 and did not set ret->n_buffers");
	is_good = join_context_check(join, got, &err) == 0 || check_bad(c, what, "%s", err.msg);
	error_done(&err);
	return is_good;
}

/* Joins, runs and leaves. */
static bool join_and_run(struct check *c, const char *what, const struct dvs_join *join,
			 struct dvs_context *got)
{
	bool is_good = check_given(c, what, join, got) && check_run_once(c, what);

	return check_leave(c, what) && is_good;
}

static struct dvs_join join_of(struct check *c, int fd)
{
	return (struct dvs_join){
		.size = sizeof(struct dvs_join),
		.n_ranks = 1,
		.epoch = c->epoch + 1,
		.token = "check",
		.buffers = wants,
		.deadline_ns = board_now_ns() + 10000000000u,
		.shared_fd = fd,
		.shared_bytes = HEADER + WINDOW,
	};
}

/* A gang without a window requests no buffers, so struct dvs_context begins without any, as in a
 * worker. */
static bool join_without_window(struct check *c, int fd)
{
	const char *what = "join and leave";
	struct dvs_join join = join_of(c, fd);
	struct dvs_context got = {.size = sizeof(got)};
	int32_t code = call_join(c, &join, &got);

	return code == 0 ? join_and_run(c, what, &join, &got)
			 : check_bad_code(c, what, "join", code);
}

static bool is_refusal(const struct check *c, int32_t code)
{
	const char *name, *hint;
	enum dvs_class class = c->d->classify(code, 0, &name, &hint);

	return class == DVS_UNSUPPORTED || class == DVS_CONFIG;
}

static void join_with_window(struct check *c, int fd)
{
	const char *what = "join with a window";
	struct dvs_buffer buffers[ARRAY_LEN(wants)] = {{.name = ""}};
	struct dvs_context got = {.size = sizeof(got), .n_buffers = UNTOUCHED, .buffers = buffers};
	struct dvs_join join = join_of(c, fd);
	int32_t code;

	join.window_bytes = WINDOW;
	join.n_buffers = ARRAY_LEN(wants);
	code = call_join(c, &join, &got);
	if (code != 0 && is_refusal(c, code)) {
		check_skip(c, what, "the driver has none");
	} else if (code != 0) {
		check_bad_code(c, what, "join", code);
	} else if (!got.window_bytes && (got.n_buffers == 0 || got.n_buffers == UNTOUCHED)) {
		check_skip(c, what,
			   "it gave none; with a code of DVS_UNSUPPORTED, jobs that need one would "
			   "fail");
		check_leave(c, what);
	} else if (join_and_run(c, what, &join, &got)) {
		check_good(c, "join with a window: its buffers by their names, apart, inside");
	}
}

void check_step_join(struct check *c)
{
	_cleanup_(closep) int fd = -1;

	if (!(c->d->caps & DVS_CAP_GANG)) {
		check_skip(c, "join and leave", "it says that it cannot");
		return;
	}
	fd = memfd_create("dvs-check", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, HEADER + WINDOW) < 0 || !join_without_window(c, fd))
		return;
	check_good(c, "join and leave, with one rank");
	if (ftruncate(fd, 0) == 0 && ftruncate(fd, HEADER + WINDOW) == 0) /* zeroed, as for a run */
		join_with_window(c, fd);
}
