/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per backend: BACKEND(name, "help"). It declares backend_<name>_check_settings()
 * and backend_<name>_create(), which the backend defines, and enters it in the registry. Included
 * several times, so it has no guard.
 */
BACKEND(local, "runs processes on this machine, each in a slot of its own")
BACKEND(chips, "runs programs and kernels on devices, each in a worker of its own")
BACKEND(slurm, "runs jobs on the nodes of a Slurm cluster")
BACKEND(batch, "submits jobs to a batch system whose commands are in the configuration")
BACKEND(fake, "runs nothing: outcomes and durations are drawn or scripted")
