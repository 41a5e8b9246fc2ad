/* SPDX-License-Identifier: Apache-2.0 */
/* Health in two directories: the user's own, and the machine's, which the user may only read. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "device/health/health.h"
#include "device/health/places.h"

enum { FILE_MOST = 64 * 1024 };

static bool is_set_aside(const struct device_health *h, double wall_s)
{
	return h->state == HEALTH_DEAD ||
	       (h->state == HEALTH_QUARANTINED && h->until_wall_s > wall_s);
}

int health_load_both(const char *state_dir, const char *machine_dir, const char *family, int32_t id,
		     double wall_s, struct device_health *ret, struct error *err)
{
	struct device_health machine;
	struct error ignored = {0};
	int rc = health_load(state_dir, family, id, ret, err);

	if (!machine_dir || !health_is_usable(ret))
		return rc;
	if (health_load(machine_dir, family, id, &machine, &ignored) < 0)
		error_done(&ignored);
	else if (is_set_aside(&machine, wall_s))
		*ret = machine;
	return rc;
}

/* A health file of this user. */
static bool may_move(const char *path, const char *name)
{
	size_t n = strlen(name);
	struct stat st;

	return n > 5 && strcmp(name + n - 5, ".json") == 0 && lstat(path, &st) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

static void move_one(const char *from, const char *name, const char *to)
{
	_cleanup_(freep) char *old = xasprintf("%s/%s", from, name);
	_cleanup_(freep) char *new = xasprintf("%s/%s", to, name);
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};

	if (!may_move(old, name) || fs_exists(new))
		return;
	if (fs_read_file(old, FILE_MOST, &text, &err) == 0 &&
	    fs_replace_shared(new, text.s ? text.s : "", text.len, &err) == 0)
		unlink(old);
	error_done(&err);
}

void health_move(const char *from, const char *to)
{
	DIR *d = opendir(from);

	for (struct dirent *e; d && (e = readdir(d));)
		move_one(from, e->d_name, to);
	if (d)
		closedir(d);
}
