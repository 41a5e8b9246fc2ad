/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched chips list`. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/chips/chips_cmd.h"
#include "cli/chips/pools.h"
#include "cli/load/load.h"
#include "cli/output/final_out.h"
#include "cli/output/table.h"
#include "device/health/health.h"
#include "device/health/places.h"
#include "device/lock/lock.h"
#include "device/lock/waiter.h"

static void print_table(struct table *t)
{
	_cleanup_(str_done) struct str out = {0};

	table_print(t, &out);
	final_write(out.s, out.len);
	table_done(t);
}

/* ---- list ---- */

enum { WAITING_SHOWN = 8 };

/* The present state of a device. */
struct sight {
	const struct chips_pool *pool;
	const struct dvs_device *device;
	struct device_health health;
	char *health_error; /* why stored health cannot be read; NULL: it can */
	char *lock_path;    /* NULL: devices are not locked */
	enum device_lock lock;
	pid_t holder;
	pid_t waiting[WAITING_SHOWN]; /* the first processes of the queue */
	size_t n_waiting;
};

static void sight_init(struct sight *ret, const struct chips_pool *p, const struct dvs_device *d)
{
	const struct chips_device *known = chips_pool_known(p, d);
	_cleanup_(freep) char *name = NULL;
	struct error err = {0};

	*ret = (struct sight){.pool = p, .device = d};
	if (health_load_both(p->state_dir, p->machine_dir, known->family, known->machine_id,
			     clock_wall(clock_real()), &ret->health, &err) < 0) {
		ret->health_error = xstrdup(err.msg);
		error_done(&err);
	}
	if (!p->lock_dir)
		return;
	ret->lock_path = device_lock_path(p->lock_dir, known->family, known->machine_id);
	ret->lock = device_lock_look(ret->lock_path, &ret->holder);
	name = xasprintf("%s-%d", known->family, known->machine_id);
	ret->n_waiting = device_waiters_of(p->lock_dir, name, ret->waiting, WAITING_SHOWN);
}

static void sight_done(struct sight *s)
{
	free(s->health_error);
	free(s->lock_path);
}

static enum table_color list_health_color(enum health_state s)
{
	static const enum table_color colors[] = {
		[HEALTH_UNKNOWN] = TABLE_PLAIN,	 [HEALTH_HEALTHY] = TABLE_GOOD,
		[HEALTH_SUSPECT] = TABLE_WARN,	 [HEALTH_QUARANTINED] = TABLE_BAD,
		[HEALTH_PROBATION] = TABLE_WARN, [HEALTH_DEAD] = TABLE_BAD,
	};

	return colors[s];
}

static void add_size(struct str *out, uint64_t bytes)
{
	static const char units[] = "BKMGT";
	double n = (double)bytes;
	size_t i = 0;

	for (; n >= 1024 && units[i + 1]; i++)
		n /= 1024;
	str_printf(out, n < 10 && i ? "%.1f%c" : "%.0f%c", n, units[i]);
}

static void add_memory(struct table *t, const struct dvs_device *d)
{
	_cleanup_(str_done) struct str text = {0};

	if (d->mem_free && d->mem_free != d->mem_total) {
		add_size(&text, d->mem_free);
		str_add(&text, " free of ");
	}
	if (d->mem_total)
		add_size(&text, d->mem_total);
	table_add(t, text.len ? text.s : "-", TABLE_PLAIN);
}

static void add_lock(struct table *t, const struct sight *s)
{
	char text[32];

	snprintf(text, sizeof(text), "pid %d", (int)s->holder);
	if (s->lock == DEVICE_LOCKED)
		table_add(t, s->holder > 0 ? text : "a process", TABLE_PLAIN);
	else
		table_add(t, s->lock == DEVICE_LOCK_UNKNOWN ? "?" : "-", TABLE_PLAIN);
}

static bool is_well(const struct device_health *h)
{
	return h->state == HEALTH_UNKNOWN || h->state == HEALTH_HEALTHY;
}

/* "3 processes wait for it: pid 7, 9, 12" */
static void add_waiting(struct str *out, const struct sight *s)
{
	str_printf(out, "%zu %s for it: pid", s->n_waiting,
		   s->n_waiting == 1 ? "process waits" : "processes wait");
	for (size_t i = 0; i < s->n_waiting && i < WAITING_SHOWN; i++)
		str_printf(out, "%s %d", i ? "," : "", (int)s->waiting[i]);
	if (s->n_waiting > WAITING_SHOWN)
		str_add(out, ", …");
}

static void list_add_notes(struct table *t, const struct sight *s)
{
	static const char *const words[] = {"", "", "suspect", "bad"};
	_cleanup_(str_done) struct str text = {0}, driver = {0}, waiting = {0};

	if (!is_well(&s->health)) {
		str_add(&text, "since ");
		wall_add_iso(&text, s->health.since_wall_s);
		health_add_reason(&text, &s->health);
		table_note(t, text.s);
	}
	if (s->health_error)
		table_note(t, s->health_error);
	if (s->n_waiting) {
		add_waiting(&waiting, s);
		table_note(t, waiting.s);
	}
	if (s->device->health < DVS_HEALTH_SUSPECT)
		return;
	str_printf(&driver, "its driver reports it as %s%s%s", words[s->device->health],
		   s->device->detail[0] ? ": " : "", s->device->detail);
	table_note(t, driver.s);
}

static void add_device(struct table *t, const struct sight *s)
{
	_cleanup_(str_done) struct str name = {0}, state = {0};
	char domain[16] = "-";

	str_printf(&name, "%s/%d", s->pool->name, s->device->id);
	table_add(t, name.s, TABLE_PLAIN);
	table_add(t, s->device->model[0] ? s->device->model : "-", TABLE_PLAIN);
	if (s->device->fault_domain >= 0)
		snprintf(domain, sizeof(domain), "%d", s->device->fault_domain);
	table_add(t, domain, TABLE_PLAIN);
	health_add_state(&state, &s->health, clock_wall(clock_real()));
	table_add(t, state.s, list_health_color(s->health.state));
	add_lock(t, s);
	add_memory(t, s->device);
	list_add_notes(t, s);
}

/* Tells the user if health is stored in a directory of their own, which other users do not see. */
static void print_places(const struct chips_pools *pools)
{
	_cleanup_(str_done) struct str text = {0};
	size_t i = 0;

	while (i < pools->n && !pools->at[i].machine_dir)
		i++;
	if (i == pools->n)
		return;
	str_printf(&text, "health is kept for you alone, in %s: ", pools->at[i].state_dir);
	places_add_closed(&text, pools->at[i].machine_dir);
	str_addc(&text, '\n');
	final_write(text.s, text.len);
}

static void list_table(const struct args *args, const struct chips_pools *pools)
{
	static const char *const titles[] = {"DEVICE", "MODEL",	    "FAULT DOMAIN",
					     "HEALTH", "LOCKED BY", "MEMORY"};
	struct table t;

	table_init(&t, titles, ARRAY_LEN(titles), load_wants_color(args, STDOUT_FILENO));
	for (size_t i = 0; i < pools->n; i++)
		for (size_t k = 0; k < pools->at[i].n_devices; k++) {
			struct sight s;

			sight_init(&s, &pools->at[i], &pools->at[i].devices[k]);
			add_device(&t, &s);
			sight_done(&s);
		}
	print_table(&t);
	print_places(pools);
}

static void write_lock(struct json_out *j, const struct sight *s)
{
	static const char *const words[] = {"free", "locked", "unknown"};

	jout_key(j, "lock");
	jout_object(j);
	jout_key_string(j, "path", s->lock_path);
	jout_key_string(j, "state", words[s->lock]);
	jout_key(j, "pid");
	if (s->holder > 0)
		jout_int(j, s->holder);
	else
		jout_null(j);
	jout_object_end(j);
}

static void write_waiting(struct json_out *j, const struct sight *s)
{
	jout_key(j, "waiting");
	jout_array(j);
	for (size_t i = 0; i < s->n_waiting && i < WAITING_SHOWN; i++)
		jout_int(j, s->waiting[i]);
	jout_array_end(j);
}

static void write_sight(struct json_out *j, const struct sight *s)
{
	static const char *const words[] = {"unknown", "good", "suspect", "bad"};
	const struct dvs_device *d = s->device;

	jout_object(j);
	jout_key_string(j, "pool", s->pool->name);
	jout_key_string(j, "driver", s->pool->driver_name);
	jout_key_string(j, "driver_version", s->pool->version);
	jout_key_int(j, "id", d->id);
	jout_key_string(j, "lent_as", chips_pool_known(s->pool, d)->lent_as);
	jout_key_string(j, "model", d->model);
	jout_key_int(j, "fault_domain", d->fault_domain);
	jout_key_int(j, "numa", d->numa);
	jout_key_int(j, "mem_total", (int64_t)d->mem_total);
	jout_key_int(j, "mem_free", (int64_t)d->mem_free);
	jout_key_string(j, "driver_health", words[d->health]);
	jout_key_string(j, "driver_detail", d->detail[0] ? d->detail : NULL);
	health_add_json(&s->health, j);
	jout_key_string(j, "health_error", s->health_error);
	write_lock(j, s);
	write_waiting(j, s);
	jout_object_end(j);
}

static void print_devices_as_json(const struct chips_pools *pools)
{
	struct json_out j;

	jout_init(&j, -1, 2);
	jout_array(&j);
	for (size_t i = 0; i < pools->n; i++)
		for (size_t k = 0; k < pools->at[i].n_devices; k++) {
			struct sight s;

			sight_init(&s, &pools->at[i], &pools->at[i].devices[k]);
			write_sight(&j, &s);
			sight_done(&s);
		}
	jout_array_end(&j);
	final_json(&j);
}

int chips_list(const struct args *args, const struct chips_words *w, struct diags *diags)
{
	struct chips_pools pools;
	size_t n = 0;

	if (chips_pools_find(args, w->cfg, &pools, diags) < 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < pools.n; i++)
		n += pools.at[i].n_devices;
	if (opt_has(args, OPT_JSON))
		print_devices_as_json(&pools);
	else if (n)
		list_table(args, &pools);
	else
		final_write("no devices\n", 11);
	return EXIT_PASSED;
}
