/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses and runs a command in one pass from left to right. Every function returns false for
 * anything that it does not support; that is safe at any point, because these commands have no side
 * effects. Values contain only plain characters and blanks, so word splitting matches no file names
 * and does not depend on the locale.
 */
#include "config/text_command.h"

#include "base/ascii.h"
#include "base/mem.h"
#include "config/text_filter.h"

enum { NAME_LEN = 64, VARS_MOST = 8, COMMAND_MOST = 64 * 1024, TEXT_MOST = 64 * 1024 };

struct text_var {
	char name[NAME_LEN];
	struct str value;
};

struct text_shell {
	const char *at;
	struct text_regexes *regexes;
	struct text_var vars[VARS_MOST];
	size_t n_vars;
	bool is_in_loop, is_in_backticks;
};

enum word_kind { WORD_OF_ECHO, WORD_OF_LOOP, WORD_OF_VALUE };

/* The words of a command, with one blank between them. */
struct words {
	enum word_kind kind;
	struct str text;
	size_t n;
	bool is_open; /* the last word is not complete yet */
};

static bool add_word_to(struct text_shell *sh, struct words *to);

/* ---- characters ---- */

/* The next character, after skipping line continuations. */
static char command_peek(struct text_shell *sh)
{
	while (sh->at[0] == '\\' && sh->at[1] == '\n')
		sh->at += 2;
	return *sh->at;
}

static bool command_take(struct text_shell *sh, char c)
{
	if (command_peek(sh) != c)
		return false;
	sh->at++;
	return true;
}

static bool command_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct text_shell *sh)
{
	while (command_is_blank(command_peek(sh)))
		sh->at++;
}

static bool is_end_of_command(struct text_shell *sh)
{
	char c = command_peek(sh);

	return !c || c == ';' || (c == '`' && sh->is_in_backticks);
}

/* Reads the name of a variable. Names of the shell's own variables, which begin in upper case or
 * with '_', are not accepted. */
static bool command_take_word(struct text_shell *sh, char ret[NAME_LEN])
{
	size_t n = 0;
	char c = command_peek(sh);

	if (c < 'a' || c > 'z')
		return false;
	for (; ascii_is_name(c); c = command_peek(sh)) {
		if (n == NAME_LEN - 1)
			return false;
		ret[n++] = c;
		sh->at++;
	}
	ret[n] = '\0';
	return true;
}

/* Reads the given word and the blanks after it. */
static bool take_keyword(struct text_shell *sh, const char *word)
{
	char name[NAME_LEN];

	if (!command_take_word(sh, name) || strcmp(name, word) != 0 ||
	    !command_is_blank(command_peek(sh)))
		return false;
	skip_blanks(sh);
	return true;
}

/* ---- variables ---- */

static struct text_var *find_var(struct text_shell *sh, const char *name)
{
	for (size_t i = 0; i < sh->n_vars; i++)
		if (strcmp(sh->vars[i].name, name) == 0)
			return &sh->vars[i];
	return NULL;
}

static bool set_var(struct text_shell *sh, const char *name, const char *value, size_t len)
{
	struct text_var *v = find_var(sh, name);

	if (!v && sh->n_vars == VARS_MOST)
		return false;
	if (!v) {
		v = &sh->vars[sh->n_vars++];
		strcpy(v->name, name);
	}
	str_clear(&v->value);
	str_addn(&v->value, value, len);
	return true;
}

/* ---- words ---- */

static void open_word(struct words *to)
{
	if (!to->is_open && to->n++)
		str_addc(&to->text, ' ');
	to->is_open = true;
}

static bool add_char(struct words *to, char c)
{
	open_word(to);
	str_addc(&to->text, c);
	return to->text.len <= TEXT_MOST;
}

/* Adds the value of $name or of a command in backticks. Blanks in it end words, except in quotes
 * and assignments. */
static bool add_value(struct words *to, const struct str *value, bool is_quoted)
{
	for (size_t i = 0; i < value->len; i++) {
		if (value->s[i] == ' ' && !is_quoted && to->kind != WORD_OF_VALUE)
			to->is_open = false;
		else if (!add_char(to, value->s[i]))
			return false;
	}
	return true;
}

static bool take_variable(struct text_shell *sh, struct words *to, bool is_quoted)
{
	char name[NAME_LEN];
	const struct text_var *v;

	if (!command_take(sh, '$') || !command_take_word(sh, name))
		return false;
	v = find_var(sh, name);
	return v && add_value(to, &v->value, is_quoted);
}

