/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per observer, in the order in which they are called: OBSERVER(name, is_default, "help").
 * The line declares observer_<name>_create(), which the observer defines, and enters it under that
 * name. Included more than once, so without a guard.
 */
OBSERVER(journal, true,
	 "the journal in the run's directory: completes the results of a run that was killed")
OBSERVER(instrument, true, "metrics.json, where --instrument asks for it")
OBSERVER(links, true,
	 "passed/ failed/ killed/ running/ in the scratch path, links to job directories")
