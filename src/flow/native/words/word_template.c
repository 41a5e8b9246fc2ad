/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/native/words/word_template.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "job/job_spec.h"

struct compiler {
	struct load *load;
	const struct sweep *sweep;
	const char *key;
	const struct text *text;
	enum template_words allowed;
	struct template_builder out;
	bool has_attempt;
};

static void add_text(struct compiler *c, const char *s)
{
	template_add_text(&c->out, s, strlen(s));
}

/* Length of the word in "{word}" at s, or 0. */
static size_t word_at(const char *s)
{
	size_t n;

	if (*s != '{')
		return 0;
	n = strcspn(s + 1, "{}");
	return s[1 + n] == '}' && text_is_word(s + 1, n) ? n : 0;
}

struct own_word {
	const char *name;
	uint32_t value;
	enum template_words kind;
};

/* Built-in words whose values differ between jobs. */
static const struct own_word own_words[] = {
	{"name", VALUE_NAME, WORDS_NAME}, {"odir", VALUE_ODIR, WORDS_DIRS},
	{"log", VALUE_LOG, WORDS_DIRS},	  {"needs", VALUE_NEEDS, WORDS_DIRS},
	{"attempt", 0, WORDS_ATTEMPT},
};

static const struct own_word *find_own_word(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(own_words); i++)
		if (strlen(own_words[i].name) == len && memcmp(own_words[i].name, word, len) == 0)
			return &own_words[i];
	return NULL;
}

static void refuse_word(struct compiler *c, const struct own_word *w)
{
	struct diag *e = cfg_error(c->load->cfg, c->load->diags, c->text->at,
				   "{%s} cannot be used in '%s'", w->name, c->key);

	if (w->kind == WORDS_ATTEMPT)
		diag_hint(e, "the number of the attempt is known only when the job starts: use it "
			     "in 'command', 'argv' or 'env'");
}

static void push_own_word(struct compiler *c, const struct own_word *w)
{
	if (!(c->allowed & w->kind)) {
		refuse_word(c, w);
	} else if (w->kind == WORDS_ATTEMPT) {
		add_text(c, JOB_ATTEMPT_WORD);
		c->has_attempt = true;
	} else {
		template_add_value(&c->out, w->value);
	}
}

/* A name that {…} may hold here and that is similar to word; NULL: none. */
static const char *template_word_suggest(const struct compiler *c, const char *word)
{
	const struct map *vars = &c->load->vars.values;
	size_t n = 0, at = 0;
	const char **names = xreallocarray(NULL, vars->n_live + c->sweep->n_axes + VARS_N_BUILTIN,
					   sizeof(*names));
	const struct map_entry *e;
	const char *near;

	for (; n < VARS_N_BUILTIN; n++)
		names[n] = vars_builtin[n];
	for (uint32_t i = 0; i < c->sweep->n_axes; i++)
		names[n++] = c->sweep->axes[i];
	while ((e = map_next(vars, &at)) != NULL)
		names[n++] = e->key;
	near = str_suggest(word, names, n);
	free(names);
	return near;
}

static void warn_of_unknown_word(struct compiler *c, const char *s, size_t len)
{
	const char *word = arena_strndup(c->load->mem, s, len), *near;
	struct diag *w;

	if (map_has(&c->load->vars.axes, word)) {
		cfg_warning(c->load->cfg, c->load->diags, c->text->at,
			    "'%s' holds {%s}, which is an axis of another sweep; here it stays as "
			    "it is",
			    c->key, word);
		return;
	}
	if (strcmp(word, "eval_cmd") == 0) {
		cfg_warning(
			c->load->cfg, c->load->diags, c->text->at,
			"'%s' holds {eval_cmd}, which this flow does not run; it stays as it is",
			c->key);
		return;
	}
	near = template_word_suggest(c, word);
	if (!near)
		return;
	w = cfg_warning(c->load->cfg, c->load->diags, c->text->at,
			"'%s' holds the unknown word {%s}; it stays as it is", c->key, word);
	diag_hint(w, "did you mean {%s}? If not, write {{%s}}", near, word);
}

