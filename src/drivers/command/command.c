/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driver command: lends devices that a command-line tool lists and checks, such as nvidia-smi. It
 * opens no device and runs no job.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "drivers/command/codes.h"
#include "drivers/command/verdict.h"
#include "drivers/drivers.h"

/* Copies as much of the text as fits, printable. */
static void command_set_text(char *to, size_t room, const char *text)
{
	_cleanup_(str_done) struct str shown = {0};

	str_add_printable(&shown, text ? text : "", text ? strlen(text) : 0);
	snprintf(to, room, "%s", shown.len ? shown.s : "");
	to[utf8_first_bad(to, strlen(to))] = '\0';
}

/* Lines with the same text are one domain. Domains are numbered by their first line. */
static int32_t domain_of(const struct smi_listing *l, size_t i)
{
	int32_t number = 0;

	if (!l->devices[i].domain)
		return -1;
	for (size_t k = 0; k <= i; k++) {
		size_t first = 0;

		while (!str_eq(l->devices[first].domain, l->devices[k].domain))
			first++;
		if (str_eq(l->devices[k].domain, l->devices[i].domain))
			return number;
		number += first == k && l->devices[k].domain;
	}
	return number;
}

static void command_describe_device(const struct smi_options *o, const struct smi_listing *l,
				    size_t i, struct dvs_device *ret)
{
	const struct smi_device *d = &l->devices[i];
	_cleanup_(smi_verdict_done) struct smi_verdict v;
	_cleanup_(str_done) struct str detail = {0};

	smi_verdict_of_listed(o, d, &v);
	ret->id = d->id;
	ret->fault_domain = domain_of(l, i);
	ret->numa = d->numa;
	ret->health = v.health;
	ret->mem_total = d->memory;
	str_add(&detail, v.text.len ? v.text.s : d->name ? d->name : "");
	if (d->pci)
		str_printf(&detail, "%s%s", detail.len ? ", " : "", d->pci);
	command_set_text(ret->model, sizeof(ret->model), d->model);
	command_set_text(ret->detail, sizeof(ret->detail), detail.s);
	command_set_text(ret->family, sizeof(ret->family), o->family);
}

/*
 * The last listing, kept between calls: after a probe, the host calls lend_as() for one device
 * after the other in the same process, and each listing may take seconds.
 */
static struct {
	struct arena *mem;
	struct smi_listing l;
} last;

static int32_t list_anew(const struct smi_options *o, struct error *err)
{
	int32_t code;

	arena_free(last.mem);
	last.mem = arena_new();
	code = smi_listing_make(o, smi_options_probe_s(o), last.mem, &last.l, err);
	if (code)
		last.l.n = 0;
	/* A late list is no fault of a single device. */
	return code == SMI_E_LATE ? SMI_E_TOOL : code;
}

static int32_t command_list_devices(const struct smi_options *o, struct dvs_device *devices,
				    size_t cap, size_t *ret_n, struct error *err)
{
	int32_t code = list_anew(o, err);

	*ret_n = last.l.n;
	for (size_t i = 0; i < last.l.n && i < cap; i++)
		command_describe_device(o, &last.l, i, &devices[i]);
	return code;
}

static int32_t command_take_driver_name(const struct smi_options *o, int32_t device,
					struct dvs_text *ret, struct error *err)
{
	int32_t code = last.mem ? 0 : list_anew(o, err);
	const struct smi_device *d = smi_listing_find(&last.l, device);

	if (!code && d && d->name)
		snprintf(ret->at, ret->size, "%s", d->name);
	return code;
}

static int32_t smi_lend_as(int32_t device, const char *options, struct dvs_text *ret,
			   struct dvs_text *err)
{
	struct smi_options o;
	struct error why = {0};
	int32_t code = SMI_E_OPTIONS;

	if (smi_options_read(options, &o, &why) == 0)
		code = o.lends_name ? command_take_driver_name(&o, device, ret, &why) : 0;
	smi_options_done(&o);
	return code ? smi_fail(err, code, &why) : 0;
}

static int32_t probe_devices(const char *options, struct dvs_device *devices, size_t cap,
			     size_t *ret_n, struct dvs_text *err)
{
	struct smi_options o;
	struct error why = {0};
	int32_t code = SMI_E_OPTIONS;

	*ret_n = 0;
	if (smi_options_read(options, &o, &why) == 0)
		code = command_list_devices(&o, devices, cap, ret_n, &why);
	smi_options_done(&o);
	return code ? smi_fail(err, code, &why) : 0;
}

static int32_t smi_health(int32_t device, const char *options, struct dvs_device *ret,
			  struct dvs_text *err)
{
	_cleanup_(smi_verdict_done) struct smi_verdict v = {0};
	struct smi_options o;
	struct error why = {0};

	if (smi_options_read(options, &o, &why) < 0) {
		smi_options_done(&o);
		return smi_fail(err, SMI_E_OPTIONS, &why);
	}
	smi_verdict_make(&o, device, false, &v);
	ret->id = device;
	ret->fault_domain = ret->numa = -1;
	ret->health = v.health;
	command_set_text(ret->detail, sizeof(ret->detail), v.text.s);
	command_set_text(ret->family, sizeof(ret->family), o.family);
	smi_options_done(&o);
	return 0;
}

static void log_verdict(const struct dvs_host *host, int32_t device, const struct smi_verdict *v)
{
	_cleanup_(str_done) struct str line = {0};

	if (!host->log || v->health != DVS_HEALTH_SUSPECT)
		return;
	str_printf(&line, "device %" PRId32 " is suspect: %s", device, v->text.s);
	host->log(host->user, 1, line.s);
}

/* Checks the device and holds nothing: the borrowing process opens the device itself. */
static int32_t command_open_device(const struct dvs_host *host, int32_t device, const char *options,
				   void **ret_ctx, struct dvs_text *err)
{
	_cleanup_(smi_verdict_done) struct smi_verdict v = {0};
	struct smi_options o;
	struct error why = {0};
	int32_t code = SMI_E_OPTIONS;

	if (smi_options_read(options, &o, &why) == 0) {
		smi_verdict_make(&o, device, true, &v);
		code = v.code;
		if (code)
			error_plain(&why, "%s", v.text.s);
	}
	smi_options_done(&o);
	if (code)
		return smi_fail(err, code, &why);
	log_verdict(host, device, &v);
	*ret_ctx = xcalloc(1, 1);
	return 0;
}

static void command_close_device(void *ctx)
{
	free(ctx);
}

const struct dvs_driver *driver_command_get(uint32_t host_abi)
{
	static const struct dvs_driver driver = {
		.abi = DVS_DRIVER_ABI,
		.size = sizeof(driver),
		.name = "command",
		.version = "1",
		.caps = DVS_CAP_LEND_ONLY | DVS_CAP_HEALTH,
		.probe = probe_devices,
		.open = command_open_device,
		.health = smi_health,
		.classify = smi_classify,
		.close = command_close_device,
		.lend_as = smi_lend_as,
	};

	return host_abi == DVS_DRIVER_ABI ? &driver : NULL;
}
