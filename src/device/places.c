/* SPDX-License-Identifier: Apache-2.0 */
#include "device/places.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fs.h"

/* All users of a machine must come to the same one, so what is there is used, and nothing else; the
 * second is for machines where only root may write into the first's parent, or nobody. */
static const char *const shared_dirs[] = {"/run/lock/dvsched", "/tmp/dvsched-lock"};

static const char *of_environment(struct arena *mem, const char *name)
{
	const char *dir = getenv(name);

	return dir && *dir ? path_absolute(mem, dir) : NULL;
}

static bool is_writable(const char *dir)
{
	return fs_is_dir(dir) && access(dir, W_OK | X_OK) == 0;
}

static const char *own_lock_dir(const char *dir, struct error *err)
{
	if (!fs_is_dir(dir) && fs_mkdirs(dir, 0755) < 0)
		error_sys(err, errno, "cannot make $DVSCHED_LOCK_DIR, %s, for locks of devices",
			  dir);
	else if (!is_writable(dir))
		error_sys(err, errno, "cannot write into $DVSCHED_LOCK_DIR, %s", dir);
	else
		return dir;
	return NULL;
}

/* Like /tmp: every user locks there, nobody removes another's file. Whoever makes it at the same
 * time does the same to it. */
static bool make_shared(const char *dir)
{
	return mkdir(dir, 0755) == 0 ? chmod(dir, 01777) == 0 : errno == EEXIST;
}

const char *places_choose_shared(const char *const *dirs, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!fs_exists(dirs[i]) && !make_shared(dirs[i]))
			continue;
		if (is_writable(dirs[i]))
			return dirs[i];
		error_plain(err,
			    "%s, for locks of devices, must be a directory that you may write "
			    "into: `chmod 1777` by its owner, or $DVSCHED_LOCK_DIR names another",
			    dirs[i]);
		return NULL;
	}
	error_sys(err, errno,
		  "cannot make a directory for locks of devices, neither %s nor %s; "
		  "$DVSCHED_LOCK_DIR names another",
		  dirs[0], dirs[n - 1]);
	return NULL;
}

const char *places_lock_dir(struct arena *mem, struct error *err)
{
	const char *dir = of_environment(mem, "DVSCHED_LOCK_DIR");

	return dir ? own_lock_dir(dir, err)
		   : places_choose_shared(shared_dirs, ARRAY_LEN(shared_dirs), err);
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
