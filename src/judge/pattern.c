/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "judge/pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "judge/pattern_code.h"
#include "judge/python_regex.h"
#include "judge/scan_clock.h"

/* Per line. With PCRE2's default limit, ^(a+)+$ takes a third of a second for each line. */
enum { MATCH_LIMIT = 100000, HEAP_LIMIT_KIB = 64 * 1024 };
enum { JIT_STACK_LEAST = 32 * 1024, JIT_STACK_MOST = 1024 * 1024 };

struct pattern_code {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	char *text;
	bool has_jit;
	pcre2_jit_stack *stack; /* made when the stack of the thread was too small */
	char *prefix;		/* see pattern_prefix(); NULL: unknown */
	size_t prefix_len;
};

static unsigned pattern_characters(const char *s, size_t bytes)
{
	unsigned n = 0;

	for (size_t i = 0; i < bytes && s[i]; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

static void set_error(struct error *err, const struct pattern *p, const char *what, size_t at)
{
	_cleanup_(str_done) struct str text = {0};

	str_add_printable(&text, p->text, strlen(p->text));
	error_set(err, p->pos, "the pattern '%s' does not compile: %s at character %u", text.s,
		  what, pattern_characters(p->text, at) + 1);
}

static pcre2_code *compile_text(const struct pattern *p, const struct python_regex *re,
				struct error *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_ALT_CIRCUMFLEX |
			   (re->is_ascii ? 0 : PCRE2_UCP);
	pcre2_compile_context *ctx = mem_expect(pcre2_compile_context_create(NULL));
	pcre2_code *code;
	PCRE2_SIZE at;
	char what[160];
	int rc;

	pcre2_set_newline(ctx, PCRE2_NEWLINE_LF);
	code = pcre2_compile((PCRE2_SPTR)re->text.s, re->text.len, options, &rc, &at, ctx);
	pcre2_compile_context_free(ctx);
	if (!code) {
		pcre2_get_error_message(rc, (PCRE2_UCHAR *)what, sizeof(what));
		set_error(err, p, what, at < re->text.len ? re->origin.at[at] : strlen(p->text));
	}
	return code;
}

static struct pattern_code *make_code(pcre2_code *code, const struct pattern *p,
				      const struct python_regex *re)
{
	struct pattern_code *c = xcalloc(1, sizeof(*c));

	c->code = code;
	c->text = xstrdup(p->text);
	/* If JIT is not allowed (a hardened host), the interpreter is used, which is slower. */
	c->has_jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
	c->match = mem_expect(pcre2_match_data_create(1, NULL));
	c->limits = mem_expect(pcre2_match_context_create(NULL));
	pcre2_set_match_limit(c->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(c->limits, HEAP_LIMIT_KIB);
	if (re->has_prefix) {
		c->prefix = xstrndup(re->prefix.s, re->prefix.len);
		c->prefix_len = re->prefix.len;
	}
	return c;
}

struct pattern_code *pattern_compile(const struct pattern *p, char **ret_warning, struct error *err)
{
	_cleanup_(python_regex_done) struct python_regex re = {0};
	pcre2_code *code;

	if (ret_warning)
		*ret_warning = NULL;
	if (python_regex_translate(p->text, &re) < 0) {
		set_error(err, p, re.error.s, re.error_at);
		return NULL;
	}
	code = compile_text(p, &re, err);
	if (!code)
		return NULL;
	if (ret_warning && re.warning.len)
		*ret_warning = str_take(&re.warning);
	return make_code(code, p, &re);
}

void pattern_free(struct pattern_code *c)
{
	if (!c)
		return;
	pcre2_jit_stack_free(c->stack);
	pcre2_match_context_free(c->limits);
	pcre2_match_data_free(c->match);
	pcre2_code_free(c->code);
	free(c->prefix);
	free(c->text);
	free(c);
}

const char *pattern_prefix(const struct pattern_code *c, size_t *ret_len)
{
	*ret_len = c->prefix_len;
	return c->prefix;
}

const char *pattern_text(const struct pattern_code *c)
{
	return c->text;
}

/* The interpreter allocates memory, so it must not be left by a jump. It counts all its steps, so
 * the match limit is enough. */
static int pattern_match_text(struct pattern_code *c, const char *line, size_t len,
			      uint32_t options)
{
	bool may_leave = c->has_jit && !(options & PCRE2_NO_JIT);
	int rc;

	if (may_leave)
		scan_clock_enter_match();
	rc = pcre2_match(c->code, (PCRE2_SPTR)line, len, 0, options | PCRE2_NO_UTF_CHECK, c->match,
			 c->limits);
	scan_clock_leave_match();
	return rc;
}

/* Tries again with a larger stack, and then with the interpreter, which uses the heap. */
static int match_deeply(struct pattern_code *c, const char *line, size_t len)
{
	int rc = PCRE2_ERROR_JIT_STACKLIMIT;

	if (!c->stack) {
		c->stack = pcre2_jit_stack_create(JIT_STACK_LEAST, JIT_STACK_MOST, NULL);
		if (c->stack)
			pcre2_jit_stack_assign(c->limits, NULL, c->stack);
		rc = pattern_match_text(c, line, len, 0);
	}
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pattern_match_text(c, line, len, PCRE2_NO_JIT);
	return rc;
}

enum pattern_match pattern_match_line(struct pattern_code *c, const char *line, size_t len)
{
	int rc;

	if (c->prefix && (len < c->prefix_len || memcmp(line, c->prefix, c->prefix_len) != 0))
		return PATTERN_NO;
	rc = pattern_match_text(c, line, len, 0);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = match_deeply(c, line, len);
	if (rc >= 0) /* 0: there are more groups than in the match data, which is a match, too */
		return PATTERN_YES;
	return rc == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_UNDECIDED;
}

static void check_one(const struct pattern *p, struct diags *diags)
{
	struct error err = {0};
	char *warning;
	struct pattern_code *c = pattern_compile(p, &warning, &err);

	if (!c)
		diag_from_error(diags, &err);
	else if (warning)
		diag_warning(diags, p->pos, "the pattern '%s': %s", p->text, warning);
	free(warning);
	pattern_free(c);
}

/* seen: patterns that were compiled already. */
static void check_list(const struct pattern_list *list, struct map *seen, struct diags *diags)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct pattern *p = &list->at[i];

		if (map_has(seen, p->text))
			continue;
		map_set(seen, p->text, seen);
		check_one(p, diags);
	}
}

void pattern_check_plan(const struct plan *plan, struct diags *diags)
{
	static const struct job_rules none;
	const struct job_rules *last = &none;
	struct map seen = {0};

	for (size_t i = 0; i < plan->n_jobs; i++) {
		const struct job_rules *r = plan->jobs[i].rules;

		if (r->pass_patterns.at != last->pass_patterns.at)
			check_list(&r->pass_patterns, &seen, diags);
		if (r->fail_patterns.at != last->fail_patterns.at)
			check_list(&r->fail_patterns, &seen, diags);
		last = r;
	}
	map_done(&seen);
}
