# SPDX-License-Identifier: Apache-2.0
"""`dvsched backends`: the list, and the check of a backend."""

import batch
import cluster
from harness import Story


class List(Story):
    def test_types_and_entries_are_listed(self):
        self.config('{ flow: "jobs", backends: { mine: { type: "fake" } } }')
        done = self.dvsched("backends", "cfg.hjson")
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.out, r"(?m)^mine +fake +runs nothing")
        self.assertRegex(done.out, r"(?m)^local +local +runs processes on this machine")
        self.assertEqual(self.dvsched("backends").out, self.dvsched("backends", "list").out)

    def test_wrong_words_are_errors(self):
        for words, text in ((("inspect",), "unknown word 'inspect'"), (("check",), "needs the name of a backend"),
                            (("check", "lokal"), "did you mean 'local'?"), (("check", "local", "x"), "unknown word 'x'"),
                            (("check", "local", "none.hjson"), "none.hjson"), (("check", "fake"), "they run nothing"),
                            (("check", "chips"), "dvsched chips probe")):
            done = self.dvsched("backends", *words)
            self.assertEqual(done.code, 2, done)
            self.assertIn(text, done.err)
            self.assert_left_nothing()


class OnThisMachine(Story):
    def test_the_local_backend_is_good_and_leaves_nothing(self):
        done = self.dvsched("backends", "check", "local")
        self.assertEqual(done.code, 0, done)
        for text in ("ok    job        ran on local", "ok    directory", "ok    clock"):
            self.assertIn(text, done.out)
        self.assertRegex(done.out, "ok    limits     a job may have [0-9a-z]+ open files and [0-9a-z]+ processes")
        self.assertEqual(list(self.path("scratch").iterdir()), [])

    def test_no_slurm_is_said_with_its_reason(self):
        done = self.dvsched("backends", "check", "slurm", env={"PATH": "/nowhere"})
        self.assertEqual(done.code, 3, done)
        self.assertIn("FAIL  start      the backend 'slurm' cannot be used: sinfo: No such file or directory", done.out)
        self.assertIn("is Slurm installed here", done.out)


class Described(batch.StandInStory):
    def check(self, code):
        done = self.dvsched("backends", "check", "site", "cfg.hjson")
        self.assertEqual(done.code, code, done)
        return done.out

    def test_a_good_one(self):
        self.jobs("")
        out = self.check(0)
        self.assertRegex(out, r"ok    job        ran on site/\S+, [0-9.]+ s after it was submitted")
        self.assertRegex(out, r"ok    pilot      ran on site/\S+/0, ")

    def test_what_is_refused_and_what_cannot_connect(self):
        self.jobs("", 'pilot: { host: "no-such-host.invalid" }')
        out = self.check(3)
        self.assertIn("ok    job ", out)
        self.assertRegex(out, r"FAIL  pilot +KILLED \(lost\): .*cannot be reached.*\n +nodes must reach this machine by TCP")
        self.write("site/put", "#!/bin/sh\necho you have no account >&2\nexit 1\n", 0o755)
        self.assertRegex(self.check(3), r"FAIL  job +KILLED \(refused\): you have no account\n +set what the cluster asks for")

    def test_a_program_that_the_node_does_not_have(self):
        self.jobs("", 'program: "/no/such/dvsched"')
        self.assertRegex(self.check(3), r"FAIL  job +KILLED \(lost\): .*/no/such/dvsched.*\n +dvsched must have the same version and path")


class RealSlurm(cluster.SlurmStory):
    def test_a_real_cluster_is_good(self):
        done = self.dvsched("backends", "check", "slurm", env=self.env)
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.out, r"ok    job        ran on slurm/n[12], ")
        self.assertRegex(done.out, r"ok    pilot      ran on slurm/n[12]/0, ")
