/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices a pool has, which of them fail together, and what they are called where they are
 * lent. */
#include "chips_pool.h"

/* "0 2 5": the devices of the last read. */
static const char *ids(struct pool *p)
{
	str_clear(&p->told);
	str_add(&p->told, "");
	for (uint32_t i = 0; p->s && i < p->s->n_devices; i++)
		str_printf(&p->told, "%s%d", i ? " " : "", p->s->devices[i].id);
	return p->told.s;
}

static void has_ids(const int32_t *list, size_t n)
{
	pool_driver.facts.n_devices = n;
	for (size_t i = 0; i < n; i++)
		pool_driver.devices[i].id = list[i];
}

/* ---- lists ---- */

static void devices_are_listed_in_several_ways(void **state)
{
	static const struct pool_case cases[] = {
		{"", "0 1 2 3"},
		{"devices: 2", "2"},
		{"devices: \"2\"", "2"},
		{"devices: \"1-3\"", "1 2 3"},
		{"devices: \"3,0\"", "3 0"},
		{"devices: \" 0 , 2-3 \"", "0 2 3"},
		{"devices: [0, 2]", "0 2"},
		{"devices: [\"0-1\", 3]", "0 1 3"},
	};
	struct pool *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		pool_read(p, cases[i].text);
		assert_string_equal(pool_told(p), "");
		assert_string_equal(ids(p), cases[i].told);
	}
}

static void what_is_no_list_of_devices_has_its_place(void **state)
{
#define NO_LIST "'devices' must be a list of device numbers [like \"0-7\", \"0,2,4-5\" or [0, 2]]\n"
	static const struct pool_case cases[] = {
		{"devices: \"\"", "3:10 " NO_LIST},
		{"devices: {}", "3:10 " NO_LIST},
		{"devices: \"0,\"", "3:10 " NO_LIST},
		{"devices: \"0-\"", "3:10 " NO_LIST},
		{"devices: \"0 1\"", "3:10 " NO_LIST},
		{"devices: [0, [1]]", "3:14 " NO_LIST},
		{"devices: [0, \"x\"]", "3:14 " NO_LIST},
		{"devices: 65536", "3:10 " NO_LIST},
		{"devices: \"0-4096\"", "3:10 " NO_LIST},
		{"devices: []", "3:10 'devices' of 'npu' is empty\n"},
		{"devices: \"0,0\"", "3:10 device 0 is listed twice\n"},
		{"devices: [1, \"0-1\"]", "3:14 device 1 is listed twice\n"},
		{"devices: \"2-5\"", "3:10 the driver 'sim' has no device 4-5 [there are: 0-3]\n"},
		{"devices: [4, 0, 65535]",
		 "3:11 the driver 'sim' has no device 4 [there are: 0-3]\n"
		 "3:17 the driver 'sim' has no device 65535 [there are: 0-3]\n"},
	};

	pool_check(*state, cases, ARRAY_LEN(cases));
}

static void a_driver_without_devices_is_an_error(void **state)
{
	static const struct pool_case cases[] = {
		{"", "2:1 the driver 'sim' has no device here\n"},
		{"devices: []", "3:10 the driver 'sim' has no device here\n"},
		{"devices: 0", "3:10 the driver 'sim' has no device 0 [there are: none]\n"},
	};

	pool_driver.facts.n_devices = 0;
	pool_check(*state, cases, ARRAY_LEN(cases));
}

/* ---- fault domains ---- */

static void fault_domains_are_the_drivers_or_those_of_the_pool(void **state)
{
	struct pool *p = *state;
	const struct chips_device *d = pool_read(p, "")->devices;

	assert_true(d[0].domain == 0 && d[1].domain == 0 && d[2].domain == -1);
	d = pool_read(p, "fault_domains: [[1, 2], [3]]")->devices;
	assert_string_equal(pool_told(p), "");
	assert_int_equal(d[0].domain, 0);		    /* it is in no list */
	assert_true(d[1].domain >= CHIPS_FIRST_OWN_DOMAIN); /* as no driver has it */
	assert_int_equal(d[1].domain, d[2].domain);
	assert_true(d[3].domain >= CHIPS_FIRST_OWN_DOMAIN && d[3].domain != d[1].domain);
}

