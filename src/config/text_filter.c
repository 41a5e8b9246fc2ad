/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines consist of plain characters and blanks, so the result does not depend on the locale.
 * Supported are the regular expressions that all POSIX engines treat alike: literals, '.', \s, \S,
 * '+' and groups, without empty matches.
 */
#include "config/text_filter.h"

#include <regex.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"

enum { GROUPS_MOST = 9, REGEXES_MOST = 16 };

struct text_regex {
	char *text;
	regex_t compiled;
};

struct text_regexes {
	VEC(struct text_regex) list;
};

/* ---- cut ---- */

static const char *field_end(const char *s, char delimiter)
{
	const char *end = strchr(s, delimiter);

	return end ? end : s + strlen(s);
}

/* Keeps field `first`, with is_open up to the end. A line without the delimiter is not changed. */
static void cut_fields(struct str *line, char delimiter, unsigned first, bool is_open)
{
	_cleanup_(str_done) struct str all = *line;
	const char *from = all.s, *end;

	if (!strchr(from, delimiter)) {
		all = (struct str){0};
		return;
	}
	*line = (struct str){0};
	str_add(line, "");
	for (unsigned i = 1; i < first; i++) {
		end = field_end(from, delimiter);
		if (!*end)
			return;
		from = end + 1;
	}
	end = is_open ? from + strlen(from) : field_end(from, delimiter);
	str_addn(line, from, (size_t)(end - from));
}

/* cut -d: -f2 or -f2- */
static bool cut_line(const struct text_filter *f, struct str *line)
{
	const char *by = f->words[1], *fields = f->words[2];
	bool is_open = strlen(fields) == 4 && fields[3] == '-';

	if (f->n != 3 || !str_starts(by, "-d") || strlen(by) != 3 || !str_is_shell_char(by[2]))
		return false;
	if (!str_starts(fields, "-f") || fields[2] < '1' || fields[2] > '9')
		return false;
	if (fields[3] && !is_open)
		return false;
	cut_fields(line, by[2], (unsigned)(fields[2] - '0'), is_open);
	return true;
}

/* ---- tr ---- */

/* tr A B: replaces one character by another. */
static bool translate_line(const struct text_filter *f, struct str *line)
{
	const char *from = f->words[1], *to = f->words[2];

	if (f->n != 3 || strlen(from) != 1 || strlen(to) != 1)
		return false;
	if (!str_is_shell_char(*from) || !str_is_shell_char(*to) || *from == '-' || *to == '-')
		return false;
	for (size_t i = 0; i < line->len; i++)
		if (line->s[i] == *from)
			line->s[i] = *to;
	return true;
}

/* ---- sed ---- */

struct substitution {
	char regex[TEXT_FILTER_WORD_LEN], with[TEXT_FILTER_WORD_LEN];
	unsigned n_groups;
	bool is_global;
	char run; /* the regex is a run of \S, \s or '.', in a group or not; 0: it is not */
};

static bool is_literal(char c)
{
	return (str_is_shell_char(c) && c != '.' && c != '+' && c != '/') || c == ' ';
}

/* The length of an atom (matches exactly one character) at s, or 0. */
static size_t atom_len(const char *s)
{
	if (*s == '\\')
		return s[1] == 's' || s[1] == 'S' || s[1] == '.' ? 2 : 0;
	return is_literal(*s) || *s == '.' ? 1 : 0;
}

static bool check_regex(struct substitution *sub)
{
	const char *s = sub->regex;
	bool is_in_group = false, may_repeat = false;

	while (*s) {
		size_t n = atom_len(s);

		if (!n && *s == '+' && !may_repeat)
			return false;
		if (!n && *s == '(' && (is_in_group || ++sub->n_groups > GROUPS_MOST))
			return false;
		if (!n && *s == ')' && (!is_in_group || s[-1] == '('))
			return false;
		if (!n && !strchr("+()", *s))
			return false;
		is_in_group = *s == '(' || (is_in_group && *s != ')');
		may_repeat = n > 0;
		s += n ? n : 1;
	}
	return s > sub->regex && !is_in_group;
}

static bool check_replacement(const struct substitution *sub)
{
	for (const char *s = sub->with; *s; s++) {
		if (*s == '\\') {
			s++;
			if (*s < '1' || *s > '9' || (unsigned)(*s - '0') > sub->n_groups)
				return false;
		} else if (!str_is_shell_char(*s) && *s != ' ') {
			return false;
		}
	}
	return true;
}

/* The class of characters of a regular expression that only finds runs of it; 0: it is another one.
 * Most expressions in configurations are. */
static char run_of(const char *regex)
{
	static const struct {
		const char *regex;
		char run;
	} runs[] = {{"\\S+", 'S'},   {"(\\S+)", 'S'}, {"\\s+", 's'},
		    {"(\\s+)", 's'}, {".+", '.'},     {"(.+)", '.'}};

	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		if (strcmp(regex, runs[i].regex) == 0)
			return runs[i].run;
	return 0;
}

