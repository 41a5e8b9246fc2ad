/* SPDX-License-Identifier: Apache-2.0 */
/* A device's health on disk: a small file, replaced as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "device/health/health.h"
#include "device/health/places.h"

enum { FILE_MOST = 64 * 1024 };

static char *health_file_path(const char *state_dir, const char *family, int32_t id)
{
	return xasprintf("%s/%s-%d.json", state_dir, path_base(family), id);
}

static void copy_text(const json_t *obj, const char *key, char *to, size_t size)
{
	const char *s = json_string_value(json_object_get(obj, key));

	snprintf(to, size, "%s", s ? s : "");
}

static uint32_t health_file_number(const json_t *obj, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(obj, key));

	return n < 0 || n > UINT32_MAX ? 0 : (uint32_t)n;
}

static void read_marks(const json_t *list, struct device_health *ret)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		struct health_mark *m = &ret->marks[ret->n_marks];
		const char *class = json_string_value(json_object_get(one, "class"));

		if (ret->n_marks == HEALTH_MARKS || !class ||
		    !device_class_from_name(class, &m->class))
			continue;
		m->wall_s = json_number_value(json_object_get(one, "time"));
		m->code = (int32_t)json_integer_value(json_object_get(one, "code"));
		copy_text(one, "job", m->job, sizeof(m->job));
		ret->n_marks++;
	}
}

static bool read_state(const json_t *obj, struct device_health *ret)
{
	const char *name = json_string_value(json_object_get(obj, "state"));

	for (int i = 0; name && i < HEALTH_STATE_COUNT; i++)
		if (strcmp(health_state_name((enum health_state)i), name) == 0) {
			ret->state = (enum health_state)i;
			return true;
		}
	return false;
}

static bool read_health(const json_t *obj, struct device_health *ret)
{
	if (!read_state(obj, ret))
		return false;
	ret->n_quarantines = health_file_number(obj, "quarantines");
	ret->n_good_probes = health_file_number(obj, "good_probes");
	ret->n_jobs = health_file_number(obj, "jobs");
	ret->since_wall_s = json_number_value(json_object_get(obj, "since"));
	ret->until_wall_s = json_number_value(json_object_get(obj, "until"));
	ret->first_code = (int32_t)json_integer_value(json_object_get(obj, "first_code"));
	copy_text(obj, "reason", ret->reason, sizeof(ret->reason));
	read_marks(json_object_get(obj, "marks"), ret);
	return true;
}

/* Others may write into the directory, so links are not followed. */
static bool is_plain_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int health_load(const char *state_dir, const char *family, int32_t id, struct device_health *ret,
		struct error *err)
{
	_cleanup_(freep) char *path = health_file_path(state_dir, family, id);
	_cleanup_(str_done) struct str text = {0};
	json_t *obj;
	bool is_good;

	*ret = (struct device_health){0};
	if (!fs_exists(path))
		return 0;
	if (!is_plain_file(path))
		return error_plain(err, "%s is not a file of dvsched: remove it", path);
	if (fs_read_file_now(path, FILE_MOST, &text, err) < 0)
		return -1;
	obj = json_loadb(text.s ? text.s : "", text.len, 0, NULL);
	is_good = read_health(obj, ret);
	json_decref(obj);
	if (is_good)
		return 0;
	*ret = (struct device_health){0};
	return error_plain(err,
			   "%s was not written by dvsched: remove it, or run `dvsched chips clear`",
			   path);
}

static void write_marks(struct json_out *out, const struct device_health *h)
{
	jout_key(out, "marks");
	jout_array(out);
	for (uint32_t i = 0; i < h->n_marks; i++) {
		jout_object(out);
		jout_key_real(out, "time", h->marks[i].wall_s, 3);
		jout_key_string(out, "class", device_class_name(h->marks[i].class));
		jout_key_int(out, "code", h->marks[i].code);
		jout_key_string(out, "job", h->marks[i].job);
		jout_object_end(out);
	}
	jout_array_end(out);
}

int health_store(const char *state_dir, const char *family, int32_t id,
		 const struct device_health *h, struct error *err)
{
	_cleanup_(freep) char *path = health_file_path(state_dir, family, id);
	struct json_out out;
	int rc;

	if (places_make_state_dir(state_dir) < 0)
		return error_sys(err, errno, "cannot make %s", state_dir);
	jout_init(&out, -1, 1);
	jout_object(&out);
	jout_key_string(&out, "state", health_state_name(h->state));
	jout_key_string(&out, "reason", h->reason);
	jout_key_real(&out, "since", h->since_wall_s, 3);
	jout_key_real(&out, "until", h->until_wall_s, 3);
	jout_key_int(&out, "quarantines", h->n_quarantines);
	jout_key_int(&out, "good_probes", h->n_good_probes);
	jout_key_int(&out, "first_code", h->first_code);
	jout_key_int(&out, "jobs", h->n_jobs);
	write_marks(&out, h);
	jout_object_end(&out);
	/* Not synced, because a run must not wait for it. A power cut may lose a mark. */
	rc = fs_replace_shared(path, out.buf.s, out.buf.len, err);
	jout_done(&out);
	return rc;
}

static const struct timespec lock_pause = {.tv_nsec = 1000000};

/* Others may write into the directory: a FIFO of this name must not block open(). */
static int open_lock_of_others(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
		closep(&fd);
	return fd;
}

/* The file is never removed: otherwise two processes could hold locks of one name. */
static int health_file_open_lock(const char *path, const char *dir)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd >= 0)
		fchmod(fd, fs_shared_mode(dir));
	else if (errno == EEXIST)
		fd = open_lock_of_others(path);
	return fd;
}

int health_lock(const char *state_dir, const char *family, int32_t id, unsigned wait_ms)
{
	_cleanup_(freep) char *path = xasprintf("%s/%s-%d.json.lock", state_dir, path_base(family),
						id);
	int fd = places_make_state_dir(state_dir) < 0 ? -1 : health_file_open_lock(path, state_dir);

	for (unsigned i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		if (i >= wait_ms || (errno != EWOULDBLOCK && errno != EINTR))
			closep(&fd);
		else
			ppoll(NULL, 0, &lock_pause, NULL);
	return fd;
}

int health_clear(const char *state_dir, const char *family, int32_t id, struct error *err)
{
	_cleanup_(freep) char *path = health_file_path(state_dir, family, id);

	if (unlink(path) < 0 && errno != ENOENT)
		return error_sys(err, errno, "cannot remove %s", path);
	return 0;
}
