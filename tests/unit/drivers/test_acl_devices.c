/* SPDX-License-Identifier: Apache-2.0 */
/* Driver acl: facts about devices without opening any. */
#include "acl_bed.h"

#include "drivers/acl/visible.h"

enum { ROOM = 8 };

struct census {
	struct dvs_device devices[ROOM];
	size_t n;
};

static int32_t probe(struct acl_bed *b, const char *script, size_t cap, struct census *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < ROOM; i++)
		ret->devices[i].size = sizeof(ret->devices[i]);
	b->begin(script);
	return b->d->probe(b->options, ret->devices, cap, &ret->n, acl_bed_err(b));
}

static void devices_are_counted_and_none_is_opened(void **state)
{
	struct acl_bed *b = *state;
	struct census c;

	assert_int_equal(probe(b, NULL, ROOM, &c), 0);
	assert_int_equal(c.n, 4);
	for (int32_t i = 0; i < 4; i++) {
		assert_int_equal(c.devices[i].size, sizeof(c.devices[i]));
		assert_int_equal(c.devices[i].id, i);
		assert_int_equal(c.devices[i].fault_domain, i / 2); /* two chips on a card */
		assert_int_equal(c.devices[i].health, DVS_HEALTH_GOOD);
		assert_string_equal(c.devices[i].model, "Ascend910B1");
		assert_string_equal(c.devices[i].family, "npu");
		assert_string_equal(c.devices[i].detail, "DCMI: normal");
	}
	assert_null(strstr(b->log(), "aclrtSetDevice"));
	assert_string_equal(b->live(), "devices=0 streams=0 buffers=0 binaries=0 inits=0");
}

static void it_says_how_many_there_are_when_there_is_less_room(void **state)
{
	struct acl_bed *b = *state;
	struct census c;

	assert_int_equal(probe(b, "aclrtGetDeviceCount: status 200", 2, &c), 0);
	assert_int_equal(c.n, 200);
	assert_int_equal(c.devices[1].id, 1);
	assert_int_equal(c.devices[2].model[0], 0);
	assert_int_equal(probe(b, "aclrtGetDeviceCount: status 0", 2, &c), 0);
	assert_int_equal(c.n, 0);
	assert_int_equal(probe(b, "aclrtGetDeviceCount: status -5", 2, &c), ACL_E_GARBAGE);
	assert_int_equal(c.n, 0);
}

static void a_smaller_struct_of_an_older_host_is_not_overrun(void **state)
{
	struct acl_bed *b = *state;
	struct {
		uint32_t size;
		int32_t id, fault_domain;
		uint32_t guard;
	} old[4];
	size_t n;

	memset(old, 0x55, sizeof(old));
	for (size_t i = 0; i < 4; i++)
		old[i].size = 12;
	b->begin(NULL);
	/* Its array is as dense as its struct is large. */
	assert_int_equal(b->d->probe(b->options, (void *)old, 1, &n, acl_bed_err(b)), 0);
	assert_int_equal(old[0].size, 12);
	assert_int_equal(old[0].id, 0);
	assert_int_equal(old[0].guard, 0x55555555);
}

static void what_the_process_may_see_has_its_ids_on_the_machine(void **state)
{
	struct acl_bed *b = *state;
	char text[16] = "";
	struct dvs_text as = {text, sizeof(text)};
	struct census c;

	setenv("ASCEND_RT_VISIBLE_DEVICES", "6,3", 1);
	assert_int_equal(probe(b, NULL, ROOM, &c), 0);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.devices[0].id, 6);
	assert_int_equal(c.devices[0].fault_domain, 3);
	assert_int_equal(c.devices[1].id, 3);
	acl_bed_options(b, "\"ids\": \"logical\"");
	assert_int_equal(probe(b, NULL, ROOM, &c), 0);
	assert_int_equal(c.devices[0].id, 0);
	assert_int_equal(c.devices[0].fault_domain, 3);
	assert_string_equal(c.devices[0].family, "npu"); /* with the number of the machine: */
	assert_int_equal(b->d->lend_as(0, b->options, &as, acl_bed_err(b)), 0);
	assert_string_equal(text, "6");
	assert_int_equal(b->d->lend_as(2, b->options, &as, acl_bed_err(b)), ACL_E_DEVICE);
	setenv("ASCEND_RT_VISIBLE_DEVICES", "6;3", 1);
	assert_int_equal(probe(b, NULL, ROOM, &c), ACL_E_OPTIONS);
	assert_string_equal(b->said, "ASCEND_RT_VISIBLE_DEVICES=6;3: not a list of devices, such "
				     "as 0,1");
}

static void a_runtime_that_fails_is_reported(void **state)
{
	struct acl_bed *b = *state;
	struct census c;

	assert_int_equal(probe(b, "aclInit: 507000", ROOM, &c), 507000);
	assert_string_equal(b->said, "the runtime does not start: aclInit: 507000");
	assert_int_equal(probe(b, "aclrtGetDeviceCount: 207004", ROOM, &c), 207004);
	assert_string_equal(b->said, "no devices: aclrtGetDeviceCount: 207004");
	assert_int_equal(acl_bed_class(b, 207004, 1), DVS_CONFIG);
	assert_non_null(strstr(b->log(), "aclFinalize"));
	assert_int_equal(c.n, 0);
}

