# SPDX-License-Identifier: Apache-2.0
"""Stories of the records of runs: how many are kept, and which."""

import fcntl
import json
import os
import subprocess

from harness import Story
from sim_project import SimStory


class Records(Story):
    def setUp(self):
        super().setUp()
        self.job("true")

    def job(self, command, more=""):
        self.config('{ flow: "jobs", name: "r", %s jobs: [{ name: "j", command: "%s" }] }' % (more, command))

    def run_it(self, *options, code=0, cfg="cfg.hjson"):
        done = self.dvsched("run", cfg, "--view", "none", *options)
        self.assertEqual(done.code, code, done)
        return self.run_dir().name

    def run_dir_of(self, run):
        return self.path("scratch/.dvsched/runs", run)

    def ids(self):
        runs = self.path("scratch/.dvsched/runs")
        return {p.name for p in runs.iterdir() if not p.is_symlink()}

    def copy(self, run, name, **head):
        """An older record like that of a run, under another name."""
        runs = self.path("scratch/.dvsched/runs")
        for file in ("plan.json", "results.json"):
            record = json.loads(runs.joinpath(run, file).read_text(encoding="utf-8"))
            (record["run"] if file == "results.json" else record).update(head)
            self.write(runs / name / file, json.dumps(record))
        return name


class Archive(SimStory):
    """A scratch root that was archived with `cp -al`: no file of the archive is written to."""

    def archive(self, scratch):
        subprocess.run(["cp", "-al", scratch, "archive"], cwd=self.dir, check=True)
        return self.contents()

    def contents(self):
        return {str(p): p.read_bytes() for p in self.path("archive").rglob("*") if p.is_file() and not p.is_symlink()}

    def test_a_later_run_leaves_the_files_of_an_archive_alone(self):
        self.config('{ flow: "jobs", name: "r", defaults: { dump_env: true }, jobs: [{ name: "j", command: "date +%N" }, { name: "k", command: "false" }] }')
        words = "run", "cfg.hjson", "--view", "none", "--instrument", "all", "--log-file", "log"
        self.assertEqual(self.dvsched(*words).code, 1)
        before = self.archive("scratch")
        for later in words, ("resume", "--view", "none"), ("ls",), (*words, "--failed"):
            self.assertLess(self.dvsched(*later).code, 2)
            self.assertEqual(self.contents(), before, later)

    def test_so_does_one_of_dvsims_flows(self):
        for later in False, True:
            done = self.run_sim("one.hjson", "-i", "all", "--cov", "--fixed-seed", str(5 + later))
            self.assertLess(done.code, 2, done)
            before = self.archive("out") if not later else before
        self.assertEqual(self.contents(), before)


