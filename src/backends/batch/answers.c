/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/batch/answers.h"

#include <string.h>

#include "base/str.h"

static const struct batch_word batch_meanings[] = {
	{"waits", FARM_WAITS, REASON_NONE},
	{"runs", FARM_RUNS, REASON_NONE},
	{"ended", FARM_OVER, REASON_LOST},
	{"cancelled", FARM_OVER, REASON_CANCELLED},
	{"memory", FARM_OVER, REASON_MEMORY},
	{"node_failure", FARM_OVER, REASON_NODE_FAILURE},
	{"preempted", FARM_OVER, REASON_PREEMPTED},
	{"time_limit", FARM_OVER, REASON_TIME_LIMIT},
};

/* ---- the settings ---- */

static struct text_pattern *batch_pattern(struct cfg_fields *f, const char *key,
					  const char *const *groups)
{
	struct hjson_node *node = cfg_fields_node(f, key);
	const char *text = cfg_fields_string(f, key, NULL);
	_cleanup_(error_done) struct error err = {0};
	struct text_pattern *p = text ? text_pattern_new(text, groups, &err) : NULL;

	if (text && !p)
		cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), node, "'%s' %s", key, err.msg);
	return p;
}

/* A pattern without one of these groups can say nothing. */
static void batch_need_groups(struct cfg_fields *f, const char *key, const struct text_pattern *p,
			      const char *const *groups)
{
	for (; p && *groups; groups++)
		if (!text_pattern_has(p, *groups))
			cfg_error(cfg_fields_cfg(f), cfg_fields_diags(f), cfg_fields_node(f, key),
				  "'%s' must have a group (?<%s>…)", key, *groups);
}

static const struct batch_word *batch_meaning(const char *text)
{
	for (size_t i = 0; text && i < ARRAY_LEN(batch_meanings); i++)
		if (str_eq(batch_meanings[i].text, text))
			return &batch_meanings[i];
	return NULL;
}

static void batch_refuse_meaning(struct cfg *cfg, struct hjson_node *m, bool is_over,
				 struct diags *diags)
{
	_cleanup_(str_done) struct str all = {0};

	for (size_t i = 0; i < ARRAY_LEN(batch_meanings); i++)
		if (!is_over || batch_meanings[i].stage == FARM_OVER)
			str_printf(&all, "%s%s", all.len ? ", " : "", batch_meanings[i].text);
	diag_hint(cfg_error(cfg, diags, m, "'%s' has no such meaning",
			    hjson_key_cstr(cfg_doc(cfg), m)),
		  "there are: %s", all.s);
}

/* is_over: only meanings of an end. Returns how many there are. */
static size_t batch_read_words(struct cfg_fields *f, const char *key, bool is_over,
			       struct batch_word **ret)
{
	struct cfg *cfg = cfg_fields_cfg(f);
	struct hjson_node *all = cfg_fields_node(f, key), *m;
	size_t n = 0;

	if (!all)
		return 0;
	if (all->type != HJSON_OBJECT) {
		cfg_error(cfg, cfg_fields_diags(f), all, "'%s' must be an object", key);
		return 0;
	}
	*ret = arena_array(cfg_mem(cfg), all->n, sizeof(**ret));
	hjson_for_each (m, all) {
		const struct batch_word *w = batch_meaning(cfg_scalar_text(cfg, m));

		if (m->shadowed)
			continue;
		if (!w || (is_over && w->stage != FARM_OVER)) {
			batch_refuse_meaning(cfg, m, is_over, cfg_fields_diags(f));
			continue;
		}
		(*ret)[n] = *w;
		(*ret)[n++].text = hjson_key_cstr(cfg_doc(cfg), m);
	}
	return n;
}

