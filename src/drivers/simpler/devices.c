/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/simpler/devices.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "drivers/simpler/options.h"

static int compare_ids(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* Device files /dev/davinci0, …, even those that this user may not open. */
static size_t find_chips(int32_t *ids, size_t cap)
{
	DIR *dev = opendir("/dev");
	struct dirent *e;
	size_t n = 0;

	if (!dev)
		return 0;
	while (n < cap && (e = readdir(dev))) {
		const char *digits = e->d_name + 7;

		if (strncmp(e->d_name, "davinci", 7) == 0 && isdigit((unsigned char)*digits) &&
		    strlen(digits) < 5 && strspn(digits, "0123456789") == strlen(digits))
			ids[n++] = (int32_t)strtol(digits, NULL, 10);
	}
	closedir(dev);
	qsort(ids, n, sizeof(*ids), compare_ids);
	return n;
}

static void simpler_devices_describe_device(const struct simpler_options *o, int32_t id,
					    struct dvs_device *ret)
{
	uint32_t size = ret->size;

	*ret = (struct dvs_device){.size = size, .id = id, .fault_domain = -1, .numa = -1};
	ret->health = o->is_sim ? DVS_HEALTH_GOOD : DVS_HEALTH_UNKNOWN;
	snprintf(ret->model, sizeof(ret->model), "%.31s", o->platform);
	snprintf(ret->family, sizeof(ret->family), "%s%.20s", o->is_sim ? "simpler-" : "npu",
		 o->is_sim ? o->platform : "");
	snprintf(ret->detail, sizeof(ret->detail), "%s",
		 o->is_sim ? "simulated on this machine's CPUs" : "not opened, so not known");
}

int32_t simpler_probe(const char *json, struct dvs_device *devices, size_t cap, size_t *ret_n,
		      struct dvs_text *err)
{
	struct simpler_options o;
	struct simpler_files files;
	int32_t ids[4096];
	int32_t c = simpler_options_read(json, &o, err);

	if (!c)
		c = simpler_files_find(&o, o.runtime, o.mem, &files, err);
	if (!c) {
		*ret_n = o.is_sim ? (size_t)o.n_devices : find_chips(ids, ARRAY_LEN(ids));
		for (size_t i = 0; i < *ret_n && i < cap; i++)
			simpler_devices_describe_device(&o, o.is_sim ? (int32_t)i : ids[i],
							&devices[i]);
	}
	simpler_options_done(&o);
	return c;
}

uint64_t simpler_inner_watch_ns(const char *json)
{
	struct simpler_options o;
	uint64_t ms = simpler_options_read(json, &o, NULL) == 0 ? o.scheduler_ms : 0;

	simpler_options_done(&o);
	return ms * 1000000;
}
