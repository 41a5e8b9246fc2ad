/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/chips/request.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "backends/chips/lend_names.h"
#include "backends/chips/outputs.h"
#include "base/units.h"

enum { MOST_RANKS = 4096 };

struct reader {
	struct arena *mem;
	const struct chips_settings *s;
	const struct job_spec *spec;
	struct diags *diags; /* NULL: errors are not reported */
	json_t *json;
	struct chips_request *ret;
	bool has_error;
};

static const struct src_pos *find_pos(const struct job_rules *rules, const char *key)
{
	for (uint32_t i = 0; i < rules->n_backend_keys; i++)
		if (str_eq(rules->backend_keys[i].key, key))
			return &rules->backend_keys[i].pos;
	return NULL;
}

/* Keys inside `gang` have no place of their own here: that of `gang` is used. */
static struct src_pos pos_of(const struct reader *r, const char *key)
{
	const struct src_pos *pos = find_pos(r->spec->rules, key);

	if (!pos)
		pos = find_pos(r->spec->rules, "gang");
	return pos ? *pos : r->spec->pos;
}

static void request_refuse(struct reader *r, const char *key, const char *what, const char *hint)
{
	struct diag *e;

	r->has_error = true;
	if (!r->diags)
		return;
	e = diag_error(r->diags, pos_of(r, key), "'%s' of '%s' %s", key, r->spec->id, what);
	if (hint)
		diag_hint(e, "%s", hint);
}

static bool bool_of(struct reader *r, const json_t *obj, const char *key, bool otherwise)
{
	const json_t *v = json_object_get(obj, key);

	if (!v)
		return otherwise;
	if (!json_is_boolean(v))
		request_refuse(r, key, "must be true or false", NULL);
	return json_is_true(v);
}

static uint64_t size_of(struct reader *r, const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);
	uint64_t n = 0;

	if (!v)
		return 0;
	if (json_is_integer(v) && json_integer_value(v) >= 0)
		return (uint64_t)json_integer_value(v);
	if (!json_is_string(v) || !units_size(json_string_value(v), &n))
		request_refuse(r, key, "must be a size", "like \"64K\", or a number of bytes");
	return n;
}

static double duration_of(struct reader *r, const char *key, double otherwise)
{
	const json_t *v = json_object_get(r->json, key);
	double s = otherwise;

	if (!v)
		return otherwise;
	if (json_is_number(v))
		s = json_number_value(v);
	else if (!json_is_string(v) || !duration_parse(json_string_value(v), &s))
		s = -1;
	if (s < 0)
		request_refuse(r, key, "must be a duration",
			       "like \"90s\", or a number of seconds");
	return s;
}

bool chips_devices_word(struct arena *mem, const char *word, const char **ret_pool, uint32_t *ret_n)
{
	const char *colon = strrchr(word, ':'), *digits = colon ? colon + 1 : word;
	unsigned long n;
	char *end;

	*ret_pool = colon ? arena_strndup(mem, word, (size_t)(colon - word)) : NULL;
	if (!isdigit((unsigned char)*digits) || (colon && colon == word))
		return false;
	n = strtoul(digits, &end, 10);
	*ret_n = (uint32_t)n;
	return *end == '\0' && n >= 1 && n <= MOST_RANKS;
}

static void read_devices(struct reader *r)
{
	const json_t *v = json_object_get(r->json, "devices");
	const char *pool = NULL;
	bool is_good;

	r->ret->n_devices = 1;
	if (!v)
		return;
	if (json_is_string(v)) {
		is_good = chips_devices_word(r->mem, json_string_value(v), &pool,
					     &r->ret->n_devices);
	} else {
		is_good = json_is_integer(v) && json_integer_value(v) >= 1 &&
			  json_integer_value(v) <= MOST_RANKS;
		r->ret->n_devices = is_good ? (uint32_t)json_integer_value(v) : 1;
	}
	if (!is_good)
		request_refuse(r, "devices", "must be a number of devices of at least 1", NULL);
	else if (pool && !str_eq(pool, r->s->name))
		request_refuse(r, "devices", "names another pool than the job's backend", NULL);
}

