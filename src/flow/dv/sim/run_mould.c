/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/dv/sim/run_mould.h"

#include <string.h>

#include "base/str.h"

/* All of one length, which differ in the letter at LETTER_AT. */
static const char *const words[N_RUN_VALUES] = {"@@dvsched:i@@", "@@dvsched:s@@", "@@dvsched:v@@"};
static const char letters[N_RUN_VALUES] = {'i', 's', 'v'};
enum { LETTER_AT = 10, WORD_LEN = 13 };

/* A text up to a value, and which. */
struct piece {
	const char *text;
	size_t len;
	enum run_value value; /* N_RUN_VALUES: the text's end */
};

struct mould_text {
	const char *text; /* NULL: there is none */
	struct piece *pieces;
	size_t n_pieces; /* 0: the same in all runs */
};

/* One that is being cast. */
struct cast {
	struct arena *mem;
	const struct run_values *values;
	size_t lens[N_RUN_VALUES + 1]; /* of no value: 0 */
};

struct run_mould {
	struct job_spec like; /* what all have */
	struct job_steps steps;
	struct mould_text id, name, odir, log_path, command, removed;
	struct mould_text *argv;
	size_t argc;
};

struct run_values run_mould_words(void)
{
	return (struct run_values){{words[RUN_INDEX], words[RUN_SEED], words[RUN_SVSEED]}};
}

/* ---- texts ---- */

static const char *find_word(const char *text, enum run_value *ret)
{
	while ((text = strstr(text, "@@dvsched:"))) {
		for (int i = 0; i < N_RUN_VALUES; i++)
			if (text[LETTER_AT] == letters[i] &&
			    str_starts(text + LETTER_AT + 1, "@@")) {
				*ret = (enum run_value)i;
				return text;
			}
		text++;
	}
	return NULL;
}

static struct mould_text take_apart(struct arena *mem, const char *text)
{
	struct mould_text ret = {.text = text};
	enum run_value value;
	const char *at, *found;
	size_t n = 0;

	for (at = text; at && (at = find_word(at, &value)); at += WORD_LEN)
		n++;
	if (n == 0)
		return ret;
	ret.pieces = arena_array(mem, n + 1, sizeof(*ret.pieces));
	for (at = text; (found = find_word(at, &value)); at = found + WORD_LEN)
		ret.pieces[ret.n_pieces++] = (struct piece){at, (size_t)(found - at), value};
	ret.pieces[ret.n_pieces++] = (struct piece){at, strlen(at), N_RUN_VALUES};
	return ret;
}

static const char *put_in(const struct mould_text *t, const struct cast *c)
{
	size_t len = 0;
	char *ret, *to;

	if (t->n_pieces == 0)
		return t->text;
	for (size_t i = 0; i < t->n_pieces; i++)
		len += t->pieces[i].len + c->lens[t->pieces[i].value];
	ret = to = arena_alloc_text(c->mem, len);
	for (size_t i = 0; i < t->n_pieces; i++) {
		const struct piece *p = &t->pieces[i];

		memcpy(to, p->text, p->len);
		to += p->len;
		if (p->value != N_RUN_VALUES)
			memcpy(to, c->values->text[p->value], c->lens[p->value]);
		to += c->lens[p->value];
	}
	*to = '\0';
	return ret;
}

/* ---- jobs ---- */

static bool is_same_steps(const struct job_steps *a, const struct job_steps *b)
{
	return str_eq(a->remove_before, b->remove_before) && str_eq(a->write_path, b->write_path) &&
	       str_eq(a->write_text, b->write_text) &&
	       str_eq(a->remove_unless_passed, b->remove_unless_passed) &&
	       str_eq(a->coverage_path, b->coverage_path) && str_eq(a->vplan_path, b->vplan_path);
}

static bool is_same_job(const struct job_spec *a, const struct job_spec *b)
{
	size_t i = 0;

	while (a->argv[i] && b->argv[i] && strcmp(a->argv[i], b->argv[i]) == 0)
		i++;
	return !a->argv[i] && !b->argv[i] && strcmp(a->id, b->id) == 0 &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->odir, b->odir) == 0 &&
	       strcmp(a->log_path, b->log_path) == 0 && strcmp(a->command, b->command) == 0 &&
	       str_eq(a->subject, b->subject) && a->is_split == b->is_split &&
	       !a->steps == !b->steps && (!a->steps || is_same_steps(a->steps, b->steps));
}

struct run_mould *run_mould_new(struct arena *mem, const struct job_spec *job,
				const struct job_spec *first, const struct run_values *v)
{
	struct run_mould *m = arena_zalloc(mem, sizeof(*m));
	struct job_spec trial = {0};

	m->like = *job;
	m->id = take_apart(mem, job->id);
	m->name = take_apart(mem, job->name);
	m->odir = take_apart(mem, job->odir);
	m->log_path = take_apart(mem, job->log_path);
	m->command = take_apart(mem, job->command);
	if (job->steps) {
		m->steps = *job->steps;
		m->removed = take_apart(mem, job->steps->remove_unless_passed);
	}
	while (job->argv[m->argc])
		m->argc++;
	m->argv = arena_array(mem, m->argc, sizeof(*m->argv));
	for (size_t i = 0; i < m->argc; i++)
		m->argv[i] = take_apart(mem, job->argv[i]);
	run_mould_cast(m, mem, v, &trial);
	return is_same_job(&trial, first) ? m : NULL;
}

void run_mould_cast(const struct run_mould *m, struct arena *mem, const struct run_values *v,
		    struct job_spec *ret)
{
	const char **argv = arena_alloc(mem, (m->argc + 1) * sizeof(*argv));
	struct cast c = {.mem = mem, .values = v};

	for (int i = 0; i < N_RUN_VALUES; i++)
		c.lens[i] = strlen(v->text[i]);
	for (size_t i = 0; i < m->argc; i++)
		argv[i] = put_in(&m->argv[i], &c);
	argv[m->argc] = NULL;
	*ret = m->like;
	ret->argv = argv;
	ret->id = put_in(&m->id, &c);
	ret->name = put_in(&m->name, &c);
	ret->odir = put_in(&m->odir, &c);
	ret->log_path = put_in(&m->log_path, &c);
	ret->command = put_in(&m->command, &c);
	if (m->removed.n_pieces) {
		struct job_steps *steps = arena_memdup(mem, &m->steps, sizeof(m->steps));

		steps->remove_unless_passed = put_in(&m->removed, &c);
		ret->steps = steps;
	}
}
