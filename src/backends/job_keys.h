/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a job that a backend reads beside the one with its own name: JOB_KEY(backend, key). What
 * they mean: docs/drivers.md. Included inside a table, so without a guard.
 */
JOB_KEY(chips, devices)
JOB_KEY(chips, same_domain)
JOB_KEY(chips, gang)
JOB_KEY(chips, runtime)
JOB_KEY(chips, options)
JOB_KEY(chips, program)
JOB_KEY(chips, image)
JOB_KEY(chips, params)
JOB_KEY(chips, callable)
JOB_KEY(chips, args)
JOB_KEY(chips, ring)
JOB_KEY(chips, buffers)
JOB_KEY(chips, window)
JOB_KEY(chips, open_timeout)
JOB_KEY(chips, queue_timeout)
JOB_KEY(chips, devices_env)
