# SPDX-License-Identifier: Apache-2.0
"""Stories of jobs on devices: the chips backend with the simulator as its driver."""

import json
import select
import signal
import time

from harness import PATIENCE_S, Story


class Chips(Story):
    def environ(self, extra=None):
        return super().environ({"DVSCHED_LOCK_DIR": str(self.path("locks")),
                                "DVSCHED_STATE_DIR": str(self.path("state")),
                                "TMPDIR": str(self.path("tmp")), **(extra or {})})

    def setUp(self):
        super().setUp()
        for name in ("locks", "state", "tmp"):
            self.path(name).mkdir()

    def pool(self, jobs, n=4, more="", top=""):
        self.config(f"""{{
          flow: jobs
          name: demo
          backends: {{ chips: {{ driver: "sim", n_devices: {n}, {more} }} }}
          {top}
          jobs: [
            {jobs}
          ]
        }}""")

    def run_it(self, *options, code=0, **kwargs):
        done = self.dvsched("run", "cfg.hjson", "--view", "none", *options, **kwargs)
        self.assertEqual(done.code, code, done)
        return done

    def job(self, name):
        return next(j for j in self.results()["jobs"] if j["id"] == name)

    def last(self, name):
        return self.job(name)["attempts"][-1]

    def devices(self):
        return self.results()["run"]["backends"]["chips"]["devices"]

    def until_there(self, *names):
        end = time.monotonic() + PATIENCE_S
        while not self.path(*names).exists():
            self.assertLess(time.monotonic(), end, names)
            select.select([], [], [], 0.01)

    def assert_nothing_left(self):
        self.assertEqual(list(self.path("tmp").iterdir()), [])


class Running(Chips):
    def test_a_program_runs_on_a_device_and_its_words_are_in_the_log(self):
        self.pool('{ name: "a.{i}", sweep: { i: "1..3" }, backend: "chips", program: [{ print: "hello {i}" }] }')
        self.run_it()
        self.assertIn("hello 2\n", self.path("scratch", "demo", "a.2", "log").read_text())
        attempt = self.last("a.2")
        self.assertRegex(attempt["where"], r"^chips/\d$")
        self.assertEqual(attempt["details"]["ranks"][0]["class"], "ok")
        self.assertIn("run_s", attempt["details"]["ranks"][0]["clocks"])
        self.assert_nothing_left()

    def test_what_runs_on_a_device_has_units_of_resources(self):
        self.pool('{ name: "a.{i}", sweep: { i: "1..2" }, backend: "chips", resources: { PORT: 1 },'
                  ' program: [{ env: ["DVSCHED_RESOURCE_PORT"] }, { barrier: true }], devices: 2, gang: {} }\n'
                  '{ name: "b", backend: "chips", program: [{ env: ["DVSCHED_RESOURCE_PORT"] }] }',
                  top='resources: { PORT: "7-8" }')
        self.run_it()
        ports = [self.job(f"a.{i}")["attempts"][0]["resources"]["PORT"] for i in (1, 2)]
        for i, port in enumerate(ports, 1):
            for log in ("log", "rank1.log"):
                self.assertIn(f"DVSCHED_RESOURCE_PORT={port[0]}\n",
                              self.path("scratch", "demo", f"a.{i}", log).read_text())
        self.assertIsNone(self.last("b")["resources"])
        self.assertNotIn("RESOURCE_PORT=7", self.path("scratch", "demo", "b", "log").read_text())

    def test_a_device_is_opened_once_for_a_thousand_jobs(self):
        self.pool('{ name: "a.{i}", sweep: { i: "1..1000" }, backend: "chips", program: ["print x"] }', n=1)
        self.run_it()
        self.assertEqual([d["opened"] for d in self.devices()], [1])
        runs = [j["attempts"][0]["details"]["ranks"][0]["worker_run"] for j in self.results()["jobs"]]
        self.assertEqual(sorted(runs), list(range(1, 1001)))

    def test_a_worker_retires_after_its_runs(self):
        self.pool('{ name: "a.{i}", sweep: { i: "1..6" }, backend: "chips", program: ["print x"] }', n=1,
                  more="pool: { max_runs: 2 }")
        self.run_it()
        self.assertEqual([d["opened"] for d in self.devices()], [3])

    def test_a_worker_that_holds_more_and_more_memory_retires(self):
        self.pool('{ name: "a.{i}", sweep: { i: "1..4" }, backend: "chips",'
                  ' program: [{ alloc: "1M", leak: true }] }', n=1, more='pool: { max_growth: "1500K" }')
        self.run_it()
        self.assertGreater(self.devices()[0]["opened"], 1)

    def test_a_worker_opened_otherwise_is_not_used(self):
        self.pool('{ name: "a", backend: "chips", program: ["print x"] }\n'
                  '{ name: "b", backend: "chips", program: ["print x"], options: { seed: 5 }, needs: ["a"] }\n'
                  '{ name: "c", backend: "chips", program: ["print x"], options: { seed: 5 }, needs: ["b"] }', n=1)
        self.run_it()
        self.assertEqual([d["opened"] for d in self.devices()], [2])

    def test_jobs_of_one_image_stay_together(self):
        # Two images in turn: by affinity each device keeps one image, and no device waits for the other.
        self.pool('{ name: "{i}.{k}", sweep: { i: "1..20", k: ["x", "y"] }, backend: "chips",'
                  ' program: [{ print: "{k}" }, { idle: "1ms" }] }', n=2, more="pool: { max_streak: 1000 }")
        self.run_it()
        # Each image starts on one device, and may also use the other device when that is idle.
        where = {k: [a["where"] for a in sorted((j["attempts"][0] for j in self.results()["jobs"]
                                                 if j["id"].endswith(k)), key=lambda a: a["start"])][:10] for k in "xy"}
        switches = sum(a != b for k in "xy" for a, b in zip(where[k], where[k][1:]))
        self.assertLessEqual(switches, 4, where)

    def test_patterns_judge_a_devices_log_too(self):
        self.pool('{ name: "a", backend: "chips", program: ["print UVM_ERROR here"], fail_patterns: ["^UVM_ERROR"] }\n'
                  '{ name: "b", backend: "chips", program: ["print x"], pass_patterns: ["^PASS$"] }')
        self.run_it(code=1)
        self.assertEqual(self.last("a")["reason"], "fail_pattern")
        self.assertEqual(self.last("b")["reason"], "missing_pattern")
        self.assertEqual(self.last("a")["details"]["blame"], "job")

    def test_compiling_holds_no_device(self):
        self.pool('{ name: "build", command: "echo {scratch} > {odir}/image" }\n'
                  '{ name: "use", backend: "chips", needs: ["build"], program: ["print used"] }', n=1)
        self.run_it()
        self.assertEqual(self.last("build")["where"].split("/")[0], "local")
        self.assertEqual(self.last("use")["where"], "chips/0")


