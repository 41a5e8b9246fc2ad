/* SPDX-License-Identifier: Apache-2.0 */
#include "device/health/places.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/fs.h"

/* All users of a machine must agree on one directory, so an existing one is used even if it is
 * closed to us. The second is for machines where only root may write into /run/lock, or nobody. */
static const char *const shared_dirs[] = {"/run/lock/dvsched", "/tmp/dvsched-lock"};
static const char machine_state_dir[] = "/var/lib/dvsched";
/* Root gives the machine's state directory to this group, if it exists. */
static const char group_name[] = "dvsched";

static const char *of_environment(struct arena *mem, const char *name)
{
	const char *dir = getenv(name);

	return dir && *dir ? path_absolute(mem, dir) : NULL;
}

/* ---- rights ---- */

/* The name of the group, or its number. */
static void places_add_group(struct str *to, gid_t gid)
{
	const struct group *g = getgrgid(gid);

	if (g)
		str_add(to, g->gr_name);
	else
		str_printf(to, "%u", (unsigned)gid);
}

static void add_user(struct str *to)
{
	const struct passwd *p = getpwuid(geteuid());

	if (p)
		str_add(to, p->pw_name);
	else
		str_printf(to, "%u", (unsigned)geteuid());
}

void places_add_closed(struct str *to, const char *dir)
{
	struct stat st;

	str_printf(to, "you may not write into %s", dir);
	if (stat(dir, &st) < 0)
		return;
	if (!(st.st_mode & S_IWGRP)) {
		str_add(to, " (its owner can open it to a group: `chgrp GROUP` and `chmod 2775`)");
		return;
	}
	str_add(to, " (its group may: `usermod -aG ");
	places_add_group(to, st.st_gid);
	str_addc(to, ' ');
	add_user(to);
	str_add(to, "` by root, then log in again)");
}

int places_check_dir(const char *dir, const char *what, const char *other, struct error *err)
{
	_cleanup_(str_done) struct str closed = {0};
	struct stat st;

	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return error_plain(err, "%s, for %s, must be a directory; %s names another", dir,
				   what, other);
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return error_plain(err,
				   "%s, for %s, is open to all users without the sticky bit, so "
				   "that anybody could replace your files: its owner does `chmod "
				   "+t` or `chmod o-w`, or %s names another",
				   dir, what, other);
	if (access(dir, W_OK | X_OK) == 0)
		return 0;
	places_add_closed(&closed, dir);
	return error_plain(err, "%s, for %s; or %s names another", closed.s, what, other);
}

/* ---- locks ---- */

static const char lock_what[] = "locks of devices", lock_other[] = "$DVSCHED_LOCK_DIR";

static const char *own_lock_dir(const char *dir, struct error *err)
{
	if (!fs_is_dir(dir) && fs_mkdirs(dir, 0755) < 0)
		error_sys(err, errno, "cannot make $DVSCHED_LOCK_DIR, %s, for locks of devices",
			  dir);
	else if (places_check_dir(dir, lock_what, lock_other, err) == 0)
		return dir;
	return NULL;
}

/* Creates a directory like /tmp: all users may lock there, and nobody can remove another user's
 * file. If another process creates it at the same time, that process sets the same mode. */
static bool make_shared(const char *dir)
{
	return mkdir(dir, 0755) == 0 ? chmod(dir, 01777) == 0 : errno == EEXIST;
}

/* Another user could have created the link, to any place. */
static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

const char *places_choose_shared(const char *const *dirs, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!fs_exists(dirs[i]) && !make_shared(dirs[i]))
			continue;
		if (is_link(dirs[i]))
			error_plain(err, "%s, for locks of devices, must not be a link", dirs[i]);
		else if (places_check_dir(dirs[i], lock_what, lock_other, err) == 0)
			return dirs[i];
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

/* ---- health ---- */

const char *places_own_state_dir(struct arena *mem, const char *home)
{
	const char *dir = of_environment(mem, "XDG_STATE_HOME");
	const struct passwd *p = home && *home ? NULL : getpwuid(geteuid());

	if (dir)
		return path_join(mem, dir, "dvsched");
	if (p && p->pw_dir && *p->pw_dir == '/')
		home = p->pw_dir;
	/* Never below /tmp, where another user could have made the directory before us. */
	return path_join(mem, home && *home ? home : "/", ".local/state/dvsched");
}

struct state_places places_choose_state(const char *machine, const char *own, bool is_root)
{
	struct error err = {0};

	if (!fs_exists(machine) && is_root)
		return (struct state_places){.dir = machine};
	if (!fs_exists(machine) || is_link(machine))
		return (struct state_places){.dir = own};
	if (places_check_dir(machine, "", "", &err) == 0)
		return (struct state_places){.dir = machine, .old_dir = is_root ? NULL : own};
	error_done(&err);
	return (struct state_places){.dir = own,
				     .machine_dir = fs_is_dir(machine) ? machine : NULL};
}

struct state_places places_state(struct arena *mem)
{
	const char *dir = of_environment(mem, "DVSCHED_STATE_DIR");

	if (dir)
		return (struct state_places){.dir = dir};
	return places_choose_state(machine_state_dir, places_own_state_dir(mem, getenv("HOME")),
				   geteuid() == 0);
}

/* Gives the machine's directory to the group, if it exists. */
static void places_share_dir(const char *dir)
{
	const struct group *g = getgrnam(group_name);

	if (g && chown(dir, (uid_t)-1, g->gr_gid) == 0 && chmod(dir, 02775) == 0)
		return;
	errno = 0; /* only root may write then; all may read */
}

int places_make_state_dir(const char *dir)
{
	bool is_new = !fs_is_dir(dir);

	if (fs_mkdirs_shared(dir) < 0)
		return -1;
	if (is_new && strcmp(dir, machine_state_dir) == 0)
		places_share_dir(dir);
	return 0;
}
