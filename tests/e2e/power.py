# SPDX-License-Identifier: Apache-2.0
"""Power failures: copies of a file system's image, taken while a run writes to it, have what the kernel had written by then."""
import json
import os
import pathlib
import select
import shutil
import subprocess
import unittest

from harness import Story

SIZE = 12 << 20
N_JOBS = 6


class PowerFailures(Story):
    def sh(self, *command):
        subprocess.run(command, check=True, capture_output=True)

    def mount(self, image):
        self.sh("mount", "-o", "loop", image, self.at)
        self.addCleanup(subprocess.run, ["umount", "-l", self.at], check=False, capture_output=True)

    def make_disk(self):
        self.at, image = self.path("disk"), self.path("image")
        self.at.mkdir()
        with open(image, "wb") as file:
            file.truncate(SIZE)
        try:
            self.sh("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", image)
            self.mount(image)
        except (OSError, subprocess.CalledProcessError) as e:
            self.skipTest(f"no file system can be mounted here: {e}")
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
            copies.append(self.path(f"image{len(copies)}"))
            shutil.copyfile(image, copies[-1])

        for _ in range(N_JOBS):
            self.assertEqual(events.line(), "up")
            copy()
            os.write(gate.fd, b"go\n")
        self.assertEqual(self.finish(process).code, 1)
        copy()
        self.sh("umount", self.at)
        has_run = []
        for i, disk in enumerate(copies):
            self.mount(disk)
            self.assert_whole()
            if i == N_JOBS:  # it had ended: its record is complete
                self.assertEqual(len(json.loads((self.at / "scratch/.dvsched/runs/latest/results.json").read_text())["jobs"]), N_JOBS)
            os.write(gate.fd, b"go\n" * N_JOBS)
            has_run.append(self.go_on(i))
            while gate_rest(gate):
                pass
            self.sh("umount", self.at)
        self.assertTrue(all(has_run), has_run)  # the run was published with its first record synced


def gate_rest(fifo):
    """Takes what jobs have not read."""
    return select.select([fifo.fd], [], [], 0)[0] and os.read(fifo.fd, 4096)


if __name__ == "__main__":
    unittest.main()
