/* SPDX-License-Identifier: Apache-2.0 */
/* Driver command: options, and output and end of tools. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/attr.h"
#include "drivers/command/options.h"
#include "drivers/drivers.h"

enum { ROOM = 8 };

static char said[1024];

static struct dvs_text *room(void)
{
	static struct dvs_text text = {said, sizeof(said)};

	said[0] = '\0';
	return &text;
}

static const struct dvs_driver *driver(void)
{
	return driver_command_get(DVS_DRIVER_ABI);
}

/* The class that the host gets. */
static enum dvs_class class_of(int32_t code)
{
	const char *name, *hint;

	return driver()->classify(code, 1, &name, &hint);
}

static void assert_says(const char *words)
{
	if (!strstr(said, words))
		fail_msg("'%s' is not in: %s", words, said);
}

struct census {
	struct dvs_device devices[ROOM];
	size_t n;
};

static int32_t probe(const char *options, struct census *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < ROOM; i++)
		ret->devices[i] = (struct dvs_device){.size = sizeof(ret->devices[i])};
	return driver()->probe(options, ret->devices, ROOM, &ret->n, room());
}

/* ---- options ---- */

static void wrong_options_are_named(void **state)
{
	static const struct {
		const char *options, *words;
	} cases[] = {
		{"", "'probe' is missing"},
		{"{\"probe\": 3}", "options: 'probe' must be a text"},
		{"{\"probe\": \" \"}", "probe is empty"},
		{"{\"probe\": \"./smi\"}", "probe: './smi' must be an absolute path"},
		{"{\"probe\": \"A=1 ../smi -x\"}", "probe: '../smi' must be an absolute path"},
		{"{\"probe\": \"true\", \"health\": []}", "options: 'health' must be a text"},
		{"{\"probe\": \"true\", \"open_check\": \"./x\"}", "open_check: './x' must be"},
		{"{\"probe\": \"true\", \"helth\": \"x\"}",
		 "options: unknown key 'helth'; did you mean 'health'?"},
		{"{\"probe\": \"true\", \"line\": \"(?<id>\"}", "line: is no pattern: missing "},
		{"{\"probe\": \"true\", \"line\": \"x\"}", "line: it has no group (?<id>...)"},
		{"{\"probe\": \"true\", \"line\": \"(?<id>.)(?<uuid>.)\"}",
		 "line: has a group 'uuid'; there may be: id, name, "},
		{"{\"probe\": \"true\", \"bad\": \"(\"}", "bad: is no pattern: "},
		{"{\"probe\": \"true\", \"good\": 1}", "options: 'good' must be a text"},
		{"{\"probe\": \"true\", \"timeout\": \"soon\"}",
		 "options: 'timeout' must be a duration from 10ms"},
		{"{\"probe\": \"true\", \"timeout\": 0}",
		 "options: 'timeout' must be a duration from 10ms"},
		{"{\"probe\": \"true\", \"lend\": \"uuid\"}", "lend must be "},
		{"{\"probe\": \"true\", \"lend\": \"name\", \"line\": \"(?<id>.)\"}",
		 "lend: 'line' has no group (?<name>...)"},
		{"{\"probe\": \"true\", \"family\": \"\"}", "family must be a word"},
		{"{\"probe\": \"echo x\", \"line\": \"(?<id>.)\"}",
		 "line: the id 'x' of a device must be a number of at most 65535"},
		{"{\"probe\": \"echo 65536\", \"line\": \"(?<id>.+)\"}",
		 "line: the id '65536' of a device must be a number"},
		{"[]", "options: must be a JSON object"},
	};
	struct census c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(class_of(probe(cases[i].options, &c)), DVS_CONFIG);
		assert_says(cases[i].words);
		assert_int_equal(c.n, 0);
	}
}

static void each_command_has_a_limit_of_time(void **state)
{
	static const struct {
		const char *options;
		double all_ms, probe_ms;
	} cases[] = {
		{"{\"probe\": \"true\"}", 15000, 15000},
		{"{\"probe\": \"true\", \"timeout\": \"17s\"}", 17000, 17000},
		{"{\"probe\": \"true\", \"timeout\": \"1m\"}", 60000, 18000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct smi_options o;
		struct error err = {0};

		assert_int_equal(smi_options_read(cases[i].options, &o, &err), 0);
		assert_true(round(o.timeout_s * 1e3) == cases[i].all_ms);
		assert_true(round(smi_options_probe_s(&o) * 1e3) == cases[i].probe_ms);
		smi_options_done(&o);
	}
}

static void a_family_is_what_the_tool_is_for(void **state)
{
	static const char *const cases[][2] = {
		{"{\"probe\": \"/bin/echo 0\"}", "echo"},
		{"{\"probe\": \"/nowhere/x-smi 2>/dev/null || echo 0\"}", "x"},
		{"{\"probe\": \"A=b C=d echo 0|cat\"}", "echo"},
		{"{\"probe\": \"echo 0\", \"family\": \"card\"}", "card"},
	};
	struct census c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(probe(cases[i][0], &c), 0);
		assert_int_equal(c.n, 1);
		assert_string_equal(c.devices[0].family, cases[i][1]);
	}
}

