/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/command/listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/units.h"
#include "drivers/command/codes.h"

enum { LARGEST_ID = 65535 };

static bool listing_read_number(const char *text, long most, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	return end != text && *end == '\0' && !errno && *ret >= 0 && *ret <= most;
}

/* "81559 MiB"; 0, not known, if the text is no size ("[N/A]"). */
static uint64_t listing_read_memory(const char *text)
{
	char joined[32];
	uint64_t bytes = 0;
	size_t n = 0;

	for (; text && *text && n + 1 < sizeof(joined); text++)
		if (*text != ' ')
			joined[n++] = *text;
	joined[n] = '\0';
	return text && units_size(joined, &bytes) ? bytes : 0;
}

/* "00000000:17:00.0", "0000:17:00.0", "17:00.0" */
static int32_t numa_of_pci(const char *pci)
{
	unsigned domain = 0, bus, device, function;
	_cleanup_(str_done) struct str text = {0};
	struct error err = {0};
	char path[96];
	long node;

	if (!pci || (sscanf(pci, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4 &&
		     sscanf(pci, "%x:%x.%x", &bus, &device, &function) != 3))
		return -1;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%04x:%02x:%02x.%x/numa_node", domain,
		 bus, device, function);
	if (fs_read_file(path, 64, &text, &err) < 0) {
		error_done(&err);
		return -1;
	}
	text.s[strcspn(text.s, "\n")] = '\0'; /* "-1": the machine has one node */
	return listing_read_number(text.s, INT32_MAX, &node) ? (int32_t)node : -1;
}

static int refuse_value(struct error *err, const char *what, const char *value, const char *must)
{
	_cleanup_(str_done) struct str shown = {0};

	str_add_printable(&shown, value, strnlen(value, 80));
	return error_plain(err, "line: the %s '%s' of a device must be %s", what, shown.s, must);
}

static int read_device(const struct text_pattern *line, struct arena *mem, const char *id_text,
		       struct smi_device *ret, struct error *err)
{
	const char *numa = text_pattern_group(line, mem, "numa");
	long id, node = -1;

	if (!listing_read_number(id_text, LARGEST_ID, &id))
		return refuse_value(err, "id", id_text, "a number of at most 65535");
	*ret = (struct smi_device){
		.id = (int32_t)id,
		.name = text_pattern_group(line, mem, "name"),
		.model = text_pattern_group(line, mem, "model"),
		.pci = text_pattern_group(line, mem, "pci"),
		.domain = text_pattern_group(line, mem, "domain"),
		.health = text_pattern_group(line, mem, "health"),
		.memory = listing_read_memory(text_pattern_group(line, mem, "memory")),
	};
	ret->numa = numa && listing_read_number(numa, INT32_MAX, &node) ? (int32_t)node
									: numa_of_pci(ret->pci);
	return 0;
}

static size_t count_lines(const struct str *text)
{
	size_t n = 1;

	for (size_t i = 0; i < text->len; i++)
		n += text->s[i] == '\n';
	return n;
}

static int listing_read_lines(const struct smi_options *o, const struct str *text,
			      struct arena *mem, struct smi_listing *ret, struct error *err)
{
	const char *end = text->s + text->len, *next;

	ret->devices = arena_array(mem, count_lines(text), sizeof(*ret->devices));
	for (const char *at = text->s; at < end; at = next) {
		const char *lf = memchr(at, '\n', (size_t)(end - at)), *id;
		size_t n = (size_t)((lf ? lf : end) - at);

		next = at + n + 1;
		n -= n && at[n - 1] == '\r';
		if (!text_pattern_match(o->line, at, n))
			continue;
		id = text_pattern_group(o->line, mem, "id");
		if (id && read_device(o->line, mem, id, &ret->devices[ret->n++], err) < 0)
			return -1;
	}
	return 0;
}

static bool is_blank_text(const struct str *text)
{
	return text->s[strspn(text->s, " \t\r\n")] == '\0';
}

/* A tool that prints nothing has no device. */
static int32_t check_listing(const struct smi_run *run, const struct smi_listing *l,
			     struct error *err)
{
	_cleanup_(str_done) struct str why = {0};

	if (smi_run_is_good(run) &&
	    (l->n || (is_blank_text(&run->out) && is_blank_text(&run->err))))
		return 0;
	smi_run_explain(run, &why);
	error_plain(err, "%s%s", why.s,
		    smi_run_is_good(run) ? "; 'line' matches nothing that it printed" : "");
	return run->end == SMI_LATE ? SMI_E_LATE : SMI_E_TOOL;
}

int32_t smi_listing_make(const struct smi_options *o, double limit_s, struct arena *mem,
			 struct smi_listing *ret, struct error *err)
{
	_cleanup_(smi_run_done) struct smi_run run;

	*ret = (struct smi_listing){0};
	smi_run_tool(o->probe, &(struct smi_place){0}, limit_s, &run);
	if (smi_run_is_good(&run) && listing_read_lines(o, &run.out, mem, ret, err) < 0)
		return SMI_E_OPTIONS;
	return check_listing(&run, ret, err);
}

const struct smi_device *smi_listing_find(const struct smi_listing *l, int32_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->devices[i].id == id)
			return &l->devices[i];
	return NULL;
}
