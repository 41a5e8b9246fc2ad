/* SPDX-License-Identifier: Apache-2.0 */
#include "acl_stub_core.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acl_stub.h"

enum { RULES = 16, OWNED = 4096, LOG_SIZE = 1 << 16, NAME = 48 };

enum action { FAIL, STATUS, POISON, WEDGE, SLOW, HANG };

struct rule {
	char entry[NAME];
	unsigned from, to, n_calls;
	enum action action;
	int value;
};

struct stub stub;
static struct rule rules[RULES];
static unsigned n_rules, n_owned;
static void *owned[OWNED];
static char book[LOG_SIZE], recent[128], live[128];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static int n_hanging, may_go_on;

stub_begin_function stub_begin;
stub_log_function stub_log;
stub_live_function stub_live;
stub_is_hanging_function stub_is_hanging;
stub_release_function stub_release;

static void bad_script(const char *rule)
{
	fprintf(stderr, "acl_stub: bad rule '%s'\n", rule);
	abort();
}

static void read_action(struct rule *r, const char *text, const char *whole)
{
	static const struct {
		const char *name;
		enum action action;
	} actions[] = {{"status %d", STATUS},
		       {"poison %d", POISON},
		       {"wedge %d", WEDGE},
		       {"slow %d", SLOW},
		       {"%d", FAIL}};

	if (strcmp(text, "hang") == 0) {
		r->action = HANG;
		return;
	}
	for (unsigned i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (sscanf(text, actions[i].name, &r->value) == 1) {
			r->action = actions[i].action;
			return;
		}
	bad_script(whole);
}

static void read_rule(const char *text)
{
	struct rule *r = &rules[n_rules++];
	char action[NAME], plus = 0;

	*r = (struct rule){.to = ~0u};
	if (n_rules == RULES)
		bad_script(text);
	if (sscanf(text, " %47[A-Za-z0-9]#%u%c: %47[^;]", r->entry, &r->from, &plus, action) == 4 &&
	    plus == '+') {
		read_action(r, action, text);
		return;
	}
	r->from = 0;
	if (sscanf(text, " %47[A-Za-z0-9]#%u: %47[^;]", r->entry, &r->from, action) == 3)
		r->to = r->from;
	else if (sscanf(text, " %47[A-Za-z0-9]: %47[^;]", r->entry, action) != 2)
		bad_script(text);
	read_action(r, action, text);
}

static void free_all(void)
{
	while (n_owned)
		free(owned[--n_owned]);
}

void stub_begin(const char *script)
{
	memset(&stub, 0, sizeof(stub));
	free_all();
	n_rules = 0;
	book[0] = recent[0] = '\0';
	may_go_on = 0;
	while (script && *script) {
		read_rule(script);
		script = strchr(script, ';');
		script = script ? script + 1 : NULL;
	}
}

__attribute__((constructor)) static void begin_with_environment(void)
{
	stub_begin(getenv("ACL_STUB_SCRIPT"));
}

void *stub_new(size_t bytes)
{
	if (n_owned == OWNED)
		abort();
	owned[n_owned] = calloc(1, bytes);
	return owned[n_owned++];
}

void stub_delete(void *p)
{
	for (unsigned i = 0; i < n_owned; i++)
		if (owned[i] == p) {
			owned[i] = owned[--n_owned];
			free(p);
			return;
		}
	fprintf(stderr, "acl_stub: something is given back that is not there\n");
	abort();
}

const char *stub_log(void)
{
	return book;
}

const char *stub_live(void)
{
	snprintf(live, sizeof(live), "devices=%d streams=%d buffers=%d binaries=%d inits=%d",
		 stub.n_devices, stub.n_streams, stub.n_buffers, stub.n_binaries, stub.n_inits);
	return live;
}

int stub_is_hanging(void)
{
	int n;

	pthread_mutex_lock(&lock);
	n = n_hanging;
	pthread_mutex_unlock(&lock);
	return n > 0;
}

void stub_release(void)
{
	pthread_mutex_lock(&lock);
	may_go_on = 1;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&lock);
}

static void hang(void)
{
	pthread_mutex_lock(&lock);
	n_hanging++;
	while (!may_go_on)
		pthread_cond_wait(&released, &lock);
	n_hanging--;
	pthread_mutex_unlock(&lock);
}

static void note(const char *text)
{
	const char *path = getenv("ACL_STUB_LOG");
	size_t n = strlen(book);
	FILE *f = path ? fopen(path, "ae") : NULL;

	snprintf(book + n, sizeof(book) - n, "%s%s", n ? " " : "", text);
	if (!f)
		return;
	fprintf(f, "%s\n", text);
	fclose(f);
}

static void sleep_ms(int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static int fail(const char *entry, int rc)
{
	snprintf(recent, sizeof(recent), "EZ9999: inner error\n\t%s failed, code %d.\n", entry, rc);
	stub.rc = rc;
	return 1;
}

/* 1: the call fails. */
static int obey(const struct rule *r)
{
	switch (r->action) {
	case STATUS:
		stub.has_status = 1;
		stub.status = r->value;
		return 0;
	case SLOW:
		sleep_ms(r->value);
		return 0;
	case HANG:
		hang();
		return 0;
	case WEDGE:
	case POISON:
		stub.is_poisoned = 1;
		stub.is_wedged |= r->action == WEDGE;
		return fail(r->entry, r->value);
	default:
		return fail(r->entry, r->value);
	}
}

static int obey_all(const char *entry)
{
	int does_fail = 0;

	for (unsigned i = 0; i < n_rules; i++) {
		struct rule *r = &rules[i];

		if (strcmp(r->entry, entry) != 0)
			continue;
		r->n_calls++;
		if (r->n_calls >= r->from && r->n_calls <= r->to)
			does_fail |= obey(r);
	}
	return does_fail;
}

static int enter(const char *entry, enum stub_kind kind, const char *text)
{
	char blocked[NAME + 16];
	int was_poisoned = stub.is_poisoned;

	note(text);
	stub.rc = stub.has_status = 0;
	if (kind == STUB_GIVES_BACK && (stub.is_given_up || stub.is_kernel_hung)) {
		snprintf(blocked, sizeof(blocked), "BLOCKED(%s)", entry);
		note(blocked);
	}
	if (obey_all(entry))
		return 1;
	return was_poisoned && kind != STUB_HOST ? fail(entry, 507899) : 0;
}

int stub_enter(const char *entry, enum stub_kind kind)
{
	return enter(entry, kind, entry);
}

int stub_enter_n(const char *entry, enum stub_kind kind, long argument)
{
	char text[NAME + 32];

	snprintf(text, sizeof(text), "%s(%ld)", entry, argument);
	return enter(entry, kind, text);
}

void stub_reset_device(void)
{
	stub.n_devices = stub.n_streams = stub.n_buffers = stub.n_binaries = 0;
	stub.is_kernel_hung = 0;
	free_all();
	stub.is_given_up = stub.is_wedged;
	stub.is_poisoned = stub.is_wedged;
}

const char *stub_take_recent(void)
{
	static char last[sizeof(recent)];

	memcpy(last, recent, sizeof(last));
	recent[0] = '\0';
	return last[0] ? last : NULL;
}
