# SPDX-License-Identifier: Apache-2.0
"""The failures that gangs prevent: checks the table of scripts/chips-table."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "chips"))

import bring_up_table  # noqa: E402

from harness import Story  # noqa: E402

ROUNDS = 30


class BringUp(Story):
    def counts(self, row, rounds=ROUNDS):
        counts = bring_up_table.run_row(self.binary, row, rounds, side_by_side=4)
        self.assertEqual(counts["pass"] + counts["fail"], rounds, counts)
        return counts

    def test_the_naive_rule_ends_a_rank_that_waits_for_a_slow_peer(self):
        counts = self.counts("naive idle rule")
        self.assertGreater(counts["idle latch"], ROUNDS // 5, counts)
        self.assertGreater(counts["pass"], 0, counts)

    def test_evidence_alone_leaves_the_clock_that_began_too_early(self):
        counts = self.counts("evidence rule only")
        self.assertEqual(counts["idle latch"], 0, counts)
        self.assertGreater(counts["sync time-out"], 0, counts)

    def test_the_barrier_alone_leaves_the_idle_rule(self):
        self.assertGreater(self.counts("barrier only")["idle latch"], 0)

    def test_both_together_leave_nothing(self):
        self.assertEqual(self.counts("both")["fail"], 0)
