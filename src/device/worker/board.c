/* SPDX-License-Identifier: Apache-2.0 */
#include "device/worker/board.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"

static const char *const phase_names[] = {
	[PHASE_NONE] = "none",	       [PHASE_TAKEN] = "taken",	      [PHASE_LOADED] = "loaded",
	[PHASE_ARMED] = "armed",       [PHASE_LAUNCHED] = "launched", [PHASE_RAN] = "ran",
	[PHASE_FINISHED] = "finished", [PHASE_FAILED] = "failed",
};
static_assert(ARRAY_LEN(phase_names) == PHASE_COUNT, "one name per phase");

static const char *const call_names[] = {
	[CALL_NONE] = "none",	[CALL_OPEN] = "open",	      [CALL_LOAD] = "load",
	[CALL_JOIN] = "join",	[CALL_PREPARE] = "prepare",   [CALL_LAUNCH] = "launch",
	[CALL_POLL] = "poll",	[CALL_FINISH] = "finish",     [CALL_ABORT] = "abort",
	[CALL_LEAVE] = "leave", [CALL_UNLOAD] = "unload",     [CALL_RESET] = "reset",
	[CALL_CLOSE] = "close", [CALL_CLASSIFY] = "classify", [CALL_IS_USABLE] = "is_usable",
};
static_assert(ARRAY_LEN(call_names) == CALL_COUNT, "one name per call");

static void *map_shared(int fd)
{
	void *at = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

struct board *board_new(int *ret_fd, struct error *err)
{
	int fd = memfd_create("dvs-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct board *b = NULL;

	if (fd >= 0 && ftruncate(fd, sizeof(*b)) == 0)
		b = map_shared(fd);
	if (!b) {
		error_sys(err, errno, "cannot make a worker's board");
		closep(&fd);
		return NULL;
	}
	/* The worker cannot truncate the memory that we read. */
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	b->magic = BOARD_MAGIC;
	b->version = BOARD_VERSION;
	*ret_fd = fd;
	return b;
}

struct board *board_map(int fd, struct error *err)
{
	struct stat st;
	struct board *b;

	if (fstat(fd, &st) < 0 || st.st_size != sizeof(*b) || !(b = map_shared(fd))) {
		error_plain(err, "descriptor %d is no board", fd);
		return NULL;
	}
	if (b->magic != BOARD_MAGIC || b->version != BOARD_VERSION) {
		error_plain(err, "the board is of another version");
		board_free(b);
		return NULL;
	}
	return b;
}

void board_free(struct board *b)
{
	if (b)
		munmap(b, sizeof(*b));
}

uint64_t board_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

const char *board_phase_name(enum run_phase p)
{
	return p < PHASE_COUNT ? phase_names[p] : "?";
}

const char *board_call_name(enum driver_call c)
{
	return c < CALL_COUNT ? call_names[c] : "?";
}