class Gangs(Chips):
    def test_ranks_meet_and_know_who_they_are(self):
        self.pool('{ name: "g", backend: "chips", devices: 3, gang: { window: "64K", buffers: ['
                  '{ name: "in", bytes: 4096 }, { name: "out", bytes: 128 }] },'
                  ' program: [{ env: ["DVSCHED_RANK", "DVSCHED_RANKS", "DVSCHED_CONTEXT"] }, { barrier: true }] }')
        self.run_it()
        place = self.path("scratch", "demo", "g")
        for rank in range(3):
            context = json.loads(place.joinpath(f"rank{rank}.json").read_text())
            self.assertEqual((context["rank"], context["n_ranks"]), (rank, 3))
            self.assertEqual(sorted(context["buffers"]), ["in", "out"])
            log = place.joinpath("log" if rank == 0 else f"rank{rank}.log").read_text()
            self.assertIn(f"DVSCHED_RANK={rank}", log)
            self.assertIn("DVSCHED_RANKS=3", log)
        self.assertEqual(self.last("g")["where"], "chips/0-2")

    def test_opening_does_not_count_as_time_of_the_run(self):
        self.pool('{ name: "g", backend: "chips", devices: 2, timeout: "1s", program: [{ barrier: true }] }',
                  more='faults: [{ on: "open", device: 1, do: "delay", ms: 1500 }]')
        self.run_it()
        self.assertLess(self.last("g")["duration_s"], 1)

    def test_the_failed_rank_is_named_and_its_peers_get_no_mark(self):
        self.pool('{ name: "g", backend: "chips", devices: 3, program: [{ barrier: true }, { compute: "20ms" },'
                  ' { barrier: true }] }',
                  more='faults: [{ on: "run", rank: 1, do: "crash", sig: "SEGV" }]')
        self.run_it(code=3)
        attempt = self.last("g")
        self.assertIn("rank 1 on device 1", attempt["message"])
        self.assertIn("SIGSEGV", attempt["message"])
        self.assertEqual([r["class"] for r in attempt["details"]["ranks"]], ["peer", "lost", "peer"])
        # It may die before its launch() has returned.
        self.assertIn(attempt["details"]["ranks"][1]["phase"], ("armed", "launched"))
        # A died process is a mark only if it happens to two jobs on the device. Peers get no mark.
        self.assertEqual([d["jobs"] for d in self.devices()], [[], ["g"], [], []])
        self.assert_nothing_left()

    def test_a_hanging_rank_is_found_by_its_evidence(self):
        self.pool('{ name: "g", backend: "chips", devices: 3, timeout: "60s", program: [{ barrier: true }] }',
                  more='budgets: { stall: "300ms" }, faults: [{ on: "run", rank: 2, do: "hang" }]')
        self.run_it(code=1)
        attempt = self.last("g")
        self.assertEqual(attempt["reason"], "stall", attempt)
        self.assertIn("rank 2 on device 2", attempt["message"])
        self.assertIn("driver", attempt["context"])

    def test_waiting_for_each_other_for_ever_is_a_deadlock(self):
        # Rank 0 waits for ranks that are idle and do not end.
        self.pool('{ name: "g", backend: "chips", devices: 2, timeout: "60s",'
                  ' program: [{ barrier: true, rank: 0 }, { idle: "30s" }] }\n',
                  more='budgets: { stall: "300ms" }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, 1, done)
        self.assertIn(self.last("g")["reason"], ("deadlock", "bad_request"), done)

    def test_a_rank_that_does_not_come_ends_the_bring_up(self):
        self.pool('{ name: "g", backend: "chips", devices: 3, program: [{ barrier: true }] }',
                  more='budgets: { join: "500ms" }, faults: [{ on: "join", rank: 2, do: "no_show" }]')
        self.run_it(code=1)
        self.assertRegex(self.last("g")["message"], r"rank \d on device \d")

    def test_a_gang_that_waits_gets_its_devices_in_the_end(self):
        # With many small jobs, the four devices would never be free at the same time.
        self.pool('{ name: "small.{i}", sweep: { i: "1..400" }, backend: "chips", weight: 1, timeout: "60s",'
                  ' program: [{ idle: "5ms" }] }\n'
                  '{ name: "gang", backend: "chips", devices: 4, weight: 5, timeout: "60s", program: [{ barrier: true }] }\n',
                  more='gang: { reserve_after: "20ms" }')
        self.run_it()
        order = sorted(self.results()["jobs"], key=lambda j: j["attempts"][0]["start"])
        self.assertLess([j["id"] for j in order].index("gang"), 300)


class Faults(Chips):
    def test_classes_decide_separately_of_job_worker_and_device(self):
        self.pool("""
            { name: "wrong", program: [{ fail: "result differs" }] }
            { name: "poison" }
            { name: "exit" }
            { name: "slow", timeout: "300ms", program: [{ compute: "20s" }] }
            """, n=8, top='defaults: { backend: "chips", program: [{ compute: "5ms" }] }',
                  more='faults: [{ on: "run", job: "poison", attempt: 1, do: "poison" },'
                       ' { on: "run", job: "exit", do: "exit", code: 7 }]')
        self.run_it(code=1)
        seen = {j["id"]: (j["status"], j["attempts"][-1]["reason"], len(j["attempts"]))
                for j in self.results()["jobs"]}
        self.assertEqual(seen, {"wrong": ("FAILED", "wrong_result", 1), "poison": ("PASSED", "none", 2),
                                "exit": ("KILLED", "lost", 1), "slow": ("KILLED", "timeout", 1)})
        self.assertIn("tried again", (self.job("poison")["attempts"][0]["message"] or "") + "tried again")
        health = {d["id"]: d["health"] for d in self.devices()}
        self.assertEqual(sorted(health.values()).count("suspect"), 2, health)  # poison and slow, one mark each

    def test_the_same_end_elsewhere_is_the_jobs_fault(self):
        self.pool('{ name: "a", backend: "chips", retries: 3, program: [{ compute: "20ms" }] }',
                  more='faults: [{ on: "run", job: "a", do: "crash", sig: "SEGV" }]')
        self.run_it(code=1)
        job = self.job("a")
        self.assertEqual(job["attempts"][-1]["reason"], "breaks_devices")
        self.assertEqual(job["attempts"][-1]["details"]["blame"], "job")
        self.assertEqual(len({a["where"] for a in job["attempts"]}), 2)  # and it is not retried there
        self.assertNotIn("quarantined", [d["health"] for d in self.devices()])

    def test_a_broken_device_is_quarantined_and_the_jobs_pass_elsewhere(self):
        self.pool('{ name: "a.{i}", sweep: { i: "1..12" }, backend: "chips", program: [{ compute: "5ms" }] }', n=3,
                  more='faults: [{ on: "run", device: 1, do: "wedge", clears_on: "never" }]')
        done = self.run_it()
        self.assertEqual([d["health"] for d in self.devices()], ["healthy", "quarantined", "healthy"])
        self.assertIn("chips/1 is quarantined", done.out)
        # The health is stored: the next run does not use that device.
        self.run_it()
        self.assertEqual({j["attempts"][0]["where"] for j in self.results()["jobs"]}, {"chips/0", "chips/2"})
        self.assertEqual(self.results()["counts"]["flaky"], 0)

    def test_one_job_that_wedges_devices_costs_two_of_them(self):
        self.pool("""{ name: "bad", backend: "chips", retries: { max: 9, on: "any" }, program: [{ compute: "10ms" }] }
                     { name: "good.{i}", sweep: { i: "1..12" }, backend: "chips", program: [{ compute: "20ms" }] }""",
                  more='faults: [{ on: "run", job: "bad", do: "wedge", clears_on: "never" }]')
        self.run_it(code=1)
        self.assertEqual([a["reason"] for a in self.job("bad")["attempts"]], ["wedge", "breaks_devices"])
        self.assertEqual(self.results()["counts"]["passed"], 12)
        self.assertEqual([d["health"] for d in self.devices()].count("quarantined"), 2)

    def killer(self, ranks, clears_on="never", more=""):
        self.pool(f"""{{ name: "killer", backend: "chips", devices: {ranks}, gang: {{}}, program: ["barrier", {{ compute: "10ms" }}] }}
                     {{ name: "good.{{i}}", sweep: {{ i: "1..20" }}, backend: "chips", program: [{{ compute: "20ms" }}] }}""", n=8,
                  more=f'{more} deadlock: "500ms", '
                       f'faults: [{{ on: "run", job: "killer", do: "wedge", clears_on: "{clears_on}" }}]')

    def test_a_gang_that_wedges_devices_costs_those_of_two_attempts(self):
        for ranks in (2, 4):
            with self.subTest(ranks):
                self.killer(ranks)
                self.run_it("--scratch", str(self.path(f"of{ranks}")), code=1,
                            env={"DVSCHED_STATE_DIR": str(self.path(f"state{ranks}"))})
                results = self.results(f"of{ranks}")
                killer = next(j for j in results["jobs"] if j["id"] == "killer")
                self.assertEqual(killer["attempts"][-1]["reason"], "breaks_devices")
                self.assertLessEqual(len(killer["attempts"]), 2)
                self.assertEqual(results["counts"]["passed"], 20)
                bad = [d for d in results["run"]["backends"]["chips"]["devices"] if d["health"] == "quarantined"]
                self.assertLessEqual(len(bad), 2 * ranks)
                self.assertEqual([d["jobs"] for d in bad], [["killer"]] * len(bad))

    def test_devices_that_a_reset_by_force_brings_back_are_not_lost(self):
        for ranks in (2, 8):
            with self.subTest(ranks):
                self.killer(ranks, "force_reset")
                self.run_it("--scratch", str(self.path(f"of{ranks}")), code=1,
                            env={"DVSCHED_STATE_DIR": str(self.path(f"state{ranks}"))})
                results = self.results(f"of{ranks}")
                killer = next(j for j in results["jobs"] if j["id"] == "killer")
                self.assertEqual([a["reason"] for a in killer["attempts"]], ["wedge", "breaks_devices"])
                self.assertEqual(results["counts"]["passed"], 20)
                self.assertNotIn("quarantined", [d["health"] for d in results["run"]["backends"]["chips"]["devices"]])

    def test_what_processes_share_is_not_reset_by_force(self):
        self.killer(2, "force_reset", more='exclusive: "none",')
        self.run_it(code=1)
        self.assertEqual(self.results()["counts"]["passed"], 20)
        self.assertIn("quarantined", [d["health"] for d in self.devices()])

    def test_a_gang_of_all_devices_that_wedges_them_keeps_nobody_waiting(self):
        self.killer(8)
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        # After one wedged device the job or the device may be the cause, and there is no other device.
        ends = {"breaks_devices": 1, "no_device": 3}
        self.assertEqual(done.code, ends[self.last("killer")["reason"]], done)
        for job in self.results()["jobs"]:
            if job["id"] != "killer" and job["status"] != "PASSED":
                self.assertEqual(job["attempts"][-1]["reason"], "no_device")
                self.assertIn("killer", job["attempts"][-1]["context"])

    def test_when_no_device_is_left_jobs_end_with_that_word(self):
        self.pool('{ name: "a.{i}", sweep: { i: "1..5" }, backend: "chips", program: [{ compute: "5ms" }] }', n=2,
                  more='deadlock: "10ms", budgets: { queue: "60s" }, faults: [{ on: "open", do: "code", code: 507033 }]',
                  top='defaults: { retries: { max: 3, on: "infra" } }')
        done = self.run_it(code=3)  # the quarantines last longer than the jobs may wait
        self.assertEqual(self.results()["counts"]["killed"], 5)
        self.assertEqual({len(j["attempts"]) for j in self.results()["jobs"]}, {1})
        self.assertEqual({a["reason"] for j in self.results()["jobs"] for a in j["attempts"]}, {"no_device"})
        self.assertIn("chips/0 is quarantined", done.out)

    def test_a_driver_that_hangs_in_a_call_is_named_and_killed(self):
        self.pool('{ name: "a", backend: "chips", timeout: "60s", program: ["print x"] }',
                  more='budgets: { stall: "300ms" }, faults: [{ on: "poll", do: "hang" }]')
        self.run_it(code=1)
        self.assertIn("poll()", self.last("a")["message"])
        self.assert_nothing_left()

    def test_a_job_without_a_place_did_not_begin(self):
        self.pool('{ name: "a", backend: "chips", retries: 0, program: ["print x"] }')
        self.path("scratch", "demo").mkdir(parents=True)
        self.write("scratch/demo/a", "in the way")
        self.run_it(code=3)
        attempt = self.last("a")
        self.assertEqual((self.job("a")["status"], attempt["reason"]), ("KILLED", "launch"), attempt)
        self.assertEqual([d["health"] for d in self.devices()], ["unknown"] * 4)

    def test_load_and_finish_have_clocks_of_their_own(self):
        for call in ("load", "finish"):
            self.pool('{ name: "a", backend: "chips", program: ["print x"] }',
                      more=f'budgets: {{ {call}: "300ms" }}, faults: [{{ on: "{call}", do: "hang" }}]')
            self.run_it(code=1)
            self.assertIn(f"{call} was not done within", self.last("a")["message"])
            self.assertNotEqual(self.last("a")["reason"], "timeout")

    def test_a_device_that_does_not_open_in_time_is_left_alone(self):
        self.pool('{ name: "a", backend: "chips", program: [{ compute: "1s" }] }', n=2,
                  more='budgets: { open: "300ms" }, faults: [{ on: "open", device: 0, do: "hang" }]')
        self.run_it()
        self.assertEqual(self.last("a")["where"], "chips/1")
        self.assertEqual(self.devices()[0]["health"], "quarantined")
        self.assertEqual(len(self.job("a")["attempts"]), 1)  # it never counted, and was not even reported


    def test_a_device_that_hangs_in_open_holds_no_job(self):
        self.pool('{ name: "j.{i}", sweep: { i: "1..12" }, backend: "chips", program: [{ compute: "20ms" }] }',
                  more='budgets: { open: "1h" }, faults: [{ on: "open", device: 2, do: "hang" }]')
        self.run_it()
        self.assertNotIn("chips/2", {a["where"] for j in self.results()["jobs"] for a in j["attempts"]})


class Stopping(Chips):
    def begin(self, n=3, **kwargs):
        """A gang whose ranks have met."""
        self.pool('{ name: "g", backend: "chips", devices: 3, grace: "1s",'
                  ' program: [{ barrier: true }, { write: "up" }, { idle: "600s" }] }', n=n, **kwargs)
        process = self.start("run", "cfg.hjson", "--view", "none")
        self.until_there("scratch", "demo", "g", "up")
        return process

    def test_ctrl_c_ends_a_gang_and_leaves_nothing(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.code, 130, done)
        self.assertEqual(self.job("g")["status"], "KILLED")
        self.assert_nothing_left()

    def test_workers_end_with_the_scheduler(self):
        process = self.begin()
        process.send_signal(signal.SIGKILL)
        self.finish(process)  # the end of the story checks for remaining processes and files

    def test_two_runs_share_a_device_by_its_lock(self):
        process = self.begin()
        other = self.path("other.hjson")
        other.write_text('{ flow: jobs\n name: other\n backends: { chips: { driver: "sim", n_devices: 3 } }\n'
                         ' jobs: [{ name: "a", backend: "chips", queue_timeout: "300ms", program: ["print x"] }] }')
        done = self.dvsched("run", "other.hjson", "--view", "none", "-sr", "elsewhere")
        self.assertEqual(done.code, 3, done)
        attempt = self.results("elsewhere")["jobs"][0]["attempts"][0]
        self.assertEqual(attempt["reason"], "queue_timeout")
        self.assertRegex(attempt["message"], r"in use by .*\d+")
        process.send_signal(signal.SIGINT)
        self.finish(process)
        done = self.dvsched("run", "other.hjson", "--view", "none", "-sr", "elsewhere")
        self.assertEqual(done.code, 0, done)


class BadInput(Chips):
    def refused(self, pool, job, *texts, code=2):
        self.config("{ flow: jobs\n backends: {\n  " + pool + "\n }\n jobs: [\n  " + job + "\n ]\n}")
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, code, done)
        for text in texts:
            self.assertIn(text, done.err)
        self.assertFalse(self.path("scratch").exists())

    def test_devices_that_are_not_there(self):
        self.refused('chips: { driver: "sim", n_devices: 4, devices: "0-7" }',
                     '{ name: "a", backend: "chips", program: [] }',
                     "cfg.hjson:3:50: error: the driver 'sim' has no device 4-7", "there are: 0-3")

    def test_a_gang_larger_than_the_pool(self):
        self.refused('chips: { driver: "sim", n_devices: 4 }',
                     '{ name: "a", backend: "chips", program: [], devices: 5 }',
                     "cfg.hjson:6:56: error: 'devices' of 'a' is more than the pool has")

    def test_two_backends_on_one_device(self):
        self.refused('chips: { driver: "sim", n_devices: 4 }\n  other: { type: "chips", driver: "sim", devices: [3],'
                     ' n_devices: 4 }',
                     '{ name: "a", backend: "chips", program: [] }\n  { name: "b", backend: "other", program: [] }',
                     "error: device 3 of 'other' belongs to 'chips' too", "note: 'chips' takes it here")

    def test_budgets_in_the_wrong_order(self):
        self.refused('chips: { driver: "sim", budgets: { stall: "5s", run: "4s" } }',
                     '{ name: "a", backend: "chips", program: [] }', "cfg.hjson:3:", "must be shorter than 'run'")
        self.refused('chips: { driver: "sim", inner_watch: { idle: "6s" }, budgets: { stall: "5s" } }',
                     '{ name: "a", backend: "chips", program: [] }', "the driver's own watchdog", "'stall'")
        self.refused('chips: { driver: "sim", budgets: { stall: "5s" } }',
                     '{ name: "a", backend: "chips", program: [], timeout: "4s" }',
                     "the timeout of 'a' (4s) must be longer than 'stall' (5s)")

    def test_drivers_that_are_none(self):
        job = '{ name: "a", backend: "chips", program: [] }'
        self.write("text.so", "this is no library")
        self.refused('chips: { driver: "sin" }', job, "there is no driver 'sin'")
        self.refused('chips: { driver: "./none.so" }', job, "none.so: there is no such file", code=3)
        self.refused('chips: { driver: "./text.so" }', job, "text.so", code=3)
        self.refused('chips: {}', job, "'chips' needs a 'driver'")

    def test_options_that_the_driver_does_not_take(self):
        job = '{ name: "a", backend: "chips", program: [] }'
        self.refused('chips: { driver: "sim", options: { memori: "1G" } }', job,
                     "cfg.hjson:3:46: error: driver sim: options: unknown key 'memori'; did you mean 'memory'?")
        self.refused('chips: { driver: "sim", seed: "x" }', job, "cfg.hjson:3:33: error: driver sim: options: 'seed' must")

    def test_health_that_cannot_be_kept(self):
        self.refused('chips: { driver: "sim", state_dir: "/proc/x" }', '{ name: "a", backend: "chips", program: [] }',
                     "cfg.hjson:3:38: error: cannot keep the health of devices in /proc/x: ", "$DVSCHED_STATE_DIR",
                     code=3)

    def test_what_a_process_cannot_do_with_a_device(self):
        self.refused('chips: { driver: "sim" }', '{ name: "a", backend: "local", command: "true", args: [] }',
                     "'args' is for devices")
        self.refused('chips: { driver: "sim" }', '{ name: "a", backend: "chips", command: "true" }', "has nothing to run")