static void refuse_unknown(struct compiler *c, const char *s, size_t len)
{
	const char *word = arena_strndup(c->load->mem, s, len),
		   *near = template_word_suggest(c, word);
	struct diag *e = cfg_error(c->load->cfg, c->load->diags, c->text->at,
				   "'%s' holds the unknown word {%s}", c->key, word);

	if (near)
		diag_hint(e, "did you mean {%s}? For a literal {%s} write {{%s}}", near, word,
			  word);
	else
		diag_hint(e, "define '%s' in 'vars'; for a literal {%s} write {{%s}}", word, word,
			  word);
}

static bool is_known(const struct compiler *c, const char *word, size_t len)
{
	return sweep_find(c->sweep, word, len) >= 0 || vars_is_builtin(word, len) ||
	       map_get_n(&c->load->vars.values, word, len);
}

static void warn_of_shell_word(struct compiler *c, const char *word, size_t len)
{
	int n = (int)len;

	if (is_known(c, word, len))
		diag_hint(cfg_warning(c->load->cfg, c->load->diags, c->text->at,
				      "'%s' holds ${%.*s}, which is left to the shell", c->key, n,
				      word),
			  "for the value known here write {%.*s}", n, word);
}

const char *word_template_json_value(struct arena *mem, const char *value)
{
	struct json_out out;
	const char *escaped;

	if (!strpbrk(value, "\"\\\n\t"))
		return value;
	jout_init(&out, -1, 0);
	jout_string(&out, value);
	escaped = arena_strndup(mem, out.buf.s + 1, out.buf.len - 2);
	jout_done(&out);
	return escaped;
}

static void push_word(struct compiler *c, const char *word, size_t len)
{
	int axis = sweep_find(c->sweep, word, len);
	const struct own_word *own = find_own_word(word, len);
	const char *value = map_get_n(&c->load->vars.values, word, len);

	if (axis >= 0) {
		template_add_value(&c->out, VALUE_FIRST_AXIS + (uint32_t)axis);
	} else if (own) {
		push_own_word(c, own);
	} else if (value) {
		add_text(c, c->allowed & WORDS_IN_JSON
				    ? word_template_json_value(c->load->mem, value)
				    : value);
	} else if (c->allowed & WORDS_KNOWN) {
		refuse_unknown(c, word, len);
	} else {
		template_add_text(&c->out, word - 1, len + 2);
		warn_of_unknown_word(c, word, len);
	}
}

/* Adds the word, or the text up to the next one, at s. Returns its end. */
static const char *template_take_next(struct compiler *c, const char *s)
{
	size_t n = strcspn(s, "{$");

	if (n) {
		template_add_text(&c->out, s, n);
		return s + n;
	}
	if (*s == '$' && (n = word_at(s + 1)) > 0) {
		warn_of_shell_word(c, s + 2, n);
		template_add_text(&c->out, s, n + 3);
		return s + n + 3;
	}
	if (*s == '{' && (n = word_at(s + 1)) > 0 && s[n + 3] == '}') {
		template_add_text(&c->out, s + 1, n + 2);
		return s + n + 4;
	}
	if ((n = word_at(s)) > 0) {
		push_word(c, s + 1, n);
		return s + n + 2;
	}
	template_add_text(&c->out, s, 1);
	return s + 1;
}

void word_template_compile(struct load *l, const struct sweep *sweep, const char *key,
			   const struct text *text, enum template_words allowed,
			   struct template *ret)
{
	struct compiler c = {.load = l,
			     .sweep = sweep,
			     .key = key,
			     .text = text,
			     .allowed = allowed,
			     .out = {.mem = l->mem}};

	if (!text_is_clean(text->s))
		cfg_error(l->cfg, l->diags, text->at, "'%s' holds a control character: %s", key,
			  text_printable(l->mem, text->s));
	for (const char *s = text->s; *s;)
		s = template_take_next(&c, s);
	*ret = template_end(&c.out);
	ret->has_attempt = c.has_attempt;
	ret->text = text;
}
