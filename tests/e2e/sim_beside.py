# SPDX-License-Identifier: Apache-2.0
"""Two runs in one scratch path: refused, unless the second has builds of its own (--build-unique)."""
import os

from sim_project import SimStory

HELD = """\
case $1 in
held) echo started > "$EVENTS"; read line < "$GO.$2" ;;
esac
echo 'TEST PASSED'
"""


class Beside(SimStory):
    def setUp(self):
        super().setUp()
        self.write("sim.sh", HELD)
        self.leaf("one", 'tests: [{ name: "held" }]')
        self.started = self.fifo()
        for seed in "13":
            os.mkfifo(self.path(f"go.{seed}"))
        self.env = {"EVENTS": str(self.path("events")), "GO": str(self.path("go"))}
        self.words = ("-pr", ".", "-sr", self.path("out"), "-br", "main", "--view", "none")

    def begin(self, seed, *more):
        """A run whose job waits."""
        run = self.start("run", "one.hjson", "-i", "held", "--fixed-seed", seed, *self.words, *more, env=self.env)
        self.assertEqual(self.started.line(), "started")
        return run

    def end(self, run, seed):
        with open(self.path(f"go.{seed}"), "w", encoding="utf-8") as go:
            go.write("go\n")
        return self.finish(run)

    def links(self, group):
        return sorted(os.listdir(self.path("out/main/one-sim-vcs", group)))

    def locks(self):
        return [name for name in os.listdir(self.path("out/main/one-sim-vcs")) if name.startswith(".dvsched.lock.run.")]

    def test_a_run_with_builds_of_its_own_goes_on_beside_another(self):
        first = self.begin("1")
        link = self.path("out/main/one-sim-vcs/running/0.held.1")
        while not os.path.lexists(link):  # links are made some time later
            self.assertIsNone(first.poll())
        refused = self.run_sim("one.hjson", "--fixed-seed", "2")
        self.assertEqual(refused.code, 3, refused)
        self.assertIn("another run is using", refused.err)
        purging = self.run_sim("one.hjson", "--fixed-seed", "2", "--build-unique", "--purge")
        self.assertEqual(purging.code, 3, purging)
        second = self.run_sim("one.hjson", "--fixed-seed", "2", "--build-unique")
        self.assertEqual(second.code, 0, second)
        self.assertRegex(second.err, r"warning: another run is using .*; this run has builds of its own and shares the directory")
        self.assertEqual(self.links("running"), ["0.held.1"])
        done = self.end(first, "1")
        self.assertEqual(done.code, 0, done)
        self.assertEqual([name for name in self.links("passed") if name.startswith("0.")], ["0.good.2", "0.held.1"])
        self.assertEqual(self.locks(), [])

    def test_a_test_that_both_run_passes_in_both(self):
        first = self.begin("1")
        second = self.begin("3", "--build-unique")
        for run, seed in (second, "3"), (first, "1"):
            done = self.end(run, seed)
            self.assertEqual(done.code, 0, done)

    def test_nobody_gets_the_lock_while_a_run_beside_goes_on(self):
        first = self.begin("1")
        second = self.begin("3", "--build-unique")
        self.assertEqual(len(self.locks()), 1)
        self.assertEqual(self.end(first, "1").code, 0)
        refused = self.run_sim("one.hjson", "--fixed-seed", "2")
        self.assertEqual(refused.code, 3, refused)
        self.assertEqual(self.end(second, "3").code, 0)
        self.write("out/main/one-sim-vcs/.dvsched.lock.run.20260101T000000Z-000000", "1 host boot run\n")
        done = self.run_sim("one.hjson", "--fixed-seed", "2")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.locks(), [], "what a dead run left is removed")
