/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per kind of report: REPORT(name). A flow names the report of its plans
 * (flow_type.report). The line declares report_<name>, a struct report_kind, and enters it under
 * that name. Included more than once, so without a guard.
 */
REPORT(sim)
REPORT(oneshot)
