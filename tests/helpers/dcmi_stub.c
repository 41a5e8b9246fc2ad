/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libdcmi.so with four cards of two chips, devices 0 to 7. DCMI_STUB in the environment has the
 * deviations, as words: init=-8002, list=-8002, health.3=3, rc.3=-8012, lost.5, error.3=80e01801.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CARDS = 4, CHIPS = 2, OFF_THE_BUS = -8012, NONE = 1 << 30 };

/* The number behind name=, or otherwise. */
static long said(const char *name, int device, int base, long otherwise)
{
	const char *script = getenv("DCMI_STUB"), *at;
	char word[32];

	if (device >= 0)
		snprintf(word, sizeof(word), "%s.%d", name, device);
	else
		snprintf(word, sizeof(word), "%s", name);
	at = script ? strstr(script, word) : NULL;
	if (!at)
		return otherwise;
	at += strlen(word);
	return *at == '=' ? strtol(at + 1, NULL, base) : 1;
}

int dcmi_init(void);
int dcmi_init(void)
{
	return (int)said("init", -1, 10, 0);
}

int dcmi_get_card_list(int *n, int *cards, int room);
int dcmi_get_card_list(int *n, int *cards, int room)
{
	*n = CARDS;
	for (int i = 0; i < CARDS && i < room; i++)
		cards[i] = i;
	return (int)said("list", -1, 10, 0);
}

int dcmi_get_device_num_in_card(int card, int *n);
int dcmi_get_device_num_in_card(int card, int *n)
{
	(void)card;
	*n = CHIPS;
	return 0;
}

int dcmi_get_device_logic_id(int *id, int card, int chip);
int dcmi_get_device_logic_id(int *id, int card, int chip)
{
	if (said("lost", card * CHIPS + chip, 10, 0))
		return OFF_THE_BUS;
	*id = card * CHIPS + chip;
	return 0;
}

int dcmi_get_device_health(int card, int chip, unsigned *health);
int dcmi_get_device_health(int card, int chip, unsigned *health)
{
	*health = (unsigned)said("health", card * CHIPS + chip, 10, 0);
	return (int)said("rc", card * CHIPS + chip, 10, 0);
}

int dcmi_get_device_errorcode_v2(int card, int chip, int *n, unsigned *list, int room);
int dcmi_get_device_errorcode_v2(int card, int chip, int *n, unsigned *list, int room)
{
	long code = said("error", card * CHIPS + chip, 16, NONE);

	*n = code == NONE ? 0 : 2;
	for (int i = 0; i < *n && i < room; i++)
		list[i] = (unsigned)code + (unsigned)i;
	return 0;
}
