/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a probe: it makes the calls for one question to one driver, and checks all of the
 * answer. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/link.h"
#include "base/mem.h"
#include "base/proc.h"
#include "device/check/check.h"
#include "device/driver/find.h"
#include "device/driver/made_files.h"
#include "device/probe/probe.h"
#include "device/probe/wire.h"

/* Built drivers rely on this size; another size would be another ABI. */
static_assert(sizeof(struct dvs_device) == 232 && DVS_DRIVER_ABI == 1, "dvs_device keeps its size");

enum { FIRST_CAP = 64, ERR_ROOM = 2048, NAME_ROOM = 256, IS_CONFUSED = 70 };

struct ask {
	struct link link; /* the strings point into its buffer */
	const char *driver, *options, *job, *leftovers;
	enum probe_question question;
	int32_t device;
};

/* Sends all frames, and keeps the socket open for more. */
static void send_frames(struct str *frames)
{
	struct link l;

	link_init(&l, PROC_SOCKET_FD, 0);
	str_addn(&l.out, frames->s, frames->len);
	if (link_send(&l) < 0)
		_exit(IS_CONFUSED);
	l.fd = -1;
	link_done(&l);
}

static void probe_say(enum probe_frame type, const char *text)
{
	_cleanup_(str_done) struct str out = {0};
	size_t start = wire_begin(&out, (uint8_t)type);

	wire_put_string(&out, text);
	wire_end(&out, start);
	send_frames(&out);
}

static _noreturn_ void probe_fail(const char *text, enum dvs_class class)
{
	_cleanup_(str_done) struct str out = {0};
	size_t start = wire_begin(&out, PROBE_FAILED);

	wire_put_string(&out, text);
	wire_put_u32(&out, class);
	wire_end(&out, start);
	send_frames(&out);
	_exit(1);
}

static _noreturn_ void fail_error(struct error *err)
{
	probe_fail(err->msg, DVS_OK);
}

static void read_ask(struct ask *ret)
{
	struct wire w;
	uint8_t type;
	int rc;

	link_init(&ret->link, PROC_SOCKET_FD, 0);
	while ((rc = link_next(&ret->link, &type, &w)) == 0)
		if (link_is_end(link_read(&ret->link, LINK_WAIT)))
			_exit(IS_CONFUSED);
	if (rc < 0)
		_exit(IS_CONFUSED);
	ret->driver = wire_string(&w);
	ret->options = wire_string(&w);
	ret->job = wire_string(&w);
	ret->leftovers = wire_string(&w);
	ret->question = (enum probe_question)wire_u32(&w);
	ret->device = (int32_t)wire_u32(&w);
	if (!w.ok || !ret->driver || !ret->options || !ret->job)
		_exit(IS_CONFUSED);
}

/* "driver X: probe() failed: …" */
static _noreturn_ void fail_call(const struct ask *a, const struct dvs_driver *d, const char *call,
				 int32_t code, const char *words)
{
	_cleanup_(str_done) struct str text = {0};
	const char *name = NULL, *hint = NULL;
	enum dvs_class class = d->classify(code, 1, &name, &hint);

	str_printf(&text, "driver %s: ", a->driver);
	if (class != DVS_CONFIG || !*words) /* else words is about the options */
		str_printf(&text, "%s() failed: ", call);
	if (*words)
		str_add_printable(&text, words, strcspn(words, "\n"));
	str_printf(&text, "%s(%s%s%d%s%s)", *words ? " " : "", name ? name : "code", " ", code,
		   hint ? "; " : "", hint ? hint : "");
	probe_fail(text.s, class < DVS_CLASS_COUNT ? class : DVS_OK);
}

static int probe_check_text(const char *text, size_t room, const char *what, struct error *err)
{
	if (memchr(text, '\0', room))
		return 0;
	return error_plain(err, "the %s of a device is not terminated", what);
}

static int check_device(const struct dvs_device *d, struct error *err)
{
	if (d->size < sizeof(*d))
		return error_plain(err, "it changed the size of a device's record to %u", d->size);
	if (d->id < 0)
		return error_plain(err, "it reports a device with the number %d", d->id);
	if (d->health > DVS_HEALTH_BAD)
		return error_plain(err, "device %d has the health %u, which does not exist", d->id,
				   d->health);
	if (probe_check_text(d->model, sizeof(d->model), "model", err) < 0)
		return -1;
	if (probe_check_text(d->family, sizeof(d->family), "family", err) < 0)
		return -1;
	return probe_check_text(d->detail, sizeof(d->detail), "detail", err);
}

static int probe_check_devices(const struct dvs_device *list, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (check_device(&list[i], err) < 0)
			return -1;
		for (size_t k = 0; k < i; k++)
			if (list[k].id == list[i].id)
				return error_plain(err, "it reports device %d twice", list[i].id);
	}
	return 0;
}

