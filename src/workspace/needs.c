/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/fs.h"

/* A frame that has this size is ended, and another one begins. */
enum { FRAME_BYTES = 1 << 20 };

/* ---- sender: the scheduler ---- */

/* Most logs are in their job's directory; then the directory is not sent twice. */
static void put_need(struct str *b, const struct job_need *need)
{
	size_t n = strlen(need->odir);
	bool is_inside = need->log && strncmp(need->log, need->odir, n) == 0;

	wire_put_u32(b, (uint32_t)need->status);
	wire_put_u32(b, is_inside);
	wire_put_string(b, need->id);
	wire_put_string(b, need->odir);
	wire_put_string(b, is_inside ? need->log + n : need->log);
	wire_put_string(b, need->seed);
}

void needs_put(struct str *b, uint8_t type, const struct job_needs *needs)
{
	_cleanup_(str_done) struct str room = {0};
	struct map seen = {0};
	size_t start = 0;

	for (uint32_t i = 0; i < needs->n; i++) {
		struct job_need need;

		needs->get(needs->ctx, i, &room, &need);
		if (needs->may_repeat && map_set(&seen, need.id, b))
			continue;
		if (!start)
			start = wire_begin(b, type) + 1;
		put_need(b, &need);
		if (b->len - start < FRAME_BYTES)
			continue;
		wire_end(b, start - 1);
		start = 0;
	}
	if (start)
		wire_end(b, start - 1);
	map_done(&seen);
}

/* ---- receiver: the process that starts the job ---- */

static bool take_need(struct wire *w, struct str *text, struct job_need *ret)
{
	uint32_t status = wire_u32(w);
	bool is_inside = wire_u32(w) != 0;

	ret->status = (enum job_status)status;
	ret->id = wire_string(w);
	ret->odir = wire_string(w);
	ret->log = wire_string(w);
	ret->seed = wire_string(w);
	if (!w->ok || status >= JOB_STATUS_COUNT || !ret->id || !ret->odir)
		return false;
	if (is_inside && ret->log) {
		str_clear(text);
		str_add(text, ret->odir);
		str_add(text, ret->log);
		ret->log = text->s;
	}
	return true;
}

bool needs_take(struct str *to, const struct wire *w)
{
	_cleanup_(str_done) struct str text = {0};
	struct wire copy = *w;
	struct job_need need;

	while (copy.at < copy.end)
		if (!take_need(&copy, &text, &need))
			return false;
	str_addn(to, w->at, (size_t)(w->end - w->at));
	return true;
}

static void write_need(struct json_out *out, const struct job_need *need)
{
	jout_object(out);
	jout_key_string(out, "id", need->id);
	jout_key_string(out, "status", job_status_name(need->status));
	jout_key_string(out, "odir", need->odir);
	jout_key_string(out, "log", need->log);
	jout_key_string(out, "seed", need->seed);
	jout_object_end(out);
	str_addc(&out->buf, '\n');
}

/* Returns 0 or an errno. */
static int needs_write_all(int fd, const struct str *needs)
{
	struct wire w = {needs->s, needs->s + needs->len, true};
	_cleanup_(str_done) struct str text = {0};
	struct job_need need;
	struct json_out out;

	jout_init(&out, fd, 0);
	while (w.at < w.end && take_need(&w, &text, &need))
		write_need(&out, &need);
	return jout_done(&out);
}

static int open_new(int dir)
{
	return fs_openat(dir, JOB_NEEDS_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

int needs_write(int dir, const char *odir, const struct str *needs, struct error *err)
{
	int fd = open_new(dir), errnum;

	if (fd < 0 && errno == EEXIST)
		fd = unlinkat(dir, JOB_NEEDS_NAME, 0) < 0 ? -1 : open_new(dir);
	errnum = fd < 0 ? errno : 0;
	if (fd >= 0 && needs->len)
		errnum = needs_write_all(fd, needs);
	if (fd >= 0 && close(fd) < 0 && errnum == 0)
		errnum = errno;
	return errnum ? error_sys(err, errnum, "cannot write %s/%s", odir, JOB_NEEDS_NAME) : 0;
}

static void needs_remove(int dir)
{
	if (unlinkat(dir, JOB_NEEDS_NAME, 0) < 0)
		errno = 0; /* usually it does not exist; an error does not matter, because the job
			      does not get the path */
}

static bool is_named_in(const char *const *texts)
{
	for (; texts && *texts; texts++)
		if (strstr(*texts, JOB_NEEDS_NAME))
			return true;
	return false;
}

int needs_prepare(const struct needs_place *p, bool *ret_exists, struct error *err)
{
	*ret_exists = p->needs->len || is_named_in(p->words) || is_named_in(p->env);
	if (*ret_exists)
		return needs_write(p->dir, p->odir, p->needs, err);
	if (!p->is_new)
		needs_remove(p->dir);
	return 0;
}
