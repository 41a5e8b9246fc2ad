/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/verdict_text.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void verdict_add_repr(struct str *to, const char *s)
{
	char quote = strchr(s, '\'') && !strchr(s, '"') ? '"' : '\'';

	str_addc(to, quote);
	for (; *s; s++) {
		if (*s == quote || *s == '\\')
			str_addc(to, '\\');
		if (*s == '\n')
			str_add(to, "\\n");
		else if (*s == '\t')
			str_add(to, "\\t");
		else if (*s == '\r')
			str_add(to, "\\r");
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			str_printf(to, "\\x%02x", (unsigned char)*s);
		else
			str_addc(to, *s);
	}
	str_addc(to, quote);
}

void verdict_add_size(struct str *to, double bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	while (bytes >= 1024 && i + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1024;
		i++;
	}
	str_printf(to, "%.*f %s", bytes == floor(bytes) ? 0 : 1, bytes, units[i]);
}

const char *verdict_signal_name(int signum)
{
	static const char *const names[] = {
		[SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",	  [SIGQUIT] = "SIGQUIT",
		[SIGILL] = "SIGILL",   [SIGTRAP] = "SIGTRAP",	  [SIGABRT] = "SIGABRT",
		[SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",	  [SIGKILL] = "SIGKILL",
		[SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV",	  [SIGUSR2] = "SIGUSR2",
		[SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM",	  [SIGTERM] = "SIGTERM",
		[SIGXCPU] = "SIGXCPU", [SIGXFSZ] = "SIGXFSZ",	  [SIGVTALRM] = "SIGVTALRM",
		[SIGPROF] = "SIGPROF", [SIGSYS] = "SIGSYS",	  [SIGPWR] = "SIGPWR",
		[SIGPOLL] = "SIGPOLL", [SIGSTKFLT] = "SIGSTKFLT",
	};
	int n = (int)(sizeof(names) / sizeof(names[0]));

	return signum > 0 && signum < n && names[signum] ? names[signum] : "unknown";
}
