/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per driver: DRIVER(name, "help"). The line declares driver_<name>_get(), which the
 * driver defines, and enters it under that name. Included more than once, so without a guard.
 */
DRIVER(sim, "simulated devices: programs and kernels on a thread, every fault on request")
DRIVER(simpler, "tasks for a simpler host runtime that is installed, simulated or on silicon")
#ifdef DRIVERS_HAVE_ACL
DRIVER(acl, "Ascend NPUs through AscendCL, where it is installed; not tried on hardware yet")
#endif
DRIVER(command, "any device with a tool that lists it (nvidia-smi and its like), to lend it")
