# SPDX-License-Identifier: Apache-2.0
"""A real simulator: hjson-cfgs/verilator, built by Verilator, with failures, coverage and a testplan."""
import json
import shutil
import unittest

from harness import SOURCE, Story


@unittest.skipUnless(shutil.which("verilator") and shutil.which("g++"), "verilator and g++ are not installed")
class Verilator(Story):
    def setUp(self):
        super().setUp()
        shutil.copytree(SOURCE / "hjson-cfgs" / "verilator", self.path("hjson-cfgs", "verilator"))

    def test_the_example_does_what_its_readme_says(self):
        done = self.dvsched("run", "hjson-cfgs/verilator/fifo_sim_cfg.hjson", "-i", "all", "--cov", "-pr", ".", "-sr",
                            self.path("out"), "-br", "main", "--view", "none", "--reseed-multiplier", "0.8", "--seeds",
                            *(str(seed) for seed in range(1, 9)), patience_s=280)
        self.assertEqual(done.code, 1, done)
        results = {job["id"]: job for job in self.results("out")["jobs"]}
        passed = sorted(name for name, job in results.items() if job["status"] == "PASSED")
        # Seeds are given by test, and the testbench has its own generator: the failures are always the same.
        self.assertEqual(passed, ["fifo:0.fifo_smoke.1", "fifo:2.fifo_stress.4", "fifo:cov_merge", "fifo:cov_report",
                                  "fifo:default"])
        self.assertEqual(results["fifo:broken"]["reason"], "fail_pattern")
        self.assertIn("syntax error", results["fifo:broken"]["message"])
        self.assertEqual(results["fifo:1.fifo_stress.3"]["message"], "UVM_ERROR @ 2137000: read 6a, expected 6b")
        hang, = [job for name, job in results.items() if ".fifo_hang." in name]
        self.assertEqual((hang["status"], hang["reason"]), ("KILLED", "timeout"))
        measures = results["fifo:0.fifo_smoke.1"]["attempts"][0]["measures"]
        self.assertEqual(measures["sim_time_us"], 0.426)
        self.assertGreaterEqual(measures["run_time_s"], 0)
        with open(self.path("out/main/reports/fifo.json"), encoding="utf-8") as text:
            report = json.load(text)
        self.assertEqual(list(report["stages"]), ["V1", "V2", "V3"])
        self.assertEqual(report["stages"]["V2"]["testpoints"]["stress"]["tests"]["fifo_stress"]["total"], 4)
        self.assertEqual(report["coverage"]["functional"], 100.0)
        self.assertGreater(report["coverage"]["code"]["line_statement"], 75)
        self.assertTrue(report["tool"]["version"][0].isdigit(), report["tool"])
