/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of a check for the driver: a host, buffers for texts, and texts that are valid only
 * during a call. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device/check/parts.h"
#include "device/driver/made_files.h"
#include "device/worker/board.h"

enum { GUARD = 0x5a };

static void check_host_log(void *user, int32_t level, const char *text)
{
	(void)user, (void)level, (void)text;
}

/* May be called by threads of the driver, so step_progress() reports errors later. */
static void check_host_progress(void *user, uint64_t done, uint64_t total, int32_t evidence)
{
	struct check *c = user;
	int32_t good = 0;

	c->n_progress++;
	if (evidence < 0 || evidence > 2)
		atomic_compare_exchange_strong(&c->bad_progress, &good, CHECK_BAD_EVIDENCE);
	else if (total && done > total)
		atomic_compare_exchange_strong(&c->bad_progress, &good, CHECK_MORE_THAN_ALL);
	else if (!c->is_in_run)
		atomic_compare_exchange_strong(&c->bad_progress, &good, CHECK_NO_RUN);
}

static int32_t check_host_is_cancelled(void *user)
{
	return ((struct check *)user)->is_cancelled;
}

static uint64_t check_host_now_ns(void *user)
{
	(void)user;
	return board_now_ns();
}

static void check_host_committed(void *user, uint64_t bytes)
{
	(void)user, (void)bytes;
}

static void check_host_leaves(void *user, const char *pattern)
{
	struct leftovers *l = made_files_leftovers();

	if (pattern[0] != '/')
		check_bad(user, "leaves", "'%s' is no absolute path", pattern);
	else if (l)
		leftovers_add_pattern(l, pattern);
}

void check_host_init(struct check *c)
{
	c->host = (struct dvs_host){.size = sizeof(c->host),
				    .user = c,
				    .log = check_host_log,
				    .progress = check_host_progress,
				    .is_cancelled = check_host_is_cancelled,
				    .now_ns = check_host_now_ns,
				    .committed = check_host_committed,
				    .leaves = check_host_leaves};
}

struct dvs_text check_room(char *at)
{
	memset(at, 0, CHECK_ROOM);
	at[CHECK_ROOM] = GUARD;
	return (struct dvs_text){at, CHECK_ROOM};
}

static size_t lent_size(const char *text)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (strlen(text) + page) / page * page;
}

const char *check_lend(const char *text)
{
	char *at = mmap(NULL, lent_size(text), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	if (at == MAP_FAILED)
		abort();
	return memcpy(at, text, strlen(text) + 1);
}

void check_take_back(const char *lent, const char *text)
{
	munmap((void *)(uintptr_t)lent, lent_size(text));
}

struct dvs_text check_err(struct check *c)
{
	if (c->has_text && !check_is_whole(c->text))
		check_bad(c, "texts", "a call wrote beyond its buffer for a text");
	c->has_text = true;
	return check_room(c->text);
}

bool check_is_whole(const char *at)
{
	return at[CHECK_ROOM] == GUARD && memchr(at, '\0', CHECK_ROOM);
}
