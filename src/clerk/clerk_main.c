/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clerk's process. It reads and merges requests, and carries them out a moment later. It
 * empties the trash when all else is done: on ext4, removing files makes creating new ones slow.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/link.h"
#include "base/mem.h"
#include "base/proc.h"
#include "clerk/clerk.h"
#include "clerk/clerk_wire.h"
#include "clerk/links.h"

/* Links and syncs wait this long for later ones that replace them. */
static const double window_s = 0.1;

struct process {
	struct confine confine;
	struct links links;
	struct map syncs;    /* path -> path, pending */
	struct map problems; /* reported already */
	struct link link;    /* to the scheduler */
	double due;	     /* when pending work is due; 0: there is none */
	uint64_t n_received; /* requests that are not confirmed yet */
	bool is_closing, is_over;
};

static void clerk_main_send(struct process *p, size_t start)
{
	wire_end(&p->link.out, start);
	if (link_send(&p->link) < 0)
		_exit(0); /* the scheduler is gone */
}

static void clerk_main_answer(struct process *p, enum clerk_answer type, const char *text)
{
	size_t start = wire_begin(&p->link.out, (uint8_t)type);

	wire_put_string(&p->link.out, text);
	clerk_main_send(p, start);
}

static void clerk_main_tick(void *ctx)
{
	clerk_main_answer(ctx, CLERK_PROGRESS, NULL);
}

/* The same everywhere on the disk. */
static bool is_of_disk(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT || errnum == EROFS;
}

/* Reports a problem once per place, not for each of 10,000 links; one of the disk once. */
static void report_problem(struct process *p, const char *where, struct error *err)
{
	if (is_of_disk(err->errnum))
		where = strerror(err->errnum);
	if (map_has(&p->problems, where))
		return;
	map_set(&p->problems, xstrdup(where), p);
	clerk_main_answer(p, CLERK_PROBLEM, err->msg);
}

static void report_link_problem(void *ctx, const char *where, struct error *err)
{
	report_problem(ctx, where, err);
}

static void report_and_free(struct process *p, const char *where, struct error *err)
{
	report_problem(p, where, err);
	error_done(err);
}

/* All that was received is carried out. The scheduler asks another clerk for the rest if this one
 * is killed. */
static void clerk_main_confirm(struct process *p)
{
	size_t start;

	if (p->n_received == 0)
		return;
	start = wire_begin(&p->link.out, CLERK_CONFIRM);
	wire_put_u64(&p->link.out, p->n_received);
	clerk_main_send(p, start);
	p->n_received = 0;
}

/* ---- doing ---- */

static void sync_path(struct process *p, const char *path)
{
	_cleanup_(closep) int fd = fs_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
	struct error err = {0};

	if (fd >= 0 && fs_sync_data(fd) == 0)
		return;
	error_sys(&err, errno, "%s cannot be synced", path);
	report_and_free(p, path, &err);
}

static void do_pending(struct process *p)
{
	const struct map_entry *e;
	size_t at = 0;

	links_flush(&p->links, &p->confine, report_link_problem, p, clerk_main_tick);
	while ((e = map_next(&p->syncs, &at)) != NULL) {
		sync_path(p, e->value);
		free(e->value);
	}
	map_done(&p->syncs);
	p->due = 0;
}

/* Returns 0 or -1. */
static int clerk_main_trash(struct process *p, const char *path)
{
	struct error err = {0};

	do_pending(p);
	links_forget(&p->links, path);
	if (confine_trash(&p->confine, path, &err) == 0)
		return 0;
	report_and_free(p, path, &err);
	return -1;
}

static void reset_dir(struct process *p, const char *path)
{
	struct error err = {0};
	int fd;

	if (clerk_main_trash(p, path) < 0)
		return;
	fd = confine_make_dir(&p->confine, path, &err);
	if (fd < 0)
		report_and_free(p, path, &err);
	closep(&fd);
}

/* ENOENT: the clerk of another run has removed it already. */
static void remove_trashed(struct process *p, int fd, const char *dir, const char *name)
{
	struct error err = {0};

	if (fs_remove_tree_at(fd, name) == 0 || errno == ENOENT)
		return;
	error_plain(&err, "%s/%s cannot be removed (%s): remove it by hand, as its owner", dir,
		    name, strerror(errno));
	report_and_free(p, dir, &err);
}

