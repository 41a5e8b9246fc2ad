/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/sim/image.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/vec.h"
#include "drivers/sim/codes.h"
#include "drivers/temp_files.h"

static const size_t most_bytes = (size_t)256 << 20;

/* Two different 64-bit hashes side by side; the size is compared as well. */
static void image_hash_of(const char *s, size_t n, char ret[33])
{
	uint64_t a = 0xcbf29ce484222325u, b = 0x9e3779b97f4a7c15u ^ n;

	for (size_t i = 0; i < n; i++) {
		a = (a ^ (unsigned char)s[i]) * 0x100000001b3u;
		b = (b + (unsigned char)s[i]) * 0xff51afd7ed558ccdu;
		b ^= b >> 29;
	}
	snprintf(ret, 33, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
}

/*
 * Opens a private copy with a name that this process has never used. dlopen() identifies a library
 * by name and inode, so the same path with other bytes would give the old library. The copy is
 * unlinked before this function returns; its mapping stays.
 */
static void *open_copy(const struct str *text, char *name, size_t size, struct dvs_text *err)
{
	static _Atomic unsigned n_copies;
	const char *dir = temp_files_dir();
	_cleanup_(closep) int fd = -1;
	void *library = NULL;

	snprintf(name, size, "%s/dvs-sim-%d-%u-XXXXXX", dir, (int)getpid(),
		 atomic_fetch_add(&n_copies, 1));
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0) {
		sim_fail(err, 0, "cannot make a copy of the image in %s: %s", dir, strerror(errno));
		return NULL;
	}
	if (fs_write_all(fd, text->s, text->len) < 0 || fchmod(fd, 0700) < 0)
		sim_fail(err, 0, "cannot write %s: %s", name, strerror(errno));
	else if (!(library = dlopen(name, RTLD_NOW | RTLD_LOCAL)))
		sim_fail(err, 0, "%s", dlerror());
	unlink(name);
	return library;
}

static struct sim_image *image_free_slot(struct sim_images *im)
{
	for (size_t i = 0; i < im->n; i++)
		if (!im->at[i].library)
			return &im->at[i];
	vec_push(im, (struct sim_image){0});
	return &im->at[im->n - 1];
}

static int32_t open_image(const struct str *text, const char *path, struct sim_image *ret,
			  struct dvs_text *err)
{
	char why[300] = "", name[PATH_MAX];
	struct dvs_text reason = {why, sizeof(why)};

	ret->library = open_copy(text, name, sizeof(name), &reason);
	if (!ret->library)
		return sim_fail(err, SIM_NO_IMAGE, "image %s cannot be loaded: %s", path, why);
	*(void **)&ret->kernel = dlsym(ret->library, "dvs_kernel");
	if (ret->kernel)
		return 0;
	dlclose(ret->library);
	ret->library = NULL;
	return sim_fail(err, SIM_NO_IMAGE, "image %s has no dvs_kernel()", path);
}

int32_t sim_images_load(struct sim_images *im, const char *path, uint32_t *ret_slot,
			struct dvs_text *err)
{
	_cleanup_(str_done) struct str text = {0};
	struct sim_image one = {0}, *slot;
	struct error fault = {0};
	int32_t code;

	if (fs_read_file(path, most_bytes, &text, &fault) < 0) {
		sim_fail(err, 0, "image %s: %s", path, fault.msg);
		error_done(&fault);
		return SIM_NO_IMAGE;
	}
	image_hash_of(text.s ? text.s : "", text.len, one.hash);
	one.bytes = text.len;
	for (size_t i = 0; i < im->n; i++)
		if (im->at[i].bytes == one.bytes && strcmp(im->at[i].hash, one.hash) == 0) {
			*ret_slot = (uint32_t)i + 1;
			return 0;
		}
	if ((code = open_image(&text, path, &one, err)) != 0)
		return code;
	slot = image_free_slot(im);
	*slot = one;
	*ret_slot = (uint32_t)(slot - im->at) + 1;
	return 0;
}

const struct sim_image *sim_images_get(const struct sim_images *im, uint32_t slot)
{
	return slot >= 1 && slot <= im->n && im->at[slot - 1].library ? &im->at[slot - 1] : NULL;
}

int32_t sim_images_unload(struct sim_images *im, uint32_t slot)
{
	if (!sim_images_get(im, slot))
		return SIM_MISUSE;
	dlclose(im->at[slot - 1].library);
	im->at[slot - 1] = (struct sim_image){0};
	return 0;
}

void sim_images_done(struct sim_images *im)
{
	for (uint32_t slot = 1; slot <= im->n; slot++)
		if (sim_images_get(im, slot))
			sim_images_unload(im, slot);
	vec_done(im);
	*im = (struct sim_images){0};
}