/* ---- output of tools ---- */

static void lines_become_devices(void **state)
{
	static const char options[] = "{\"probe\": \"printf 'WARNING: infoROM is corrupted\\\\n"
				      "0, GPU-aa, Card A, 00000000:17:00.0, 81559 MiB\\\\r\\\\n"
				      " 3,GPU-bb , Card B, ffff:ff:1f.7,[N/A]\\\\n"
				      "7\\\\n\\\\n12 devices were seen\\\\n'\"}";
	struct census c;

	(void)state;
	assert_int_equal(probe(options, &c), 0);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.devices[0].id, 0);
	assert_string_equal(c.devices[0].model, "Card A");
	assert_string_equal(c.devices[0].detail, "GPU-aa, 00000000:17:00.0");
	assert_true(c.devices[0].mem_total == UINT64_C(81559) << 20);
	assert_int_equal(c.devices[1].id, 3);
	assert_string_equal(c.devices[1].model, "Card B");
	assert_true(c.devices[1].mem_total == 0);
	assert_int_equal(c.devices[1].numa, -1);
	assert_int_equal(c.devices[2].id, 7);
	assert_string_equal(c.devices[2].model, "");
	assert_int_equal(c.devices[2].fault_domain, -1);
	assert_int_equal(probe("{\"probe\": \"echo 65535\"}", &c), 0);
	assert_int_equal(c.devices[0].id, 65535);
}

static void a_pattern_of_ones_own_finds_all_that_there_is(void **state)
{
	static const char options[] =
		"{\"probe\": \"printf 'card4 board X node 1 OK\\\\ncard5 board Y node 0 "
		"Warning\\\\n"
		"card6 board X node N/A Critical\\\\n'\", "
		"\"line\": \"^card(?<id>\\\\d+) board (?<domain>\\\\w) node (?<numa>\\\\S+) "
		"(?<health>\\\\w+)\", \"bad\": \"Critical\", \"suspect\": \"Warning\"}";
	static const struct {
		int32_t id, domain, numa;
		enum dvs_health health;
		const char *detail;
	} expected[] = {
		{4, 0, 1, DVS_HEALTH_GOOD, "OK"},
		{5, 1, 0, DVS_HEALTH_SUSPECT, "'suspect' matches: Warning"},
		{6, 0, -1, DVS_HEALTH_BAD, "'bad' matches: Critical"},
	};
	struct census c;

	(void)state;
	assert_int_equal(probe(options, &c), 0);
	assert_int_equal(c.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < c.n; i++) {
		assert_int_equal(c.devices[i].id, expected[i].id);
		assert_int_equal(c.devices[i].fault_domain, expected[i].domain);
		assert_int_equal(c.devices[i].numa, expected[i].numa);
		assert_int_equal(c.devices[i].health, expected[i].health);
		assert_string_equal(c.devices[i].detail, expected[i].detail);
	}
}

static void texts_are_cut_between_characters_and_made_printable(void **state)
{
	static const char options[] =
		"{\"probe\": \"printf '0, a\\\\033[31m, "
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\303\244y\\\\n1, \\\\377\\\\n'\"}";
	struct census c;

	(void)state;
	assert_int_equal(probe(options, &c), 0);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.devices[0].model, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	assert_string_equal(c.devices[0].detail, "a\\x1b[31m");
	assert_string_equal(c.devices[1].detail, "\\xff");
}

static const char *lent_as(int32_t device, const char *options)
{
	static char name[256];
	struct dvs_text text = {name, sizeof(name)};

	name[0] = '\0';
	assert_int_equal(driver()->lend_as(device, options, &text, room()), 0);
	return name;
}

static void a_name_may_be_lent_in_place_of_a_number(void **state)
{
	static const char names[] = "{\"probe\": \"echo 0, GPU-aa; echo 1\", \"lend\": \"name\"}";
	struct census c;

	(void)state;
	assert_int_equal(probe(names, &c), 0);
	assert_string_equal(lent_as(0, names), "GPU-aa");
	assert_string_equal(lent_as(1, names), ""); /* its number */
	assert_string_equal(lent_as(0, "{\"probe\": \"echo 0, GPU-aa\", \"lend\": \"id\"}"), "");
	assert_string_equal(lent_as(0, "{\"probe\": \"echo 0, GPU-aa\"}"), "");
}

