/* SPDX-License-Identifier: Apache-2.0 */
#include "device/leftovers/file_users.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc_dir.h"

/* "7f…-7f… r-xp 00000000 fe:01 1234 /tmp/aicpu_sim_x". The device here may differ from that of
 * stat(), so inode and name are compared. */
static void look_at_mapping(char *line, struct used_file *files, size_t n)
{
	char *path = strchr(line, '/');
	unsigned long long inode;

	if (!path || sscanf(line, "%*s %*s %*s %*s %llu", &inode) != 1)
		return;
	path[strcspn(path, "\n")] = '\0';
	for (size_t i = 0; i < n; i++)
		if (files[i].inode == inode &&
		    strcmp(path_base(path), path_base(files[i].path)) == 0)
			files[i].is_used = true;
}

static void look_at_mappings(int pid_fd, struct used_file *files, size_t n)
{
	int fd = openat(pid_fd, "maps", O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0)
		look_at_mapping(line, files, n);
	if (f)
		fclose(f);
	else
		closep(&fd);
	free(line);
}

static void look_at_descriptors(int pid_fd, struct used_file *files, size_t n)
{
	int fd = openat(pid_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) &&
		    fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
			for (size_t i = 0; i < n; i++)
				files[i].is_used |= files[i].inode == st.st_ino &&
						    files[i].device == st.st_dev;
	if (d)
		closedir(d);
	else
		closep(&fd);
}

void file_users_find(struct used_file *files, size_t n)
{
	DIR *all = n ? proc_dir_list(".") : NULL;
	struct dirent *e;

	for (size_t i = 0; i < n; i++)
		files[i].is_used = false;
	while (all && (e = readdir(all))) {
		_cleanup_(closep) int pid_fd = -1;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		pid_fd = openat(dirfd(all), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (pid_fd < 0)
			continue;
		look_at_mappings(pid_fd, files, n);
		look_at_descriptors(pid_fd, files, n);
	}
	if (all)
		closedir(all);
}
