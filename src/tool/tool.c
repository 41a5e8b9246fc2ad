/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/tool.h"

#include <ctype.h>
#include <string.h>

#include "base/fs.h"
#include "tool/regex.h"
#include "tool/tool_row.h"
#include "tool/units.h"

const char *const tool_metric_names[TOOL_METRIC_COUNT] = {
	[TOOL_BLOCK] = "block",		[TOOL_LINE_STATEMENT] = "line_statement",
	[TOOL_BRANCH] = "branch",	[TOOL_CONDITION_EXPRESSION] = "condition_expression",
	[TOOL_TOGGLE] = "toggle",	[TOOL_FSM] = "fsm",
	[TOOL_ASSERTION] = "assertion", [TOOL_FUNCTIONAL] = "functional",
};

enum { KINDS_MOST = 4, SUMMARY_MOST = 64 << 20 };

static const struct tool *const tools[] = {
	&tool_vcs, &tool_xcelium, &tool_z01x, &tool_verilator, &tool_questa,
};

const struct tool *tool_find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(tools); i++)
		if (strcmp(tools[i]->name, name) == 0)
			return tools[i];
	return NULL;
}

/* ---- logs ---- */

/* The search for one time. */
struct search {
	const struct time_line *kinds;
	struct regex *regex[KINDS_MOST];
	size_t n;
	enum time_unit unit; /* of the result */
	bool is_over;
};

static void search_init(struct search *s, const struct time_line *kinds, enum time_unit unit)
{
	*s = (struct search){.kinds = kinds, .unit = unit};
	for (; kinds && kinds[s->n].regex; s->n++)
		s->regex[s->n] = regex_new(kinds[s->n].regex);
	s->is_over = s->n == 0;
}

static void search_done(struct search *s)
{
	for (size_t i = 0; i < s->n; i++)
		regex_free(s->regex[i]);
}

static bool take_clock(const struct regex *r, double *ret)
{
	double part[3];

	for (unsigned i = 0; i < ARRAY_LEN(part); i++)
		if (!span_number(regex_group(r, i + 1), &part[i]))
			return false;
	*ret = part[0] * 3600 + part[1] * 60 + part[2];
	return true;
}

static bool take_time(const struct search *s, size_t kind, double *ret)
{
	enum time_form form = s->kinds[kind].form;
	const struct regex *r = s->regex[kind];
	enum time_unit unit = UNIT_S;

	if (form == TIME_CLOCK ? !take_clock(r, ret) : !span_number(regex_group(r, 1), ret))
		return false;
	if (form == TIME_WITH_UNIT)
		unit = unit_find(regex_group(r, 2));
	if (unit == UNIT_COUNT)
		return false;
	*ret = unit_convert(*ret, unit, s->unit);
	return true;
}

static void search_line(struct search *s, struct span line, bool *ret_has, double *ret)
{
	for (size_t i = 0; i < s->n && !s->is_over; i++)
		if (regex_match(s->regex[i], line) && take_time(s, i, ret))
			*ret_has = s->is_over = true;
}

static void tool_read_lines(const struct tool *t, struct log_tail *tail, bool is_run,
			    struct tool_times *ret)
{
	struct search run, sim;
	struct span line;

	search_init(&run, t->run_time, UNIT_S);
	search_init(&sim, is_run ? t->sim_time : NULL, UNIT_US);
	while (!(run.is_over && sim.is_over) && log_tail_line(tail, &line)) {
		if (t->sim_time_stop && span_has(line, t->sim_time_stop))
			sim.is_over = true;
		search_line(&sim, line, &ret->has_sim_time, &ret->sim_time_us);
		search_line(&run, line, &ret->has_run_time, &ret->run_time_s);
	}
	search_done(&run);
	search_done(&sim);
}

void tool_read_log(const struct tool *t, int fd, off_t start, bool is_run, struct tool_times *ret)
{
	struct log_tail tail;

	*ret = (struct tool_times){0};
	if (!t)
		return;
	log_tail_init(&tail, fd, start, TOOL_LOG_TAIL);
	if (is_run && t->read_run)
		t->read_run(&tail, ret);
	else
		tool_read_lines(t, &tail, is_run, ret);
	log_tail_done(&tail);
}

/* ---- coverage ---- */

void coverage_add(struct tool_coverage *c, const char *name, const char *value)
{
	struct tool_pair *pairs = (struct tool_pair *)c->pairs;

	for (size_t i = 0; i < c->n_pairs; i++)
		if (strcmp(pairs[i].name, name) == 0) {
			pairs[i].value = value;
			return;
		}
	pairs[c->n_pairs++] = (struct tool_pair){name, value};
}

const char *coverage_percent(struct arena *mem, double covered, double total)
{
	return total > 0 ? arena_printf(mem, "%.2f %%", covered / total * 100) : "-- %";
}

bool tool_has_coverage(const struct tool *t)
{
	return t && t->read_coverage;
}

static bool is_lower_of(const char *lower, const char *name)
{
	for (; *lower && *lower == tolower((unsigned char)*name); lower++)
		name++;
	return !*lower && !*name;
}

/* A value without its percent sign; "--" is no number. */
static struct maybe_number tool_number_of(const char *value)
{
	struct span s = {value, strlen(value)};
	struct maybe_number ret = {0};

	while (s.n && (s.s[s.n - 1] == '%' || s.s[s.n - 1] == ' '))
		s.n--;
	ret.known = span_number(s, &ret.value);
	return ret;
}

void tool_map_coverage(const struct tool *t, struct tool_coverage *ret)
{
	memset(ret->metric, 0, sizeof(ret->metric));
	for (unsigned m = 0; t && m < TOOL_METRIC_COUNT; m++)
		for (size_t i = 0; t->metric_names[m] && i < ret->n_pairs; i++)
			if (is_lower_of(t->metric_names[m], ret->pairs[i].name))
				ret->metric[m] = tool_number_of(ret->pairs[i].value);
}

int tool_read_coverage(const struct tool *t, const char *path, struct arena *mem,
		       struct tool_coverage *ret, struct error *err)
{
	_cleanup_(str_done) struct str text = {0};
	struct lines in;

	*ret = (struct tool_coverage){0};
	if (fs_read_file(path, SUMMARY_MOST, &text, err) < 0) {
		err->pos = (struct src_pos){0}; /* path is only borrowed: the message has a copy */
		error_wrap(err, "the coverage summary %s", path);
		return -1;
	}
	in = (struct lines){{text.s, text.len}};
	if (!t->read_coverage(&in, mem, ret))
		return error_plain(err, "Coverage data not found in %s!", path);
	tool_map_coverage(t, ret);
	return 0;
}

/* ---- version ---- */

const char *tool_version_command(const struct tool *t)
{
	return t ? t->version_command : NULL;
}

/* As Python reads text: CR and CRLF become LF. */
static void add_answer(struct str *to, const char *answer)
{
	for (; *answer; answer++)
		if (*answer != '\r')
			str_addc(to, *answer);
		else if (answer[1] != '\n')
			str_addc(to, '\n');
}

bool tool_parse_version(const struct tool *t, const char *answer, struct str *ret)
{
	_cleanup_(str_done) struct str text = {0};
	struct span version = {"", 0};
	struct regex *regex;

	if (!t || !t->version_regex)
		return false;
	add_answer(&text, answer);
	regex = regex_new(t->version_regex);
	if (regex_match(regex, (struct span){text.s, text.len}))
		version = span_strip(regex_group(regex, 1));
	str_addn(ret, version.s, version.n);
	regex_free(regex);
	return version.n > 0;
}
