/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the project. It is read by git itself, with one shell, because only git can decide
 * what is modified (line ends, attributes, the index). Without git or a commit the result is empty.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"

static const char questions[] =
	" && export GIT_OPTIONAL_LOCKS=0 && git rev-parse HEAD && git rev-parse --short HEAD && "
	"{ git remote get-url origin || echo; } && git status --porcelain --untracked-files=no | "
	"head -n 1; } 2>/dev/null";

static const char *revision_read_line(struct arena *mem, FILE *f)
{
	_cleanup_(freep) char *line = NULL;
	size_t cap = 0;
	ssize_t n = getline(&line, &cap, f);

	if (n < 0)
		return "";
	return arena_strndup(mem, line, strcspn(line, "\n"));
}

/* Removes passwords from all URLs, and user names from http and https. A user name in other URLs
 * (ssh) stays, because it names the account. */
static const char *without_credentials(struct arena *mem, const char *url)
{
	const char *host = strstr(url, "://"), *at, *colon;

	if (!host)
		return url;
	host += strlen("://");
	at = memrchr(host, '@', strcspn(host, "/?#"));
	if (!at)
		return url;
	colon = memchr(host, ':', (size_t)(at - host));
	if (!colon && !str_starts(url, "http://") && !str_starts(url, "https://"))
		return url;
	return arena_printf(mem, "%.*s%s", (int)(host - url), url, at + 1);
}

static const char *url_of(struct arena *mem, const char *origin, const char *commit)
{
	static const char github[] = "git@github.com:";
	const char *url = without_credentials(mem, origin);
	size_t n = strlen(url);

	if (str_ends(url, ".git"))
		n -= strlen(".git");
	if (str_starts(url, github))
		return arena_printf(mem, "https://github.com/%.*s/tree/%s",
				    (int)(n - strlen(github)), url + strlen(github), commit);
	return arena_printf(mem, "%.*s/tree/%s", (int)n, url, commit);
}

struct cfg_revision_query {
	FILE *answer; /* output of the shell; NULL: it could not be started */
};

struct cfg_revision_query *cfg_ask_revision(const char *root)
{
	struct cfg_revision_query *q = xcalloc(1, sizeof(*q));
	_cleanup_(str_done) struct str command = {0};

	str_add(&command, "{ cd ");
	str_add_shell_word(&command, root);
	str_add(&command, questions);
	q->answer = popen(command.s, "re");
	return q;
}

void cfg_read_revision(struct cfg_revision_query *q, struct arena *mem, struct cfg_revision *ret)
{
	FILE *f = q->answer;
	const char *origin;

	free(q);
	*ret = (struct cfg_revision){.commit = "", .commit_short = ""};
	if (!f)
		return;
	ret->commit = revision_read_line(mem, f);
	ret->commit_short = revision_read_line(mem, f);
	origin = revision_read_line(mem, f);
	ret->is_dirty = *revision_read_line(mem, f);
	pclose(f);
	if (*origin && *ret->commit)
		ret->url = url_of(mem, origin, ret->commit);
}
