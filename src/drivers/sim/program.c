/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "drivers/sim/codes.h"
#include "drivers/sim/fault.h"

enum { MOST_OPS = 10000 };

/* "compute 20ms" is {compute: "20ms"}; "barrier" is {barrier: true}. */
static json_t *object_of(const char *text)
{
	const char *blank = strchr(text, ' ');
	size_t n = blank ? (size_t)(blank - text) : strlen(text);
	_cleanup_(freep) char *key = xstrndup(text, n);
	json_t *value = json_true(), *object = json_object();
	char *end;
	long long number;

	if (blank) {
		number = strtoll(blank + 1, &end, 10);
		value = *end || end == blank + 1 ? json_string(blank + 1) : json_integer(number);
	}
	json_object_set_new(object, key, value);
	return object;
}

/* The object's first key is preferred, because a key may name an operation in one object and a
 * detail in another. */
static const struct sim_op_kind *program_kind_of(json_t *object)
{
	const char *first = json_object_iter_key(json_object_iter(object));

	for (const struct sim_op_kind *k = sim_op_kinds; k->name; k++)
		if (first && strcmp(k->name, first) == 0)
			return k;
	for (const struct sim_op_kind *k = sim_op_kinds; k->name; k++)
		if (json_object_get(object, k->name))
			return k;
	return NULL;
}

static bool program_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ' ') && at[n] == ' ')
			return true;
	return false;
}

static int32_t program_check_keys(const struct fields *r, const struct sim_op_kind *k)
{
	const char *key;
	json_t *value;

	json_object_foreach(r->from, key, value)
	{
		(void)value;
		if (strcmp(key, k->name) != 0 && strcmp(key, "only") != 0 &&
		    !program_has_word(k->keys, key))
			return sim_fail(r->err, SIM_BAD_JOB, "%s: '%s' has no key '%.60s'",
					r->where, k->name, key);
	}
	if (k->needs && !json_object_get(r->from, k->needs))
		return sim_fail(r->err, SIM_BAD_JOB, "%s: '%s' needs '%s'", r->where, k->name,
				k->needs);
	return 0;
}

static int32_t read_delay(const struct fields *r, struct sim_op *op)
{
	static const char *const keys[] = {"ms", "max_ms", "dist", "shape", NULL};
	const struct fields inner = {op->value, r->where, r->code, r->err};
	uint64_t ns = 0;

	if (json_is_object(op->value))
		return fields_only(&inner, keys) != 0 ? SIM_BAD_JOB
						      : sim_delay_read(&inner, &op->delay);
	if (fields_time(r, op->kind->name, 0, &ns) != 0)
		return SIM_BAD_JOB;
	op->delay = (struct sim_delay){.ms = (double)ns / 1e6};
	return 0;
}

static int32_t check_words(const struct fields *r, const struct sim_op *op)
{
	size_t i;
	json_t *item;
	bool is_good = json_is_string(op->value) || json_is_array(op->value);

	json_array_foreach(op->value, i, item) is_good = is_good && json_is_string(item);
	return is_good ? 0
		       : sim_fail(r->err, SIM_BAD_JOB, "%s: '%s' must be a text, or a list of them",
				  r->where, op->kind->name);
}

static int32_t program_read_value(const struct fields *r, struct sim_op *op)
{
	const char *key = op->kind->name;

	switch (op->kind->takes) {
	case TAKES_TIME:
		return read_delay(r, op);
	case TAKES_SIZE:
		return fields_size(r, key, &op->bytes);
	case TAKES_TEXT:
	case TAKES_NAME:
		return fields_text(r, key, &op->text);
	case TAKES_WORDS:
		return check_words(r, op);
	case TAKES_CODE:
		return fields_int(r, key, INT32_MIN, INT32_MAX, &op->code);
	case TAKES_SIGNAL:
		op->code = sim_signal_number(op->value);
		return op->code ? 0
				: sim_fail(r->err, SIM_BAD_JOB,
					   "%s: '%s' must be a signal, like \"SEGV\"", r->where,
					   key);
	case TAKES_ANYTHING:
		return 0;
	}
	return 0;
}

static int32_t read_rank(const struct fields *r, struct sim_op *op)
{
	json_t *v = json_object_get(r->from, "rank");
	int64_t rank = SIM_NEXT;

	if (json_is_string(v) && strcmp(json_string_value(v), "previous") == 0)
		rank = SIM_PREVIOUS;
	else if (!(json_is_string(v) && strcmp(json_string_value(v), "next") == 0) &&
		 fields_int(r, "rank", 0, INT32_MAX, &rank) != 0)
		return SIM_BAD_JOB;
	op->rank = (int32_t)rank;
	return 0;
}

static int32_t read_op(const struct fields *r, struct sim_op *op)
{
	op->kind = program_kind_of(r->from);
	if (!op->kind)
		return sim_fail(r->err, SIM_BAD_JOB, "%s: there is no operation '%.60s'", r->where,
				json_object_size(r->from)
					? json_object_iter_key(json_object_iter(r->from))
					: "");
	op->value = json_object_get(r->from, op->kind->name);
	op->only = json_object_get(r->from, "only");
	op->is_busy = json_is_true(json_object_get(r->from, "busy"));
	op->is_leak = json_is_true(json_object_get(r->from, "leak"));
	if (program_check_keys(r, op->kind) != 0 || program_read_value(r, op) != 0 ||
	    read_rank(r, op) != 0 || sim_values_read(r, &op->values) != 0 ||
	    fields_text(r, "to", &op->to) != 0)
		return SIM_BAD_JOB;
	if (program_has_word(op->kind->keys, "name"))
		return fields_text(r, "name", &op->text2);
	return program_has_word(op->kind->keys, "text") ? fields_text(r, "text", &op->text2) : 0;
}

int32_t sim_program_read(json_t *list, struct sim_program *ret, struct dvs_text *err)
{
	size_t i;
	json_t *item;

	*ret = (struct sim_program){.list = json_array()};
	if (list && !json_is_array(list))
		return sim_fail(err, SIM_BAD_JOB, "'program' must be a list of operations");
	if (json_array_size(list) > MOST_OPS)
		return sim_fail(err, SIM_BAD_JOB, "'program' has more than %d operations",
				MOST_OPS);
	ret->ops = xcalloc(json_array_size(list), sizeof(*ret->ops));
	json_array_foreach(list, i, item)
	{
		char where[32];
		json_t *object = json_is_string(item) ? object_of(json_string_value(item))
						      : json_incref(item);

		json_array_append_new(ret->list, object);
		snprintf(where, sizeof(where), "program[%zu]", i);
		if (!json_is_object(object))
			return sim_fail(err, SIM_BAD_JOB, "%s must be an object or a text", where);
		if (read_op(&(struct fields){object, where, SIM_BAD_JOB, err}, &ret->ops[i]) != 0)
			return SIM_BAD_JOB;
		ret->may_take_long |= ret->ops[i].kind->may_take_long;
		ret->n++;
	}
	return 0;
}

void sim_program_done(struct sim_program *p)
{
	json_decref(p->list);
	free(p->ops);
	*p = (struct sim_program){0};
}