static uint32_t domain_size(const struct chips_settings *s, int32_t domain)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_devices; i++)
		n += s->devices[i].domain == domain;
	return domain < 0 ? 1 : n;
}

static uint32_t largest_domain(const struct chips_settings *s)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < s->n_devices; i++) {
		uint32_t n = domain_size(s, s->devices[i].domain);

		most = n > most ? n : most;
	}
	return most;
}

static void check_fits(struct reader *r)
{
	uint32_t n = r->ret->n_devices;
	const char *hint;

	if (n > r->s->n_devices) {
		hint = arena_printf(r->mem, "the pool '%s' has %u device%s", r->s->name,
				    r->s->n_devices, r->s->n_devices == 1 ? "" : "s");
		request_refuse(r, "devices", "is more than the pool has", hint);
	} else if (r->ret->same_domain && n > largest_domain(r->s)) {
		hint = arena_printf(r->mem, "the largest fault domain has %u",
				    largest_domain(r->s));
		request_refuse(r, "devices", "is more than one fault domain has", hint);
	}
}

/* ---- gangs ---- */

/* keys: the allowed keys, NULL-terminated. */
static void check_keys(struct reader *r, json_t *obj, const char *where, const char *const *keys)
{
	const char *key, *near;
	json_t *value;
	size_t n = 0;

	while (keys[n])
		n++;
	json_object_foreach(obj, key, value)
	{
		size_t i = 0;

		while (i < n && strcmp(keys[i], key) != 0)
			i++;
		if (i < n)
			continue;
		near = str_suggest(key, keys, n);
		request_refuse(r, where, arena_printf(r->mem, "has an unknown key '%s'", key),
			       near ? arena_printf(r->mem, "did you mean '%s'?", near) : NULL);
	}
}

static void read_buffer(struct reader *r, json_t *one, struct dvs_buffer_want *ret)
{
	static const char *const keys[] = {"name", "bytes", "align", NULL};
	const char *name = json_string_value(json_object_get(one, "name"));

	check_keys(r, one, "buffers", keys);
	if (!json_is_object(one) || !name || !*name ||
	    strlen(name) >= sizeof(((struct dvs_buffer *)0)->name)) {
		request_refuse(r, "buffers",
			       "must be objects with a 'name' of at most 63 bytes and 'bytes'",
			       NULL);
		return;
	}
	for (uint32_t i = 0; i < r->ret->n_buffers; i++)
		if (str_eq(r->ret->buffers[i].name, name))
			request_refuse(r, "buffers",
				       arena_printf(r->mem, "has two buffers named '%s'", name),
				       NULL);
	ret->name = arena_strdup(r->mem, name);
	ret->bytes = size_of(r, one, "bytes");
	ret->align = (uint32_t)size_of(r, one, "align");
	if (ret->align & (ret->align - 1))
		request_refuse(r, "buffers", "has an 'align' that is no power of two", NULL);
}

static void read_buffers(struct reader *r, const json_t *list)
{
	size_t i;
	json_t *one;

	if (!list)
		return;
	if (!json_is_array(list)) {
		request_refuse(r, "buffers", "must be a list of objects", NULL);
		return;
	}
	r->ret->buffers = arena_array(r->mem, json_array_size(list) + 1, sizeof(*r->ret->buffers));
	json_array_foreach(list, i, one)
	{
		read_buffer(r, one, &r->ret->buffers[r->ret->n_buffers]);
		r->ret->n_buffers++;
	}
}

