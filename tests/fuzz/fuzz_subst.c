/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes wildcards. The first line of the input is the text, each other line "name=value"; a value
 * that starts with '[' is a list of blank-separated strings. Commands of {eval_cmd} are collected,
 * and never run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/eval.h"
#include "config/subst.h"

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len);

static const struct hjson_node *find_value(void *ctx, const char *name, size_t len)
{
	return hjson_get_n(ctx, name, len);
}

static struct hjson_node *make_value(struct hjson_doc *doc, char *text)
{
	struct hjson_node *list;
	char *rest = NULL;

	if (*text != '[')
		return hjson_new_string(doc, text, strlen(text), 0);
	list = hjson_new_node(doc, HJSON_ARRAY, 0);
	for (char *w = strtok_r(text + 1, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		hjson_append(doc, list, hjson_new_string(doc, w, strlen(w), 0));
	return list;
}

static struct hjson_node *make_table(struct hjson_doc *doc, char *lines)
{
	struct hjson_node *table = hjson_new_node(doc, HJSON_OBJECT, 0);
	char *rest = NULL;

	for (char *l = strtok_r(lines, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest)) {
		char *value = strchr(l, '=');

		if (value)
			hjson_set(doc, table, l, (size_t)(value - l), make_value(doc, value + 1));
	}
	return table;
}

static void fail(const char *text, const struct str *once, const char *twice)
{
	fprintf(stderr, "'%s' became '%s', then '%s'\n", text, once->s, twice);
	abort();
}

/*
 * The result expands to itself. (This does not hold with commands: the rest of a text belongs to a
 * command.)
 */
static void expand(const struct subst *s, const char *text)
{
	_cleanup_(str_done) struct str once = {0}, twice = {0};
	_cleanup_(subst_error_done) struct subst_error err = {0};
	bool has_command;

	if (subst_expand(s, text, strlen(text), &once, &err) < 0) {
		if (err.node && err.offset >= err.node->n)
			fail(text, &once, "an error behind the end");
		return;
	}
	has_command = strstr(once.s, "eval_cmd") != NULL;
	if (has_command)
		return;
	if (subst_expand(s, once.s, once.len, &twice, &err) < 0)
		fail(text, &once, err.msg);
	if (strcmp(once.s, twice.s) != 0)
		fail(text, &once, twice.s);
}

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len)
{
	static const char *const ignored[] = {"i", NULL};
	_cleanup_(freep) char *text = xstrndup((const char *)input, len);
	char *lines = strchr(text, '\n'), none[] = "";
	struct hjson_doc *doc = hjson_new();
	struct cfg_subst rules = {.lookup = find_value, .no_env = true};
	struct subst s = {.rules = &rules, .doc = doc, .evals = evals_new(), .collect = true};

	if (lines)
		*lines++ = '\0';
	rules.ctx = make_table(doc, lines ? lines : none);
	rules.options.ignored = ignored;
	expand(&s, text);
	rules.options.is_lenient = true;
	expand(&s, text);
	evals_free(s.evals);
	hjson_free(doc);
	return 0;
}