static void nothing_printed_is_nothing_there(void **state)
{
	struct census c;

	(void)state;
	assert_int_equal(probe("{\"probe\": \"echo\"}", &c), 0);
	assert_int_equal(c.n, 0);
}

static void more_devices_than_room_are_counted(void **state)
{
	struct census c;

	(void)state;
	assert_int_equal(probe("{\"probe\": \"seq 0 99\"}", &c), 0);
	assert_int_equal(c.n, 100);
	assert_int_equal(c.devices[ROOM - 1].id, ROOM - 1);
}

/* ---- how tools end ---- */

static void a_tool_that_lists_nothing_is_reported(void **state)
{
	static const struct {
		const char *options, *words;
	} cases[] = {
		{"{\"probe\": \"/nowhere/x-smi -L\"}",
		 "`/nowhere/x-smi -L` exited with status 127: "},
		{"{\"probe\": \"echo 0; echo NVIDIA-SMI has failed; exit 9\"}",
		 "exited with status 9: 0"},
		{"{\"probe\": \"echo NVIDIA-SMI has failed; exit 9\"}",
		 "exited with status 9: NVIDIA-SMI has failed"},
		{"{\"probe\": \"echo; echo out; echo err >&2; echo more >&2; exit 9\"}",
		 "exited with status 9: err"},
		{"{\"probe\": \"kill -9 $$\"}", "was ended by signal 9"},
		{"{\"probe\": \"echo No devices were found\"}",
		 "exited with status 0: No devices were found; 'line' matches nothing"},
		{"{\"probe\": \"echo 0; exec sleep 600\", \"timeout\": \"50ms\"}",
		 "did not end within 0.05s"},
		{"{\"probe\": \"trap '' TERM; yes 0\"}", "printed more than 1024 KiB"},
	};
	struct census c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(class_of(probe(cases[i].options, &c)), DVS_UNSUPPORTED);
		assert_says(cases[i].words);
		assert_int_equal(c.n, 0);
	}
}

static void a_tool_is_over_at_its_end_even_if_others_have_its_output(void **state)
{
	struct census c;

	(void)state;
	assert_int_equal(probe("{\"probe\": \"sleep 600 & echo 5, $!\"}", &c), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.devices[0].id, 5);
	assert_int_equal(kill(atoi(c.devices[0].detail), SIGKILL), 0);
}

static void a_tool_speaks_the_language_that_is_read(void **state)
{
	struct census c;

	(void)state;
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	setenv("LANGUAGE", "de", 1);
	assert_int_equal(probe("{\"probe\": \"echo 0, $LC_ALL$LANGUAGE\"}", &c), 0);
	assert_string_equal(c.devices[0].detail, "C");
	assert_string_equal(getenv("LC_ALL"), "de_DE.UTF-8");
}

static void ignore_log(void *user, int32_t level, const char *text)
{
	(void)level;
	snprintf(user, sizeof(said), "%s", text);
}

static int32_t open_device(int32_t device, const char *options, char *log)
{
	const struct dvs_host host = {.size = sizeof(host), .user = log, .log = ignore_log};
	void *ctx = NULL;
	int32_t code = driver()->open(&host, device, options, &ctx, room());

	if (code == 0)
		driver()->close(ctx);
	return code;
}

#define TOOL "\"probe\": \"echo 1, GPU-1\""

