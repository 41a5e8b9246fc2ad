/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per driver: DRIVER(name, "help"). The line declares driver_<name>_get(), which the
 * driver defines, and registers it under that name. DRIVER_MODULE(name, is_built, "help") is for a
 * driver that is a library of its own, NAME.so, and includes only dvsched/driver.h of dvsched. This
 * file is included more than once, so it has no guard.
 */
#ifndef DRIVER
#define DRIVER(name, help)
#endif
#ifndef DRIVER_MODULE
#define DRIVER_MODULE(name, is_built, help)
#endif
DRIVER(sim, "simulated devices: programs and kernels on a thread, every fault on request")
DRIVER(simpler, "tasks for a simpler host runtime that is installed, simulated or on silicon")
DRIVER(command, "any device with a tool that lists it (nvidia-smi and its like), to lend it")
DRIVER_MODULE(acl, DRIVERS_HAVE_ACL,
	      "Ascend NPUs through AscendCL, where it is installed; not tried on hardware yet")
#undef DRIVER
#undef DRIVER_MODULE
