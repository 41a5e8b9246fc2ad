/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "drivers/acl/context.h"
#include "drivers/acl/job.h"
#include "drivers/temp_files.h"

enum { BINARY_MOST = 1 << 30 };

/* Drops a kernel, and its binary if no other kernel uses it. */
static void acl_drop_image(struct acl_context *c, struct acl_kernel *k)
{
	struct acl_binary *b = &c->images.binaries[k->binary];

	k->function = NULL;
	if (--b->n_kernels > 0)
		return;
	if (!c->is_dead)
		ACL_TRY(c, aclrtBinaryUnLoad, b->handle);
	b->handle = NULL;
}

static void drop_oldest(struct acl_context *c)
{
	struct acl_kernel *oldest = NULL;

	for (size_t i = 0; i < ACL_KERNELS; i++) {
		struct acl_kernel *k = &c->images.kernels[i];

		if (k->function && (!oldest || k->used < oldest->used))
			oldest = k;
	}
	if (oldest)
		acl_drop_image(c, oldest);
}

static struct acl_kernel *find_kernel(struct acl_images *m, const uint8_t *hash, const char *entry)
{
	for (size_t i = 0; i < ACL_KERNELS; i++) {
		struct acl_kernel *k = &m->kernels[i];

		if (k->function && strcmp(k->entry, entry) == 0 &&
		    memcmp(m->binaries[k->binary].hash, hash, SHA256_SIZE) == 0)
			return k;
	}
	return NULL;
}

static struct acl_kernel *take_kernel(struct acl_context *c)
{
	for (;;) {
		for (size_t i = 0; i < ACL_KERNELS; i++)
			if (!c->images.kernels[i].function)
				return &c->images.kernels[i];
		drop_oldest(c);
	}
}

static struct acl_binary *find_binary(struct acl_images *m, const uint8_t *hash)
{
	for (size_t i = 0; i < ACL_BINARIES; i++)
		if (m->binaries[i].handle && memcmp(m->binaries[i].hash, hash, SHA256_SIZE) == 0)
			return &m->binaries[i];
	return NULL;
}

static struct acl_binary *take_binary(struct acl_context *c)
{
	for (;;) {
		for (size_t i = 0; i < ACL_BINARIES; i++)
			if (!c->images.binaries[i].handle)
				return &c->images.binaries[i];
		drop_oldest(c);
	}
}

/* Writes a private copy. -1 with errno. In any case the caller removes the file and frees
 * *ret_path. */
static int make_copy(const struct str *content, char **ret_path)
{
	_cleanup_(closep) int fd = -1;

	*ret_path = xasprintf("%s/dvsched-acl-XXXXXX.o", temp_files_dir());
	fd = mkostemps(*ret_path, 2, O_CLOEXEC);
	if (fd < 0) {
		(*ret_path)[0] = '\0';
		return -1;
	}
	return fs_write_all(fd, content->s, content->len);
}

static int32_t load_binary(struct acl_context *c, const char *path, const struct str *content,
			   const uint8_t *hash, struct acl_binary **ret, struct dvs_text *err)
{
	_cleanup_(freep) char *copy = NULL;
	struct acl_binary *b;
	int rc;

	*ret = find_binary(&c->images, hash);
	if (*ret)
		return 0;
	b = take_binary(c);
	if (make_copy(content, &copy) < 0)
		rc = acl_context_fail(c, err, ACL_E_FILE, "%s: no copy: %s", path, strerror(errno));
	else if ((rc = ACL_CALL(c, aclrtBinaryLoadFromFile, copy, NULL, &b->handle)) != 0)
		rc = acl_failed(c, err, rc, "%s", path);
	else if (!b->handle)
		rc = acl_context_fail(c, err, ACL_E_GARBAGE, "%s: loaded, but without a handle",
				      path);
	if (*copy)
		unlink(copy);
	if (rc != 0) {
		b->handle = NULL;
		return rc;
	}
	memcpy(b->hash, hash, SHA256_SIZE);
	b->n_kernels = 0;
	*ret = b;
	return 0;
}