class Retention(Records):
    def test_the_newest_are_kept(self):
        first = self.run_it()
        old = [self.copy(first, f"20200101T0000{n:02d}Z-000000") for n in range(25)]
        newest = self.run_it()
        self.assertEqual(self.ids(), {first, newest, *old[-18:]})
        self.assertEqual(os.readlink(self.path("scratch/.dvsched/runs/latest")), newest)
        # Their directories are removed, not only renamed; logs and directories of jobs stay.
        self.assertEqual(os.listdir(self.path("scratch/.dvsched/trash")), [])
        self.assertTrue(self.path("scratch/r/j/log").is_file())

    def test_how_many_is_an_option_and_a_key(self):
        first = self.run_it()
        for n in range(6):
            self.copy(first, f"20200101T0000{n:02d}Z-000000")
        self.run_it("--keep-runs", "0")
        self.assertEqual(len(self.ids()), 8)
        self.job("true", "keep_runs: 5,")
        self.run_it("--keep-runs", "7")
        self.assertEqual(len(self.ids()), 7)
        self.run_it()
        self.assertEqual(len(self.ids()), 5)
        newest = self.run_it("--keep-runs", "1")
        self.assertEqual(self.ids(), {newest})
        self.job("true", "keep_runs: -1,")
        done = self.dvsched("run", "cfg.hjson")
        self.assertEqual(done.code, 2, done)
        self.assertIn("keep_runs", done.err)

    def test_records_of_others_are_left_alone(self):
        first = self.run_it()
        others = {self.copy(first, "20200101T000000Z-000000", cfg_path="/other.hjson"),
                  self.copy(first, "20200101T000001Z-000000", nested=True),
                  self.copy(first, "20200101T000002Z-000000", rehearsal=True)}
        self.write(self.path("scratch/.dvsched/runs/20200101T000003Z-000000/plan.json"), "damaged")
        newest = self.run_it("--keep-runs", "1")
        self.assertEqual(self.ids(), {newest, "20200101T000003Z-000000", *others})
        rehearsal = self.run_it("--keep-runs", "1", "--fake")
        self.assertEqual(self.ids(), {newest, rehearsal, "20200101T000003Z-000000", *others} - {"20200101T000002Z-000000"})

    def test_what_a_kept_run_was_made_from_stays(self):
        first = self.run_it()
        a, b, c, d = (f"20200101T00000{n}Z-000000" for n in range(4))
        self.copy(first, a)
        self.copy(first, b, parent=a)
        self.copy(first, c)
        self.copy(first, d, parent=b)
        newest = self.run_it("--keep-runs", "3")
        self.assertEqual(self.ids(), {newest, first, d, b, a})

    def test_a_run_that_is_still_going_keeps_its_record(self):
        events = self.fifo()
        self.job("echo up > %s; read x < %s" % (events.path, self.path("go")))
        os.mkfifo(self.path("go"))
        process = self.start("run", "cfg.hjson", "--view", "none", "-sr", "scratch")
        self.assertEqual(events.line(), "up")
        live, = self.ids()
        # Of the same configuration, in another directory of the same scratch root.
        self.job("true", "overrides: [{ name: \"name\", value: \"other\" }],")
        newest = self.run_it("--keep-runs", "1")
        self.assertEqual(self.ids(), {live, newest})
        with open(self.path("go"), "w", encoding="utf-8") as go:
            go.write("x\n")
        self.assertEqual(self.finish(process).code, 0)
        self.assertIn(live, self.ids())

    def test_one_whose_scheduler_is_gone_may_go(self):
        first = self.run_it()
        self.path("scratch/.dvsched/runs", first, "results.json").unlink()
        newest = self.run_it("--keep-runs", "1")
        self.assertEqual(self.ids(), {newest})

    def test_what_was_killed_before_its_start_goes(self):
        # As SIGKILL leaves it between the lock and the first job: never published, and much is reserved for its results.
        first = self.run_it()
        runs = self.path("scratch/.dvsched/runs")
        hidden = runs / ".20200101T000000Z-000000"
        os.rename(runs / self.copy(first, "20200101T000000Z-000000"), hidden)
        self.write(hidden / ".reserve", "x" * 4096)
        (hidden / "results.json").unlink()
        other = self.copy(first, ".20200101T000001Z-000000", cfg_path="/other.hjson")
        self.write(runs / ".20200101T000002Z-000000/plan.json", "{ cut of")
        newest = self.run_it("--keep-runs", "5")
        # A record with results stays: its file system refused to rename it. A run in progress has the lock of its directory.
        self.assertEqual(self.ids(), {first, newest, other})
        live = runs / ".20200101T000003Z-000000"
        live.mkdir()
        fd = os.open(live, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        fcntl.flock(fd, fcntl.LOCK_EX)
        newest = self.run_it("--keep-runs", "5")
        self.assertIn(live.name, self.ids())

    def test_what_killed_runs_have_reserved_is_given_back(self):
        killed = self.run_dir_of(self.run_it())
        for name in ".reserve", ".results.json.123", ".other":
            self.write(killed / name, "x" * 4096)
        self.run_it()
        self.assertEqual({p.name for p in killed.iterdir() if p.name[0] == "."}, {".other"})
        live = self.run_dir_of(self.run_it())
        self.write(live / ".reserve", "x")
        fd = os.open(live, os.O_RDONLY)
        self.addCleanup(os.close, fd)
        fcntl.flock(fd, fcntl.LOCK_EX)
        self.run_it()
        self.assertTrue((live / ".reserve").exists())

    def test_commands_are_counted_by_themselves(self):
        first = self.run_it()
        for _ in range(2):
            done = self.dvsched("run", "--keep-runs", "1", "--view", "none", "-sr", "scratch", "--", "true")
            self.assertEqual(done.code, 0, done)
        self.assertEqual(len(self.ids()), 2)
        self.assertIn(first, self.ids())


class Simulations(SimStory):
    def test_a_configuration_of_dvsims_may_say_how_many(self):
        self.leaf("one", "keep_runs: 2\n")
        for _ in range(3):
            self.assertEqual(self.run_sim("one.hjson").code, 0)
        runs = [p for p in self.path("out/.dvsched/runs").iterdir() if not p.is_symlink()]
        self.assertEqual(len(runs), 2)
