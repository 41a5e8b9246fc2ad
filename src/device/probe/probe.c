/* SPDX-License-Identifier: Apache-2.0 */
#include "device/probe/probe.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/link.h"
#include "base/mem.h"
#include "base/proc.h"
#include "device/check/check.h"
#include "device/driver/find.h"
#include "device/leftovers/leftovers.h"
#include "device/probe/wire.h"
#include "judge/verdict_text.h"

static const double reap_patience_s = 2;

struct probing {
	const char *driver;
	const struct driver_check *check; /* NULL: one question, one answer */
	double limit_s, until_s;	  /* for a check: of each step */
	pid_t pid;
	struct link link; /* to the process */
	char *leftovers;  /* the path of its record; NULL: none */
	struct str stage;
	bool is_late;
	int status; /* waitpid()'s */
};

static double probe_now_s(void)
{
	return clock_now(clock_real());
}

/* Sends until the time limit. A dead process is noticed when reading. */
static void probe_send_all(struct probing *p)
{
	struct pollfd room = {.fd = p->link.fd, .events = POLLOUT};
	enum link_result state = link_flush(&p->link);

	while ((state == LINK_LATER || state == LINK_SHORT) && probe_now_s() < p->until_s) {
		poll(&room, state == LINK_LATER, state == LINK_LATER ? 50 : 10);
		state = link_flush(&p->link);
	}
}

static void send_ask(struct probing *p, const char *options, enum probe_question question,
		     int32_t device)
{
	struct str *out = &p->link.out;
	size_t start = wire_begin(out, PROBE_ASK);

	wire_put_string(out, p->driver);
	wire_put_string(out, options ? options : "{}");
	wire_put_string(out, p->check && p->check->job ? p->check->job : "{}");
	wire_put_string(out, p->leftovers);
	wire_put_u32(out, question);
	wire_put_u32(out, (uint32_t)device);
	wire_end(out, start);
	probe_send_all(p);
}

/* false: the process has ended, or is late. */
static bool read_more(struct probing *p)
{
	struct pollfd there = {.fd = p->link.fd, .events = POLLIN};
	double left_s = p->until_s - probe_now_s();

	if (left_s <= 0 || poll(&there, 1, (int)(left_s * 1000) + 1) == 0) {
		p->is_late = probe_now_s() >= p->until_s;
		return !p->is_late;
	}
	return !link_is_end(link_read(&p->link, LINK_NOW));
}

/* Takes a frame that precedes the answer. In a check each one starts the limit of a step anew. */
static void take_news(struct probing *p, uint8_t type, struct wire *w)
{
	const char *what, *why;
	uint32_t verdict;

	if (type == PROBE_STAGE) {
		what = wire_string(w);
		str_clear(&p->stage);
		str_add(&p->stage, what ? what : "");
	} else if (p->check) {
		verdict = wire_u32(w);
		what = wire_string(w);
		why = wire_string(w);
		p->check->line(p->check->ctx, (enum check_verdict)verdict, what ? what : "?", why);
	}
	if (p->check)
		p->until_s = probe_now_s() + p->limit_s;
}

/* The frame of the answer; frames before it are handled here. false: no answer came. */
static bool next_answer(struct probing *p, uint8_t *ret_type, struct wire *ret)
{
	int rc;

	for (;;) {
		while ((rc = link_next(&p->link, ret_type, ret)) == 0)
			if (!read_more(p))
				return false;
		if (rc < 0)
			return false;
		if (*ret_type != PROBE_STAGE && *ret_type != PROBE_LINE)
			return true;
		take_news(p, *ret_type, ret);
	}
}

/* Kills the process: its answer is there or will not come. A process that has ended by itself keeps
 * its status. */
static void probe_end_process(struct probing *p)
{
	double until_s = probe_now_s() + reap_patience_s;

	link_close(&p->link);
	kill(-p->pid, SIGKILL);
	while (waitpid(p->pid, &p->status, WNOHANG) == 0 && probe_now_s() < until_s)
		poll(NULL, 0, 1);
	if (p->leftovers)
		leftovers_sweep(p->check->state_dir);
	free(p->leftovers);
}

static int probe_explain_end(const struct probing *p, struct error *err)
{
	const char *stage = p->stage.len ? p->stage.s : "before it was loaded";
	_cleanup_(str_done) struct str limit = {0};

	if (p->is_late) {
		duration_add(&limit, p->limit_s);
		return error_plain(err, "driver %s: it did not come back within %s %s", p->driver,
				   limit.s, stage);
	}
	if (WIFSIGNALED(p->status))
		return error_plain(err, "driver %s: it crashed %s: signal %d (%s)", p->driver,
				   stage, WTERMSIG(p->status),
				   verdict_signal_name(WTERMSIG(p->status)));
	return error_plain(err, "driver %s: it ended the process %s: exit status %d", p->driver,
			   stage, WEXITSTATUS(p->status));
}

