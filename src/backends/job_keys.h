/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a job that a backend reads beside the one with its own name: JOB_KEY(backend, key, does
 * it say what runs, in the place of a command?). What they mean: docs/reference/devices.md. Before
 * them JOB_KEYS(backend, what they are for, what to write where they are wrong), for messages.
 * Included inside tables, so without a guard.
 */
JOB_KEYS(chips, "devices",
	 "'backend' names the pool of devices that runs it (a backend of type chips); a command "
	 "borrows devices with 'devices'")
JOB_KEY(chips, devices, false)
JOB_KEY(chips, same_domain, false)
JOB_KEY(chips, gang, false)
JOB_KEY(chips, runtime, false)
JOB_KEY(chips, options, false)
JOB_KEY(chips, program, true)
JOB_KEY(chips, image, true)
JOB_KEY(chips, params, false)
JOB_KEY(chips, callable, true)
JOB_KEY(chips, args, false)
JOB_KEY(chips, ring, false)
JOB_KEY(chips, buffers, false)
JOB_KEY(chips, window, false)
JOB_KEY(chips, open_timeout, false)
JOB_KEY(chips, queue_timeout, false)
JOB_KEY(chips, devices_env, false)