static void what_is_no_fault_domain_has_its_place(void **state)
{
#define NOT_THERE "'fault_domains' lists a device that the pool does not have\n"
	static const struct pool_case cases[] = {
		{"fault_domains: [[0, 0]]", ""}, /* in one list twice */
		{"fault_domains: []", ""},
		{"fault_domains: 5",
		 "3:16 'fault_domains' must be a list of lists: [[0, 1], [2, 3]]\n"},
		{"fault_domains: [0, 1]", "3:17 a fault domain is a list of device numbers\n"
					  "3:20 a fault domain is a list of device numbers\n"},
		{"fault_domains: [[0, 4]]", "3:21 " NOT_THERE},
		{"fault_domains: [[\"0\"]]", "3:18 " NOT_THERE},
		{"fault_domains: [[-1]]", "3:18 " NOT_THERE},
		{"fault_domains: [[1.5]]", "3:18 " NOT_THERE},
		{"fault_domains: [[4294967296]]", "3:18 " NOT_THERE},
		{"fault_domains: [[18446744073709551616]]", "3:18 " NOT_THERE},
		{"fault_domains: [[0, 1], [2, 1]]",
		 "3:29 device 1 is in two fault domains [a device fails with one group of others: "
		 "put all "
		 "of them into one list]\n"},
	};

	pool_check(*state, cases, ARRAY_LEN(cases));
}

static void numbers_go_up_to_65535(void **state)
{
	static const int32_t list[] = {0, 65535};
	struct pool *p = *state;

	has_ids(list, 2);
	assert_non_null(pool_read(p, "devices: \"0,65535\", fault_domains: [[65535, 0]]"));
	assert_string_equal(pool_told(p), "");
	assert_int_equal(p->s->devices[1].domain, p->s->devices[0].domain);
}

/* ---- their names for borrowers ---- */

/* "as family-machine_id" of each. */
static const char *lent(struct pool *p)
{
	str_clear(&p->told);
	str_add(&p->told, "");
	for (uint32_t i = 0; p->s && i < p->s->n_devices; i++) {
		const struct chips_device *d = &p->s->devices[i];

		str_printf(&p->told, "%s%s %s-%d", i ? "; " : "", d->lent_as, d->family,
			   d->machine_id);
	}
	return p->told.s;
}

static void a_device_is_lent_as_its_number_or_its_name(void **state)
{
	static const char *const lend_as[] = {"uuid-0", "", "7", "65536"};
	struct pool *p = *state;

	pool_read(p, "devices: [0, 2]");
	assert_string_equal(lent(p), "0 chip-0; 2 chip-2");
	pool_driver.facts.lend_as = lend_as;
	pool_read(p, "devices: [3, 2, 1, 0]");
	/* Another number is that of the machine; another text is no other device. */
	assert_string_equal(lent(p), "65536 chip-3; 7 chip-7; 1 chip-1; uuid-0 chip-0");
	pool_read(p, "names: { 0: \"GPU-8932f937\", 1: 5 }, devices: \"0-2\"");
	assert_string_equal(lent(p), "GPU-8932f937 chip-0; 5 chip-5; 7 chip-7");
}

