/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's process. It may block in each request. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/farm/agent.h"
#include "backends/farm/agent_wire.h"
#include "base/fs.h"
#include "base/link.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/proc.h"

enum { FILE_MOST = 16 << 20, TEXT_MOST = 4096 };

struct agent_process {
	struct link link;
	struct map reported; /* names of files that were sent */
};

static void agent_main_send(struct agent_process *p)
{
	if (link_send(&p->link) < 0)
		_exit(0); /* the scheduler is gone */
}

/* ---- commands ---- */

static int agent_write_file(const char *path, const char *bytes, size_t n)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	_cleanup_(closep) int fd = -1;

	if (fs_mkdirs(path_dir(mem, path), 0700) < 0)
		return errno;
	fd = fs_create_new_at(AT_FDCWD, path, 0600);
	return fd < 0 || fs_write_all(fd, bytes, n) < 0 ? errno : 0;
}

static void agent_main_run(struct agent_process *p, struct wire *w)
{
	uint32_t number = wire_u32(w);
	double limit_s = wire_f64(w);
	size_t n;
	_cleanup_(freep) const char **argv = wire_strings(w, &n);
	const char *input = wire_string(w), *path = wire_string(w), *content = wire_bytes(w, &n);
	struct str *b = &p->link.out;
	struct command_end end = {.exit_status = -1};
	size_t start;

	if (!w->ok || !argv || !input)
		_exit(70);
	if (path)
		end.errnum = agent_write_file(path, content, n);
	if (!end.errnum)
		command_run(argv, input, strlen(input), limit_s, &end);
	start = wire_begin(b, AGENT_RAN);
	wire_put_u32(b, number);
	wire_put_u32(b, (uint32_t)end.errnum);
	wire_put_u32(b, end.is_late);
	wire_put_u32(b, (uint32_t)end.exit_status);
	wire_put_bytes(b, end.out.s, end.out.len);
	wire_put_bytes(b, end.err.s, end.err.len);
	wire_end(b, start);
	command_end_done(&end);
	agent_main_send(p);
}

/* ---- files ---- */

static void agent_report_file(struct agent_process *p, const char *dir, const char *name)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s", dir, name);
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	size_t start;

	if (fs_read_file(path, FILE_MOST, &text, &err) < 0) {
		error_done(&err); /* tried again at the next request */
		return;
	}
	map_set(&p->reported, xstrdup(name), p);
	start = wire_begin(&p->link.out, AGENT_FILE);
	wire_put_string(&p->link.out, name);
	wire_put_bytes(&p->link.out, text.s, text.len);
	wire_end(&p->link.out, start);
	agent_main_send(p);
}

/* A client of a network file system may answer from its cache for a minute, but not after a change
 * of its own in the directory. */
static void agent_refresh(const char *dir)
{
	_cleanup_(freep) char *path = xasprintf("%s/.look", dir);

	if (mkdir(path, 0700) == 0)
		rmdir(path);
}

static void agent_main_take(struct agent_process *p, struct wire *w)
{
	const char *path = wire_string(w);
	struct dirent *e;
	DIR *dir;

	if (!path)
		_exit(70);
	agent_refresh(path);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && !map_has(&p->reported, e->d_name))
			agent_report_file(p, path, e->d_name);
	if (dir)
		closedir(dir);
	wire_end(&p->link.out, wire_begin(&p->link.out, AGENT_TAKEN));
	agent_main_send(p);
}

static void agent_main_read(struct agent_process *p, struct wire *w)
{
	uint32_t number = wire_u32(w);
	const char *path = wire_string(w);
	_cleanup_(closep) int fd = path ? fs_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0) : -1;
	char text[TEXT_MOST];
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : 0;
	size_t start = wire_begin(&p->link.out, AGENT_TEXT);

	wire_put_u32(&p->link.out, number);
	wire_put_bytes(&p->link.out, text, n > 0 ? (size_t)n : 0);
	wire_end(&p->link.out, start);
	agent_main_send(p);
}

static void agent_main_remove(struct wire *w)
{
	const char *path = wire_string(w);

	if (path && fs_remove_tree(path) < 0)
		errno = 0; /* it goes with the directory of the run */
}

static void agent_main_frame(struct agent_process *p, uint8_t type, struct wire *w)
{
	switch (type) {
	case AGENT_RUN:
		agent_main_run(p, w);
		break;
	case AGENT_TAKE:
		agent_main_take(p, w);
		break;
	case AGENT_READ:
		agent_main_read(p, w);
		break;
	case AGENT_REMOVE:
		agent_main_remove(w);
		break;
	default:
		_exit(0);
	}
}

int agent_main(void)
{
	struct agent_process p = {0};
	struct wire w;
	uint8_t type;
	int rc;

	link_init(&p.link, PROC_SOCKET_FD, 0);
	proc_become("dvs-agent");
	proc_close_to_others();
	while (!link_is_end(link_read(&p.link, LINK_WAIT))) {
		while ((rc = link_next(&p.link, &type, &w)) > 0)
			agent_main_frame(&p, type, &w);
		if (rc < 0)
			break;
	}
	_exit(0);
}
