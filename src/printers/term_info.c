/* SPDX-License-Identifier: Apache-2.0 */
#include "printers/term_info.h"

#include <curses.h>
#include <string.h>
#include <term.h>

#include "base/attr.h"

static bool has_string(const char *name)
{
	const char *s = tigetstr(name);

	return s && s != (const char *)-1 && *s;
}

bool term_info_can_draw(int fd)
{
	int problem;
	bool can;

	if (setupterm(NULL, fd, &problem) != OK)
		return false;
	can = has_string("cup") && has_string("clear");
	del_curterm(cur_term);
	return can;
}

const char *term_info_undo(void)
{
	static const char *const names[] = {"sgr0", "rmkx", "rmcup", "cnorm"};
	static char undo[128];
	size_t n = 0;

	undo[n++] = '\030'; /* CAN ends a sequence that was cut */
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *s = has_string(names[i]) ? tigetstr(names[i]) : "";

		if (strchr(s, '$') || n + strlen(s) >= sizeof(undo))
			continue; /* a delay, which only tputs() can make */
		memcpy(undo + n, s, strlen(s));
		n += strlen(s);
	}
	undo[n] = '\0';
	return undo;
}
