/* SPDX-License-Identifier: Apache-2.0 */
#include "device/places.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

static const char *of_environment(struct arena *mem, const char *name)
{
	const char *dir = getenv(name);

	return dir && *dir ? path_absolute(mem, dir) : NULL;
}

const char *places_lock_dir(struct arena *mem, struct error *err)
{
	const char *dir = of_environment(mem, "DVSCHED_LOCK_DIR");
	bool is_shared = !dir;

	if (!dir)
		dir = "/run/lock/dvsched";
	if (!fs_is_dir(dir)) {
		if (fs_mkdirs(dir, 0755) < 0) {
			error_sys(
				err, errno,
				"cannot make %s for device locks ($DVSCHED_LOCK_DIR names another)",
				dir);
			return NULL;
		}
		/* Like /tmp: every user locks there, nobody removes another's file. */
		if (is_shared && chmod(dir, 01777) < 0) {
			error_sys(err, errno, "cannot open %s for all users", dir);
			return NULL;
		}
	}
	return dir;
}

const char *places_state_dir(struct arena *mem)
{
	const char *dir = of_environment(mem, "DVSCHED_STATE_DIR"), *home = getenv("HOME");

	if (dir)
		return dir;
	if (geteuid() == 0)
		return "/var/lib/dvsched";
	dir = of_environment(mem, "XDG_STATE_HOME");
	if (dir)
		return path_join(mem, dir, "dvsched");
	return path_join(mem, home && *home ? home : "/tmp", ".local/state/dvsched");
}
