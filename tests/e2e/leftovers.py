# SPDX-License-Identifier: Apache-2.0
"""Files that workers leave when everything is killed: the next dvsched with the same state directory removes these
files only. With a stand-in for simpler's library, and with the real one if DVSCHED_SIMPLER_LIBDIR names it."""

import os
import pathlib
import shutil
import signal
import tempfile
import unittest

from harness import Story, outlives, pids_with, send_to_all

CALLABLE = """callable: {{ orch: "{orch}", sig: "in,out"
                           kernels: [ {{ id: 0, so: "{kernel}", core: "aiv", sig: "in,out" }} ] }}
              args: [ {{ f32: [64], fill: 2 }}, {{ f32: [64], out: true }} ]"""


class Leftovers(Story):
    def setUp(self):
        super().setUp()
        self.env = {"FAKEHOST": "files=1,poll=0"}
        runtime = self.path("lib", "a2a3", "sim", "host_build_graph")
        runtime.mkdir(parents=True)
        shutil.copy(os.environ["FAKEHOST_SO"], runtime / "libhost_runtime.so")
        shutil.copy(os.environ["FAKECONTEXT_SO"], self.path("lib", "libcpu_sim_context.so"))
        for name in ("lib/a2a3/sim/host_build_graph/libaicpu_kernel.so",
                     "lib/a2a3/sim/host_build_graph/libaicore_kernel.so", "orch.so", "kernel.so"):
            self.path(*name.split("/")).write_bytes(b"\177ELF")
        self.use(self.path("lib"), "host_build_graph", self.path("orch.so"), self.path("kernel.so"))

    def use(self, libdir, runtime, orch, kernel):
        self.config(f"""{{ flow: "jobs", name: "demo"
          backends: {{ npu: {{ type: "chips", driver: "simpler", libdir: "{libdir}", devices: "0-2", runtime: "{runtime}"
                             options: {{ ring: {{ heap: "16M", window: 1024 }} }} }} }}
          jobs: [ {{ name: "gang", backend: "npu", devices: 2, gang: {{ window: "64K" }}
                    {CALLABLE.format(orch=orch, kernel=kernel)} }}
                  {{ name: "alone", backend: "npu", {CALLABLE.format(orch=orch, kernel=kernel)} }} ] }}""")

    def recorded(self):
        """The files in the records."""
        records = self.path("state", f"left-{os.geteuid()}")
        lines = [line.split() for record in records.glob("*") for line in record.read_text().splitlines()]
        return sorted({words[4] for words in lines if words[0] == "file" and os.path.exists(words[4])})

    def run_until_loaded(self):
        """All three workers have made their files, and are in a run that does not end."""
        run = self.start("run", "cfg.hjson", "--view", "none", env=self.env)
        while not self.has_all(self.recorded()):
            if not outlives(run.pid, 0.05):
                self.fail(self.finish(run))
        return run

    @staticmethod
    def has_all(paths):
        return (sum(path.startswith("/tmp/aicpu_sim_") for path in paths) == 3
                and sum(path.startswith("/dev/shm/simpler_") for path in paths) == 1)

    def kill_all(self, run):
        pids = pids_with(self.cookie)
        send_to_all(pids, signal.SIGKILL)
        self.finish(run)
        self.assertEqual([pid for pid in pids if outlives(pid, 20)], [])

    def kill_all_and_come_again(self):
        with tempfile.NamedTemporaryFile(dir="/tmp", prefix="aicpu_sim_") as others:
            self.kill_all(self.run_until_loaded())
            left = self.recorded()
            self.assertTrue(self.has_all(left), left)
            self.assertNotIn(others.name, left)
            done = self.dvsched("chips", "cfg.hjson", env=self.env)
            self.assertEqual(done.code, 0, done)
            self.assertEqual([path for path in left if os.path.exists(path)], [])
            self.assertTrue(os.path.exists(others.name))
        self.assertEqual(list(self.path("state", f"left-{os.geteuid()}").iterdir()), [])

    def test_the_next_command_removes_what_killed_workers_have_left(self):
        self.kill_all_and_come_again()

    def test_the_next_run_removes_it_too(self):
        self.kill_all(self.run_until_loaded())
        left = self.recorded()
        self.assertEqual(len(left), 4)
        self.env["FAKEHOST"] = "files=1"
        self.dvsched("run", "cfg.hjson", "--view", "none", env=self.env)
        self.assertEqual([path for path in left if os.path.exists(path)], [])
        self.assertEqual(self.recorded(), [])

    def test_what_a_living_dvsched_uses_stays(self):
        run = self.run_until_loaded()
        there = self.recorded()
        self.assertEqual(len(there), 4)
        done = self.dvsched("chips", "cfg.hjson", env=self.env)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.recorded(), there)
        run.send_signal(signal.SIGTERM)
        self.finish(run)
        self.assertEqual([path for path in there if os.path.exists(path)], [])
        self.assertEqual(self.recorded(), [])

    @unittest.skipUnless("DVSCHED_SIMPLER_LIBDIR" in os.environ, "DVSCHED_SIMPLER_LIBDIR names no host runtime")
    def test_the_real_library_leaves_nothing_either(self):
        libdir = pathlib.Path(os.environ["DVSCHED_SIMPLER_LIBDIR"])
        kernels = libdir.parent / "kernels"
        for runtime, orch in (("host_build_graph", "hbg"), ("tensormap_and_ringbuffer", "trb")):
            with self.subTest(runtime):
                self.use(libdir, runtime, kernels / "a2a3" / f"{orch}_one.so", kernels / "forever.so")
                self.kill_all_and_come_again()
                shutil.rmtree(self.path("scratch"))


if __name__ == "__main__":
    unittest.main()
