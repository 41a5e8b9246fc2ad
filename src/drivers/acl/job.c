/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/job.h"

#include <string.h>

#include "drivers/acl/images.h"
#include "drivers/fields.h"

enum { BLOCKS_MOST = 65535 };

static int32_t acl_job_read_name(const struct fields *f, const char *key, struct arena *mem,
				 const char **ret)
{
	const char *s = "";
	int32_t code = fields_text(f, key, &s);

	if (code == 0 && !*s)
		return fields_wrong(f, key, "a text");
	*ret = arena_strdup(mem, s);
	return code;
}

static int32_t read_kernel(const struct fields *f, struct acl_job *j)
{
	static const char *const known[] = {"binary", "entry", "blocks", NULL};
	int64_t n_blocks = 1;

	if (fields_only(f, known) != 0 ||
	    acl_job_read_name(f, "binary", j->mem, &j->image.binary) != 0 ||
	    acl_job_read_name(f, "entry", j->mem, &j->image.entry) != 0 ||
	    fields_int(f, "blocks", 1, BLOCKS_MOST, &n_blocks) != 0)
		return f->code;
	if (strlen(j->image.entry) >= ACL_ENTRY_NAME)
		return fields_wrong(f, "entry", "shorter");
	j->image.blocks = (uint32_t)n_blocks;
	return 0;
}

static int acl_job_read_image(json_t *image, struct acl_job *j, struct error *err)
{
	char words[FIELDS_WORDS] = "";
	struct dvs_text text = {words, sizeof(words)};
	const struct fields f = {image, "image", -1, &text};

	if (!image)
		return 0;
	if (!json_is_object(image))
		return error_plain(err, "image must be { binary, entry, blocks }");
	return json_object_size(image) == 0 ? 0 : fields_error(&f, read_kernel(&f, j), err);
}

/* Keys of other drivers are an error, because the job would pass without running them. */
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
	if (refuse_foreign(from, err) < 0)
		return -1;
	if (acl_job_read_image(json_object_get(from, "image"), j, err) < 0)
		return -1;
	if (!j->image.binary && json_object_get(from, "args"))
		return error_plain(err, "args need an image that reads them");
	return tensors_read(json_object_get(from, "args"), j->mem, &j->args, &j->n_args, err);
}

int acl_job_read(const char *json, struct acl_job *ret, struct error *err)
{
	char words[FIELDS_WORDS] = "";
	struct dvs_text text = {words, sizeof(words)};
	const struct fields f = {fields_parse(json, "job", &text), "job", -1, &text};
	int rc;

	*ret = (struct acl_job){.mem = arena_new()};
	rc = f.from ? read_object(f.from, ret, err) : fields_error(&f, f.code, err);
	json_decref(f.from);
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