static void names_that_make_no_sense_have_their_place(void **state)
{
#define NO_NAME	  "a device's name must be a text without blanks and commas\n"
#define NO_DEVICE "'names' lists a device that the pool does not have\n"
	static const struct pool_case cases[] = {
		{"names: { 0: \"a\", 1: \"b\" }", ""},
		{"names: { 0: \"!\", 1: \"~\" }", ""},
		{"names: { 0: \"a b\" }", "3:13 " NO_NAME},
		{"names: { 0: \"a,b\" }", "3:13 " NO_NAME},
		{"names: { 0: \"\" }", "3:13 " NO_NAME},
		{"names: { 0: \"a\\u007f\" }", "3:13 " NO_NAME},
		{"names: { 0: [] }", "3:13 " NO_NAME},
		{"names: { 4: \"a\" }", "3:10 " NO_DEVICE},
		{"names: { x: \"a\" }", "3:10 " NO_DEVICE},
		{"names: { 0x: \"a\" }", "3:10 " NO_DEVICE},
		{"names: { -1: \"a\" }", "3:10 " NO_DEVICE},
		{"names: [1]", "3:8 'names' must be an object [like { 0: \"GPU-8932f937\", 1: "
			       "\"GPU-5a1b02cc\" }]\n"},
		{"names: { 0: \"x\", 1: \"x\" }",
		 "3:8 devices 0 and 1 would both be lent as 'x'\n"},
		{"names: { 2: \"1\" }", "3:8 devices 1 and 2 would both be lent as '1'\n"},
	};
	static const char *const twins[] = {"a", "a", "b", "c"};
	struct pool *p = *state;

	pool_check(p, cases, ARRAY_LEN(cases));
	pool_driver.facts.lend_as = twins;
	assert_null(pool_read(p, ""));
	assert_string_equal(pool_told(p), "2:1 devices 0 and 1 would both be lent as 'a'\n");
	assert_non_null(pool_read(p, "names: { 0: \"x y\"\n 0: \"z\" }")); /* the last one counts */
	assert_string_equal(p->s->devices[0].lent_as, "z");
}

/* ---- numbers of an allocation ---- */

static void an_allocation_is_translated(void **state)
{
	static const char *const lend_as[] = {"u0", "u1", "u2", "u3"};
	static const struct {
		const char *value, *more, *lent;
	} cases[] = {
		{NULL, "", "0 chip-0; 1 chip-1"},
		{"4,7", "", "4 chip-4; 7 chip-7"},
		{" 4 , 7 ,9", "", "4 chip-4; 7 chip-7"},
		{"65535,65536", "", "65535 chip-65535; 65536 chip-65536-0"},
		{"GPU-1,MIG-2/7:0", "", "GPU-1 chip-GPU-1-0; MIG-2/7:0 chip-MIG-2_7_0-0"},
		{"4,7x", "", "4 chip-4; 7x chip-7x-0"},
		{"4,7", "names: { 1: \"mine\" }", "4 chip-4; mine chip-mine-0"},
	};
	struct pool *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[128];

		snprintf(text, sizeof(text), "devices: \"0-1\", numbered_by: \"VISIBLE\"\n%s",
			 cases[i].more);
		if (cases[i].value)
			setenv("VISIBLE", cases[i].value, 1);
		assert_non_null(pool_read(p, text));
		assert_string_equal(lent(p), cases[i].lent);
	}
	setenv("VISIBLE", "4,7", 1); /* it goes before what the driver says */
	pool_driver.facts.lend_as = lend_as;
	pool_read(p, "devices: \"0-1\", numbered_by: \"VISIBLE\"");
	assert_string_equal(lent(p), "4 chip-4; 7 chip-7");
	unsetenv("VISIBLE");
	pool_read(p, "devices: \"0-1\", numbered_by: \"VISIBLE\"");
	assert_string_equal(lent(p), "u0 chip-0; u1 chip-1");
}

