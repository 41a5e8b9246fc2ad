# SPDX-License-Identifier: Apache-2.0
"""Running again what did not pass: --failed, and the line that a run ends with."""
import json
import os

from harness import Story


class Failed(Story):
    def test_failed_runs_only_what_did_not_pass(self):
        self.write("a.hjson", """{
          flow: jobs
          name: f
          jobs: [
            { name: "good", argv: ["true"] }
            { name: "bad", command: "test -e {cfg_dir}/fixed" }
          ]
        }""")
        first = self.dvsched("run", "a.hjson")
        self.assertEqual(first.code, 1)
        self.assertIn("--failed", first.out)
        self.write("fixed", "")
        self.assertEqual(self.dvsched("run", "a.hjson", "--failed").code, 0)
        self.assertEqual([job["id"] for job in self.results()["jobs"]], ["bad"])
        self.assertEqual(self.dvsched("run", "a.hjson", "--failed").code, 2)

    def test_a_run_says_which_run_it_was_made_from(self):
        self.config('{ flow: "jobs", jobs: [{ name: "bad", command: "false" }] }')
        self.dvsched("run", "cfg.hjson")
        first = self.results()["run"]
        self.assertEqual((first["parent"], first["nested"], first["rehearsal"]), (None, False, False))
        self.dvsched("run", "cfg.hjson", "--failed")
        self.assertEqual(self.results()["run"]["parent"], first["id"])
        plan = json.loads(self.run_dir().joinpath("plan.json").read_text(encoding="utf-8"))
        self.assertEqual(plan["parent"], first["id"])

    def test_rehearsals_and_nested_runs_say_what_they_are(self):
        self.config('{ flow: "jobs", jobs: [{ name: "fine", command: "true" }] }')
        self.dvsched("run", "cfg.hjson", "--fake")
        self.assertTrue(self.results()["run"]["rehearsal"])
        self.config('{ flow: "jobs", jobs: [{ name: "outer", argv: ["%s", "run", "cfg.hjson", "-sr", "in"] }] }'
                    % os.path.abspath(self.binary), "outer.hjson")
        done = self.dvsched("run", "outer.hjson")
        self.assertEqual(done.code, 0, done)
        self.assertTrue(self.results("in")["run"]["nested"])
        self.assertFalse(self.results()["run"]["nested"])
