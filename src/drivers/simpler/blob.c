/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/str.h"

/* Two such files fit into offsets of 32 bits. */
enum { LARGEST_FILE = 1 << 30 };

static int32_t read_direction(const struct fields *r, const char *key, const char *word, size_t n,
			      struct simpler_signature *ret, unsigned most)
{
	static const char *const names[] = {"scalar", "in", "out", "inout"};

	if (ret->n == most)
		return simpler_fail(r->err, r->code, "%s: '%s' has more than %u arguments",
				    r->where, key, most);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i]) == n && memcmp(names[i], word, n) == 0) {
			ret->directions[ret->n++] = (uint8_t)i;
			return 0;
		}
	return simpler_fail(r->err, r->code,
			    "%s: '%s' may have in, out, inout and scalar, not '%.*s'", r->where,
			    key, n < 60 ? (int)n : 60, word);
}

static int32_t blob_read_words(const struct fields *r, const char *key, const char *text,
			       unsigned most, struct simpler_signature *ret)
{
	static const char blanks[] = " \t";
	int32_t c;

	if (!text[strspn(text, blanks)])
		return 0;
	for (const char *at = text;; at++) {
		const char *word = at + strspn(at, blanks);
		size_t n = strcspn(word, ",");

		at = word + n;
		while (n && strchr(blanks, word[n - 1]))
			n--;
		if ((c = read_direction(r, key, word, n, ret, most)))
			return c;
		if (!*at)
			return 0;
	}
}

/* "in,out,inout,scalar", or a list of these. */
static int32_t read_signature(const struct fields *r, const char *key, unsigned most,
			      struct simpler_signature *ret)
{
	json_t *v = json_object_get(r->from, key), *one;
	size_t i;
	int32_t c = 0;

	*ret = (struct simpler_signature){0};
	if (json_is_string(v))
		return blob_read_words(r, key, json_string_value(v), most, ret);
	if (!json_is_array(v))
		return simpler_fail(
			r->err, r->code,
			"%s: '%s' must say what the arguments are, such as \"in,in,out\"", r->where,
			key);
	json_array_foreach(v, i, one)
	{
		if (!json_is_string(one))
			return simpler_fail(r->err, r->code, "%s: '%s' is a list of texts",
					    r->where, key);
		if ((c = read_direction(r, key, json_string_value(one), json_string_length(one),
					ret, most)))
			break;
	}
	return c;
}

/* A file that is part of the callable. */
static int32_t blob_read_image(const struct fields *r, const char *key, struct str *ret)
{
	const char *path = NULL;
	struct error err = {0};
	int32_t c = fields_text(r, key, &path);

	if (c)
		return c;
	if (!path || !*path)
		return simpler_fail(r->err, r->code, "%s: '%s' is missing: the path of a library",
				    r->where, key);
	if (fs_read_file(path, LARGEST_FILE, ret, &err) < 0)
		c = simpler_fail_error(r->err, SIMPLER_E_FILE, r->where, &err);
	else if (ret->len < 4 || memcmp(ret->s, "\177ELF", 4) != 0)
		c = simpler_fail(r->err, SIMPLER_E_FILE, "%s: %s is no ELF file", r->where, path);
	return c;
}

static void blob_pad(struct str *storage)
{
	size_t n = (SIMPLER_ALIGN - storage->len % SIMPLER_ALIGN) % SIMPLER_ALIGN;

	memset(str_reserve(storage, n), 0, n);
	storage->len += n;
}

static int32_t read_core(const struct fields *r)
{
	static const char *const cores[] = {"aic", "aiv"};
	const char *core = "aiv";
	int32_t c = fields_text(r, "core", &core);

	for (unsigned i = 0; i < ARRAY_LEN(cores) && !c; i++)
		if (strcmp(core, cores[i]) == 0)
			return 0;
	return c ? c
		 : simpler_fail(r->err, r->code, "%s: 'core' is aic or aiv, not '%.60s'", r->where,
				core);
}

