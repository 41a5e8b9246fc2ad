# SPDX-License-Identifier: Apache-2.0
"""Drivers that are libraries, found by their name in the directories of drivers."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import SOURCE, Story

CC = os.environ.get("CC", "cc").split()[-1]
BUILD = pathlib.Path(os.environ["DVSCHED"]).resolve().parents[2]
ECHO = SOURCE / "docs" / "examples" / "driver_echo.c"
JOBS = 'jobs: [ { name: "a", backend: "npu", program: "x", args: [ "x" ] } ]'


class DriverNames(Story):
    def setUp(self):
        super().setUp()
        if not shutil.which(CC):
            self.skipTest(f"no C compiler ({CC})")
        self.site = self.path("site")
        self.other = self.path("other")
        for directory in (self.site, self.other):
            directory.mkdir(mode=0o755)
        self.drivers = f"{self.site}:{self.other}"

    def environ(self, extra=None):
        return super().environ({"DVSCHED_DRIVERS": self.drivers, **(extra or {})})

    def compile(self, into, *flags, source=ECHO):
        done = subprocess.run([CC, *flags, "-shared", "-fPIC", f"-I{SOURCE / 'include'}", str(source), "-o", str(into)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return into

    def broken(self, into):
        """A driver of another ABI."""
        text = ECHO.read_text(encoding="utf-8")
        self.assertIn(".abi = DVS_DRIVER_ABI", text)
        return self.compile(into, source=self.write("old.c", text.replace(".abi = DVS_DRIVER_ABI", ".abi = 7")))

    def run_job(self, driver):
        self.config(f'{{ flow: "jobs", name: "demo", backends: {{ npu: {{ type: "chips", driver: "{driver}" }} }}, {JOBS} }}')
        return self.dvsched("run", "cfg.hjson", "--view", "none")

    def listed(self):
        done = self.dvsched("chips", "drivers", "--json")
        self.assertEqual(done.code, 0, done)
        return json.loads(done.out)

    def test_a_driver_of_a_directory_is_used_by_its_name(self):
        self.compile(self.other / "mine.so")
        done = self.run_job("mine")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.dvsched("chips", "check", "--driver", "mine").code, 0)
        self.assertRegex(self.dvsched("chips", "--driver", "mine").out, r"(?m)^echo/0 ")
        self.assertRegex(self.dvsched("chips", "probe", "echo/0", "--driver", "mine").out, r"^echo/0: ")
        self.assertEqual(self.dvsched("run", "--devices", "mine:1", "--", "true").code, 0)

    def test_the_first_directory_goes_first_and_the_list_says_so(self):
        first, second = self.compile(self.site / "mine.so"), self.broken(self.other / "mine.so")
        self.assertEqual(self.run_job("mine").code, 0)
        mine = [d for d in self.listed() if d["name"] == "mine"]
        self.assertEqual([d["path"] for d in mine], [str(first), str(second)])
        self.assertEqual([d["hidden_by"] for d in mine], [None, str(first)])
        self.assertEqual([d["usable"] for d in mine], [True, False])
        out = self.dvsched("chips", "drivers").out
        self.assertIn(f"    from {first}\n", out)
        self.assertIn(f"    from {second}; not used, 'mine' is {first}\n", out)
        self.assertIn(f"libraries NAME.so are drivers in: {self.site}, {self.other}, ", out)
        self.assertEqual(out.count("not usable: "), 0)
        self.assertEqual([d["path"] for d in self.listed() if d["name"] == "sim"], [None])

    def test_a_name_that_is_built_in_stays_that_driver_and_a_warning_says_so(self):
        hidden = self.broken(self.site / "sim.so")
        self.config('{ flow: "jobs", name: "demo", backends: { npu: { type: "chips", driver: "sim" } }, '
                    'jobs: [ { name: "a", backend: "npu", program: ["compute 1ms"] } ] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.err, rf"cfg.hjson:1:\d+: warning: driver 'sim' is the built-in one, not {hidden}\n")
        self.assertIn(f"from {hidden}; not used, 'sim' is the built-in one\n", self.dvsched("chips", "drivers").out)

    def test_one_that_is_broken_is_one_message_with_its_path(self):
        path = self.broken(self.site / "mine.so")
        done = self.run_job("mine")
        self.assertEqual(done.code, 3, done)
        self.assertEqual(done.err.count("error:"), 1, done)
        self.assertIn(f"driver {path}: it is of ABI 7, this dvsched has 1", done.err)
        done = self.dvsched("chips", "check", "--driver", "mine")
        self.assertEqual((done.code, done.err.count("driver ")), (3, 1), done)
        self.assertIn(f"driver {path}: it is of ABI 7", done.err)
        self.assertRegex(self.dvsched("chips", "drivers").out, rf"    not usable: driver {path}: it is of ABI 7")
        path.write_text("text\n")
        self.assertIn(f"driver {path}: it cannot be loaded: ", self.run_job("mine").err)

    def test_a_name_that_is_not_there_says_where_it_was_looked_for(self):
        self.compile(self.site / "mine.so")
        self.drivers = f"{self.site}:relative::{self.path('none')}"
        where = (rf"there is no driver 'mime' \(there are: sim, [a-z, ]*mine[a-z, ]*; mime.so was looked for in {self.site}, "
                 rf"relative \(not an absolute path\), {self.path('none')} \(there is no such directory\), /.*\)\n")
        done = self.run_job("mime")
        self.assertEqual(done.code, 2, done)
        self.assertRegex(done.err, r"cfg.hjson:1:\d+: error: " + where)
        self.assertIn("hint: did you mean 'mine'?", done.err)
        for args in (("chips", "check", "--driver", "mime"), ("chips", "--driver", "mime")):
            done = self.dvsched(*args)
            self.assertEqual(done.code, 3, done)
            self.assertRegex(done.err, where)

    def test_only_a_file_is_a_driver(self):
        path = self.compile(self.other / "mine.so")
        hiding = self.site / "mine.so"
        for make, remove in ((hiding.mkdir, hiding.rmdir), (lambda: os.mkfifo(hiding), hiding.unlink),
                             (lambda: hiding.symlink_to("nothing"), hiding.unlink)):
            make()
            self.assertEqual([d["path"] for d in self.listed() if d["name"] == "mine"], [str(path)])
            self.assertEqual(self.run_job("mine").code, 0)
            if not hiding.is_symlink():
                done = self.dvsched("chips", "check", "--driver", str(hiding))
                self.assertEqual(done.code, 3, done)
                self.assertIn(f"driver {hiding}: it is not a file\n", done.err)
            remove()

    def test_what_all_users_may_write_into_is_not_used(self):
        path = self.compile(self.site / "mine.so")
        self.site.chmod(0o1777)
        done = self.run_job("mine")
        self.assertEqual(done.code, 2, done)
        self.assertIn(f"{self.site} (all users may write into it)", done.err)
        self.site.chmod(0o775)
        path.chmod(0o777)
        done = self.run_job("mine")
        self.assertEqual(done.code, 2, done)
        self.assertIn(f"driver {path}: all users may change it, so it is not used", done.err)
        path.chmod(0o755)
        self.assertEqual(self.run_job("mine").code, 0)

    def test_an_installation_that_was_moved_finds_its_drivers(self):
        if not (BUILD / "src" / "drivers" / "acl.so").exists() or not shutil.which("meson"):
            self.skipTest("no driver was built as a library")
        subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild", "--tags", "runtime", "--destdir", str(self.path("at"))],
                       stdout=subprocess.DEVNULL, check=True)
        program = next(self.path("at").rglob("bin/dvsched"))
        self.drivers = ""
        program.parents[1].rename(self.path("moved"))
        self.path("dvsched").symlink_to(self.path("moved", "bin", "dvsched"))
        self.binary = str(self.path("dvsched"))
        acl = next(d for d in self.listed() if d["name"] == "acl")
        self.assertEqual(acl["path"], str(next(self.path("moved").rglob("acl.so"))))
        self.assertEqual(acl["version"], "1")
        self.assertIn("Ascend", acl["help"])

    def test_a_driver_that_was_not_built_is_named_as_that(self):
        if (BUILD / "src" / "drivers" / "acl.so").exists():
            self.skipTest("this build has it")
        done = self.run_job("acl")
        self.assertEqual(done.code, 2, done)
        self.assertIn("this dvsched was built without the driver 'acl'", done.err)


if __name__ == "__main__":
    unittest.main()
