/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/job/standing.h"

#include <string.h>

#include "base/ascii.h"

const char *const standing_names[] = {"index", "seed", "svseed", NULL};
const struct run_values standing_words = {.text = {"{index}", "{seed}", "{svseed}"}};

enum { WORD_MOST = sizeof("{svseed}") - 1 };

/* Length of the word that s begins with, or 0. */
static size_t standing_word_at(const char *s, enum run_value *ret)
{
	for (int i = 0; *s == '{' && i < N_RUN_VALUES; i++)
		if (str_starts(s, standing_words.text[i])) {
			*ret = (enum run_value)i;
			return strlen(standing_words.text[i]);
		}
	return 0;
}

/* The next word from s on; NULL: none. */
static const char *standing_find(const char *s, enum run_value *ret)
{
	while ((s = strchr(s, '{')) && !standing_word_at(s, ret))
		s++;
	return s;
}

bool standing_is_in(const char *text)
{
	enum run_value value;

	return standing_find(text, &value);
}

/* Does a name that begins between from and s ("{opt_", "{") continue with the word at s? */
static bool is_in_a_name(const char *from, const char *s)
{
	while (s > from && ascii_is_name(s[-1]))
		s--;
	return s > from && s[-1] == '{';
}

bool standing_split(const char *text, struct arena *mem, struct template *ret)
{
	struct template_builder b = {.mem = mem};
	bool is_exact = true;
	enum run_value value;
	const char *word;

	while ((word = standing_find(text, &value))) {
		is_exact &= !is_in_a_name(text, word);
		template_add_text(&b, text, (size_t)(word - text));
		template_add_value(&b, value);
		text = word + strlen(standing_words.text[value]);
	}
	template_add_text(&b, text, strlen(text));
	*ret = template_end(&b);
	return is_exact;
}

bool standing_is_shell_word(const char *text)
{
	_cleanup_(str_done) struct str digits = {0};
	enum run_value value;
	const char *word;

	if (!strchr(text, '{'))
		return str_is_shell_word(text);
	while ((word = standing_find(text, &value))) {
		str_addn(&digits, text, (size_t)(word - text));
		str_addc(&digits, '0');
		text = word + strlen(standing_words.text[value]);
	}
	str_add(&digits, text);
	return str_is_shell_word(digits.s);
}

bool standing_may_agree(const char *a, const char *b)
{
	enum run_value value;
	size_t k = 0;

	while (a[k] && a[k] == b[k])
		k++;
	for (size_t i = k > WORD_MOST ? k - WORD_MOST : 0; i <= k; i++) {
		bool is_in_a = i + standing_word_at(a + i, &value) > k;
		bool is_in_b = i + standing_word_at(b + i, &value) > k;

		if (is_in_a && is_in_b)
			return true;
		if (is_in_a || is_in_b)
			return strchr("0123456789", is_in_a ? b[i] : a[i]) && a[i] && b[i];
	}
	return false;
}
