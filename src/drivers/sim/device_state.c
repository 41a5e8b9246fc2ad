/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/device_state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "drivers/sim/codes.h"

enum { MOST_BYTES = 4096 };

static const char *const wedge_names[] = {"none", "never", "force_reset"};

static char *device_state_path(const char *dir, int32_t device)
{
	return xasprintf("%s/sim/dev%d.json", dir, device);
}

/* A file that cannot be parsed counts as empty: the device has its initial state. */
static void device_state_parse(int fd, struct sim_device_state *ret)
{
	char text[MOST_BYTES];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	json_t *j = json_loadb(text, n > 0 ? (size_t)n : 0, 0, NULL);
	const char *wedge = json_string_value(json_object_get(j, "wedged_until"));

	*ret = (struct sim_device_state){
		.n_opens = json_integer_value(json_object_get(j, "opens")),
		.n_runs = json_integer_value(json_object_get(j, "runs")),
		.n_ecc = json_integer_value(json_object_get(j, "ecc_errors")),
	};
	for (uint32_t i = 0; wedge && i < ARRAY_LEN(wedge_names); i++)
		if (strcmp(wedge_names[i], wedge) == 0)
			ret->wedge = i;
	json_decref(j);
}

static int device_state_write(int fd, const struct sim_device_state *s)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
			 "{\"wedged_until\": \"%s\", \"opens\": %lld, \"runs\": %lld, "
			 "\"ecc_errors\": %lld}\n",
			 wedge_names[s->wedge], (long long)s->n_opens, (long long)s->n_runs,
			 (long long)s->n_ecc);

	if (pwrite(fd, text, (size_t)n, 0) != n)
		return -1;
	return ftruncate(fd, n);
}

/* The file itself is locked, so it is written in place and never replaced. */
static int open_locked(const char *path, int flags, int how)
{
	int fd = open(path, flags | O_CLOEXEC);

	while (fd >= 0 && flock(fd, how) < 0)
		if (errno != EINTR) {
			close(fd);
			return -1;
		}
	return fd;
}

int32_t sim_device_state_read(const char *dir, int32_t device, struct sim_device_state *ret,
			      struct dvs_text *err)
{
	_cleanup_(freep) char *path = dir ? device_state_path(dir, device) : NULL;
	_cleanup_(closep) int fd = -1;

	*ret = (struct sim_device_state){0};
	if (!dir)
		return 0;
	fd = open_locked(path, O_RDONLY, LOCK_SH);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : sim_fail(err, SIM_STATE, "cannot read %s: %s", path,
						  strerror(errno));
	device_state_parse(fd, ret);
	return 0;
}

/* The file gets its name after its permissions, so a process that is killed in between leaves no
 * file that other users cannot write. */
static void device_state_create(const char *path, const char *folder)
{
	_cleanup_(closep) int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
	char self[32];

	if (fd < 0) { /* the file system has no O_TMPFILE */
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd >= 0)
			fchmod(fd, fs_shared_mode(folder));
		return;
	}
	fchmod(fd, fs_shared_mode(folder));
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW); /* another may be faster */
}

/* A file of another user is also changed in place: a user who may write into the folder may write
 * into its files. */
static int open_to_change(const char *path, const char *folder)
{
	int fd = open_locked(path, O_RDWR | O_NOFOLLOW, LOCK_EX);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	device_state_create(path, folder);
	return open_locked(path, O_RDWR | O_NOFOLLOW, LOCK_EX);
}

int32_t sim_device_state_change_to(const char *dir, int32_t device, sim_device_state_change *change,
				   struct dvs_text *err)
{
	_cleanup_(freep) char *path = dir ? device_state_path(dir, device) : NULL;
	_cleanup_(freep) char *folder = dir ? xasprintf("%s/sim", dir) : NULL;
	_cleanup_(closep) int fd = -1;
	struct sim_device_state s;

	if (!dir)
		return 0;
	if (fs_mkdirs_shared(folder) == 0)
		fd = open_to_change(path, folder);
	if (fd < 0)
		return sim_fail(err, SIM_STATE, "cannot open %s: %s", path, strerror(errno));
	device_state_parse(fd, &s);
	change(&s);
	if (device_state_write(fd, &s) < 0)
		return sim_fail(err, SIM_STATE, "cannot write %s: %s", path, strerror(errno));
	return 0;
}
