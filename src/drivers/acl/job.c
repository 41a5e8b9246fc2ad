/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/job.h"

#include <string.h>

#include "drivers/acl/images.h"

enum { BLOCKS_MOST = 65535 };

static int read_name(const json_t *image, const char *key, struct arena *mem, const char **ret,
		     struct error *err)
{
	const char *s = json_string_value(json_object_get(image, key));

	if (!s || !*s)
		return error_plain(err, "image.%s must be a text", key);
	*ret = arena_strdup(mem, s);
	return 0;
}

static int read_blocks(const json_t *image, uint32_t *ret, struct error *err)
{
	const json_t *v = json_object_get(image, "blocks");

	*ret = 1;
	if (!v)
		return 0;
	if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > BLOCKS_MOST)
		return error_plain(err, "image.blocks must be from 1 to %d", BLOCKS_MOST);
	*ret = (uint32_t)json_integer_value(v);
	return 0;
}

static int read_image(const json_t *image, struct acl_job *j, struct error *err)
{
	const char *key;
	json_t *v;

	if (!image)
		return 0;
	if (!json_is_object(image))
		return error_plain(err, "image must be { binary, entry, blocks }");
	if (json_object_size(image) == 0)
		return 0;
	json_object_foreach((json_t *)image, key,
			    v) if (strcmp(key, "binary") != 0 && strcmp(key, "entry") != 0 &&
				   strcmp(key, "blocks") !=
					   0) return error_plain(err, "unknown key 'image.%s'",
								 key);
	if (read_name(image, "binary", j->mem, &j->image.binary, err) < 0 ||
	    read_name(image, "entry", j->mem, &j->image.entry, err) < 0)
		return -1;
	if (strlen(j->image.entry) >= ACL_ENTRY_NAME)
		return error_plain(err, "image.entry is too long");
	return read_blocks(image, &j->image.blocks, err);
}

/* What other drivers run. Left alone, the job would pass without it. */
static int refuse_foreign(const json_t *from, struct error *err)
{
	static const char *const foreign[] = {"program", "callable"};

	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (json_object_get(from, foreign[i]))
			return error_plain(err,
					   "'%s' is not for this driver, which runs an 'image'",
					   foreign[i]);
	return 0;
}

static int read_object(const json_t *from, struct acl_job *j, struct error *err)
{
	if (!json_is_object(from))
		return error_plain(err, "the job is not a JSON object");
	if (refuse_foreign(from, err) < 0)
		return -1;
	if (read_image(json_object_get(from, "image"), j, err) < 0)
		return -1;
	if (!j->image.binary && json_object_get(from, "args"))
		return error_plain(err, "args without an image: nothing reads them");
	return tensors_read(json_object_get(from, "args"), j->mem, &j->args, &j->n_args, err);
}

int acl_job_read(const char *json, struct acl_job *ret, struct error *err)
{
	json_t *from = json && *json ? json_loads(json, JSON_REJECT_DUPLICATES, NULL)
				     : json_object();
	int rc;

	*ret = (struct acl_job){.mem = arena_new()};
	rc = read_object(from, ret, err);
	json_decref(from);
	return rc;
}

void acl_job_done(struct acl_job *j)
{
	arena_free(j->mem);
	j->mem = NULL;
}

static size_t align_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

void *acl_job_pack(const struct acl_job *j, void *const *buffers, size_t *ret_bytes,
		   struct error *err)
{
	char *block = arena_zalloc(j->mem, j->n_args * sizeof(uint64_t) + 1);
	size_t at = 0;

	for (size_t i = 0; i < j->n_args; i++) {
		const struct tensor *t = &j->args[i];
		size_t size = t->is_scalar ? t->bytes : sizeof(void *);

		at = align_up(at, size);
		if (!t->is_scalar)
			memcpy(block + at, &buffers[i], sizeof(void *));
		else if (tensor_fill(t, block + at, err) < 0)
			return NULL;
		at += size;
	}
	*ret_bytes = align_up(at, sizeof(void *));
	return block;
}