static void health_is_what_the_tool_says(void **state)
{
	static const struct {
		const char *options;
		enum dvs_class opens;
		enum dvs_health health;
		const char *words;
	} cases[] = {
		/* Without a command for it: is it listed? */
		{"{" TOOL "}", DVS_OK, DVS_HEALTH_GOOD, ""},
		{"{\"probe\": \"echo 2\"}", DVS_WEDGE, DVS_HEALTH_BAD,
		 "probe does not list device 1"},
		{"{\"probe\": \"echo GPU is lost; exit 15\"}", DVS_UNSUPPORTED, DVS_HEALTH_UNKNOWN,
		 "exited with status 15: GPU is lost"},
		{"{\"probe\": \"exec sleep 600\", \"timeout\": 0.05}", DVS_WEDGE, DVS_HEALTH_BAD,
		 "did not end within 0.05s"},
		/* The status, where no pattern decides. */
		{"{" TOOL ", \"health\": \"test $DVSCHED_DEVICE = 1\"}", DVS_OK, DVS_HEALTH_GOOD,
		 ""},
		{"{" TOOL ", \"health\": \"test $DVSCHED_DEVICE_NAME = GPU-1\"}", DVS_OK,
		 DVS_HEALTH_GOOD, ""},
		{"{\"probe\": \"echo 2\", \"health\": \"true $DVSCHED_DEVICE_NAME\"}", DVS_WEDGE,
		 DVS_HEALTH_BAD, "probe does not list device 1"},
		{"{" TOOL ", \"health\": \"echo lost >&2; exit 15\"}", DVS_WEDGE, DVS_HEALTH_BAD,
		 "exited with status 15: lost"},
		{"{" TOOL ", \"health\": \"kill -11 $$\"}", DVS_WEDGE, DVS_HEALTH_BAD,
		 "was ended by signal 11"},
		{"{" TOOL ", \"health\": \"exec sleep 600\", \"timeout\": 0.05}", DVS_WEDGE,
		 DVS_HEALTH_BAD, "did not end within 0.05s"},
		{"{" TOOL ", \"health\": \"/nowhere/smi\"}", DVS_UNSUPPORTED, DVS_HEALTH_UNKNOWN,
		 "exited with status 127"},
		{"{" TOOL ", \"health\": \"/dev/null\"}", DVS_UNSUPPORTED, DVS_HEALTH_UNKNOWN,
		 "exited with status 126"},
		/* Patterns: bad, suspect, a good one that is missing, and then the status. */
		{"{" TOOL
		 ", \"health\": \"echo Health: Alarm; echo Warning\", \"bad\": \"Alarm$\", "
		 "\"suspect\": \"Warning\"}",
		 DVS_WEDGE, DVS_HEALTH_BAD, "'bad' matches: Health: Alarm"},
		{"{" TOOL ", \"health\": \"echo Warning >&2; exit 14\", \"suspect\": \"^Warn\"}",
		 DVS_OK, DVS_HEALTH_SUSPECT, "'suspect' matches: Warning"},
		{"{" TOOL ", \"health\": \"echo fine\", \"good\": \"OK\"}", DVS_WEDGE,
		 DVS_HEALTH_BAD, "'good' matches nothing"},
		{"{" TOOL ", \"health\": \"echo OK; exit 3\", \"good\": \"OK\"}", DVS_WEDGE,
		 DVS_HEALTH_BAD, "exited with status 3"},
		{"{" TOOL ", \"health\": \"echo OK\", \"good\": \"OK\", \"bad\": \"Alarm\"}",
		 DVS_OK, DVS_HEALTH_GOOD, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dvs_device d = {.size = sizeof(d)};
		char log[sizeof(said)] = "";
		int32_t code = open_device(1, cases[i].options, log);

		assert_int_equal(class_of(code), cases[i].opens);
		if (code)
			assert_says(cases[i].words);
		else if (cases[i].health == DVS_HEALTH_SUSPECT)
			assert_non_null(strstr(log, cases[i].words));
		assert_int_equal(driver()->health(1, cases[i].options, &d, room()), 0);
		assert_int_equal(d.id, 1);
		assert_int_equal(d.health, cases[i].health);
	}
}

static void a_check_for_opening_goes_before_health(void **state)
{
	static const char options[] = "{" TOOL
				      ", \"health\": \"true\", \"open_check\": \"exit 7\"}";
	struct dvs_device d = {.size = sizeof(d)};
	char log[sizeof(said)];

	(void)state;
	assert_int_equal(class_of(open_device(1, options, log)), DVS_WEDGE);
	assert_says("`exit 7` exited with status 7");
	assert_int_equal(driver()->health(1, options, &d, room()), 0);
	assert_int_equal(d.health, DVS_HEALTH_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(each_command_has_a_limit_of_time),
		cmocka_unit_test(a_family_is_what_the_tool_is_for),
		cmocka_unit_test(lines_become_devices),
		cmocka_unit_test(a_pattern_of_ones_own_finds_all_that_there_is),
		cmocka_unit_test(texts_are_cut_between_characters_and_made_printable),
		cmocka_unit_test(a_name_may_be_lent_in_place_of_a_number),
		cmocka_unit_test(nothing_printed_is_nothing_there),
		cmocka_unit_test(more_devices_than_room_are_counted),
		cmocka_unit_test(a_tool_that_lists_nothing_is_reported),
		cmocka_unit_test(a_tool_is_over_at_its_end_even_if_others_have_its_output),
		cmocka_unit_test(a_tool_speaks_the_language_that_is_read),
		cmocka_unit_test(health_is_what_the_tool_says),
		cmocka_unit_test(a_check_for_opening_goes_before_health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