static struct dvs_device *new_devices(size_t n)
{
	struct dvs_device *list = xcalloc(n + 1, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = (struct dvs_device){
			.size = sizeof(*list), .fault_domain = -1, .numa = -1};
	return list;
}

static void refuse_number(const struct ask *a, size_t n)
{
	struct error err = {0};

	error_plain(&err, "driver %s: probe() reports %zu devices; at most %d are possible",
		    a->driver, n, PROBE_DEVICES_MOST);
	fail_error(&err);
}

static struct dvs_device *ask_devices(const struct ask *a, const struct dvs_driver *d,
				      size_t *ret_n)
{
	size_t cap = FIRST_CAP;
	char words[ERR_ROOM];

	for (unsigned round = 0;; round++) {
		struct dvs_device *list = new_devices(cap);
		struct dvs_text err = {words, sizeof(words)};
		int32_t rc;

		*ret_n = 0;
		words[0] = '\0';
		rc = d->probe(a->options, list, cap, ret_n, &err);
		words[sizeof(words) - 1] = '\0';
		if (rc != 0)
			fail_call(a, d, "probe", rc, words);
		if (*ret_n > PROBE_DEVICES_MOST || (*ret_n > cap && round))
			refuse_number(a, *ret_n);
		if (*ret_n <= cap)
			return list;
		cap = *ret_n;
		free(list);
	}
}

static struct dvs_device *ask_health(const struct ask *a, const struct dvs_driver *d, size_t *ret_n)
{
	struct dvs_device *list = new_devices(1);
	char words[ERR_ROOM] = "";
	struct dvs_text err = {words, sizeof(words)};
	struct error none = {0};
	int32_t rc;

	if (!d->health) {
		error_plain(&none, "driver %s: it has no health()", a->driver);
		fail_error(&none);
	}
	list->id = a->device;
	rc = d->health(a->device, a->options, list, &err);
	words[sizeof(words) - 1] = '\0';
	if (rc != 0)
		fail_call(a, d, "health", rc, words);
	*ret_n = 1;
	return list;
}

/* Names are separated by commas in the environment of a borrower. */
static bool probe_is_name(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f || *s == ',')
			return false;
	return true;
}

static void put_names(const struct ask *a, const struct dvs_driver *d,
		      const struct dvs_device *list, size_t n, struct str *out)
{
	char text[NAME_ROOM], words[ERR_ROOM];
	struct error none = {0};

	for (size_t i = 0; i < n; i++) {
		struct dvs_text ret = {text, sizeof(text)}, err = {words, sizeof(words)};
		int32_t rc = 0;

		text[0] = words[0] = '\0';
		if (driver_can_lend_as(d))
			rc = d->lend_as(list[i].id, a->options, &ret, &err);
		text[sizeof(text) - 1] = words[sizeof(words) - 1] = '\0';
		if (rc != 0)
			fail_call(a, d, "lend_as", rc, words);
		if (!probe_is_name(text)) {
			error_plain(&none, "driver %s: lend_as() gave garbage for device %d",
				    a->driver, list[i].id);
			fail_error(&none);
		}
		wire_put_string(out, text);
	}
}

static void probe_answer(const struct ask *a, const struct dvs_driver *d, uint64_t inner_ns,
			 const struct dvs_device *list, size_t n)
{
	_cleanup_(str_done) struct str out = {0}, name = {0}, version = {0};
	size_t start = wire_begin(&out, PROBE_ANSWER);

	str_add_printable(&name, d->name, strlen(d->name));
	str_add_printable(&version, d->version, strlen(d->version));
	wire_put_string(&out, name.s ? name.s : "");
	wire_put_string(&out, version.s ? version.s : "");
	wire_put_u32(&out, d->caps);
	wire_put_u64(&out, inner_ns);
	wire_put_bytes(&out, list, n * sizeof(*list));
	put_names(a, d, list, a->question == PROBE_DEVICES ? n : 0, &out);
	wire_end(&out, start);
	send_frames(&out);
}

static void say_stage(const char *text)
{
	probe_say(PROBE_STAGE, text);
}

static void say_line(enum check_verdict v, const char *what, const char *why)
{
	_cleanup_(str_done) struct str out = {0};
	size_t start = wire_begin(&out, PROBE_LINE);

	wire_put_u32(&out, v);
	wire_put_string(&out, what);
	wire_put_string(&out, why);
	wire_end(&out, start);
	send_frames(&out);
}

static const struct dvs_driver *probe_find(const struct ask *a)
{
	struct error err = {0};
	const struct dvs_driver *d;

	probe_say(PROBE_STAGE, "while it was loaded");
	d = driver_find(a->driver, &err);
	if (!d)
		fail_error(&err);
	return d;
}

int probe_main(void)
{
	struct ask a = {0};
	struct error err = {0};
	const struct dvs_driver *d;
	struct dvs_device *list;
	uint64_t inner_ns = 0;
	size_t n = 0;

	proc_become("dvs-probe");
	proc_end_with_parent();
	dup2(STDOUT_FILENO,
	     STDERR_FILENO); /* a driver must not print to the terminal of the user */
	read_ask(&a);
	d = probe_find(&a);
	if (a.question == PROBE_FACTS) {
		probe_answer(&a, d, 0, NULL, 0);
		_exit(0);
	}
	if (d->caps & DVS_CAP_INNER_WATCH) {
		probe_say(PROBE_STAGE, "in inner_watch_ns()");
		inner_ns = d->inner_watch_ns(a.options);
	}
	if (a.question == PROBE_CHECK) {
		if (a.leftovers)
			made_files_record(leftovers_begin(a.leftovers, &err));
		error_done(&err);
		check_driver(d, a.options, a.job, a.device, say_stage, say_line);
		probe_answer(&a, d, inner_ns, NULL, 0);
		_exit(0);
	}
	probe_say(PROBE_STAGE, a.question == PROBE_HEALTH ? "in health()" : "in probe()");
	list = a.question == PROBE_HEALTH ? ask_health(&a, d, &n) : ask_devices(&a, d, &n);
	if (probe_check_devices(list, n, &err) < 0) {
		error_wrap(&err, "driver %s: %s() gave garbage", a.driver,
			   a.question == PROBE_HEALTH ? "health" : "probe");
		fail_error(&err);
	}
	if (a.question == PROBE_DEVICES)
		probe_say(PROBE_STAGE, "in lend_as()");
	probe_answer(&a, d, inner_ns, list, n);
	_exit(0);
}
