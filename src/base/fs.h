/* SPDX-License-Identifier: Apache-2.0 */
/* Files and paths. All functions retry EINTR; every descriptor is close-on-exec. */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* As open() and openat(). flags have O_CLOEXEC; mode: 0 where nothing is made. After ESTALE the
 * path is looked up once more: on NFS another host has replaced a part of it. */
int fs_open(const char *path, int flags, mode_t mode);
int fs_openat(int dir, const char *path, int flags, mode_t mode);
/* The same, but a shortage of descriptors is waited out for some seconds: not for use in the loop.
 */
int fs_openat_or_wait(int dir, const char *path, int flags, mode_t mode);
/*
 * Opens a file and appends its first bytes, n at most, to `to`; both once more after ESTALE.
 * Nothing is read of a directory. Returns a descriptor, or -1 with errno.
 */
int fs_open_begin(int dir, const char *path, int flags, struct str *to, size_t n);
/*
 * Reads all of a regular file of at most `most` bytes. A FIFO, a device or a directory is an error
 * at once: the call never blocks on one. A shortage of descriptors is waited out for some seconds:
 * not for use in the loop. Reads again, once, after ESTALE. err has the path as its position, and
 * the errno, if there is one.
 */
int fs_read_file(const char *path, size_t most, struct str *ret, struct error *err);
/* The same without waiting: a shortage is an error at once. For use in the loop. */
int fs_read_file_now(const char *path, size_t most, struct str *ret, struct error *err);
/* Appends everything from the current offset of fd to its end, and blocks until it is there.
 * Returns 0, or -1 with errno (EFBIG: more than `most` bytes). */
int fs_read_stream(int fd, size_t most, struct str *ret);
/* Writes a temporary file beside path, fsyncs and renames it, and fsyncs the directory. There is
 * never an incomplete file at path. */
int fs_write_atomic(const char *path, const void *bytes, size_t n, struct error *err);
/* The same without fsync: a reader always gets a complete file, but a power failure may lose it.
 * The file has the rights of fs_shared_mode() instead of those of the umask: group and others may
 * write it if they may write in its directory, and everybody may read it. For use in the loop. */
int fs_replace_shared(const char *path, const void *bytes, size_t n, struct error *err);
/* mkdir -p. If the new directory inherited its group (setgid), the group may write into it whatever
 * the umask. Returns 0 or -1 with errno. */
int fs_mkdirs_shared(const char *path);
/* The mode for a new file that everybody who may write in dir may write, too: 0644, 0664, 0646 or
 * 0666. */
mode_t fs_shared_mode(const char *dir);
/* mkdir -p; an existing directory is no error. Returns 0 or -1 with errno. */
int fs_mkdirs(const char *path, mode_t mode);
/*
 * The same for a directory of trees that are written and removed again and again. If it is new, the
 * file system is asked to place each directory made in it apart from the others (FS_TOPDIR_FL, see
 * chattr(1), attribute T). ext4 passes over inodes that were freed in the last minutes, one by one,
 * for each new one in the same block group. Other file systems ignore it.
 */
int fs_mkdirs_of_trees(const char *path, mode_t mode);
/*
 * Opens a new file for writing. A file that has the name is removed, never overwritten: it may have
 * another hard link, in an archive made with `cp -al`. Returns a descriptor, or -1 with errno.
 */
int fs_create_new_at(int dir, const char *name, mode_t mode);
/* The same, but a shortage is waited out for some seconds: not for use in the loop. */
int fs_create_new_or_wait(int dir, const char *name, mode_t mode);
int fs_write_all(int fd, const void *bytes, size_t n); /* 0 or -1 with errno */
/* fsync() and fdatasync(). Do not retry a failed one: the kernel may have dropped the pages that it
 * could not write. Returns 0 or -1 with errno. */
int fs_sync(int fd);
int fs_sync_data(int fd);
bool fs_exists(const char *path);
/* The same where a wrong answer would do harm: 1, 0, or -1 with errno if it cannot be found out. */
int fs_find(const char *path); /* does not follow path itself if it is a symlink */
bool fs_is_dir(const char *path);
bool fs_is_file(const char *path); /* a regular file, or a symlink to one */
/* Makes path a symlink to target; replaces a symlink, but not a file or directory (EEXIST). Returns
 * 0 or -1 with errno. */
int fs_set_link(const char *target, const char *path);
/* The same for a name in a directory. */
int fs_set_link_at(const char *target, int dir, const char *name);
/*
 * Removes path and everything below it, however deep. Follows no link and crosses no mount. Goes on
 * after an error. Only for paths that dvsched created. Returns 0, also if path does not exist, or
 * -1 with the first errno.
 */
int fs_remove_tree(const char *path);
int fs_remove_tree_at(int dir, const char *name);

/* "a" + "b" -> "a/b"; b absolute -> b; a "" -> b. */
char *path_join(struct arena *a, const char *dir, const char *name);
/* Removes "." and "//", and resolves ".." by text, without file system access. A relative path
 * stays relative. */
char *path_normalise(struct arena *a, const char *path);
/* The current directory, which the caller must free(). NULL with errno: it was removed, or cannot
 * be found. */
char *path_cwd(void);
/* Joins path to the current directory, then normalises it. If the current directory was removed,
 * the result is a path that cannot exist; code that takes relative paths from a user checks that
 * first (cli/load/here.h). */
char *path_absolute(struct arena *a, const char *path);
/* The relative path that leads from the directory `from` to path; both are absolute
 * and normalised. */
char *path_relative(struct arena *a, const char *path, const char *from);
const char *path_base(const char *path);	   /* after the last '/' */
char *path_dir(struct arena *a, const char *path); /* "." if there is no '/' */
/* path is root or lies below it; both absolute and normalised. */
bool path_is_below(const char *path, const char *root);
/* name can be the name of a file: 1 to 255 bytes, not . or .., no '/', no control character, valid
 * UTF-8. */
bool path_is_safe_name(const char *name);

#endif
