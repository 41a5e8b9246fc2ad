/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_command.h"

#include <string.h>

void command_form_finish(struct command_form *form)
{
	for (uint32_t i = 0; i < form->n; i++) {
		const struct command_part *p = &form->parts[i];

		form->text_len += p->text ? p->len : 0;
		if (!p->text)
			form->uses[p->value]++;
	}
}

static size_t formed_len(const struct formed_command *c)
{
	size_t len = c->form->text_len;

	for (size_t i = 0; i < COMMAND_VALUES; i++)
		len += c->form->uses[i] * strlen(c->values[i]);
	return len;
}

size_t job_command_len(const struct job_spec *spec)
{
	if (spec->is_formed)
		return formed_len(spec->formed);
	return spec->command ? strlen(spec->command) : 0;
}

static void formed_write(const struct formed_command *c, char *to)
{
	for (uint32_t i = 0; i < c->form->n; i++) {
		const struct command_part *p = &c->form->parts[i];

		to = p->text ? mempcpy(to, p->text, p->len) : stpcpy(to, c->values[p->value]);
	}
	*to = '\0';
}

const char *job_command(const struct job_spec *spec, struct str *room)
{
	size_t len;

	if (!spec->is_formed)
		return spec->command;
	len = formed_len(spec->formed);
	str_clear(room);
	formed_write(spec->formed, str_reserve(room, len));
	room->len = len;
	return room->s;
}
