/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/command.h"

#include <string.h>

#include "base/str.h"
#include "job/job_spec.h"

/*
 * First words that a POSIX shell, or bash under the name sh, does not simply look up in PATH:
 * reserved words, and builtins whose effect differs from the program of that name.
 */
static const char *const shell_words[] = {
	".",	  ":",	       "alias",	   "bg",      "bind",	  "break",    "builtin",
	"caller", "case",      "cd",	   "command", "compgen",  "complete", "continue",
	"coproc", "declare",   "dirs",	   "disown",  "do",	  "done",     "elif",
	"else",	  "enable",    "esac",	   "eval",    "exec",	  "exit",     "export",
	"fc",	  "fg",	       "fi",	   "for",     "function", "getopts",  "hash",
	"help",	  "history",   "if",	   "in",      "jobs",	  "kill",     "let",
	"local",  "logout",    "mapfile",  "popd",    "printf",	  "pushd",    "pwd",
	"read",	  "readarray", "readonly", "return",  "select",	  "set",      "shift",
	"shopt",  "source",    "suspend",  "test",    "then",	  "time",     "times",
	"trap",	  "type",      "typeset",  "ulimit",  "umask",	  "unalias",  "unset",
	"until",  "wait",      "while",
};

static bool is_shell_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(shell_words); i++)
		if (strcmp(shell_words[i], word) == 0)
			return true;
	return false;
}

/* Reads the word at *at into word, without its quotes. false: a shell is needed. */
static bool take_word(const char **at, const char *end, struct str *word)
{
	const char *s = *at;

	while (s < end && *s != ' ' && *s != '\t') {
		size_t n;

		if (*s == '\'' || *s == '"') {
			n = strcspn(s + 1, *s == '"' ? "\"$`\\" : "'");
			if (s[1 + n] != *s)
				return false; /* an expansion, or no closing quote */
			str_addn(word, s + 1, n);
			s += n + 2;
			continue;
		}
		n = str_starts(s, JOB_ATTEMPT_WORD) ? strlen(JOB_ATTEMPT_WORD)
						    : str_is_shell_char(*s);
		if (n == 0)
			return false;
		str_addn(word, s, n);
		s += n;
	}
	*at = s;
	return true;
}

/* Does the program of this name do the same as the builtin? The programs `true` and `false` read
 * their arguments (--help); options and backslashes of `echo` differ. */
static bool is_same_program(const char *first, const char *const *rest, size_t n)
{
	if (strcmp(first, "true") == 0 || strcmp(first, "false") == 0)
		return n == 0;
	if (strcmp(first, "echo") != 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (rest[i][0] == '-' || strchr(rest[i], '\\'))
			return false;
	return true;
}

static bool starts_like_a_program(const char *first)
{
	return *first && !strchr(first, '=') && !is_shell_word(first);
}

static size_t count_words_at_most(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == ' ' || *text == '\t';
	return n;
}

static size_t trimmed_len(const char *text)
{
	size_t len = strlen(text);

	while (len && strchr(" \t\n", text[len - 1]))
		len--;
	return len;
}

const char *const *command_words(struct arena *mem, const char *text)
{
	_cleanup_(str_done) struct str word = {0};
	const char *end = text + trimmed_len(text);
	const char **words;
	size_t n = 0;

	text += strspn(text, " \t\n");
	if (text >= end)
		return NULL;
	words = arena_array(mem, count_words_at_most(text) + 1, sizeof(*words));
	while (text < end) {
		str_clear(&word);
		str_reserve(&word, 0);
		if (!take_word(&text, end, &word))
			return NULL;
		words[n++] = arena_strndup(mem, word.s, word.len);
		if (n == 1 && !starts_like_a_program(words[0]))
			return NULL;
		text += strspn(text, " \t");
	}
	return is_same_program(words[0], words + 1, n - 1) ? words : NULL;
}

const char *const *command_argv(struct arena *mem, const char *text)
{
	const char *const *words;
	const char **argv;

	if (trimmed_len(text) == 0)
		return NULL;
	words = command_words(mem, text);
	if (words)
		return words;
	argv = arena_array(mem, 4, sizeof(*argv));
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = text;
	return argv;
}

const char *command_shown(struct arena *mem, const char *text)
{
	_cleanup_(str_done) struct str out = {0};

	if (!strpbrk(text, "\n\001"))
		return text;
	for (size_t len = trimmed_len(text); len; len--, text++) {
		size_t n = strlen(JOB_ATTEMPT_WORD);

		if (len >= n && strncmp(text, JOB_ATTEMPT_WORD, n) == 0) {
			str_add(&out, "{attempt}");
			text += n - 1;
			len -= n - 1;
		} else if (*text == '\n') {
			str_add(&out, "\\n");
		} else {
			str_addc(&out, *text);
		}
	}
	return arena_strndup(mem, out.s, out.len);
}

const char *command_shown_argv(struct arena *mem, const char *const *argv)
{
	_cleanup_(str_done) struct str line = {0};

	for (size_t i = 0; argv[i]; i++) {
		if (i)
			str_addc(&line, ' ');
		str_add_shell_word(&line, argv[i]);
	}
	str_reserve(&line, 0);
	return command_shown(mem, arena_strndup(mem, line.s, line.len));
}
