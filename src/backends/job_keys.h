/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a job that a backend reads in addition to the key with its own name;
 * docs/reference/devices.md has their meaning.
 *
 *   JOB_KEYS(backend, what_for, instead)  before its keys: two texts for the error about a key
 *                                         that the job's backend does not have
 *   JOB_KEY(backend, key, is_work)        is_work: it says what runs, in place of a command
 *
 * Included inside tables, so it has no guard.
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
