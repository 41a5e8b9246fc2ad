/* SPDX-License-Identifier: Apache-2.0 */
#include "device/driver/loaded_images.h"

#include <link.h>

#include "device/driver/made_files.h"

/* Reads the dynamic linker's counters. They come with every library, so the first one is enough. */
static int loaded_images_count(struct dl_phdr_info *info, size_t size, void *ctx)
{
	uint64_t *n = ctx;

	(void)size;
	*n = (uint64_t)info->dlpi_adds + (uint64_t)info->dlpi_subs;
	return 1;
}

static int loaded_images_find_path(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct leftovers *l = ctx;

	(void)size;
	if (info->dlpi_name && info->dlpi_name[0] == '/')
		leftovers_find(l, info->dlpi_name);
	return 0;
}

void loaded_images_note(uint64_t *n_loads)
{
	struct leftovers *l = made_files_leftovers();
	uint64_t n = 0;

	dl_iterate_phdr(loaded_images_count, &n);
	if (n == *n_loads || !l)
		return;
	*n_loads = n;
	dl_iterate_phdr(loaded_images_find_path, l);
}