static int32_t check_id(const struct fields *r, const struct simpler_callable *head, int64_t id)
{
	if (id < 0)
		return simpler_fail(r->err, r->code, "%s: 'id' is missing", r->where);
	for (int32_t i = 0; i < head->n_kernels; i++)
		if (head->kernel_ids[i] == id)
			return simpler_fail(r->err, r->code, "%s: id %d is taken", r->where,
					    (int)id);
	return 0;
}

static int32_t add_kernel(const struct fields *r, struct simpler_callable *head,
			  struct str *storage)
{
	static const char *const keys[] = {"id", "so", "core", "sig", NULL};
	struct simpler_signature sig;
	struct simpler_leaf leaf = {0};
	struct str binary = {0};
	int64_t id = -1;
	int32_t c;

	if ((c = fields_only(r, keys)) ||
	    (c = fields_int(r, "id", 0, SIMPLER_MAX_KERNELS - 1, &id)) ||
	    (c = check_id(r, head, id)) || (c = read_core(r)) ||
	    (c = read_signature(r, "sig", SIMPLER_MAX_LEAF_ARGS, &sig)) ||
	    (c = blob_read_image(r, "so", &binary))) {
		str_done(&binary);
		return c;
	}
	for (unsigned i = 0; i < sig.n; i++)
		leaf.directions[i] = sig.directions[i];
	leaf.n_args = (int32_t)sig.n;
	leaf.bytes = (uint32_t)binary.len;
	blob_pad(storage);
	head->kernel_ids[head->n_kernels] = (int32_t)id;
	head->kernel_offsets[head->n_kernels++] = (uint32_t)storage->len;
	str_addn(storage, (const char *)&leaf, sizeof(leaf));
	str_addn(storage, binary.s, binary.len);
	str_done(&binary);
	return 0;
}

static int32_t add_kernels(const struct fields *callable, struct simpler_callable *head,
			   struct str *storage)
{
	json_t *list, *one;
	size_t i;
	int32_t c = fields_typed(callable, "kernels", JSON_ARRAY, &list);

	if (c)
		return c;
	if (json_array_size(list) > SIMPLER_MAX_KERNELS)
		return simpler_fail(callable->err, callable->code,
				    "callable: %zu kernels, more than %d", json_array_size(list),
				    SIMPLER_MAX_KERNELS);
	json_array_foreach(list, i, one)
	{
		char where[40];
		struct fields r = {one, where, callable->code, callable->err};

		snprintf(where, sizeof(where), "callable.kernels[%zu]", i);
		if (!json_is_object(one))
			return simpler_fail(r.err, r.code, "%s must be an object", where);
		if ((c = add_kernel(&r, head, storage)))
			return c;
		if (storage->len > INT32_MAX)
			return simpler_fail(r.err, r.code, "callable: more than 2 GiB");
	}
	return 0;
}

static int32_t blob_read_entry(const struct fields *r, struct simpler_callable *head)
{
	const char *entry = "aicpu_orchestration_entry";
	int32_t c = fields_text(r, "entry", &entry);
	size_t n = strlen(entry);

	if (!c && (!n || n >= SIMPLER_NAME))
		c = simpler_fail(r->err, r->code, "callable: 'entry' has 1 to %d bytes",
				 SIMPLER_NAME - 1);
	if (c)
		return c;
	memcpy(head->entry, entry, n);
	head->entry_length = (int32_t)n;
	return 0;
}

/*
 * Writes the directions for the library. The library looks them up by the number of the tensor, so
 * scalars come last. It does not clear the memory of an output between runs, so an output is
 * declared as an input, too: memory that the kernel does not write then has dvsched's fill pattern.
 */
static void put_directions(const struct simpler_signature *sig, struct simpler_callable *head)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sig->n; i++) {
		int32_t d = sig->directions[i];

		if (d != SIMPLER_SCALAR)
			head->directions[n++] = d == SIMPLER_OUT ? SIMPLER_INOUT : d;
	}
	static_assert(SIMPLER_SCALAR == 0, "the rest of the header is zero, which are scalars");
	head->n_args = (int32_t)sig->n;
}

