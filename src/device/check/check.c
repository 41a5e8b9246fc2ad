/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a check until the device is open, in the process that may crash. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "device/check/parts.h"
#include "device/device_class.h"

/* The value of an output parameter before a call: not a valid number of devices or slot. */
#define UNTOUCHED 0xa5a5a5a5u

/* --- steps without a device --- */

static bool check_device_values(struct check *c, const char *what, const struct dvs_device *d)
{
	static const uint64_t no_spare[ARRAY_LEN(d->spare)];

	if (d->health > DVS_HEALTH_BAD)
		return check_bad(c, what, "device %d has the health %u, which does not exist",
				 d->id, d->health);
	if (d->fault_domain < -1 || d->fault_domain >= DVS_FAULT_DOMAINS)
		return check_bad(c, what,
				 "device %d has the fault domain %d; it must be -1 (none known) or "
				 "0 to %d",
				 d->id, d->fault_domain, DVS_FAULT_DOMAINS - 1);
	if (d->numa < -1)
		return check_bad(c, what, "device %d is of the NUMA node %d; -1 is \"not known\"",
				 d->id, d->numa);
	if (d->reserved || memcmp(d->spare, no_spare, sizeof(no_spare)) != 0)
		return check_bad(c, what, "it wrote into the spare room of device %d's record",
				 d->id);
	if (d->mem_free > d->mem_total)
		return check_bad(c, what, "device %d has more free memory than memory", d->id);
	return true;
}

static bool check_devices(struct check *c, const struct dvs_device *list, size_t n)
{
	bool is_there = false;

	for (size_t i = 0; i < n; i++) {
		if (list[i].size != sizeof(*list))
			return check_bad(c, "probe", "it changed the size of record %zu to %u", i,
					 list[i].size);
		if (list[i].id < 0)
			return check_bad(c, "probe", "it gave record %zu the id %d", i, list[i].id);
		if (!check_device_values(c, "probe", &list[i]))
			return false;
		if (!memchr(list[i].model, '\0', sizeof(list[i].model)) ||
		    !memchr(list[i].detail, '\0', sizeof(list[i].detail)) ||
		    !memchr(list[i].family, '\0', sizeof(list[i].family)))
			return check_bad(c, "probe", "a text of device %d is not terminated",
					 list[i].id);
		for (size_t k = 0; k < i; k++)
			if (list[k].id == list[i].id)
				return check_bad(c, "probe", "device %d is listed twice",
						 list[i].id);
		is_there |= list[i].id == c->device;
	}
	return is_there || check_bad(c, "probe", "it does not report device %d", c->device);
}

