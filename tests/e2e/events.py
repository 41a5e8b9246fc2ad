# SPDX-License-Identifier: Apache-2.0
"""Stories of `dvsched events`: the journal of a run for other programs, while it is written and afterwards."""

import json
import shutil
import signal

from harness import PATIENCE_S, Story, outlives, send_to_all
from signals import tree_of

TWO = """{ flow: "jobs", name: "e", jobs: [
  { name: "first", command: "true" }
  { name: "second", command: "echo up > events; read line < gate", needs: ["first"] }
] }"""


class Events(Story):
    def journal(self):
        return (self.run_dir() / "journal.jsonl").read_text(encoding="utf-8")

    def finished_run(self):
        self.config('{ flow: "jobs", name: "e", jobs: [{ name: "a", command: "true" }, { name: "b", command: "true" }] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, 0, done)

    def run_that_waits(self):
        """A run whose second job waits at the gate. Returns the process of the run."""
        self.config(TWO)
        events, self.gate = self.fifo(), self.fifo("gate")
        process = self.start("run", "cfg.hjson", "--view", "none")
        self.assertEqual(events.line(), "up")
        return process

    def open_gate(self):
        with open(self.gate.path, "w", encoding="ascii") as gate:
            gate.write("on\n")

    def assert_ends(self, process):
        self.assertFalse(outlives(process.pid, PATIENCE_S))


class Past(Events):
    def test_all_records_of_the_newest_run_are_printed_as_they_are(self):
        self.finished_run()
        done = self.dvsched("events")
        self.assertEqual((done.code, done.out, done.err), (0, self.journal(), ""))
        self.assertEqual(json.loads(done.out.splitlines()[-1])["ev"], "end")
        # --follow of a run that has ended does not wait.
        self.assertEqual(self.dvsched("events", "--follow").out, done.out)

    def test_a_run_has_a_name_and_a_place(self):
        self.finished_run()
        first, text = self.run_dir(), self.journal()
        self.finished_run()
        for which in first.name, first.name[:-2], str(first):
            self.assertEqual(self.dvsched("events", which, "-sr", "scratch").out, text, which)
        self.assertEqual(self.dvsched("events", first.name, "-sr", "elsewhere").code, 2)

    def test_since_goes_on_after_a_record(self):
        self.finished_run()
        lines = self.journal().splitlines(keepends=True)
        self.assertEqual(self.dvsched("events", "--since", "3").out, "".join(lines[3:]))
        self.assertEqual(self.dvsched("events", "--since", "0").out, "".join(lines))
        self.assertEqual(self.dvsched("events", "--follow", "--since", str(len(lines))).out, "")

    def test_what_stands_before_a_damage_is_printed(self):
        self.finished_run()
        lines = self.journal().splitlines(keepends=True)
        lines[4] = lines[4].replace('"seq":5', '"seq":6')
        (self.run_dir() / "journal.jsonl").write_text("".join(lines), encoding="utf-8")
        for options in [], ["--follow"]:
            done = self.dvsched("events", *options)
            self.assertEqual((done.code, done.out), (3, "".join(lines[:4])), done)
            self.assertIn("damaged after record 4", done.err)

    def test_a_run_without_a_journal_has_none(self):
        self.config('{ flow: "jobs", name: "e", jobs: [{ name: "a", command: "true" }] }')
        self.assertEqual(self.dvsched("run", "cfg.hjson", "--view", "none", "--without", "journal").code, 0)
        done = self.dvsched("events")
        self.assertEqual((done.code, done.out), (2, ""), done)
        self.assertIn(f"hint: a run --without journal has no events; {self.run_dir()}/results.json has the results", done.err)

    def test_a_torn_last_line_is_not_printed(self):
        self.finished_run()
        lines = self.journal().splitlines(keepends=True)
        (self.run_dir() / "journal.jsonl").write_text("".join(lines)[:-5], encoding="utf-8")
        done = self.dvsched("events")
        self.assertEqual((done.code, done.out), (0, "".join(lines[:-1])), done)

    def test_mistakes_have_one_message(self):
        for args, text in ((), "there is no run in"), (("2020",), "there is no run '2020' in"), \
                          (("a", "b"), "'events' takes one run"), (("--since=-1",), "the number of a record is wanted"), \
                          (("--since", "x"), "the number of a record is wanted"):
            done = self.dvsched("events", *args)
            self.assertEqual((done.code, done.out), (2, ""), done)
            self.assertIn(text, done.err)
            self.assertEqual(done.err.count("error: "), 1, done)


class Followed(Events):
    def test_records_are_seen_while_the_run_goes_on(self):
        run = self.run_that_waits()
        follower = self.start("events", "--follow")
        seen = []
        while not seen or seen[-1].get("id") != "second":
            seen.append(json.loads(follower.stdout.readline()))
        self.assertEqual(seen[-1]["status"], "RUNNING")
        self.open_gate()
        self.assertEqual(self.finish(run).code, 0)
        done = self.finish(follower)
        self.assertEqual(done.code, 0, done)
        self.assertEqual([r["seq"] for r in seen] + [json.loads(line)["seq"] for line in done.out.splitlines()],
                         list(range(1, len(self.journal().splitlines()) + 1)))

    def test_without_follow_it_prints_what_is_there(self):
        run = self.run_that_waits()
        done = self.dvsched("events")
        self.assertEqual((done.code, done.out), (0, self.journal()), done)
        self.open_gate()
        self.finish(run)

    def test_a_run_that_was_killed_has_no_end(self):
        run = self.run_that_waits()
        follower = self.start("events", "--follow")
        follower.stdout.readline()
        send_to_all(tree_of(run.pid), signal.SIGKILL)
        self.finish(run)
        done = self.finish(follower)
        self.assertEqual(done.code, 3, done)
        self.assertIn(f"the run {self.run_dir().name} was killed: its journal has no end", done.err)
        # The command that it prints works.
        run = str(self.run_dir())
        self.assertIn(f"`dvsched resume --run {run}`", done.err)
        again = self.start("resume", "--run", run, "--view", "none")
        self.open_gate()
        self.assertEqual(self.finish(again).code, 0)

    def test_a_run_whose_record_was_removed_is_not_waited_for(self):
        run = self.run_that_waits()
        follower = self.start("events", "--follow")
        follower.stdout.readline()
        shutil.rmtree(self.run_dir())
        self.assertEqual(self.finish(follower).code, 3)
        self.open_gate()
        self.finish(run)

    def test_it_ends_when_nobody_reads(self):
        run = self.run_that_waits()
        follower = self.start("events", "--follow")
        follower.stdout.readline()
        follower.stdout.close()
        self.assert_ends(follower)
        self.assertEqual((follower.wait(), follower.stderr.read()), (0, b""))
        follower.stdout = None
        self.open_gate()
        self.finish(run)
