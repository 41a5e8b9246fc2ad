/* SPDX-License-Identifier: Apache-2.0 */
#include "headroom/watermarks.h"

#include <inttypes.h>
#include <string.h>

/* Defaults: a part of the whole, and not more than this. */
static const uint64_t space_part = 100, space_most = 64 << 20;
static const uint64_t inodes_part = 100, inodes_most = 1000;
static const uint64_t memory_part = 50, memory_most = 256 << 20;
/* More than half of the time is lost to paging. */
static const double pressure_most = 0.5;

static uint64_t watermark_or(uint64_t limit, uint64_t whole, uint64_t part, uint64_t most)
{
	if (limit != WATERMARK_DEFAULT)
		return limit;
	return whole / part < most ? whole / part : most;
}

uint64_t watermarks_memory(const struct watermarks *w, const struct free_space *left)
{
	return watermark_or(w->limits.memory, left->memory_total, memory_part, memory_most);
}

enum size_unit { SIZE_GIB, SIZE_MIB, SIZE_KIB, SIZE_BYTES };

static enum size_unit size_unit_of(uint64_t bytes)
{
	return bytes >= UINT64_C(10) << 30 ? SIZE_GIB
	       : bytes >= 10 << 20	   ? SIZE_MIB
	       : bytes >= 1 << 10	   ? SIZE_KIB
					   : SIZE_BYTES;
}

/* In the unit that fits the size, or in this one if it is smaller. */
static void watermark_add_size(struct str *to, uint64_t bytes, enum size_unit unit)
{
	if (unit < size_unit_of(bytes))
		unit = size_unit_of(bytes);
	if (unit == SIZE_GIB)
		str_printf(to, "%.1f GiB", (double)bytes / 0x1p30);
	else if (unit == SIZE_MIB)
		str_printf(to, "%" PRIu64 " MiB", bytes >> 20);
	else if (unit == SIZE_KIB)
		str_printf(to, "%" PRIu64 " KiB", bytes >> 10);
	else
		str_printf(to, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
}

/* set: as given by the option, or WATERMARK_DEFAULT. */
static void watermark_add_option(struct str *why, uint64_t set, const char *option)
{
	if (set == WATERMARK_DEFAULT)
		str_printf(why, " (the default; --%s changes it)", option);
	else
		str_printf(why, " (--%s)", option);
}

/* Units are chosen so that the two sizes differ: is < limit. */
static void watermark_say_size(struct str *why, uint64_t is, const char *what, uint64_t limit)
{
	_cleanup_(str_done) struct str left = {0}, right = {0};
	enum size_unit unit = SIZE_GIB;

	do {
		str_clear(&left);
		str_clear(&right);
		watermark_add_size(&left, is, unit);
		watermark_add_size(&right, limit, unit);
	} while (strcmp(left.s, right.s) == 0 && unit++ < SIZE_BYTES);
	str_printf(why, "%s %s, less than %s", left.s, what, right.s);
}

/* A measure and its limit; was: this one was short before. */
static bool watermark_is_low(uint64_t is, uint64_t limit, bool was)
{
	return limit && is < limit + (was ? limit / 8 : 0);
}

static enum watermark watermarks_take_disk(const struct watermarks *w, unsigned i,
					   const struct free_space_disk *d, struct str *why)
{
	uint64_t space = watermark_or(w->limits.space, d->size_bytes, space_part, space_most);
	uint64_t inodes = watermark_or(w->limits.inodes, d->n_inodes, inodes_part, inodes_most);
	bool was = w->low_disk == i;

	if (d->size_bytes &&
	    watermark_is_low(d->free_bytes, space, was && w->low == WATERMARK_SPACE)) {
		str_printf(why, "the file system of %s has ", d->path);
		watermark_say_size(why, d->free_bytes, "free", space);
		watermark_add_option(why, w->limits.space, "min-free-space");
		return WATERMARK_SPACE;
	}
	if (d->n_inodes &&
	    watermark_is_low(d->free_inodes, inodes, was && w->low == WATERMARK_INODES)) {
		str_printf(why,
			   "the file system of %s has %" PRIu64 " inodes free, less than %" PRIu64,
			   d->path, d->free_inodes, inodes);
		watermark_add_option(why, w->limits.inodes, "min-free-inodes");
		return WATERMARK_INODES;
	}
	return WATERMARK_ENOUGH;
}

static enum watermark watermarks_take_memory(const struct watermarks *w,
					     const struct free_space *left, struct str *why)
{
	uint64_t limit = watermarks_memory(w, left);
	double most = pressure_most / (w->low == WATERMARK_PRESSURE ? 2 : 1);

	if (left->memory_total &&
	    watermark_is_low(left->memory_bytes, limit, w->low == WATERMARK_MEMORY)) {
		watermark_say_size(why, left->memory_bytes, "of memory are available", limit);
		watermark_add_option(why, w->limits.memory, "min-free-memory");
		return WATERMARK_MEMORY;
	}
	if (limit && left->memory_pressure > most) {
		str_printf(why, "processes waited for memory in %.0f %% of the last 10 s",
			   left->memory_pressure * 100);
		return WATERMARK_PRESSURE;
	}
	return WATERMARK_ENOUGH;
}

enum watermark watermarks_take(struct watermarks *w, const struct free_space *left, struct str *why)
{
	_cleanup_(str_done) struct str text = {0};
	enum watermark low = WATERMARK_ENOUGH;
	unsigned disk = 0;

	for (unsigned i = 0; i < left->n_disks && low == WATERMARK_ENOUGH; i++) {
		low = watermarks_take_disk(w, i, &left->disk[i], &text);
		disk = i;
	}
	if (low == WATERMARK_ENOUGH)
		low = watermarks_take_memory(w, left, &text);
	if (low != w->low || disk != w->low_disk) {
		str_clear(why);
		str_addn(why, text.s ? text.s : "", text.len);
	}
	w->low = low;
	w->low_disk = disk;
	return low;
}
