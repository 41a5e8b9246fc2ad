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

/*
 * All of a regular file of at most most bytes. A FIFO, a device or a directory is an error at once,
 * it is never waited for. The message names the path.
 */
int fs_read_file(const char *path, size_t most, struct str *ret, struct error *err);
/* What fd has from where it stands to its end, waiting for it. 0, or -1 with errno (EFBIG: more
 * than most bytes). */
int fs_read_stream(int fd, size_t most, struct str *ret);
/* Temporary file beside it, fsync, rename, fsync of the directory. Never leaves half a file under
 * path. */
int fs_write_atomic(const char *path, const void *bytes, size_t n, struct error *err);
/* The same without waiting for the disk: whole for whoever reads it, but a power cut may take it
 * back. For what is written from the loop. */
int fs_replace(const char *path, const void *bytes, size_t n, struct error *err);
/* Likewise, and whoever may read or write in its directory may do so with the file, whatever our
 * umask; others may read it if they may look into the directory. */
int fs_replace_shared(const char *path, const void *bytes, size_t n, struct error *err);
/* mkdir -p; where the group is inherited (setgid) it may write into a new one, whatever our umask.
 * Returns 0 or -1 with errno. */
int fs_mkdirs_shared(const char *path);
/* The rights of a new file in dir for whoever may write there: 0644, 0664, 0666. */
mode_t fs_shared_mode(const char *dir);
/* mkdir -p; an existing directory is fine. Returns 0 or -1 with errno. */
int fs_mkdirs(const char *path, mode_t mode);
int fs_write_all(int fd, const void *bytes, size_t n); /* 0 or -1 with errno */
bool fs_exists(const char *path);		       /* does not follow a last symlink */
bool fs_is_dir(const char *path);
/* Replaces whatever link is at path; a real file or directory there is an error (EEXIST). */
int fs_set_link(const char *target, const char *path);
/*
 * Removes path and all below it, however deep, following no link and crossing no mount; what cannot
 * be removed stays. Only for paths that we made. Returns 0 or -1 with the first errno.
 */
int fs_remove_tree(const char *path);

/* "a" + "b" -> "a/b"; b absolute -> b; a "" -> b. */
char *path_join(struct arena *a, const char *dir, const char *name);
/* "." and "//" removed, ".." folded by text; no file system access. Relative stays relative. */
char *path_normalise(struct arena *a, const char *path);
/* Made absolute against the current directory, then normalised. Where that is gone: a path that
 * nothing can ever be at; whoever takes relative paths from a user checks first (cli/load/here.h).
 */
char *path_absolute(struct arena *a, const char *path);
/* From the directory `from` to path, both absolute and normalised. */
char *path_relative(struct arena *a, const char *path, const char *from);
const char *path_base(const char *path);	   /* after the last '/' */
char *path_dir(struct arena *a, const char *path); /* "." if there is no '/' */
/* path is root or lies below it; both absolute and normalised. */
bool path_is_below(const char *path, const char *root);
/* Fit to be one file name: not empty, not . or .., no '/', no control character, valid UTF-8, <=
 * 255 bytes. */
bool path_is_safe_name(const char *name);

#endif