/* Removes all entries of the trash. Those that cannot be removed are reported, and stay. */
static void empty_trash(struct process *p)
{
	struct error err = {0};
	/* CLERK_ROOT may not have arrived. */
	const char *dir = p->confine.root ? confine_trash_dir(&p->confine, &err) : NULL;
	_cleanup_(closep) int fd = dir ? confine_open_dir(&p->confine, dir, &err) : -1;
	int readable = fd < 0 ? -1 : fs_openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *d = readable < 0 ? NULL : fdopendir(readable);
	const struct dirent *e;

	error_done(&err);
	while (d && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_trashed(p, dirfd(d), dir, e->d_name);
	if (d)
		closedir(d);
}

static void answer_space(struct process *p, const char *path)
{
	struct free_space_disk disk;
	size_t start;

	free_space_read_disk(path, &disk);
	start = wire_begin(&p->link.out, CLERK_SPACE_IS);
	wire_put_string(&p->link.out, path);
	wire_put_u64(&p->link.out, disk.free_bytes);
	wire_put_u64(&p->link.out, disk.size_bytes);
	wire_put_u64(&p->link.out, disk.free_inodes);
	wire_put_u64(&p->link.out, disk.n_inodes);
	clerk_main_send(p, start);
}

/* ---- requests ---- */

static void set_due(struct process *p)
{
	if (p->due == 0)
		p->due = clock_now(clock_real()) + window_s;
}

static void add_sync(struct process *p, const char *path)
{
	struct error err = {0};
	char *copy;

	if (map_has(&p->syncs, path))
		return;
	if (confine_path(&p->confine, path, &err) < 0) {
		report_and_free(p, path, &err);
		return;
	}
	copy = xstrdup(path);
	map_set(&p->syncs, copy, copy);
	set_due(p);
}

static void set_link(struct process *p, const char *base, struct wire *w)
{
	const char *group = wire_string(w), *name = wire_string(w), *target = wire_string(w);

	if (!w->ok || !name || !target)
		return;
	links_set(&p->links, base, group, name, target);
	set_due(p);
}

static void clerk_main_handle(struct process *p, uint8_t type, struct wire *w)
{
	const char *path = wire_string(w);

	if (!path)
		return;
	if (type != CLERK_ROOT && type != CLERK_GROUP)
		p->n_received++;
	if (type == CLERK_ROOT)
		confine_init(&p->confine, path);
	else if (type == CLERK_GROUP)
		links_add_group(&p->links, path);
	else if (type == CLERK_RESET)
		reset_dir(p, path);
	else if (type == CLERK_TRASH)
		clerk_main_trash(p, path);
	else if (type == CLERK_LINK)
		set_link(p, path, w);
	else if (type == CLERK_SYNC)
		add_sync(p, path);
	else if (type == CLERK_SPACE)
		answer_space(p, path);
	else if (type == CLERK_CLOSE)
		p->is_closing = true;
}

static void handle_all(struct process *p)
{
	struct wire w;
	uint8_t type;

	while (link_next(&p->link, &type, &w) > 0)
		clerk_main_handle(p, type, &w);
}

static void clerk_main_receive(struct process *p)
{
	enum link_result state = link_read(&p->link, LINK_NOW);

	p->is_over = link_is_end(state);
	if (state == LINK_OK)
		handle_all(p);
}

/* ---- the loop ---- */

/* How long to wait for the next request, in ms; -1: for ever. */
static int clerk_main_patience(const struct process *p)
{
	double now = clock_now(clock_real());

	if (p->due == 0)
		return -1;
	return p->due <= now ? 0 : (int)((p->due - now) * 1000) + 1;
}

/* poll() fails while the kernel is out of memory: asks the socket itself, and not too often. */
static void pause_after_fault(void)
{
	static const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

	if (errno != EINTR)
		nanosleep(&pause, NULL);
}

/* clerk_free() kills this process when it has waited long enough for the trash. */
static void close_down(struct process *p)
{
	do_pending(p);
	clerk_main_answer(p, CLERK_DONE, NULL);
	empty_trash(p);
}

int clerk_main(void)
{
	struct process p = {0};

	link_init(&p.link, PROC_SOCKET_FD, 0);
	proc_become("dvs-clerk");
	proc_close_to_others();
	while (!p.is_over && !p.is_closing) {
		struct pollfd fd = {PROC_SOCKET_FD, POLLIN, 0};
		int n = poll(&fd, 1, clerk_main_patience(&p));

		if (n < 0)
			pause_after_fault();
		if (n != 0)
			clerk_main_receive(&p);
		if (p.due > 0 && clock_now(clock_real()) >= p.due)
			do_pending(&p);
		if (p.due == 0 && !p.is_over)
			clerk_main_confirm(&p);
	}
	/* If the scheduler died, what it has requested is still done. */
	if (p.is_over)
		do_pending(&p);
	else
		close_down(&p);
	_exit(0);
}
