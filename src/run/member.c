/* SPDX-License-Identifier: Apache-2.0 */
#include "run/member.h"

#include "run/plan_text.h"

int member_bad(struct plan_reader *r, const char *key)
{
	if (error_is_set(r->err))
		return -1;
	return error_plain(r->err, "%s[%zu].%s is missing or has a wrong value", r->table, r->at,
			   key);
}

int member_get_text(struct plan_reader *r, const json_t *obj, const char *key, const char **ret)
{
	const json_t *v = json_object_get(obj, key);

	*ret = NULL;
	if (v && !plan_text_read(v, r->mem, ret))
		return member_bad(r, key);
	return 0;
}

int member_need_text(struct plan_reader *r, const json_t *obj, const char *key, const char **ret)
{
	if (member_get_text(r, obj, key, ret) < 0)
		return -1;
	return *ret ? 0 : member_bad(r, key);
}

int member_get_int(struct plan_reader *r, const json_t *obj, const char *key, int64_t least,
		   int64_t most, int64_t *ret)
{
	const json_t *v = json_object_get(obj, key);

	*ret = 0;
	if (!v)
		return 0;
	*ret = json_integer_value(v);
	return json_is_integer(v) && *ret >= least && *ret <= most ? 0 : member_bad(r, key);
}

int member_get_u32(struct plan_reader *r, const json_t *obj, const char *key, uint32_t *ret)
{
	int64_t i;

	if (member_get_int(r, obj, key, 0, UINT32_MAX, &i) < 0)
		return -1;
	*ret = (uint32_t)i;
	return 0;
}

int member_need_index(struct plan_reader *r, const json_t *obj, const char *key, size_t n,
		      size_t *ret)
{
	int64_t i;

	if (!json_object_get(obj, key) || member_get_int(r, obj, key, 0, (int64_t)n - 1, &i) < 0)
		return member_bad(r, key);
	*ret = (size_t)i;
	return 0;
}

int member_get_real(struct plan_reader *r, const json_t *obj, const char *key, double *ret)
{
	const json_t *v = json_object_get(obj, key);

	*ret = v ? json_number_value(v) : 0;
	return !v || json_is_number(v) ? 0 : member_bad(r, key);
}

int member_get_pos(struct plan_reader *r, const json_t *obj, struct src_pos *ret)
{
	const json_t *v = json_object_get(obj, "pos");
	json_int_t file = json_integer_value(json_array_get(v, 0));

	if (!v)
		return 0;
	if (json_array_size(v) != 3 || file < 0 || (size_t)file >= r->n_files)
		return member_bad(r, "pos");
	ret->file = r->files[file];
	ret->line = (unsigned)json_integer_value(json_array_get(v, 1));
	ret->col = (unsigned)json_integer_value(json_array_get(v, 2));
	return 0;
}

static int member_read_word(struct plan_reader *r, const json_t *v, const char *command,
			    const char **ret)
{
	if (json_is_null(v))
		*ret = command;
	else if (!json_is_integer(v))
		return plan_text_read(v, r->mem, ret) && *ret ? 0 : -1;
	else if (json_integer_value(v) < 0 || (size_t)json_integer_value(v) >= r->n_strings)
		return -1;
	else
		*ret = r->strings[json_integer_value(v)];
	return *ret ? 0 : -1;
}

int member_get_words(struct plan_reader *r, const json_t *obj, const char *key, const char *command,
		     const char *const **ret)
{
	const json_t *v = json_object_get(obj, key);
	const char **words;

	*ret = NULL;
	if (!v)
		return 0;
	if (!json_is_array(v))
		return member_bad(r, key);
	words = arena_array(r->mem, json_array_size(v) + 1, sizeof(*words));
	for (size_t i = 0; i < json_array_size(v); i++)
		if (member_read_word(r, json_array_get(v, i), command, &words[i]) < 0)
			return member_bad(r, key);
	*ret = words;
	return 0;
}