/* ---- echo and its filters ---- */

static bool take_quoted_of_filter(struct text_shell *sh, char quote, char *word, size_t *n)
{
	for (sh->at++; *sh->at != quote; sh->at++) {
		bool is_any = quote == '\'' && !sh->is_in_backticks;

		if (!*sh->at || *sh->at == '\n' || *n == TEXT_FILTER_WORD_LEN - 1)
			return false;
		if (!is_any && !str_is_shell_char(*sh->at) && *sh->at != ' ')
			return false;
		word[(*n)++] = *sh->at;
	}
	sh->at++;
	return true;
}

static bool take_word_of_filter(struct text_shell *sh, struct text_filter *f)
{
	char *word, c;
	size_t n = 0;

	if (f->n == TEXT_FILTER_WORDS_MOST)
		return false;
	word = f->words[f->n++];
	while ((c = command_peek(sh)) && !command_is_blank(c) && c != '|' &&
	       !is_end_of_command(sh)) {
		if (c == '\'' || (c == '"' && !sh->is_in_backticks)) {
			if (!take_quoted_of_filter(sh, c, word, &n))
				return false;
		} else if (str_is_shell_char(c) && n < TEXT_FILTER_WORD_LEN - 1) {
			word[n++] = c;
			sh->at++;
		} else {
			return false;
		}
	}
	word[n] = '\0';
	return true;
}

/* Reads and runs a filter, after the '|'. */
static bool run_filter(struct text_shell *sh, struct str *line)
{
	struct text_filter f = {0};

	for (skip_blanks(sh); command_peek(sh) != '|' && !is_end_of_command(sh); skip_blanks(sh))
		if (!take_word_of_filter(sh, &f))
			return false;
	return f.n > 0 && text_filter_run(&f, sh->regexes, line);
}

/* Reads and runs the rest of an echo command, after the word echo. */
static bool run_echo(struct text_shell *sh, struct str *ret)
{
	_cleanup_(str_done) struct str line = {0};
	struct words words = {.kind = WORD_OF_ECHO};
	bool is_good = true;

	for (skip_blanks(sh); is_good && command_peek(sh) != '|' && !is_end_of_command(sh);
	     skip_blanks(sh))
		is_good = add_word_to(sh, &words);
	line = words.text;
	str_add(&line, "");
	if (!is_good || line.s[0] == '-') /* may be an option */
		return false;
	while (command_take(sh, '|'))
		if (!run_filter(sh, &line))
			return false;
	str_addn(ret, line.s, line.len);
	str_addc(ret, '\n');
	return is_end_of_command(sh) && ret->len <= TEXT_MOST;
}

/* Reads and runs a command from one '`' to the other. */
static bool take_backticks(struct text_shell *sh, struct words *to, bool is_quoted)
{
	_cleanup_(str_done) struct str said = {0};

	if (sh->is_in_backticks || !command_take(sh, '`'))
		return false;
	sh->is_in_backticks = true;
	skip_blanks(sh);
	if (!take_keyword(sh, "echo") || !run_echo(sh, &said) || !command_take(sh, '`'))
		return false;
	sh->is_in_backticks = false;
	said.len--; /* the newline */
	return add_value(to, &said, is_quoted);
}

static bool take_double_quoted(struct text_shell *sh, struct words *to)
{
	char c;

	sh->at++;
	open_word(to);
	while ((c = command_peek(sh)) != '"') {
		bool is_good = c == '$'	  ? take_variable(sh, to, true)
			       : c == '`' ? take_backticks(sh, to, true)
					  : (str_is_shell_char(c) || c == ' ') && add_char(to, c);

		if (!is_good)
			return false;
		sh->at += c != '$' && c != '`';
	}
	sh->at++;
	return true;
}

static bool take_single_quoted(struct text_shell *sh, struct words *to)
{
	open_word(to);
	for (sh->at++; *sh->at != '\''; sh->at++)
		if ((!str_is_shell_char(*sh->at) && *sh->at != ' ') || !add_char(to, *sh->at))
			return false;
	sh->at++;
	return true;
}

