# SPDX-License-Identifier: Apache-2.0
"""Jobs on a real Slurm of two nodes (cluster.py)."""

import cluster
from harness import Story


class SlurmStory(Story):
    """Leaves no job in the queue."""

    def setUp(self):
        super().setUp()
        self.cluster = cluster.needed_by(self)
        self.addCleanup(self._leave_no_job)

    def _leave_no_job(self):
        left = self.cluster.jobs()
        if left:
            self.cluster.run("scancel", *left)
            self.fail(f"jobs were left in the queue: {left}")


class Cluster(SlurmStory):
    def test_two_nodes_run_commands(self):
        for node in cluster.NODES:
            self.assertEqual(self.cluster.run("srun", "-w", node, "printenv", "SLURMD_NODENAME"), f"{node}\n")
