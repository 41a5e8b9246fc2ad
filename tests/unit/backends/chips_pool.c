/* SPDX-License-Identifier: Apache-2.0 */
#include "chips_pool.h"

#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "config/config.h"
#include "temp_dir.h"

struct pool_driver pool_driver;
static struct str *warned;

int device_probe(const char *driver, const char *options, double limit_s, struct arena *mem,
		 struct driver_facts *ret, struct error *err)
{
	snprintf(pool_driver.driver, sizeof(pool_driver.driver), "%s", driver);
	snprintf(pool_driver.options, sizeof(pool_driver.options), "%s", options);
	pool_driver.limit_s = limit_s;
	*ret = pool_driver.facts;
	ret->devices = arena_array(mem, ret->n_devices + 1, sizeof(*ret->devices));
	memcpy(ret->devices, pool_driver.devices, ret->n_devices * sizeof(*ret->devices));
	return pool_driver.error ? error_plain(err, "%s", pool_driver.error) : 0;
}

static void pool_warn(const char *text)
{
	str_printf(warned, "%s\n", text);
}

static void set_dir(const struct pool *p, const char *variable, const char *name)
{
	char *path = xasprintf("%s/%s", p->dir, name);

	assert_int_equal(setenv(variable, path, 1), 0);
	free(path);
}

static void forget_what_was_read(struct pool *p)
{
	if (p->fields)
		cfg_fields_end(p->fields);
	p->fields = NULL;
	if (p->cfg)
		vec_push(&p->old_cfgs, p->cfg);
	p->cfg = NULL;
	diags_done(&p->diags);
	if (p->mem)
		vec_push(&p->old_mems, p->mem);
	p->mem = NULL;
	str_clear(&p->warned);
}

static void free_what_was_read(struct pool *p)
{
	while (p->old_cfgs.n)
		cfg_free(p->old_cfgs.at[--p->old_cfgs.n]);
	while (p->old_mems.n)
		arena_free(p->old_mems.at[--p->old_mems.n]);
	vec_done(&p->old_cfgs);
	vec_done(&p->old_mems);
}

int pool_setup(void **state)
{
	struct pool *p = xcalloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/dvs-pool-XXXXXX");
	assert_non_null(temp_dir_make(p->dir));
	set_dir(p, "DVSCHED_STATE_DIR", "state");
	set_dir(p, "DVSCHED_LOCK_DIR", "locks");
	set_dir(p, "DVSCHED_SYS_ROOT", "sys");
	diags_init(&p->diags);
	str_add(&p->warned, "");
	warned = &p->warned;
	p->env = (struct backend_env){.name = "npu", .grace_s = 2, .warn = pool_warn};
	pool_driver = (struct pool_driver){.facts = {.name = "sim", .version = "7"}};
	pool_driver.facts.devices = pool_driver.devices;
	pool_driver.facts.n_devices = 4;
	for (int i = 0; i < 8; i++)
		pool_driver.devices[i] = (struct dvs_device){
			.id = i, .fault_domain = i < 2 ? 0 : -1, .numa = -1, .family = "chip"};
	*state = p;
	return 0;
}

int pool_teardown(void **state)
{
	struct pool *p = *state;

	forget_what_was_read(p);
	free_what_was_read(p);
	str_done(&p->told);
	str_done(&p->warned);
	fs_remove_tree(p->dir);
	free(p);
	return 0;
}

void pool_put(const struct pool *p, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	*strrchr(path, '/') = '\0';
	assert_int_equal(fs_mkdirs(path, 0755), 0);
	path[strlen(path)] = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Until pool_end(). */
static void pool_load(struct pool *p, const char *value)
{
	char *text = xasprintf("{ pools: { npu:\n%s\n} }", value), *path;

	forget_what_was_read(p);
	diags_init(&p->diags);
	p->mem = arena_new();
	pool_put(p, "cfg.hjson", text);
	path = xasprintf("%s/cfg.hjson", p->dir);
	p->cfg = cfg_load(path, &(struct cfg_options){0}, &p->diags);
	free(path);
	free(text);
	assert_non_null(p->cfg);
	p->fields = cfg_fields_new(p->cfg, hjson_get(hjson_get(cfg_root(p->cfg), "pools"), "npu"),
				   "npu", &p->diags);
	p->env.settings = p->fields;
}

static void pool_end(struct pool *p)
{
	cfg_fields_end(p->fields);
	p->fields = NULL;
}

struct chips_settings *pool_read_value(struct pool *p, const char *value)
{
	pool_load(p, value);
	p->s = chips_settings_read(p->mem, &p->env, &p->diags);
	pool_end(p);
	return p->s;
}

void pool_check_keys(struct pool *p, const char *text)
{
	char *value = xasprintf("{ %s }", text);

	pool_load(p, value);
	free(value);
	backend_chips_check_settings(p->env.name, p->fields);
	pool_end(p);
}

struct backend *pool_make(struct pool *p, const char *text, struct backend *const *others,
			  unsigned n)
{
	char *value = xasprintf("{ driver: \"sim\"\n%s }", text);
	struct backend *made;

	pool_load(p, value);
	free(value);
	p->env.others = others;
	p->env.n_others = n;
	p->env.clock = clock_real();
	p->env.scratch_root = p->dir;
	p->env.loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	made = backend_chips_create(&p->env, &p->diags);
	pool_end(p);
	return made;
}

struct chips_settings *pool_read_all(struct pool *p, const char *text)
{
	char *value = xasprintf("{ %s }", text);

	pool_read_value(p, value);
	free(value);
	return p->s;
}

struct chips_settings *pool_read(struct pool *p, const char *text)
{
	char *all = xasprintf("driver: \"sim\"\n%s", text);

	pool_read_all(p, all);
	free(all);
	return p->s;
}

const char *pool_told(struct pool *p)
{
	str_clear(&p->told);
	str_add(&p->told, "");
	for (const struct diag *e = p->diags.first; e; e = e->next) {
		str_printf(&p->told, "%u:%u %s", e->pos.line, e->pos.col, e->msg);
		if (e->hint)
			str_printf(&p->told, " [%s]", e->hint);
		str_addc(&p->told, '\n');
	}
	return p->told.s;
}

void pool_check(struct pool *p, const struct pool_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool is_good = pool_read(p, cases[i].text) != NULL;

		if (strcmp(pool_told(p), cases[i].told) != 0)
			fail_msg("%s:\n%snot\n%s", cases[i].text, pool_told(p), cases[i].told);
		assert_int_equal(is_good, cases[i].told[0] == '\0');
	}
}
