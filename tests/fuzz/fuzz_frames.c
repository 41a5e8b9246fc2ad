/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the frames of a peer. Each frame of the input is passed to the reader of its type (modulo
 * the number of readers), for all kinds of processes.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/link.h"
#include "base/mem.h"
#include "device/worker/wire.h"
#include "exec/slot_wire.h"
#include "job/job_wire.h"
#include "workspace/needs.h"

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len);

/* What one write() of ours is sure to get into a socket. */
enum { PART = 64 * 1024 };

static void read_slot_hello(struct wire *w)
{
	struct slot_hello hello = {0};

	slot_take_hello(w, &hello);
	free(hello.env);
}

static void read_rules(struct wire *w)
{
	struct job_rules rules = {0};
	uint32_t place;

	if (job_wire_take_rules(w, &place, &rules) && place >= JOB_WIRE_PLACES)
		abort();
	job_wire_rules_done(&rules);
}

static void read_slot_run(struct wire *w)
{
	struct slot_run run = {0};

	if (slot_take_run(w, &run) && (run.start.rules >= JOB_WIRE_PLACES || run.n_argv == 0))
		abort();
	slot_run_done(&run);
}

static void read_result(struct wire *w)
{
	struct job_outcome outcome = {0};

	if (job_wire_take_result(w, &outcome) && !job_status_is_final(outcome.result.status))
		abort();
	job_outcome_done(&outcome);
}

static void read_needs(struct wire *w)
{
	_cleanup_(str_done) struct str needs = {0};

	needs_take(&needs, w);
}

static void read_words(struct wire *w)
{
	struct slot_terminal terminal;
	struct wire again = *w;
	enum job_reason reason;
	bool flag;

	if (slot_take_kill(w, &flag, &reason) && reason >= REASON_COUNT)
		abort();
	slot_take_terminal(&again, &terminal);
}

static void read_device_hello(struct wire *w)
{
	struct device_hello hello = {0};

	device_take_hello(w, &hello);
}

static void read_device_run(struct wire *w)
{
	struct device_run run = {0};

	device_run_has_shared(*w);
	if (device_take_run(w, &run) && run.start.rules >= JOB_WIRE_PLACES)
		abort();
	device_run_done(&run);
}

static void read_device_result(struct wire *w)
{
	struct job_outcome verdict = {0};
	struct device_result result;

	if (device_take_result(w, &result, &verdict) && result.class >= DVS_CLASS_COUNT)
		abort();
	job_outcome_done(&verdict);
}

static void read_device_words(struct wire *w)
{
	struct wire again = *w;
	enum run_phase phase;
	enum dvs_class class;
	const char *text;
	uint64_t epoch;

	if (device_take_phase(w, &epoch, &phase) && phase >= PHASE_COUNT)
		abort();
	device_take_failure(&again, &class, &text);
}

static void (*const readers[])(struct wire *w) = {
	read_slot_hello, read_rules,	    read_slot_run,   read_result,	 read_needs,
	read_words,	 read_device_hello, read_device_run, read_device_result, read_device_words,
};

/* A frame that ends at the end of its memory, so that ASan sees a byte too many. */
static void read_frame(uint8_t type, const struct wire *w)
{
	size_t n = (size_t)(w->end - w->at);
	_cleanup_(freep) char *copy = xmalloc(n + !n);
	struct wire own = {copy, copy + n, true};

	if (n)
		memcpy(copy, w->at, n);
	readers[type % ARRAY_LEN(readers)](&own);
	if (own.at > own.end)
		abort();
}

static void receive(struct link *l)
{
	struct wire w;
	uint8_t type;

	while (link_read(l, LINK_NOW) == LINK_OK)
		while (link_next(l, &type, &w) > 0)
			read_frame(type, &w);
}

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len)
{
	struct link l;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	link_init(&l, fds[0], 1);
	for (size_t at = 0; at < len; at += PART) {
		size_t n = len - at < PART ? len - at : PART;

		if (write(fds[1], input + at, n) != (ssize_t)n)
			break;
		receive(&l);
	}
	close(fds[1]);
	link_done(&l);
	return 0;
}
