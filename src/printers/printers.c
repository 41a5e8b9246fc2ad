/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/printers.h"

#include <stdlib.h>
#include <string.h>

#include "printers/printer.h"

static bool can_always(const struct printer_env *env)
{
	(void)env;
	return true;
}

static const struct view_ops none_view = {.name = "none"};

static struct observer *none_create(const struct printer_env *env, struct error *err)
{
	(void)err;
	return printer_new(env, &none_view, NULL);
}

static const struct printer_type curses = {
	.name = "curses",
	.help = "full screen: bars, what runs, failures; q goes back to lines",
	.can = curses_can,
	.create = curses_create,
};
static const struct printer_type tty = {
	.name = "tty",
	.help = "a table that is redrawn below the messages",
	.can = printer_can_draw,
	.create = tty_create,
};
static const struct printer_type plain = {
	.name = "plain",
	.help = "lines only, for logs and pipes",
	.can = can_always,
	.create = plain_create,
};
static const struct printer_type none = {
	.name = "none",
	.help = "no progress, messages only",
	.can = can_always,
	.create = none_create,
};

static const struct printer_type *const types[] = {&curses, &tty, &plain, &none, NULL};

/* Every CI service sets CI, and shows the output as a log. */
static bool is_ci(void)
{
	const char *ci = getenv("CI");

	return ci && *ci && strcmp(ci, "false") != 0 && strcmp(ci, "0") != 0;
}

const struct printer_type *printer_type_choose(const char *name, const struct printer_env *env)
{
	/* The full screen is never the default: users want their scrollback. */
	if (strcmp(name, "auto") == 0)
		return !is_ci() && tty.can(env) ? &tty : &plain;
	for (size_t i = 0; types[i]; i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}
