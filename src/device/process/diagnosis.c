/* SPDX-License-Identifier: Apache-2.0 */
/* The diagnosis of a worker whose driver may hang. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "device/process/process.h"

enum { DRIVER_WORDS = 8 * 1024, STACK_LINES = 12, THREADS_MOST = 512 };

static void add_age(struct str *to, uint64_t since_ns)
{
	uint64_t now = board_now_ns();

	duration_add(to, since_ns && now > since_ns ? (double)(now - since_ns) * 1e-9 : 0);
}

static void add_call(struct str *to, const struct board *b)
{
	enum driver_call call = (enum driver_call)atomic_load(&b->call);

	if (call == CALL_NONE) {
		str_add(to, "driver: in no call");
		if (atomic_load(&b->call_returned_ns)) {
			str_add(to, ", the last one returned ");
			add_age(to, atomic_load(&b->call_returned_ns));
			str_add(to, " ago");
		}
	} else {
		str_printf(to, "driver: in %s() for ", board_call_name(call));
		add_age(to, atomic_load(&b->call_since_ns));
	}
	str_addc(to, '\n');
}

static const char *evidence_words(uint32_t evidence)
{
	static const char *const words[] = {"idle", "something of its own is running",
					    "waits for other ranks"};

	return evidence < ARRAY_LEN(words) ? words[evidence] : "?";
}

static void diagnosis_add_run(struct str *to, struct worker_process *p)
{
	const struct board *b = p->board;
	uint32_t phase = atomic_load(&b->phase);
	uint64_t progress_ns = atomic_load(&b->progress_ns);

	if (!atomic_load(&p->is_busy) || !atomic_load(&b->epoch)) {
		str_add(to, atomic_load(&p->ctx) ? "run: none\n"
						 : "run: none, the device is being opened\n");
		return;
	}
	str_printf(to, "run: epoch %llu, %s for ", (unsigned long long)atomic_load(&b->epoch),
		   board_phase_name((enum run_phase)phase));
	add_age(to, phase < PHASE_COUNT ? atomic_load(&b->stamp_ns[phase]) : 0);
	str_addc(to, '\n');
	if (!progress_ns)
		return;
	str_printf(to, "progress: %llu of %llu, reported ",
		   (unsigned long long)atomic_load(&b->done),
		   (unsigned long long)atomic_load(&b->total));
	add_age(to, progress_ns);
	str_printf(to, " ago; %s\n", evidence_words(atomic_load(&b->evidence)));
}

/* ---- threads ---- */

static size_t read_own(pid_t tid, const char *name, char *ret, size_t size)
{
	_cleanup_(freep) char *path = xasprintf("/proc/self/task/%d/%s", (int)tid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, ret, size - 1) : -1;

	closep(&fd);
	ret[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static char thread_state(pid_t tid)
{
	char stat[512];
	const char *end;

	if (!read_own(tid, "stat", stat, sizeof(stat)) || !(end = strrchr(stat, ')')))
		return '?';
	return end[1] == ' ' && end[2] ? end[2] : '?';
}

/* The kernel stack: only root may read it, and not in every container. */
static void add_stack(struct str *to, pid_t tid)
{
	char text[4096], *at = text;

	if (!read_own(tid, "stack", text, sizeof(text)))
		return;
	for (unsigned i = 0; i < STACK_LINES && *at; i++) {
		size_t n = strcspn(at, "\n");

		str_add(to, "  ");
		str_add_printable(to, at, n);
		str_addc(to, '\n');
		at += n + (at[n] == '\n');
	}
}

static void add_driver_thread(struct str *to, pid_t tid)
{
	char wchan[128];

	str_printf(to, "driver thread %d: state %c", (int)tid, thread_state(tid));
	if (read_own(tid, "wchan", wchan, sizeof(wchan)) && strcmp(wchan, "0") != 0) {
		str_add(to, ", in the kernel at ");
		str_add_printable(to, wchan, strlen(wchan));
	}
	str_addc(to, '\n');
	add_stack(to, tid);
}

/* "threads: 31: 29 R, 2 S" */
static void add_threads(struct str *to)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned n = 0, by_state[128] = {0};
	struct dirent *e;

	while (dir && (e = readdir(dir)) && n < THREADS_MOST)
		if (isdigit((unsigned char)e->d_name[0])) {
			by_state[thread_state((pid_t)atoi(e->d_name)) & 127]++;
			n++;
		}
	if (dir)
		closedir(dir);
	str_printf(to, "threads: %u:", n);
	for (int c = 0; c < 128; c++)
		if (by_state[c])
			str_printf(to, " %u %c", by_state[c], c);
	str_addc(to, '\n');
}

/* ---- the driver's own words ---- */

static void diagnosis_add_lines(struct str *to, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		str_add(to, "  ");
		str_add_printable(to, text, n);
		str_addc(to, '\n');
		text += n + (text[n] == '\n');
	}
}

static void add_driver_words(struct str *to, struct worker_process *p)
{
	const struct dvs_driver *d = atomic_load(&p->driver);
	void *ctx = atomic_load(&p->ctx);
	_cleanup_(freep) char *words = NULL;
	struct dvs_text room;

	if (!d || !d->diagnose || !ctx)
		return;
	words = xcalloc(1, DRIVER_WORDS);
	room = (struct dvs_text){words, DRIVER_WORDS};
	d->diagnose(ctx, &room);
	words[DRIVER_WORDS - 1] = '\0';
	if (!*words)
		return;
	str_printf(to, "the driver says:\n");
	diagnosis_add_lines(to, words);
}

void diagnosis_write(struct worker_process *p, struct str *to)
{
	diagnosis_add_run(to, p);
	add_call(to, p->board);
	add_driver_thread(to, atomic_load(&p->driver_tid));
	add_threads(to);
	add_driver_words(to, p);
}
