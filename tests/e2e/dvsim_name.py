# SPDX-License-Identifier: Apache-2.0
"""Called as dvsim: DVSim's command line, exit codes, and settings."""
import os

import harness
from sim import COMMON, MAKEFILE, SIMULATOR


class CalledAsDvsim(harness.Story):
    def setUp(self):
        super().setUp()
        self.write("sim.mk", MAKEFILE)
        self.write("sim.sh", SIMULATOR)
        self.write("common.hjson", COMMON)
        self.leaf("one")
        os.symlink(os.path.abspath(self.binary), self.path("dvsim"))
        self.binary = str(self.path("dvsim"))

    def leaf(self, name, more=""):
        self.write(f"{name}.hjson", '{ name: "%s", import_cfgs: ["{proj_root}/common.hjson"]\n%s}\n' % (name, more))

    def run_sim(self, *words, env=None):
        return self.dvsched(*words, "-pr", ".", "-sr", self.path("out"), "-br", "main", "--view", "none", env=env)

    def test_a_run_has_dvsims_exit_codes(self):
        self.assertEqual(self.run_sim("one.hjson").code, 0)
        self.assertEqual(self.run_sim("one.hjson", "-i", "bad").code, 1)
        self.assertEqual(self.run_sim("one.hjson", "-i", "nowhere").code, 1)
        self.assertEqual(self.run_sim("nofile.hjson").code, 1)
        self.assertEqual(self.run_sim("one.hjson", "--reseed", "x").code, 2)
        self.assertEqual(self.run_sim().code, 2)

    def test_an_eval_cmd_ends_it_with_its_own_status(self):
        self.leaf("five", 'build_opts: ["{eval_cmd}sh -c \'exit 5\'"]')
        self.assertEqual(self.run_sim("five.hjson").code, 5)
        self.write("list.hjson", '{ flow: "sim", name: "list", use_cfgs: ["{proj_root}/five.hjson"] }')
        self.assertEqual(self.run_sim("list.hjson").code, 5)

    def test_interactive_and_remote_are_an_error_that_exits_0(self):
        done = self.dvsched("one.hjson", "--interactive", "--remote")
        self.assertEqual(done.code, 0, done)
        self.assertIn("--interactive", done.err)

    def test_usage_errors_look_as_argparse_has_them(self):
        done = self.dvsched("one.hjson", "--waves", "gif")
        self.assertEqual(done.code, 2, done)
        self.assertIn("usage: dvsim <cfg-hjson-file>", done.err)
        self.assertIn("dvsim: error: argument --waves/-w: invalid choice: 'gif'", done.err)

    def test_the_environment_has_a_say(self):
        done = self.run_sim("one.hjson", env={"DVSIM_BACKEND": "nosuch", "DVSIM_MAX_PARALLEL": "many"})
        self.assertEqual(done.code, 0, done)
        self.assertIn("no backend 'nosuch'", done.err)
        self.assertIn("DVSIM_MAX_PARALLEL", done.err)
