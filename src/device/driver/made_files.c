/* SPDX-License-Identifier: Apache-2.0 */
#include "device/driver/made_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { PLACES = 6, TRIES = 10000 };

/* One for the process: the functions that replace libc's have no parameter for it. */
static struct leftovers *record;

void made_files_record(struct leftovers *l)
{
	record = l;
}

struct leftovers *made_files_leftovers(void)
{
	return record;
}

/* open(). If path matches a pattern of the record, it is recorded before the file exists. */
static int make_file(const char *path, int flags, mode_t mode)
{
	bool is_noted = record && leftovers_has_name(record, path);
	struct stat st;
	int fd, why;

	if (is_noted)
		leftovers_note(record, path);
	fd = open(path, flags, mode);
	why = errno;
	if (is_noted && fd >= 0 && fstat(fd, &st) == 0)
		leftovers_settle(record, path, &st);
	else if (is_noted && (flags & O_EXCL) && why != EEXIST)
		leftovers_settle(record, path, NULL);
	errno = why;
	return fd;
}

/* ---- mkstemp ---- */

static uint64_t draw_name(void)
{
	struct timespec now;
	uint64_t n;

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) == (ssize_t)sizeof(n))
		return n;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_nsec << 20 ^ (uint64_t)now.tv_sec) * 0x9e3779b97f4a7c15u;
}

static int make_temporary(char *name, int suffix, int flags)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(name);
	int old_errno = errno;
	char *at;

	if (suffix < 0 || n < (size_t)suffix + PLACES ||
	    memcmp(at = name + n - suffix - PLACES, "XXXXXX", PLACES) != 0) {
		errno = EINVAL;
		return -1;
	}
	for (int i = 0; i < TRIES; i++) {
		uint64_t chance = draw_name();
		int fd;

		for (int k = 0; k < PLACES; k++, chance /= 62)
			at[k] = letters[chance % 62];
		fd = make_file(name, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd >= 0)
			errno = old_errno;
		if (fd >= 0 || errno != EEXIST)
			return fd;
		if (record)
			leftovers_settle(record, name, NULL); /* the file of another process */
	}
	errno = EEXIST;
	return -1;
}

/* Defined under libc's names; the headers may rename the functions for large files. */
#define AS(name) __asm__(name) __attribute__((visibility("default"), used))

int made_mkstemp(char *name) AS("mkstemp");
int made_mkstemp64(char *name) AS("mkstemp64");
int made_mkostemp(char *name, int flags) AS("mkostemp");
int made_mkostemp64(char *name, int flags) AS("mkostemp64");
int made_mkstemps(char *name, int suffix) AS("mkstemps");
int made_mkstemps64(char *name, int suffix) AS("mkstemps64");
int made_mkostemps(char *name, int suffix, int flags) AS("mkostemps");
int made_mkostemps64(char *name, int suffix, int flags) AS("mkostemps64");
int made_shm_open(const char *name, int flags, mode_t mode) AS("shm_open");

int made_mkstemp(char *name)
{
	return make_temporary(name, 0, 0);
}

int made_mkstemp64(char *name)
{
	return make_temporary(name, 0, 0);
}

int made_mkostemp(char *name, int flags)
{
	return make_temporary(name, 0, flags);
}

int made_mkostemp64(char *name, int flags)
{
	return make_temporary(name, 0, flags);
}

int made_mkstemps(char *name, int suffix)
{
	return make_temporary(name, suffix, 0);
}

int made_mkstemps64(char *name, int suffix)
{
	return make_temporary(name, suffix, 0);
}

int made_mkostemps(char *name, int suffix, int flags)
{
	return make_temporary(name, suffix, flags);
}

int made_mkostemps64(char *name, int suffix, int flags)
{
	return make_temporary(name, suffix, flags);
}

/* ---- shm_open ---- */

/*
 * Ranks that open existing memory record its name, too: the last of them to end removes it.
 */
int made_shm_open(const char *name, int flags, mode_t mode)
{
	char path[NAME_MAX + sizeof("/dev/shm/")];
	struct stat st;
	int fd;

	while (*name == '/')
		name++;
	if (!*name || strlen(name) >= NAME_MAX || strchr(name, '/')) {
		errno = EINVAL;
		return -1;
	}
	snprintf(path, sizeof(path), "/dev/shm/%s", name);
	flags |= O_NOFOLLOW | O_CLOEXEC;
	if (flags & O_CREAT)
		return make_file(path, flags, mode);
	fd = open(path, flags, mode);
	if (record && fd >= 0 && fstat(fd, &st) == 0)
		leftovers_settle(record, path, &st);
	return fd;
}
