/* SPDX-License-Identifier: Apache-2.0 */
/* `dvsched chips drivers`: lists the drivers that have a name, their origin, and how many devices
 * they find. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "cli/chips/chips_cmd.h"
#include "cli/output/final_out.h"
#include "cli/load/load.h"
#include "cli/output/table.h"
#include "device/driver/names.h"
#include "device/probe/probe.h"

static const double load_limit_s = 10;

static const struct {
	const char *name;
	uint32_t bit;
} abilities[] = {
	{"abort", DVS_CAP_ABORT},	   {"gang", DVS_CAP_GANG},
	{"reset", DVS_CAP_RESET},	   {"health", DVS_CAP_HEALTH},
	{"watchdog", DVS_CAP_INNER_WATCH}, {"lend-only", DVS_CAP_LEND_ONLY},
	{"tensors", DVS_CAP_TENSORS},
};

/* A driver, its facts, and the devices that it finds without options. */
struct found {
	const struct driver_entry *entry;
	struct driver_facts facts, here;
	const char *why; /* why it cannot be used here, or not without options; NULL: it can */
};

static void find_facts(const struct driver_entry *entry, struct arena *mem, struct found *ret)
{
	struct error err = {0};
	const char *driver;

	*ret = (struct found){.entry = entry};
	if (entry->hidden_by)
		return;
	driver = driver_locate(mem, entry->name, &err);
	if (driver && device_driver_facts(driver, load_limit_s, mem, &ret->facts, &err) == 0 &&
	    device_probe(driver, "{}", load_limit_s, mem, &ret->here, &err) == 0)
		return;
	ret->why = arena_strdup(mem, err.msg);
	error_done(&err);
}

static void drivers_add_notes(struct table *t, const struct found *f)
{
	_cleanup_(str_done) struct str why = {0}, from = {0};

	if (f->entry->path) {
		str_printf(&from, "from %s", f->entry->path);
		if (f->entry->hidden_by)
			str_printf(&from, "; not used, '%s' is %s", f->entry->name,
				   f->entry->hidden_by);
		table_note(t, from.s);
	}
	if (!f->why)
		return;
	/* Without a version not even loading succeeded, so options would not help. */
	str_printf(&why, "%s: %s",
		   f->facts.version ? "not usable here without options" : "not usable", f->why);
	table_note(t, why.s);
}

static void add_driver(struct table *t, const struct found *f)
{
	bool is_asked = !f->why && !f->entry->hidden_by;
	_cleanup_(str_done) struct str can = {0};
	char n[16] = "-";

	for (size_t i = 0; i < ARRAY_LEN(abilities); i++)
		if (f->facts.caps & abilities[i].bit)
			str_printf(&can, "%s%s", can.len ? " " : "", abilities[i].name);
	table_add(t, f->entry->name, TABLE_PLAIN);
	table_add(t, f->facts.version ? f->facts.version : "-", TABLE_PLAIN);
	snprintf(n, sizeof(n), is_asked ? "%zu" : "-", f->here.n_devices);
	table_add(t, n, f->here.n_devices == 0 ? TABLE_WARN : TABLE_GOOD);
	table_add(t, can.len ? can.s : "-", TABLE_PLAIN);
	table_add(t, f->entry->help ? f->entry->help : "-", TABLE_PLAIN);
	drivers_add_notes(t, f);
}

static void write_driver(struct json_out *j, const struct found *f)
{
	jout_object(j);
	jout_key_string(j, "name", f->entry->name);
	jout_key_string(j, "help", f->entry->help);
	jout_key_string(j, "path", f->entry->path);
	jout_key_string(j, "hidden_by", f->entry->hidden_by);
	jout_key_string(j, "version", f->facts.version);
	jout_key(j, "can");
	jout_array(j);
	for (size_t i = 0; i < ARRAY_LEN(abilities); i++)
		if (f->facts.caps & abilities[i].bit)
			jout_string(j, abilities[i].name);
	jout_array_end(j);
	jout_key_bool(j, "usable", !f->why && !f->entry->hidden_by);
	jout_key_int(j, "devices", (int64_t)f->here.n_devices);
	jout_key_string(j, "why", f->why);
	jout_object_end(j);
}

static void drivers_json(struct arena *mem, const struct driver_entry *list, size_t n)
{
	struct json_out j;

	jout_init(&j, -1, 2);
	jout_array(&j);
	for (size_t i = 0; i < n; i++) {
		struct found f;

		find_facts(&list[i], mem, &f);
		write_driver(&j, &f);
	}
	jout_array_end(&j);
	final_json(&j);
}

/* "libraries NAME.so are drivers in: /a, /b (there is no such directory)" */
static void add_dirs(struct str *out, struct arena *mem)
{
	const struct driver_dir *dirs;
	size_t n = driver_dirs(mem, &dirs);

	str_add(out, "libraries NAME.so are drivers in: ");
	for (size_t i = 0; i < n; i++) {
		str_add(out, i ? ", " : "");
		str_add_printable(out, dirs[i].path, strlen(dirs[i].path));
		if (dirs[i].why_not)
			str_printf(out, " (not used: %s)", dirs[i].why_not);
	}
	str_add(out, n ? "\n" : "no directory\n");
}

static void drivers_table(const struct args *args, const struct driver_entry *list, size_t n)
{
	static const char *const titles[] = {"DRIVER", "VERSION", "DEVICES", "CAN", "FOR"};
	_cleanup_(str_done) struct str out = {0};
	struct table table;

	table_init(&table, titles, ARRAY_LEN(titles), load_wants_color(args, STDOUT_FILENO));
	for (size_t i = 0; i < n; i++) {
		struct found f;

		find_facts(&list[i], args->mem, &f);
		add_driver(&table, &f);
	}
	table_print(&table, &out);
	table_done(&table);
	add_dirs(&out, args->mem);
	final_write(out.s, out.len);
}

int chips_drivers(const struct args *args, const struct chips_words *w, struct diags *diags)
{
	const struct driver_entry *list;
	size_t n = driver_names(args->mem, &list);

	(void)w;
	(void)diags;
	if (opt_has(args, OPT_JSON))
		drivers_json(args->mem, list, n);
	else
		drivers_table(args, list, n);
	return EXIT_PASSED;
}