/* Makes family a valid part of a file name. */
static void set_family(struct dvs_device *d, const char *driver)
{
	if (!d->family[0])
		snprintf(d->family, sizeof(d->family), "%s", driver);
	for (char *c = d->family; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '_';
}

static const char *const *take_names(struct wire *w, struct arena *mem, size_t n)
{
	const char **names = arena_array(mem, n + 1, sizeof(*names)), *text;

	for (size_t i = 0; i < n; i++) {
		text = wire_string(w);
		names[i] = text ? arena_strdup(mem, text) : "";
	}
	return names;
}

static int take_answer(struct wire *w, struct arena *mem, struct driver_facts *ret)
{
	const char *name = wire_string(w), *version = wire_string(w), *bytes;
	size_t n;

	*ret = (struct driver_facts){.caps = wire_u32(w)};
	ret->inner_watch_ns = wire_u64(w);
	bytes = wire_bytes(w, &n);
	if (!w->ok || !name || !version || !bytes || n % sizeof(struct dvs_device))
		return -1;
	ret->name = arena_strdup(mem, name);
	ret->version = arena_strdup(mem, version);
	ret->n_devices = n / sizeof(struct dvs_device);
	ret->devices = arena_array(mem, ret->n_devices + 1, sizeof(struct dvs_device));
	memcpy(ret->devices, bytes, n);
	ret->lend_as = take_names(w, mem, ret->n_devices);
	for (size_t i = 0; i < ret->n_devices; i++)
		set_family(&ret->devices[i], ret->name);
	return 0;
}

static int probe_take(struct probing *p, uint8_t type, struct wire *w, struct arena *mem,
		      struct driver_facts *ret, struct error *err)
{
	const char *text;

	if (type == PROBE_ANSWER && take_answer(w, mem, ret) == 0)
		return 0;
	text = type == PROBE_FAILED ? wire_string(w) : NULL;
	*ret = (struct driver_facts){.fault = text ? (enum dvs_class)wire_u32(w) : DVS_OK};
	if (!text)
		return error_plain(err, "driver %s: its probe's answer cannot be read", p->driver);
	return error_plain(err, "%s", text);
}

static int probe_ask(struct probing *p, const char *options, enum probe_question question,
		     int32_t device, struct arena *mem, struct driver_facts *ret, struct error *err)
{
	struct proc proc;
	bool is_there;
	struct wire w;
	uint8_t type;
	int rc = 0;

	if (proc_start("dvs-probe", "__probe", &proc, err) < 0)
		return -1;
	p->pid = proc.pid;
	link_init(&p->link, proc.fd, 0);
	/* Only a check opens the device. */
	if (p->check && p->check->state_dir)
		p->leftovers = leftovers_new_path(p->check->state_dir);
	p->until_s = probe_now_s() + p->limit_s;
	send_ask(p, options, question, device);
	is_there = next_answer(p, &type, &w);
	if (is_there)
		rc = probe_take(p, type, &w, mem, ret, err);
	probe_end_process(p);
	if (!is_there)
		rc = probe_explain_end(p, err);
	link_done(&p->link);
	str_done(&p->stage);
	return rc;
}

int device_probe(const char *driver, const char *options, double limit_s, struct arena *mem,
		 struct driver_facts *ret, struct error *err)
{
	struct probing p = {.driver = driver, .limit_s = limit_s};

	return probe_ask(&p, options, PROBE_DEVICES, 0, mem, ret, err);
}

int device_driver_facts(const char *driver, double limit_s, struct arena *mem,
			struct driver_facts *ret, struct error *err)
{
	struct probing p = {.driver = driver, .limit_s = limit_s};

	return probe_ask(&p, NULL, PROBE_FACTS, 0, mem, ret, err);
}

int device_health(const char *driver, const char *options, int32_t device, double limit_s,
		  struct dvs_device *ret, struct error *err)
{
	struct probing p = {.driver = driver, .limit_s = limit_s};
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct driver_facts facts;

	if (probe_ask(&p, options, PROBE_HEALTH, device, mem, &facts, err) < 0)
		return -1;
	if (facts.n_devices != 1 || facts.devices[0].id != device)
		return error_plain(err, "driver %s: health() reported another device than %d",
				   driver, device);
	*ret = facts.devices[0];
	return 0;
}

int device_check(const struct driver_check *c, struct error *err)
{
	struct probing p = {.driver = c->driver, .check = c, .limit_s = c->limit_s};
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	struct driver_facts facts;

	return probe_ask(&p, c->options, PROBE_CHECK, c->device, mem, &facts, err);
}
