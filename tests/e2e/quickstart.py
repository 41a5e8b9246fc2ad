# SPDX-License-Identifier: Apache-2.0
"""The configuration of the README's first command does what the README says."""

from harness import Story


class Quickstart(Story):
    def setUp(self):
        super().setUp()
        self.needs_command("run")
        self.example("quickstart.hjson")

    def test_every_job_of_the_quickstart_passes(self):
        done = self.dvsched("run", "quickstart.hjson")
        self.assertEqual(done.code, 0, done)
        statuses = self.statuses()
        self.assertGreater(len(statuses), 3, done)
        self.assertEqual(set(statuses.values()), {"PASSED"}, done)

    def test_each_job_leaves_a_log_where_the_results_say(self):
        done = self.dvsched("run", "quickstart.hjson", "--view", "none")
        self.assertEqual(done.code, 0, done)
        for job in self.results()["jobs"]:
            self.assertTrue(self.path(job["log"]).is_file(), job)

    def test_a_second_run_is_as_good_as_the_first(self):
        first, second = (self.dvsched("run", "quickstart.hjson") for _ in range(2))
        self.assertEqual((first.code, second.code), (0, 0), second)
        runs = [p for p in self.path("scratch", ".dvsched", "runs").iterdir() if not p.is_symlink()]
        self.assertEqual(len(runs), 2, runs)