static void a_device_that_the_runtime_calls_abnormal_is_bad(void **state)
{
	struct acl_bed *b = *state;
	struct census c;

	assert_int_equal(probe(b, "aclrtQueryDeviceStatus#2: status 1", ROOM, &c), 0);
	assert_int_equal(c.devices[0].health, DVS_HEALTH_GOOD);
	assert_int_equal(c.devices[1].health, DVS_HEALTH_BAD);
	assert_string_equal(c.devices[1].detail, "runtime: abnormal; DCMI: normal");
}

static void an_old_runtime_tells_less(void **state)
{
	struct acl_bed *b = *state;
	struct census c;

	acl_bed_use(b, ACL_STUB_OLD);
	assert_int_equal(probe(b, NULL, ROOM, &c), 0);
	assert_int_equal(c.n, 4);
	assert_string_equal(c.devices[0].model, "");
}

static void health_is_what_the_management_interface_says(void **state)
{
	static const struct {
		const char *script;
		enum dvs_health health;
		int32_t domain;
		const char *detail;
	} cases[] = {
		{"", DVS_HEALTH_GOOD, 1, "DCMI: normal"},
		{"health.3=1", DVS_HEALTH_SUSPECT, 1, "DCMI: minor alarm"},
		{"health.3=2", DVS_HEALTH_BAD, 1, "DCMI: major alarm"},
		{"health.3=3", DVS_HEALTH_BAD, 1, "DCMI: critical"},
		{"health.3=3 error.3=a1", DVS_HEALTH_BAD, 1, "DCMI: critical, errors 0xa1 0xa2"},
		{"health.3=4294967295", DVS_HEALTH_BAD, 1, "DCMI: absent, or not started"},
		{"health.3=17", DVS_HEALTH_UNKNOWN, 1, "DCMI: unknown health 17"},
		{"rc.3=-8012", DVS_HEALTH_BAD, 1, "DCMI: dropped off the bus (-8012)"},
		{"rc.3=-8002", DVS_HEALTH_UNKNOWN, 1, "DCMI: no health (-8002)"},
		{"lost.3", DVS_HEALTH_BAD, -1, "DCMI: not found; chips off the bus: 1"},
		{"lost.5", DVS_HEALTH_GOOD, 1, "DCMI: normal"},
		{"init=-8002", DVS_HEALTH_UNKNOWN, -1, "DCMI does not start (-8002); root only?"},
		{"list=-8002", DVS_HEALTH_UNKNOWN, -1,
		 "DCMI: no list of cards (-8002); root only?"},
	};
	struct acl_bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dvs_device d = {.size = sizeof(d)};

		setenv("DCMI_STUB", cases[i].script, 1);
		b->begin(NULL);
		assert_int_equal(b->d->health(3, b->options, &d, acl_bed_err(b)), 0);
		assert_int_equal(d.id, 3);
		assert_int_equal(d.health, cases[i].health);
		assert_int_equal(d.fault_domain, cases[i].domain);
		assert_string_equal(d.detail, cases[i].detail);
		assert_string_equal(b->log(), ""); /* the runtime is not asked */
	}
}

static void health_is_unknown_where_nobody_tells(void **state)
{
	struct acl_bed *b = *state;
	struct dvs_device d = {.size = sizeof(d)};

	assert_int_equal(b->d->health(99, b->options, &d, acl_bed_err(b)), 0);
	assert_int_equal(d.health, DVS_HEALTH_UNKNOWN);
	assert_string_equal(d.detail, "DCMI: does not know device 99");
	assert_int_equal(b->d->health(3, "{\"dcmi\": \"\"}", &d, acl_bed_err(b)), 0);
	assert_int_equal(d.health, DVS_HEALTH_UNKNOWN);
	assert_string_equal(d.detail, "no DCMI");
	assert_int_equal(b->d->health(-1, b->options, &d, acl_bed_err(b)), ACL_E_DEVICE);
}

static void lists_of_visible_devices_are_read_strictly(void **state)
{
	static const char *const bad[] = {",",	"1,,2", "a",   "1 ",
					  "-1", "1,1",	"0x1", "99999999999"};
	struct error err = {0};
	struct visible v;

	(void)state;
	assert_int_equal(visible_read(NULL, &v, &err), 0);
	assert_int_equal(visible_logical(&v, 5), 5);
	assert_int_equal(visible_physical(&v, 5), 5);
	assert_int_equal(visible_read("", &v, &err), 0);
	assert_int_equal(visible_logical(&v, 0), -1);
	assert_int_equal(visible_read("4,2,0", &v, &err), 0);
	assert_int_equal(visible_logical(&v, 2), 1);
	assert_int_equal(visible_physical(&v, 0), 4);
	assert_int_equal(visible_physical(&v, 3), -1);
	assert_int_equal(visible_physical(&v, -1), -1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(visible_read(bad[i], &v, &err), -1);
		assert_non_null(strstr(err.msg, bad[i]));
		error_done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ACL_TEST(devices_are_counted_and_none_is_opened),
		ACL_TEST(it_says_how_many_there_are_when_there_is_less_room),
		ACL_TEST(a_smaller_struct_of_an_older_host_is_not_overrun),
		ACL_TEST(what_the_process_may_see_has_its_ids_on_the_machine),
		ACL_TEST(a_runtime_that_fails_is_reported),
		ACL_TEST(a_device_that_the_runtime_calls_abnormal_is_bad),
		ACL_TEST(an_old_runtime_tells_less),
		ACL_TEST(health_is_what_the_management_interface_says),
		ACL_TEST(health_is_unknown_where_nobody_tells),
		ACL_TEST(lists_of_visible_devices_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