static int32_t blob_fill(const struct fields *r, struct simpler_callable *head, struct str *storage,
			 struct simpler_signature *sig)
{
	static const char *const keys[] = {"orch", "entry", "sig", "kernels", NULL};
	int32_t c;

	if ((c = fields_only(r, keys)) || (c = blob_read_entry(r, head)) ||
	    (c = read_signature(r, "sig", SIMPLER_MAX_TENSORS, sig)) ||
	    (c = blob_read_image(r, "orch", storage)))
		return c;
	put_directions(sig, head);
	head->bytes = (uint32_t)storage->len;
	return add_kernels(r, head, storage);
}

static void blob_join(const struct simpler_callable *head, const struct str *storage,
		      struct simpler_blob *ret)
{
	size_t size = sizeof(*head) + storage->len;
	size_t room = (size + SIMPLER_ALIGN - 1) / SIMPLER_ALIGN * SIMPLER_ALIGN;

	ret->at = aligned_alloc(SIMPLER_ALIGN, room);
	if (!ret->at)
		abort();
	memcpy(ret->at, head, sizeof(*head));
	memcpy((char *)ret->at + sizeof(*head), storage->s, storage->len);
	memset((char *)ret->at + size, 0, room - size);
	ret->size = size;
}

/* Keys of other drivers are an error, because the job would pass without running them. */
static int32_t blob_refuse_foreign(const json_t *job, struct dvs_text *err)
{
	static const char *const foreign[] = {"program", "image"};

	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (json_object_get(job, foreign[i]))
			return simpler_fail(err, SIMPLER_E_JOB,
					    "'%s' is not for this driver, which runs a 'callable'",
					    foreign[i]);
	return 0;
}

int32_t simpler_blob_build(json_t *job, struct simpler_blob *ret, struct dvs_text *err)
{
	struct fields r = {json_object_get(job, "callable"), "callable", SIMPLER_E_JOB, err};
	struct simpler_callable *head;
	struct str storage = {0};
	int32_t c;

	*ret = (struct simpler_blob){0};
	if (blob_refuse_foreign(job, err))
		return SIMPLER_E_JOB;
	if (!json_is_object(r.from))
		return simpler_fail(err, SIMPLER_E_JOB,
				    "'callable' is missing: { orch, entry, sig, kernels }");
	head = calloc(1, sizeof(*head));
	if (!head)
		abort();
	c = blob_fill(&r, head, &storage, &ret->signature);
	if (c == 0)
		blob_join(head, &storage, ret);
	free(head);
	str_done(&storage);
	return c;
}

static bool blob_is_same(const struct simpler_blob *a, const struct simpler_blob *b)
{
	return b->at && a->size == b->size && memcmp(a->at, b->at, a->size) == 0 &&
	       memcmp(&a->signature, &b->signature, sizeof(a->signature)) == 0;
}

/* The digest includes the signature as the user wrote it, because the library's header does not
 * keep its order. */
void simpler_blob_name(struct simpler_blob *b, const struct simpler_blob *last)
{
	struct sha256 sum;

	if (blob_is_same(b, last)) {
		memcpy(b->digest, last->digest, sizeof(b->digest));
		return;
	}
	sha256_init(&sum);
	sha256_add(&sum, b->at, b->size);
	sha256_add(&sum, b->signature.directions, b->signature.n);
	sha256_done(&sum, b->digest);
}

void simpler_blob_say_scalars(struct simpler_blob *b)
{
	struct simpler_callable *head = b->at;

	head->n_scalars = 0;
	for (unsigned i = 0; i < b->signature.n; i++)
		head->n_scalars += b->signature.directions[i] == SIMPLER_SCALAR;
}

void simpler_blob_done(struct simpler_blob *b)
{
	free(b->at);
	b->at = NULL;
}
