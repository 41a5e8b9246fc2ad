/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"

extern char **environ;

static const struct src_pos nowhere;

/* Locks dir against other runs that copy to it; waits for them. Returns the descriptor or -1. */
static int lock_dir(const char *dir)
{
	int fd = fs_open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	log_info("waiting for another run that copies to %s", dir);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR) {
			close(fd);
			return -1;
		}
	return fd;
}

static int run_rsync(char **argv, struct diags *diags)
{
	int status, rc;
	pid_t pid;

	rc = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (rc == ENOENT) {
		struct diag *e = diag_error(diags, nowhere,
					    "--remote needs rsync, which is not "
					    "installed");

		diag_hint(e, "install rsync, or leave --remote out");
		return -1;
	}
	if (rc) {
		diag_error(diags, nowhere, "--remote: rsync: %s", strerror(rc));
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	diag_error(diags, nowhere, "--remote: rsync failed with status %d",
		   WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return -1;
}

int remote_copy(struct arena *mem, const struct remote *r, struct diags *diags)
{
	char *argv[16];
	int n = 0, fd, rc;

	argv[n++] = arena_strdup(mem, "rsync");
	argv[n++] = arena_strdup(mem, "--recursive");
	argv[n++] = arena_strdup(mem, "--links");
	argv[n++] = arena_strdup(mem, "--perms");
	argv[n++] = arena_strdup(mem, "--checksum");
	argv[n++] = arena_strdup(mem, "--inplace");
	argv[n++] = arena_strdup(mem, "--exclude=/.git");
	if (path_is_below(r->scratch_root, r->project) && strcmp(r->scratch_root, r->project) != 0)
		argv[n++] = arena_printf(mem, "--exclude=%s", r->scratch_root + strlen(r->project));
	/* Like git, rsync reads the .gitignore of each directory. */
	argv[n++] = arena_strdup(mem, "--filter=:- .gitignore");
	argv[n++] = arena_printf(mem, "%s/", r->project);
	argv[n++] = arena_printf(mem, "%s/", r->to);
	argv[n] = NULL;
	if (fs_mkdirs(r->to, 0777) < 0 || (fd = lock_dir(r->to)) < 0) {
		diag_error(diags, nowhere, "--remote: %s: %s", r->to, strerror(errno));
		return -1;
	}
	log_info("copying %s to %s", r->project, r->to);
	rc = run_rsync(argv, diags);
	close(fd);
	return rc;
}
