/* SPDX-License-Identifier: Apache-2.0 */
#include "device/loaded_images.h"

#include <link.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "device/temp_images.h"

/* What the dynamic linker counts; it gives its counters with the first library already. */
static int count(struct dl_phdr_info *info, size_t size, void *ctx)
{
	uint64_t *n = ctx;

	(void)size;
	*n = (uint64_t)info->dlpi_adds + (uint64_t)info->dlpi_subs;
	return 1;
}

/* What does not fit is not told: a driver has a handful of them. */
static int add_path(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct str *to = ctx;
	const char *path = info->dlpi_name;
	struct stat st;

	(void)size;
	if (path && temp_images_has_name(path) && lstat(path, &st) == 0 &&
	    to->len + strlen(path) < BOARD_IMAGES)
		str_addn(to, path, strlen(path) + 1);
	return 0;
}

void loaded_images_show(struct board *b, uint64_t *n_loads)
{
	_cleanup_(str_done) struct str paths = {0};
	uint64_t n = 0;

	dl_iterate_phdr(count, &n);
	if (n == *n_loads)
		return;
	*n_loads = n;
	dl_iterate_phdr(add_path, &paths);
	atomic_store(&b->images_size, 0);
	if (paths.len)
		memcpy(b->images, paths.s, paths.len);
	atomic_store(&b->images_size, (uint32_t)paths.len);
}