static struct dvs_device *blank_devices(size_t n)
{
	struct dvs_device *list = xcalloc(n, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = (struct dvs_device){
			.size = sizeof(*list), .id = -1, .fault_domain = -1, .numa = -1};
	return list;
}

static bool probe_into(struct check *c, struct dvs_device *list, size_t cap, size_t *ret_n)
{
	struct dvs_text err = check_err(c);
	const char *options = check_lend(c->options);
	int32_t code;

	*ret_n = UNTOUCHED;
	code = c->d->probe(options, list, cap, ret_n, &err);
	check_take_back(options, c->options);
	if (code != 0)
		return check_bad_code(c, "probe", "probe", code);
	return *ret_n != UNTOUCHED || check_untouched(c, "probe", "probe", "ret_n");
}

static void probe_with_less_room(struct check *c, struct dvs_device *two, size_t n)
{
	static const struct dvs_device blank = {.size = sizeof(blank)};
	size_t again = 0;

	two[0] = two[1] = blank;
	if (!probe_into(c, two, 1, &again))
		return;
	if (again != n)
		check_bad(c, "probe with less room", "it reported %zu devices, and now %zu", n,
			  again);
	else if (memcmp(&two[1], &blank, sizeof(blank)) != 0)
		check_bad(c, "probe with less room", "it wrote beyond its list");
	else
		check_good(c, "probe with less room: the same number, nothing beyond the room");
}

static void step_probe(struct check *c)
{
	struct dvs_device *list = blank_devices(CHECK_ROOM);
	size_t n = 0;

	check_enter(c, "in probe()");
	c->is_broken = !probe_into(c, list, CHECK_ROOM, &n);
	if (!c->is_broken && n > CHECK_ROOM)
		c->is_broken = !check_bad(c, "probe", "it reports %zu devices", n);
	if (!c->is_broken)
		c->is_broken = !check_devices(c, list, n);
	if (!c->is_broken) {
		check_good(c, "probe: devices that are there, device asked for among them");
		probe_with_less_room(c, list, n);
	}
	free(list);
}

static bool classify_one(struct check *c, int32_t code, int32_t is_fresh)
{
	const char *name = NULL, *hint = NULL;
	enum dvs_class class = c->d->classify(code, is_fresh, &name, &hint);

	if (class >= DVS_CLASS_COUNT)
		return check_bad(c, "classify", "code %d has the class %d, which does not exist",
				 code, (int)class);
	if (code == 0 && class != DVS_OK)
		return check_bad(c, "classify", "0 must be DVS_OK");
	if ((code == INT32_MAX || code == INT32_MIN) && class == DVS_OK)
		return check_bad(c, "classify",
				 "code %d is an error that nobody knows, and has the class DVS_OK; "
				 "DVS_POISON is right for those",
				 code);
	/* An invalid pointer crashes this process here. */
	return (name ? strlen(name) : 0) < CHECK_ROOM && (hint ? strlen(hint) : 0) < CHECK_ROOM
		       ? true
		       : check_bad(c, "classify", "the texts of code %d are not terminated", code);
}

static void step_classify(struct check *c)
{
	static const int32_t ranges[][2] = {
		{-1100, 2000},	  {99990, 100100},	  {106990, 107100},	 {206990, 207100},
		{506990, 508000}, {INT32_MAX, INT32_MAX}, {INT32_MIN, INT32_MIN}};

	check_enter(c, "in classify()");
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		for (int64_t code = ranges[i][0]; code <= ranges[i][1]; code++)
			if (!classify_one(c, (int32_t)code, 0) ||
			    !classify_one(c, (int32_t)code, 1))
				return;
	check_good(c, "classify: a class for every code, also for unknown ones");
}

static void step_health(struct check *c)
{
	struct dvs_device one = {
		.size = sizeof(one), .id = c->device, .fault_domain = -1, .numa = -1};
	struct dvs_text err = check_err(c);
	const char *options;
	int32_t code;

	if (!c->d->health) {
		check_skip(c, "health", "it has no health()");
		return;
	}
	check_enter(c, "in health()");
	options = check_lend(c->options);
	code = c->d->health(c->device, options, &one, &err);
	check_take_back(options, c->options);
	if (code != 0)
		check_bad_code(c, "health", "health", code);
	else if (one.id != c->device)
		check_bad(c, "health", "for device %d it reports device %d", c->device, one.id);
	else if (check_device_values(c, "health", &one))
		check_good(c, "health: without opening the device");
}

/* --- steps with a device --- */

static void step_open(struct check *c)
{
	struct dvs_text err = check_err(c);
	const char *options;
	int32_t code;

	check_enter(c, "in open()");
	check_host_init(c);
	sigprocmask(SIG_SETMASK, NULL, &c->blocked);
	if (!getcwd(c->cwd, sizeof(c->cwd)))
		c->cwd[0] = '\0';
	options = check_lend(c->options);
	c->ctx = &c->ctx;
	code = c->d->open(&c->host, c->device, options, &c->ctx, &err);
	check_take_back(options, c->options);
	check_process_keep_environment(c);
	check_process_look(c);
	if (code != 0)
		c->is_broken = !check_bad_code(c, "open", "open", code);
	else if (c->ctx == &c->ctx)
		c->is_broken = !check_untouched(c, "open", "open", "ret_ctx");
	if (c->is_broken)
		c->ctx = NULL;
	if (!c->is_broken)
		check_good(c, "open");
}

bool check_load(struct check *c, const char *what, uint32_t *ret_slot)
{
	struct dvs_text err = check_err(c);
	const char *job = check_lend(c->job);
	int32_t code;

	check_enter(c, "in load()");
	*ret_slot = UNTOUCHED;
	code = c->d->load(c->ctx, job, ret_slot, &err);
	check_take_back(job, c->job);
	if (code != 0)
		return check_bad_code(c, what, "load", code);
	return *ret_slot != UNTOUCHED || check_untouched(c, what, "load", "ret_slot");
}

static void step_load(struct check *c)
{
	uint32_t again = 0;

	c->is_broken = !check_load(c, "load", &c->slot) || !check_load(c, "load", &again);
	if (c->is_broken)
		return;
	if (again != c->slot)
		check_bad(c, "load twice", "the same job got the slots %u and %u", c->slot, again);
	else
		check_good(c, "load twice: the same slot");
}

static void step_bad_job(struct check *c)
{
	static const char *const jobs[] = {"", "nonsense", "[1, 2", "{\"a\": }"};
	const char *what = "a job that is not JSON";

	check_enter(c, "in load() of a job that is not JSON");
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		struct dvs_text err = check_err(c);
		uint32_t slot;
		int32_t code = c->d->load(c->ctx, jobs[i], &slot, &err);

		/* Only jobs[1] must be rejected: drivers may take "" for an empty object, and few
		 * parse to the end. */
		if (code == 0 && i == 1) {
			check_bad(c, what, "load() took '%s' for a job", jobs[i]);
			return;
		}
		if (code != 0 && (!c->text[0] || !check_is_whole(c->text))) {
			check_bad(c, what, "load() returned %d without a text", code);
			return;
		}
	}
	if (c->d->is_usable && !c->d->is_usable(c->ctx))
		check_bad(c, what,
			  "is_usable() says no after it: every bad job would end its worker");
	else
		check_good(c, "a job that is not JSON: an error with a text");
}

static void step_lend_only(struct check *c)
{
	check_skip(c, "runs", "its devices are only lent to commands");
}

static void step_close(struct check *c)
{
	if (!c->d->close) {
		check_skip(c, "close", "it has no close()");
		return;
	}
	check_enter(c, "in close()");
	c->d->close(c->ctx);
	check_process_look(c);
	check_good(c, "close");
}

static void check_take_steps(struct check *c, check_step *const *steps, size_t n)
{
	for (size_t i = 0; i < n && !c->is_broken; i++)
		steps[i](c);
}

void check_driver(const struct dvs_driver *d, const char *options, const char *job, int32_t device,
		  check_stage *stage, check_line *line)
{
	static check_step *const first[] = {step_probe, step_classify, step_health, step_open};
	static check_step *const images[] = {step_load, step_bad_job};
	static check_step *const lent[] = {step_lend_only};
	struct check *c = xcalloc(1, sizeof(*c));

	*c = (struct check){.d = d,
			    .options = options,
			    .job = job,
			    .device = device,
			    .stage = stage,
			    .line = line};
	check_process_begin(c);
	check_take_steps(c, first, ARRAY_LEN(first));
	if (d->caps & DVS_CAP_LEND_ONLY) {
		check_take_steps(c, lent, ARRAY_LEN(lent));
	} else {
		check_take_steps(c, images, ARRAY_LEN(images));
		check_take_steps(c, check_run_steps, check_n_run_steps);
	}
	if (c->ctx)
		step_close(c);
	check_process_end(c);
	free(c);
}