/* Reads the next part of a word. */
static bool take_part(struct text_shell *sh, struct words *to)
{
	char c = command_peek(sh);

	if (c == '$')
		return take_variable(sh, to, false);
	if (c == '`')
		return take_backticks(sh, to, false);
	if (c == '\'' && to->kind != WORD_OF_LOOP)
		return take_single_quoted(sh, to);
	if (c == '"' && to->kind != WORD_OF_LOOP && !sh->is_in_backticks)
		return take_double_quoted(sh, to);
	if (!str_is_shell_char(c) || !add_char(to, c))
		return false;
	sh->at++;
	return true;
}

static bool add_word_to(struct text_shell *sh, struct words *to)
{
	char c;

	while ((c = command_peek(sh)) && !command_is_blank(c) && c != '|' && !is_end_of_command(sh))
		if (!take_part(sh, to))
			return false;
	to->is_open = false;
	return true;
}

/* ---- commands ---- */

static bool run_list(struct text_shell *sh, struct str *ret);

/* Reads and runs an assignment, after NAME=. */
static bool run_assignment(struct text_shell *sh, const char *name)
{
	struct words value = {.kind = WORD_OF_VALUE};
	bool is_good = add_word_to(sh, &value);

	str_add(&value.text, "");
	skip_blanks(sh);
	is_good = is_good && is_end_of_command(sh) &&
		  set_var(sh, name, value.text.s, value.text.len);
	str_done(&value.text);
	return is_good;
}

static bool run_loop_over(struct text_shell *sh, const char *name, const char *words,
			  struct str *ret)
{
	const char *body = sh->at;

	sh->is_in_loop = true;
	while (*words) {
		size_t len = strcspn(words, " ");

		sh->at = body;
		if (!set_var(sh, name, words, len) || !run_list(sh, ret))
			return false;
		words += len + (words[len] == ' ');
	}
	sh->is_in_loop = false;
	return sh->at != body; /* otherwise the body never ran, so its end is unknown */
}

/* Reads and runs a loop, after the word for. */
static bool run_loop(struct text_shell *sh, struct str *ret)
{
	struct words words = {.kind = WORD_OF_LOOP};
	char name[NAME_LEN];
	bool is_good = !sh->is_in_loop && command_is_blank(command_peek(sh));

	skip_blanks(sh);
	is_good = is_good && command_take_word(sh, name) && command_is_blank(command_peek(sh));
	skip_blanks(sh);
	is_good = is_good && take_keyword(sh, "in");
	for (; is_good && command_peek(sh) != '|' && !is_end_of_command(sh); skip_blanks(sh))
		is_good = add_word_to(sh, &words);
	is_good = is_good && command_take(sh, ';');
	skip_blanks(sh);
	str_add(&words.text, "");
	is_good = is_good && take_keyword(sh, "do") && run_loop_over(sh, name, words.text.s, ret);
	str_done(&words.text);
	return is_good;
}

/* Reads and runs commands up to the end of the text, or to the `done` of a loop. */
static bool run_list(struct text_shell *sh, struct str *ret)
{
	bool is_first = true;
	char name[NAME_LEN];

	for (;; is_first = false) {
		skip_blanks(sh);
		if (!is_first && !command_peek(sh))
			return !sh->is_in_loop;
		if (!command_take_word(sh, name))
			return false;
		if (command_take(sh, '=')) {
			if (!run_assignment(sh, name))
				return false;
		} else if (strcmp(name, "done") == 0) {
			return sh->is_in_loop && !is_first;
		} else if (strcmp(name, "for") == 0) {
			if (!run_loop(sh, ret))
				return false;
		} else if (strcmp(name, "echo") != 0 ||
			   (!command_is_blank(command_peek(sh)) && !is_end_of_command(sh)) ||
			   !run_echo(sh, ret)) {
			return false;
		}
		skip_blanks(sh);
		if (command_peek(sh) && !command_take(sh, ';'))
			return false;
	}
}

bool text_command_run(const char *cmd, struct text_regexes *regexes, struct str *ret)
{
	struct text_shell sh = {.regexes = regexes};
	_cleanup_(str_done) struct str said = {0}, text = {0};
	size_t len = strlen(cmd);
	bool is_good;

	while (len && (command_is_blank(cmd[len - 1]) || cmd[len - 1] == '\n'))
		len--;
	if (len == 0 || len > COMMAND_MOST)
		return false;
	str_addn(&text, cmd, len);
	sh.at = text.s;
	is_good = run_list(&sh, &said);
	if (is_good)
		str_addn(ret, said.s, said.len);
	for (size_t i = 0; i < sh.n_vars; i++)
		str_done(&sh.vars[i].value);
	return is_good;
}