static void read_gang(struct reader *r)
{
	static const char *const keys[] = {"barrier", "join",	 "fail_fast",
					   "window",  "buffers", NULL};
	static const char *const of_gang[] = {"window", "buffers"};
	json_t *gang = json_object_get(r->json, "gang");
	struct chips_request *q = r->ret;
	bool is_gang = q->n_devices > 1 || gang;

	if (gang && !json_is_object(gang)) {
		request_refuse(r, "gang", "must be an object", NULL);
		return;
	}
	check_keys(r, gang, "gang", keys);
	q->has_barrier = bool_of(r, gang, "barrier", is_gang);
	q->has_join = bool_of(r, gang, "join", is_gang);
	q->fail_fast = bool_of(r, gang, "fail_fast", true);
	for (size_t i = 0; gang && i < ARRAY_LEN(of_gang); i++)
		if (json_object_get(r->json, of_gang[i]))
			request_refuse(r, of_gang[i], "is outside of 'gang'",
				       "move it into 'gang'");
	q->window_bytes = size_of(r, gang ? gang : r->json, "window");
	read_buffers(r, json_object_get(gang ? gang : r->json, "buffers"));
	if (q->n_devices > 1 && !(r->s->caps & DVS_CAP_GANG))
		request_refuse(r, "devices",
			       "is more than one, and the driver does not support gangs", NULL);
}

/* ---- options of open(), and the image ---- */

static void read_options(struct reader *r)
{
	json_t *all = json_loads(r->s->options, 0, NULL);
	json_t *own = json_object_get(r->json, "options"),
	       *runtime = json_object_get(r->json, "runtime");
	char *text;

	if (own && !json_is_object(own))
		request_refuse(r, "options", "must be an object, for the driver", NULL);
	else if (own)
		json_object_update(all, own);
	if (runtime)
		json_object_set(all, "runtime", runtime);
	text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	r->ret->open_options = arena_strdup(r->mem, text ? text : "{}");
	free(text);
	json_decref(all);
}

static uint64_t request_hash(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h;
}

static const char *const image_keys[] = {"program", "image", "callable"};

static void refuse_empty(struct reader *r)
{
	r->has_error = true;
	if (!r->diags)
		return;
	diag_hint(diag_error(r->diags, r->spec->pos, "'%s' has nothing to run on a device",
			     r->spec->id),
		  "a job on a device needs 'program', 'image' or 'callable'; a command borrows "
		  "devices with 'devices'");
}

static const char *image_key_of(const struct reader *r)
{
	for (size_t i = 0; i < ARRAY_LEN(image_keys); i++)
		if (json_object_get(r->json, image_keys[i]))
			return image_keys[i];
	return NULL;
}

/* For a driver that only lends devices. */
static void refuse_lend_only(struct reader *r, const char *key)
{
	const char *what = arena_printf(r->mem,
					"cannot run on the devices of '%s', which are only "
					"lent to commands",
					r->s->name);

	request_refuse(r, key, what, "a 'command' borrows devices with 'devices': devices: 1");
}

static void read_image(struct reader *r)
{
	uint64_t h = request_hash(UINT64_C(14695981039346656037), r->ret->open_options);
	bool has_any = false;

	for (size_t i = 0; i < ARRAY_LEN(image_keys); i++) {
		const json_t *v = json_object_get(r->json, image_keys[i]);
		char *text = v ? json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)
			       : NULL;

		h = request_hash(h, text ? text : "-");
		has_any |= text != NULL;
		free(text);
	}
	r->ret->image_key = h;
	if (!has_any)
		refuse_empty(r);
}

/* Time limits of the job must keep the order of the pool's (check_ladder()). */
static void read_clocks(struct reader *r)
{
	const struct chips_settings *s = r->s;
	const struct job_rules *rules = r->spec->rules;
	struct chips_request *q = r->ret;

	q->open_s = duration_of(r, "open_timeout", s->budget_s[CLOCK_OPEN]);
	q->run_s = rules->timeout_s > 0 ? rules->timeout_s : s->budget_s[CLOCK_RUN];
	q->stall_s = s->stall_s;
	if (q->stall_s > 0 && q->run_s > 0 && q->stall_s >= q->run_s) {
		r->has_error = true;
		if (r->diags)
			diag_note(diag_error(r->diags, r->spec->pos,
					     "the timeout of '%s' (%gs) must be longer than "
					     "'stall' (%gs)",
					     r->spec->id, q->run_s, q->stall_s),
				  s->stall_pos, "'stall' is set here");
	}
}

/* ---- borrowed by a command ---- */

