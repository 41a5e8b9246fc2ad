/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per flow: FLOW(name). The key `flow` of a configuration chooses one. The line declares
 * flow_<name>, a struct flow_type. Included more than once, so without a guard.
 */
FLOW(jobs)
FLOW(cases)
FLOW(sim)
FLOW(lint)
FLOW(cdc)
FLOW(rdc)
FLOW(syn)
FLOW(formal)
