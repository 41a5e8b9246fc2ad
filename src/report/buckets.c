/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "report/buckets.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* Applied in this order, each to all of the message. */
static const struct {
	const char *pattern, *replacement;
} rules[] = {
	/* Simulation times. */
	{"@\\s+[0-9.]+\\s+[np]s: ", ""},
	{"\\[[0-9.]+\\s+[np]s\\] ", ""},
	{"\\(time [0-9.]+ [PF]S\\) ", ""},
	/* Removes blanks at the start, and all but one elsewhere. */
	{"^\\s+", ""},
	{"\\s+(?=\\s)", ""},
	/* Keeps the last component of a path through the hierarchy. */
	{"\\w*top\\.\\S+\\.(\\w+)", "$1"},
	{"(?<=Assertion )\\S+\\.(\\w+)", "$1"},
	/* Numbers, in the formats of messages. */
	{"0x\\s*[0-9A-Fa-f]+", "*"},
	{"'h\\s*[0-9A-Fa-f]+", "*"},
	{"(?<=[^a-zA-Z0-9])[0-9]+\\.[0-9]+", "*"},
	{"(?<=[^a-zA-Z0-9()])[0-9]+(?=$|[^a-zA-Z0-9()])", "*"},
	{"(?<= \\()\\s*[0-9]+\\s*(?=\\)(?:$|[ ,.:;]))", "*"},
	{"(?<=[\\w\\]][=:])[0-9A-Fa-f]+(?=$|[ ,.:;])", "*"},
	{"(?<=[\\w\\]][=:] )[0-9A-Fa-f]+(?=$|[ ,.:;])", "*"},
	{"(?<=[\\w\\]] [=:])[0-9A-Fa-f]+(?=$|[ ,.:;])", "*"},
	{"(?<=[\\w\\]] [=:] )[0-9A-Fa-f]+(?=$|[ ,.:;])", "*"},
	{"(?<= )[0-9]+(?=\\S)", "*"},
	{"(?<=\\S)[0-9]+(?=$|[ =\\[,.(])", "*"},
	{"(?<=instance)\\s*=\\s*\\S+", "*"},
};
enum { N_RULES = sizeof(rules) / sizeof(rules[0]) };

struct bucketer {
	pcre2_code *codes[N_RULES];
};

struct bucketer *bucketer_new(void)
{
	struct bucketer *b = xcalloc(1, sizeof(*b));

	for (size_t i = 0; i < N_RULES; i++) {
		PCRE2_SIZE at;
		int rc;

		b->codes[i] = pcre2_compile((PCRE2_SPTR)rules[i].pattern, PCRE2_ZERO_TERMINATED,
					    PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &rc, &at,
					    NULL);
		mem_expect(b->codes[i]); /* the patterns are constants: only memory can be short */
		pcre2_jit_compile(b->codes[i], PCRE2_JIT_COMPLETE);
	}
	return b;
}

void bucketer_free(struct bucketer *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < N_RULES; i++)
		pcre2_code_free(b->codes[i]);
	free(b);
}

/* Writes from to `to`, with the rule applied. If PCRE2 reaches a limit, the text is unchanged. */
static void buckets_substitute(const pcre2_code *code, const char *replacement,
			       const struct str *from, struct str *to)
{
	PCRE2_SIZE n = from->len + 64;
	int rc;

	str_clear(to);
	for (;;) {
		char *room = str_reserve(to, n);

		rc = pcre2_substitute(code, (PCRE2_SPTR)from->s, from->len, 0,
				      PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH |
					      PCRE2_NO_UTF_CHECK,
				      NULL, NULL, (PCRE2_SPTR)replacement, PCRE2_ZERO_TERMINATED,
				      (PCRE2_UCHAR *)room, &n);
		/* Not set: memory itself is exhausted, not the room. */
		if (rc != PCRE2_ERROR_NOMEMORY || n == PCRE2_UNSET)
			break;
	}
	if (rc > 0) {
		to->len = n;
		return;
	}
	str_clear(to);
	str_addn(to, from->s, from->len);
}

void bucketer_key(const struct bucketer *b, const char *message, struct str *out)
{
	size_t len = strlen(message);
	struct str text[2] = {{0}, {0}};

	if (utf8_first_bad(message, len) < len)
		str_add_printable(&text[0], message, len);
	else
		str_addn(&text[0], message, len);
	for (size_t i = 0; i < N_RULES; i++)
		buckets_substitute(b->codes[i], rules[i].replacement, &text[i % 2],
				   &text[(i + 1) % 2]);
	str_addn(out, text[N_RULES % 2].s, text[N_RULES % 2].len);
	str_done(&text[0]);
	str_done(&text[1]);
}