static void refuse_foreign_keys(struct reader *r)
{
	static const char *const known[] = {"devices", "same_domain", "queue_timeout",
					    "devices_env"};
	const char *key;
	json_t *value;

	json_object_foreach(r->json, key, value)
	{
		size_t i = 0;

		while (i < ARRAY_LEN(known) && !str_eq(known[i], key))
			i++;
		if (i == ARRAY_LEN(known))
			request_refuse(
				r, key,
				"is only for jobs that run on a device, and this job has a command",
				"a command takes 'devices', 'same_domain', 'queue_timeout' and "
				"'devices_env'");
	}
}

/* "A,B", or a list of them; NULL after an error. */
static const char *read_variables(struct reader *r, const json_t *v)
{
	_cleanup_(str_done) struct str text = {0};
	const json_t *e;
	size_t i;

	str_add(&text, json_is_string(v) ? json_string_value(v) : json_is_array(v) ? "" : ",");
	json_array_foreach(v, i, e) str_printf(&text, "%s%s", i ? "," : "",
					       json_is_string(e) ? json_string_value(e) : ",");
	if (lend_names_variables(r->mem, text.s))
		return arena_strdup(r->mem, text.s);
	request_refuse(r, "devices_env", "must be names of variables, each once",
		       "like \"MY_DEVICES\", or \"A,B\"");
	return NULL;
}

/* Only the job's own time limit counts, and its slot enforces it. */
static void read_borrowed(struct reader *r)
{
	const json_t *name = json_object_get(r->json, "devices_env");

	refuse_foreign_keys(r);
	r->ret->is_borrowed = true;
	r->ret->run_s = r->spec->rules->timeout_s;
	if (name)
		r->ret->env_name = read_variables(r, name);
}

/* Refuses a command beside an image, and devices_env without a command. */
static void refuse_command(struct reader *r)
{
	for (size_t i = 0; !r->spec->is_request && i < ARRAY_LEN(image_keys); i++)
		if (json_object_get(r->json, image_keys[i]))
			request_refuse(r, image_keys[i],
				       "runs on a device, and this job has a command",
				       "a command borrows devices with 'devices'");
	if (json_object_get(r->json, "devices_env"))
		request_refuse(r, "devices_env", "is for a command that borrows devices",
			       "a job on a device finds its number in DVSCHED_DEVICE");
}

static void refuse_terminal(struct reader *r)
{
	if (!r->spec->rules->is_interactive)
		return;
	r->has_error = true;
	if (r->diags)
		diag_hint(diag_error(r->diags, r->spec->pos,
				     "'%s' runs on a device, and cannot have your terminal",
				     r->spec->id),
			  "a command that borrows 'devices' can");
}

static void request_read_run(struct reader *r)
{
	const char *image = image_key_of(r);

	if (image && (r->s->caps & DVS_CAP_LEND_ONLY)) {
		refuse_lend_only(r, image);
		return;
	}
	refuse_command(r);
	refuse_terminal(r);
	read_gang(r);
	read_options(r);
	read_image(r);
	read_clocks(r);
	if (r->diags && (r->s->caps & DVS_CAP_TENSORS))
		chips_warn_of_outputs(json_object_get(r->json, "args"), pos_of(r, "args"),
				      r->diags);
}

struct chips_request *chips_request_read(struct arena *mem, const struct chips_settings *s,
					 const struct job_spec *spec, struct diags *diags)
{
	struct reader r = {.mem = mem, .s = s, .spec = spec, .diags = diags};
	char *text;

	r.ret = arena_zalloc(mem, sizeof(*r.ret));
	text = job_attempt_text(spec->request ? spec->request : "{}", 1);
	r.json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (!json_is_object(r.json)) {
		request_refuse(&r, "devices", "cannot be read as JSON", NULL);
	} else {
		read_devices(&r);
		r.ret->same_domain = bool_of(&r, r.json, "same_domain", false);
		check_fits(&r);
		r.ret->queue_s = duration_of(&r, "queue_timeout", s->budget_s[CLOCK_QUEUE]);
		if (!spec->is_request && json_object_get(r.json, "devices"))
			read_borrowed(&r);
		else
			request_read_run(&r);
	}
	json_decref(r.json);
	return r.has_error ? NULL : r.ret;
}
