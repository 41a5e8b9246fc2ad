/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/acl/dcmi.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"

enum { OFF_THE_BUS = -8012 };
enum { CARDS = 64, ERRORS = 128 };
#define HEALTH_ABSENT UINT32_C(0xffffffff)

#define DCMI_FUNCTIONS(FN)                                                 \
	FN(dcmi_init, (void))                                              \
	FN(dcmi_get_card_list, (int *n, int *cards, int room))             \
	FN(dcmi_get_device_num_in_card, (int card, int *n))                \
	FN(dcmi_get_device_logic_id, (int *id, int card, int chip))        \
	FN(dcmi_get_device_health, (int card, int chip, unsigned *health)) \
	FN(dcmi_get_device_errorcode_v2, (int card, int chip, int *n, unsigned *list, int room))

struct dcmi {
#define FN(name, arguments) int(*name) arguments;
	DCMI_FUNCTIONS(FN)
#undef FN
};

static const struct {
	const char *name;
	size_t slot;
} entries[] = {
#define FN(name, arguments) {#name, offsetof(struct dcmi, name)},
	DCMI_FUNCTIONS(FN)
#undef FN
};

static void dcmi_say(struct dcmi_facts *f, enum dvs_health health, const char *fmt, ...)
	_printf_(3, 4);
static void dcmi_say(struct dcmi_facts *f, enum dvs_health health, const char *fmt, ...)
{
	va_list ap;

	f->health = health;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

static void *dcmi_open_library(const char *path)
{
	static const char *const usual[] = {"libdcmi.so", "/usr/local/dcmi/libdcmi.so"};
	void *lib = NULL;

	if (path)
		return *path ? dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) : NULL;
	for (size_t i = 0; i < ARRAY_LEN(usual) && !lib; i++)
		lib = dlopen(usual[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	return lib;
}

/* NULL, or the name of a missing function. */
static const char *dcmi_resolve(void *lib, struct dcmi *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		void *at = dlsym(lib, entries[i].name);

		memcpy((char *)ret + entries[i].slot, &at, sizeof(at));
		if (!at && entries[i].slot != offsetof(struct dcmi, dcmi_get_device_errorcode_v2))
			return entries[i].name;
	}
	return NULL;
}

struct place {
	int card, chip;
	int n_lost; /* chips that fell off the bus, so that their ids are unknown */
};

static bool find_in_card(const struct dcmi *d, int card, int32_t device, struct place *ret)
{
	int n = 0;

	if (d->dcmi_get_device_num_in_card(card, &n) != 0)
		return false;
	for (int chip = 0; chip < n && chip < CARDS; chip++) {
		int id = -1, rc = d->dcmi_get_device_logic_id(&id, card, chip);

		ret->n_lost += rc == OFF_THE_BUS;
		if (rc != 0 || id != device)
			continue;
		ret->card = card;
		ret->chip = chip;
		return true;
	}
	return false;
}

static bool dcmi_find(const struct dcmi *d, int32_t device, struct place *ret, struct dcmi_facts *f)
{
	int n = 0, cards[CARDS], rc = d->dcmi_get_card_list(&n, cards, CARDS);

	if (rc != 0) {
		dcmi_say(f, DVS_HEALTH_UNKNOWN, "DCMI: no list of cards (%d); root only?", rc);
		return false;
	}
	for (int i = 0; i < n && i < CARDS; i++)
		if (find_in_card(d, cards[i], device, ret))
			return true;
	if (ret->n_lost)
		dcmi_say(f, DVS_HEALTH_BAD, "DCMI: not found; chips off the bus: %d", ret->n_lost);
	else
		dcmi_say(f, DVS_HEALTH_UNKNOWN, "DCMI: does not know device %d", device);
	return false;
}

static void add_errors(const struct dcmi *d, const struct place *p, struct dcmi_facts *f)
{
	unsigned list[ERRORS];
	int n = 0;
	size_t at = strlen(f->text);

	if (!d->dcmi_get_device_errorcode_v2 ||
	    d->dcmi_get_device_errorcode_v2(p->card, p->chip, &n, list, ERRORS) != 0)
		return;
	for (int i = 0; i < n && i < ERRORS && at + 16 < sizeof(f->text); i++)
		at += (size_t)snprintf(f->text + at, sizeof(f->text) - at, "%s0x%x",
				       i ? " " : ", errors ", list[i]);
}

static void dcmi_judge(const struct dcmi *d, const struct place *p, struct dcmi_facts *f)
{
	static const struct {
		enum dvs_health health;
		const char *text;
	} levels[] = {
		{DVS_HEALTH_GOOD, "normal"},
		{DVS_HEALTH_SUSPECT, "minor alarm"},
		{DVS_HEALTH_BAD, "major alarm"},
		{DVS_HEALTH_BAD, "critical"},
	};
	unsigned level = 0;
	int rc = d->dcmi_get_device_health(p->card, p->chip, &level);

	f->card = p->card;
	if (rc == OFF_THE_BUS)
		dcmi_say(f, DVS_HEALTH_BAD, "DCMI: dropped off the bus (%d)", rc);
	else if (rc != 0)
		dcmi_say(f, DVS_HEALTH_UNKNOWN, "DCMI: no health (%d)", rc);
	else if (level == HEALTH_ABSENT)
		dcmi_say(f, DVS_HEALTH_BAD, "DCMI: absent, or not started");
	else if (level >= ARRAY_LEN(levels))
		dcmi_say(f, DVS_HEALTH_UNKNOWN, "DCMI: unknown health %u", level);
	else
		dcmi_say(f, levels[level].health, "DCMI: %s", levels[level].text);
	if (rc == 0 && level != 0)
		add_errors(d, p, f);
}

void dcmi_get(const char *path, int32_t device, struct dcmi_facts *ret)
{
	struct dcmi d;
	struct place p = {0};
	void *lib = dcmi_open_library(path);
	const char *missing;
	int rc;

	*ret = (struct dcmi_facts){.card = -1};
	if (!lib) {
		dcmi_say(ret, DVS_HEALTH_UNKNOWN, "no DCMI");
		return;
	}
	missing = dcmi_resolve(lib, &d);
	if (missing) {
		dcmi_say(ret, DVS_HEALTH_UNKNOWN, "DCMI has no %s", missing);
		return;
	}
	rc = d.dcmi_init();
	if (rc != 0)
		dcmi_say(ret, DVS_HEALTH_UNKNOWN, "DCMI does not start (%d); root only?", rc);
	else if (dcmi_find(&d, device, &p, ret))
		dcmi_judge(&d, &p, ret);
}
