# SPDX-License-Identifier: Apache-2.0
"""Power failures: copies of a file system's image, taken while a run writes to it, have what the kernel had written by then."""
import json
import os
import pathlib
import select
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from harness import Story  # noqa: E402
from images import Image  # noqa: E402

N_JOBS = 6


class PowerFailures(Story):
    def make_disk(self):
        try:
            image = Image(self.path("image"), self.path("disk"))
        except (OSError, subprocess.CalledProcessError) as e:
            self.skipTest(f"no file system can be mounted here: {e}")
        self.addCleanup(image.close)
        self.at = image.at
        return image

    def assert_whole(self):
        for path in self.at.rglob("*.json"):
            if not any(part.startswith(".2") for part in path.parts):
                json.loads(path.read_text(encoding="utf-8"))

    def go_on(self, done_before):
        """From the state of the disk: the run is completed, or there is none and a new one passes."""
        runs = self.at / "scratch/.dvsched/runs"
        has_run = any(p.name[0] == "2" for p in runs.iterdir()) if runs.exists() else False
        if has_run:
            events = self.dvsched("events", "-sr", self.at / "scratch")
            self.assertEqual(events.code, 0, events)
        words = ["resume", "-sr", self.at / "scratch"] if has_run else ["run", "cfg.hjson", "-sr", self.at / "scratch"]
        done = self.dvsched(*words, "--view", "none")
        self.assertEqual(done.code, 1, (done_before, done))
        results = json.loads((runs / "latest/results.json").read_text(encoding="utf-8"))
        self.assertEqual({job["id"]: job["status"] for job in results["jobs"]},
                         {**{f"j{n}": "PASSED" for n in range(1, N_JOBS)}, f"j{N_JOBS}": "FAILED"}, (done_before, done))
        for job in results["jobs"]:  # jobs that were taken over have their log, too
            self.assertIn(f"job {job['id'][1:]} is done", pathlib.Path(job["log"]).read_text(encoding="utf-8"), (done_before, job))
        return has_run

    def test_whatever_a_power_failure_leaves_is_right_or_refused(self):
        image, events, gate = self.make_disk(), self.fifo(), self.fifo("gate")
        self.config("""{ flow: "jobs", name: "p", jobs: [{ name: "j{n}", sweep: { n: "1..%d" },
            command: "echo up > %s; read x < %s; echo job {n} is done; exit $(( {n} == %d ))" }] }""" % (N_JOBS, events.path, gate.path, N_JOBS))
        process = self.start("run", "cfg.hjson", "-j1", "--view", "none", "-sr", self.at / "scratch")
        copies = []

        def copy():
            copies.append(image.copy(self.path(f"image{len(copies)}")))

        for _ in range(N_JOBS):
            self.assertEqual(events.line(), "up")
            copy()
            os.write(gate.fd, b"go\n")
        self.assertEqual(self.finish(process).code, 1)
        copy()
        image.unmount()
        has_run = []
        for i, disk in enumerate(copies):
            image.mount(disk)
            self.assert_whole()
            if i == N_JOBS:  # it had ended: its record is complete
                self.assertEqual(len(json.loads((self.at / "scratch/.dvsched/runs/latest/results.json").read_text())["jobs"]), N_JOBS)
            os.write(gate.fd, b"go\n" * N_JOBS)
            has_run.append(self.go_on(i))
            while gate_rest(gate):
                pass
            image.unmount()
        self.assertTrue(all(has_run), has_run)  # the run was published with its first record synced


def gate_rest(fifo):
    """Takes what jobs have not read."""
    return select.select([fifo.fd], [], [], 0)[0] and os.read(fifo.fd, 4096)


if __name__ == "__main__":
    unittest.main()