void batch_answers_read(struct cfg_fields *f, struct batch_answers *ret)
{
	static const char *const none[] = {NULL}, *const id[] = {"id", NULL};
	static const char *const of_line[] = {"id", "name", "state", "why", NULL};
	static const char *const needed[] = {"id", "name", "state", NULL};

	*ret = (struct batch_answers){
		.submitted = batch_pattern(f, "submitted", id),
		.doubt = batch_pattern(f, "doubt", none),
		.line = batch_pattern(f, "line", of_line),
		.empty = batch_pattern(f, "empty", none),
	};
	batch_need_groups(f, "submitted", ret->submitted, id);
	batch_need_groups(f, "line", ret->line, needed);
	ret->n_states = batch_read_words(f, "states", false, &ret->states);
	ret->n_reasons = batch_read_words(f, "reasons", true, &ret->reasons);
}

void batch_answers_done(struct batch_answers *a)
{
	text_pattern_free(a->submitted);
	text_pattern_free(a->doubt);
	text_pattern_free(a->line);
	text_pattern_free(a->empty);
}

/* ---- reading ---- */

static bool batch_matches(struct text_pattern *p, const struct str *text)
{
	return p && text_pattern_match(p, text->s ? text->s : "", text->len);
}

static bool batch_matches_either(struct text_pattern *p, const struct command_end *end)
{
	return batch_matches(p, &end->out) || batch_matches(p, &end->err);
}

enum farm_answer batch_submitted(const struct batch_answers *a, const char *command,
				 const struct command_end *end, struct str *text)
{
	_cleanup_(arena_freep) struct arena *mem = arena_new();
	const char *id = NULL;

	if (!end->is_late && end->exit_status == 0 && batch_matches_either(a->submitted, end))
		id = text_pattern_group(a->submitted, mem, "id");
	if (id) {
		str_add(text, id);
		return FARM_ACCEPTED;
	}
	command_explain(command, end, text);
	if (end->errnum)
		return FARM_REFUSED;
	if (end->is_late || end->exit_status <= 0 || batch_matches_either(a->doubt, end))
		return FARM_UNKNOWN;
	return FARM_REFUSED;
}

static void batch_set_state(const struct batch_answers *a, const char *state, const char *why,
			    struct farm_sight *ret)
{
	ret->word = state;
	ret->stage = FARM_RUNS; /* a state that the configuration does not know is no end */
	for (size_t i = 0; i < a->n_states; i++)
		if (str_eq(a->states[i].text, state)) {
			ret->stage = a->states[i].stage;
			ret->reason = a->states[i].reason;
		}
	for (size_t i = 0; why && ret->stage == FARM_OVER && i < a->n_reasons; i++)
		if (strstr(why, a->reasons[i].text)) {
			ret->reason = a->reasons[i].reason;
			ret->word = a->reasons[i].text;
			break;
		}
	ret->why = ret->stage == FARM_WAITS ? why : NULL;
}

static bool batch_see_line(const struct batch_answers *a, const char *line, size_t n, farm_see *see,
			   void *see_ctx)
{
	_cleanup_(arena_freep) struct arena *mem = NULL;
	struct farm_sight s = {0};
	const char *state;

	if (!text_pattern_match(a->line, line, n))
		return false;
	mem = arena_new();
	s.id = text_pattern_group(a->line, mem, "id");
	s.name = text_pattern_group(a->line, mem, "name");
	state = text_pattern_group(a->line, mem, "state");
	if (!s.id || !s.name || !state)
		return false;
	batch_set_state(a, state, text_pattern_group(a->line, mem, "why"), &s);
	see(see_ctx, &s);
	return true;
}

/* Text that is not understood is no answer: it must not end jobs. */
bool batch_seen(const struct batch_answers *a, const struct command_end *end, farm_see *see,
		void *see_ctx)
{
	const char *at = end->out.s;
	size_t n_read = 0, n_other = 0;
	bool is_empty = batch_matches_either(a->empty, end);

	if (end->errnum || end->is_late || end->exit_status < 0 ||
	    (end->exit_status > 0 && !is_empty))
		return false;
	while (at && *at) {
		size_t n = strcspn(at, "\n");

		if (batch_see_line(a, at, n, see, see_ctx))
			n_read++;
		else if (strspn(at, " \t\r") < n)
			n_other++;
		at += n + (at[n] == '\n');
	}
	return n_read > 0 || n_other == 0 || is_empty;
}