static void a_device_without_a_place_in_an_allocation_is_an_error(void **state)
{
#define PLACES "'devices' counts the places in the variable, from 0"
	static const struct {
		const char *value, *told;
	} cases[] = {
		{"4", "3:14 device 1 has no place in VISIBLE=4, by which devices are numbered here "
		      "[" PLACES "]\n"},
		{"4,", "3:14 device 1 has no place in VISIBLE=4,, by which devices are numbered "
		       "here [" PLACES "]\n"},
		{"4,a b",
		 "3:14 device 1 has no place in VISIBLE=4,a b, by which devices are numbered here "
		 "[" PLACES "]\n"},
		{"4,  ",
		 "3:14 device 1 has no place in VISIBLE=4,  , by which devices are numbered here "
		 "[" PLACES "]\n"},
		{"",
		 "3:14 device 0 has no place in VISIBLE=, by which devices are numbered here "
		 "[" PLACES
		 "]\n3:14 device 1 has no place in VISIBLE=, by which devices are numbered here "
		 "[" PLACES "]\n"},
		{"5,5", "2:1 devices 0 and 1 would both be lent as '5'\n"},
	};
	static const struct pool_case wrong[] = {
		{"numbered_by: \"A B\"", "3:14 'numbered_by' must be the name of a variable\n"},
		{"numbered_by: \"\"", "3:14 'numbered_by' must be the name of a variable\n"},
		{"numbered_by: \"1A\"", "3:14 'numbered_by' must be the name of a variable\n"},
	};
	struct pool *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setenv("VISIBLE", cases[i].value, 1);
		assert_null(pool_read(p, "numbered_by: \"VISIBLE\", devices: \"0-1\""));
		assert_string_equal(pool_told(p), cases[i].told);
	}
	unsetenv("VISIBLE");
	pool_check(p, wrong, ARRAY_LEN(wrong));
}

/* ---- several pools ---- */

static void drop(struct backend *b, struct ev_loop *loop)
{
	if (b)
		b->ops->destroy(b);
	ev_loop_destroy(loop);
}

/* Each pool would wait for a lock of the other one. */
static void a_device_belongs_to_one_pool(void **state)
{
	static const struct pool_case cases[] = {
		{"devices: \"2-3\"", ""},
		{"devices: \"1-2\"", "3:10 device 1 of 'b' belongs to 'a' too\n"},
		{"", "2:1 device 0 of 'b' belongs to 'a' too\n"},
		{"devices: 3, numbered_by: \"VISIBLE\"",
		 "3:10 device 3 of 'b' belongs to 'a' too\n"},
	};
	struct pool *p = *state;
	struct backend *first, *other, *none[] = {NULL};
	struct ev_loop *loop;

	p->env.name = "a";
	first = pool_make(p, "devices: \"0-1\", exclusive: \"none\"", none, 0);
	loop = p->env.loop;
	assert_non_null(first);
	p->env.name = "b";
	setenv("VISIBLE", "7,8,9,1", 1); /* what is 3 here is 1 of the machine */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct backend *b = pool_make(p, cases[i].text, &first, 1);

		assert_string_equal(pool_told(p), cases[i].told);
		assert_int_equal(b != NULL, cases[i].told[0] == '\0');
		if (!b)
			assert_int_equal(p->diags.first->notes->pos.line,
					 3); /* where the other has it */
		drop(b, p->env.loop);
	}
	for (int i = 0; i < 4; i++) /* of another family they are other devices */
		strcpy(pool_driver.devices[i].family, "silicon");
	other = pool_make(p, "", &first, 1);
	drop(other, p->env.loop);
	assert_string_equal(pool_told(p), "");
	unsetenv("VISIBLE");
	drop(first, loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(devices_are_listed_in_several_ways),
		POOL_TEST(what_is_no_list_of_devices_has_its_place),
		POOL_TEST(a_driver_without_devices_is_an_error),
		POOL_TEST(fault_domains_are_the_drivers_or_those_of_the_pool),
		POOL_TEST(what_is_no_fault_domain_has_its_place),
		POOL_TEST(numbers_go_up_to_65535),
		POOL_TEST(a_device_is_lent_as_its_number_or_its_name),
		POOL_TEST(names_that_make_no_sense_have_their_place),
		POOL_TEST(an_allocation_is_translated),
		POOL_TEST(a_device_belongs_to_one_pool),
		POOL_TEST(a_device_without_a_place_in_an_allocation_is_an_error),
	};

	return RUN(tests);
}
