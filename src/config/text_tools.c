/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/text_command.h"

/* The first such tool in PATH is in /bin or /usr/bin. */
static bool is_usual_tool(const char *tool)
{
	const char *path = getenv("PATH");
	char at[4096];

	while (path && *path) {
		int len = (int)strcspn(path, ":");

		if (len > 3000 || *path != '/')
			return false;
		snprintf(at, sizeof(at), "%.*s/%s", len, path, tool);
		if (access(at, X_OK) == 0)
			return strncmp(at, "/bin/", 5) == 0 || strncmp(at, "/usr/bin/", 9) == 0;
		path += len + (path[len] == ':');
	}
	return false;
}

bool text_tools_are_usual(void)
{
	static const char *const tools[] = {"cut", "tr", "sed"};
	static const char *const changes[] = {"POSIXLY_CORRECT=", "BASH_FUNC_",
					      "SHELLOPTS=", "BASHOPTS="};

	for (char **e = environ; *e; e++)
		for (size_t i = 0; i < ARRAY_LEN(changes); i++)
			if (str_starts(*e, changes[i]))
				return false;
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (!is_usual_tool(tools[i]))
			return false;
	return true;
}
