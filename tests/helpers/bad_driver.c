/* SPDX-License-Identifier: Apache-2.0 */
/* A library that is no driver, in one of the ways that BAD names. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "dvsched/driver.h"

enum { NOT_A_DRIVER, SAYS_NO, OLD, SHORT, NAMELESS, EMPTY, BOASTS, CRASHES, HANGS, UNLOADABLE };

#if BAD == 0
int no_driver_at_all(void);
int no_driver_at_all(void)
{
	return 0;
}
#else
#include "idle_driver.h"

#if BAD == 9
int there_is_no_such_function(void);
#endif

const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	static struct dvs_driver driver;

	(void)host_abi;
#if BAD == 9
	there_is_no_such_function();
#endif
	if (BAD == CRASHES) {
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	}
	while (BAD == HANGS)
		pause();
	driver = idle_driver;
	driver.abi += BAD == OLD ? 7 : 0;
	driver.size = BAD == SHORT ? 64 : sizeof(driver);
	driver.name = BAD == NAMELESS ? NULL : "bad";
	driver.finish = BAD == EMPTY ? NULL : idle_finish;
	driver.caps = BAD == BOASTS ? DVS_CAP_GANG : 0;
	return BAD == SAYS_NO ? NULL : &driver;
}
#endif
