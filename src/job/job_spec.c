/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_spec.h"

#include <string.h>

#include "base/str.h"
#include "job/job_command.h"

struct plan *plan_new(void)
{
	struct arena *mem = arena_new();
	struct plan *p = arena_zalloc(mem, sizeof(*p));

	p->mem = mem;
	p->keep_runs = PLAN_KEEP_RUNS;
	return p;
}

void plan_free(struct plan *p)
{
	if (p)
		arena_free(p->mem);
}

static size_t text_bytes(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static size_t list_bytes(const char *const *list)
{
	size_t n = 0;

	for (; list && *list && n <= JOB_TEXT_MOST; list++)
		n += strlen(*list) + 1;
	return n;
}

size_t job_text_bytes(const struct job_spec *spec)
{
	size_t command = job_command_len(spec) + 1;

	return command + text_bytes(spec->request) +
	       (spec->argv ? list_bytes(spec->argv) : command) +
	       (spec->steps ? text_bytes(spec->steps->write_text) : 0);
}

size_t job_rules_bytes(const struct job_rules *rules)
{
	return list_bytes(rules->env);
}

static size_t count_of(const char *text, char c)
{
	size_t n = 0;

	while ((text = strchr(text, c))) {
		text++;
		n++;
	}
	return n;
}

/* Returns the word of a command at *at without its quotes, and moves *at to its end. Flows quote
 * with ' and " only. */
static const char *split_word(struct arena *mem, const char **at)
{
	_cleanup_(str_done) struct str word = {0};
	const char *s = *at;
	char quote = 0;

	str_reserve(&word, 0);
	for (; *s && (quote || *s != ' '); s++)
		if (*s == quote)
			quote = 0;
		else if (!quote && (*s == '\'' || *s == '"'))
			quote = *s;
		else
			str_addc(&word, *s);
	*at = s;
	return arena_strndup(mem, word.s, word.len);
}

const char *const *job_argv(const struct job_spec *spec, struct arena *mem)
{
	_cleanup_(str_done) struct str room = {0};
	const char **words, *at;
	size_t n = 0;

	if (!spec->is_split)
		return spec->argv;
	at = job_command(spec, &room);
	words = arena_array(mem, count_of(at, ' ') + 2, sizeof(*words));
	while (*(at += strspn(at, " ")))
		words[n++] = split_word(mem, &at);
	words[n] = NULL;
	return words;
}

char *job_attempt_text(const char *text, uint32_t attempt)
{
	struct str out = {0};
	const char *at;

	while ((at = strstr(text, JOB_ATTEMPT_WORD)) != NULL) {
		str_addn(&out, text, (size_t)(at - text));
		str_printf(&out, "%u", attempt);
		text = at + strlen(JOB_ATTEMPT_WORD);
	}
	str_add(&out, text);
	return str_take(&out);
}
