/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/command/verdict.h"

#include <inttypes.h>
#include <string.h>

#include "drivers/command/codes.h"

void smi_verdict_done(struct smi_verdict *v)
{
	str_done(&v->text);
}

static void set_bad(struct smi_verdict *v, int32_t code)
{
	v->health = DVS_HEALTH_BAD;
	v->code = code;
}

/* "'bad' matches: Health : Critical" */
static bool command_verdict_matches(const char *key, struct text_pattern *p, const struct str *text,
				    struct smi_verdict *v)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();

	if (!p || !text_pattern_match(p, text->s, text->len))
		return false;
	str_clear(&v->text);
	str_printf(&v->text, "'%s' matches: %s", key, text_pattern_line(p, mem));
	return true;
}

/* Checks the patterns, in the same order as for a job: bad, suspect, good. false: the patterns do
 * not decide. */
static bool judge_text(const struct smi_options *o, const struct str *text, struct smi_verdict *v)
{
	if (command_verdict_matches("bad", o->bad, text, v)) {
		set_bad(v, SMI_E_BAD);
		return true;
	}
	if (command_verdict_matches("suspect", o->suspect, text, v)) {
		v->health = DVS_HEALTH_SUSPECT;
		return true;
	}
	if (!o->good || text_pattern_match(o->good, text->s, text->len))
		return false;
	str_clear(&v->text);
	str_add(&v->text, "'good' matches nothing in the output");
	set_bad(v, SMI_E_BAD);
	return true;
}

static void judge_run(const struct smi_options *o, const struct smi_run *run, struct smi_verdict *v)
{
	_cleanup_(str_done) struct str all = {0};

	smi_run_explain(run, &v->text);
	if (smi_run_is_missing(run)) {
		v->code = SMI_E_TOOL;
		return;
	}
	if (run->end == SMI_LATE) {
		set_bad(v, SMI_E_LATE);
		return;
	}
	str_add(&all, run->out.s);
	str_addc(&all, '\n');
	str_add(&all, run->err.s);
	if (judge_text(o, &all, v))
		return;
	if (smi_run_is_good(run))
		v->health = DVS_HEALTH_GOOD;
	else
		set_bad(v, SMI_E_BAD);
}

void smi_verdict_of_listed(const struct smi_options *o, const struct smi_device *d,
			   struct smi_verdict *ret)
{
	_cleanup_(str_done) struct str text = {0};

	*ret = (struct smi_verdict){0};
	if (!d->health)
		return;
	str_add(&text, d->health);
	if (judge_text(o, &text, ret))
		return;
	str_add_printable(&ret->text, text.s, text.len);
	ret->health = o->good || o->suspect || o->bad ? DVS_HEALTH_GOOD : DVS_HEALTH_UNKNOWN;
}

/* The listed device; NULL with the verdict if it is not listed. */
static const struct smi_device *find_listed(const struct smi_options *o, int32_t device,
					    struct arena *mem, struct smi_verdict *v)
{
	const struct smi_device *d = NULL;
	struct error err = {0};
	struct smi_listing l;

	v->code = smi_listing_make(o, o->timeout_s, mem, &l, &err);
	if (v->code == SMI_E_LATE)
		set_bad(v, SMI_E_LATE);
	if (v->code) {
		str_add(&v->text, err.msg);
		error_done(&err);
		return NULL;
	}
	d = smi_listing_find(&l, device);
	if (d)
		return d;
	set_bad(v, SMI_E_GONE);
	str_printf(&v->text, "probe does not list device %" PRId32, device);
	return NULL;
}

static void ask_listing(const struct smi_options *o, int32_t device, struct arena *mem,
			struct smi_verdict *ret)
{
	const struct smi_device *d = find_listed(o, device, mem, ret);

	if (!d)
		return;
	smi_verdict_of_listed(o, d, ret);
	if (ret->health == DVS_HEALTH_UNKNOWN)
		ret->health = DVS_HEALTH_GOOD; /* a listed device without a health is good */
}

/* Runs the command. If it uses the name of the device, the name is looked up in the list first. */
static void ask_tool(const struct smi_options *o, int32_t device, const char *command,
		     struct arena *mem, struct smi_verdict *ret)
{
	_cleanup_(smi_run_done) struct smi_run run = {0};
	struct smi_place place = {.id = arena_printf(mem, "%" PRId32, device)};

	if (strstr(command, "DVSCHED_DEVICE_NAME")) {
		const struct smi_device *d = find_listed(o, device, mem, ret);

		if (!d)
			return;
		place.name = d->name;
	}
	smi_run_tool(command, &place, o->timeout_s, &run);
	judge_run(o, &run, ret);
}

void smi_verdict_make(const struct smi_options *o, int32_t device, bool is_open,
		      struct smi_verdict *ret)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	const char *command = is_open && o->open_check ? o->open_check : o->health;

	*ret = (struct smi_verdict){0};
	if (command)
		ask_tool(o, device, command, mem, ret);
	else
		ask_listing(o, device, mem, ret);
}