static int32_t load_kernel(struct acl_context *c, const struct acl_image *image,
			   struct acl_binary *b, struct acl_kernel **ret, struct dvs_text *err)
{
	struct acl_kernel *k;
	void *function = NULL;
	int rc;

	b->n_kernels++; /* before take_kernel(), which may drop kernels, so that the binary stays */
	k = take_kernel(c);
	k->binary = (unsigned)(b - c->images.binaries);
	rc = ACL_CALL(c, aclrtBinaryGetFunction, b->handle, image->entry, &function);
	if (rc == 0 && function) {
		k->function = function;
		strcpy(k->entry, image->entry);
		*ret = k;
		return 0;
	}
	rc = rc ? acl_failed(c, err, rc, "%s: entry %s", image->binary, image->entry)
		: acl_context_fail(c, err, ACL_E_GARBAGE,
				   "%s: entry %s: found, but without a handle", image->binary,
				   image->entry);
	acl_drop_image(c, k);
	return rc;
}

static int32_t images_load(struct acl_context *c, const struct acl_image *image,
			   struct acl_kernel **ret, struct dvs_text *err)
{
	_cleanup_(str_done) struct str content = {0};
	struct error why = {0};
	struct acl_binary *b;
	uint8_t hash[SHA256_SIZE];
	int32_t rc;

	if (c->api.no_kernels)
		return acl_context_fail(
			c, err, ACL_E_UNSUPPORTED,
			"this runtime has no %s: jobs with a kernel need a newer one",
			c->api.no_kernels);
	if (fs_read_file(image->binary, BINARY_MOST, &content, &why) < 0) {
		rc = acl_context_fail(c, err, ACL_E_FILE, "%s: %s", image->binary, why.msg);
		error_done(&why);
		return rc;
	}
	sha256_of(content.s, content.len, hash);
	*ret = find_kernel(&c->images, hash, image->entry);
	if (*ret)
		return 0;
	rc = load_binary(c, image->binary, &content, hash, &b, err);
	return rc ? rc : load_kernel(c, image, b, ret, err);
}

int32_t acl_images_load(struct acl_context *c, const char *job, uint32_t *ret_slot,
			struct dvs_text *err)
{
	struct acl_job j;
	struct acl_kernel *k = NULL;
	struct error why = {0};
	int32_t rc = acl_begin(c, err);

	if (rc != 0)
		return rc;
	if (c->run.epoch)
		return acl_context_fail(c, err, ACL_E_ORDER, "load in the middle of a run");
	if (acl_job_read(job, &j, &why) < 0)
		rc = acl_context_fail(c, err, ACL_E_JOB, "%s", why.msg);
	else if (j.image.binary)
		rc = images_load(c, &j.image, &k, err);
	error_done(&why);
	acl_job_done(&j);
	if (rc != 0)
		return rc;
	if (k)
		k->used = ++c->images.n_uses;
	*ret_slot = k ? (uint32_t)(k - c->images.kernels) + 1 : 0;
	return 0;
}

int32_t acl_images_unload(struct acl_context *c, uint32_t slot)
{
	if (slot == 0)
		return 0;
	if (!acl_images_find(c, slot) || c->run.epoch)
		return ACL_E_ORDER;
	acl_drop_image(c, &c->images.kernels[slot - 1]);
	return 0;
}

void *acl_images_find(struct acl_context *c, uint32_t slot)
{
	return slot > 0 && slot <= ACL_KERNELS ? c->images.kernels[slot - 1].function : NULL;
}

void acl_images_clear(struct acl_context *c)
{
	for (size_t i = 0; i < ACL_KERNELS; i++)
		if (c->images.kernels[i].function)
			acl_drop_image(c, &c->images.kernels[i]);
}

void acl_images_forget(struct acl_context *c)
{
	memset(&c->images, 0, sizeof(c->images));
}