/* Copies the text up to the next '/', and returns the position after it; NULL: there is no '/'. */
static const char *filter_read_part(const char *s, char ret[TEXT_FILTER_WORD_LEN])
{
	const char *end = strchr(s, '/');

	if (!end)
		return NULL;
	memcpy(ret, s, (size_t)(end - s));
	ret[end - s] = '\0';
	return end + 1;
}

static bool read_substitution(const char *s, struct substitution *ret)
{
	*ret = (struct substitution){0};
	if (!str_starts(s, "s/") || !(s = filter_read_part(s + 2, ret->regex)) ||
	    !(s = filter_read_part(s, ret->with)))
		return false;
	ret->is_global = strcmp(s, "g") == 0;
	ret->run = run_of(ret->regex);
	return (ret->is_global || !*s) && check_regex(ret) && check_replacement(ret);
}

static void add_replacement(struct str *to, const char *with, const char *line,
			    const regmatch_t *groups)
{
	for (; *with; with++) {
		if (*with != '\\') {
			str_addc(to, *with);
		} else {
			const regmatch_t *g = &groups[*++with - '0'];

			str_addn(to, line + g->rm_so, (size_t)(g->rm_eo - g->rm_so));
		}
	}
}

static bool is_in_run(char run, char c)
{
	return c && (run == '.' || (c == ' ') == (run == 's'));
}

/* As regexec() does it for such a regex; its group is all of it. */
static bool filter_find_run(char run, const char *s, regmatch_t groups[2])
{
	regoff_t from = 0, to;

	while (s[from] && !is_in_run(run, s[from]))
		from++;
	for (to = from; is_in_run(run, s[to]);)
		to++;
	groups[0] = groups[1] = (regmatch_t){from, to};
	return to > from;
}

/* regex: unless sub is for runs. */
static bool find_match(const struct substitution *sub, const regex_t *regex, const char *s,
		       regmatch_t groups[GROUPS_MOST + 1])
{
	if (sub->run)
		return filter_find_run(sub->run, s, groups);
	return regexec(regex, s, GROUPS_MOST + 1, groups, 0) == 0;
}

static void filter_substitute(const struct substitution *sub, const regex_t *regex,
			      struct str *line)
{
	_cleanup_(str_done) struct str all = *line;
	regmatch_t groups[GROUPS_MOST + 1];
	const char *at = all.s;

	*line = (struct str){0};
	while (find_match(sub, regex, at, groups)) {
		str_addn(line, at, (size_t)groups[0].rm_so);
		add_replacement(line, sub->with, at, groups);
		at += groups[0].rm_eo;
		if (!sub->is_global)
			break;
	}
	str_add(line, at);
}

struct text_regexes *text_regexes_new(void)
{
	return xcalloc(1, sizeof(struct text_regexes));
}

static void forget_regexes(struct text_regexes *r)
{
	for (size_t i = 0; i < r->list.n; i++) {
		free(r->list.at[i].text);
		regfree(&r->list.at[i].compiled);
	}
	r->list.n = 0;
}

void text_regexes_free(struct text_regexes *r)
{
	if (!r)
		return;
	forget_regexes(r);
	vec_done(&r->list);
	free(r);
}

/* Compiles text, or takes it from the cache. Valid until the next call. NULL: invalid. */
static const regex_t *filter_compile(struct text_regexes *r, const char *text)
{
	regex_t compiled;

	for (size_t i = 0; i < r->list.n; i++)
		if (strcmp(r->list.at[i].text, text) == 0)
			return &r->list.at[i].compiled;
	if (regcomp(&compiled, text, REG_EXTENDED) != 0)
		return NULL;
	if (r->list.n == REGEXES_MOST)
		forget_regexes(r);
	vec_push(&r->list, (struct text_regex){xstrdup(text), compiled});
	return &r->list.at[r->list.n - 1].compiled;
}

/* sed -E 's/REGEX/WITH/' or s///g */
static bool sed_line(const struct text_filter *f, struct text_regexes *regexes, struct str *line)
{
	struct substitution sub;
	const regex_t *regex = NULL;

	if (f->n != 3 || strcmp(f->words[1], "-E") != 0 || !read_substitution(f->words[2], &sub))
		return false;
	if (!sub.run && !(regex = filter_compile(regexes, sub.regex)))
		return false;
	filter_substitute(&sub, regex, line);
	return true;
}

bool text_filter_run(const struct text_filter *f, struct text_regexes *regexes, struct str *line)
{
	if (strcmp(f->words[0], "sed") == 0)
		return sed_line(f, regexes, line);
	if (strcmp(f->words[0], "cut") == 0)
		return cut_line(f, line);
	return strcmp(f->words[0], "tr") == 0 && translate_line(f, line);
}
