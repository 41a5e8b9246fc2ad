# SPDX-License-Identifier: Apache-2.0
"""`dvsched chips`: lists devices and drivers, and changes their health."""

import json
import pathlib

from harness import Story, scheduler_of

POOLS = """{
  flow: jobs
  name: demo
  backends: {
    npu: { type: "chips", driver: "sim", n_devices: 4, devices: "0-2", fault_domains: [[0, 1]], %s
           options: { memory: "64G" } }
    other: { type: "chips", driver: "sim", n_devices: 4, devices: [3] }
    fake: { seed: 1 }
  }
  jobs: [ { name: "a", backend: "npu", program: [%s] } ]
}"""


class ChipsCli(Story):
    def environ(self, extra=None):
        return super().environ({"DVSCHED_LOCK_DIR": str(self.path("locks")),
                                "DVSCHED_STATE_DIR": str(self.path("state")),
                                **(extra or {})})

    def pools(self, more="", program='{ print: "x" }'):
        self.config(POOLS % (more, program))

    def chips(self, *args, code=0, **kwargs):
        done = self.dvsched("chips", *args, **kwargs)
        self.assertEqual(done.code, code, done)
        return done

    def devices(self, *args):
        return {f"{d['pool']}/{d['id']}": d for d in json.loads(self.chips("list", *args, "--json").out)}

    # --- list ---

    def test_the_pools_of_a_configuration_are_listed(self):
        self.pools()
        for words in (["list", "cfg.hjson"], ["cfg.hjson"]):
            lines = self.chips(*words).out.splitlines()
            self.assertEqual(lines[0].split("  ")[0], "DEVICE")
            self.assertEqual([line.split()[0] for line in lines[1:]], ["npu/0", "npu/1", "npu/2", "other/3"])
            self.assertRegex(lines[1], r"^npu/0 +sim +0 +unknown +- +64G$")
        found = self.devices("cfg.hjson")
        self.assertEqual([found[d]["fault_domain"] for d in found], [0, 0, -1, -1])
        self.assertEqual(found["npu/0"]["mem_total"], 64 << 30)

    def test_a_driver_or_all_of_them_are_asked_without_a_configuration(self):
        self.assertEqual(sorted(self.devices("--driver", "sim", "--options", '{"n_devices": 2}')), ["sim/0", "sim/1"])
        self.assertIn("sim/0", self.chips().out)

    def test_health_is_shown_with_its_reason_and_the_jobs(self):
        self.pools('faults: [{ on: "run", device: 0, do: "wedge", clears_on: "never" }],'
                   ' state_dir: "state",')
        self.dvsched("run", "cfg.hjson", "--view", "none")
        health = self.devices("cfg.hjson")
        self.assertEqual([health[f"npu/{i}"]["health"] for i in (0, 1)], ["quarantined", "suspect"])
        self.assertEqual(health["npu/0"]["jobs"], ["a"])
        self.assertGreater(health["npu/0"]["until"], health["npu/0"]["since"])
        self.assertIn("of the same fault domain", health["npu/1"]["reason"])
        out = self.chips("cfg.hjson", "--color", "always").out
        self.assertRegex(out, r"npu/0 .*\x1b\[31mquarantined until \d{4}-")
        self.assertRegex(out, r"(?m)^    since \d{4}-.*1 job: a\)$")

    def test_who_has_a_device_is_shown(self):
        self.pools(program='{ compute: "1000s" }')
        run = self.start("run", "cfg.hjson", "--view", "none")
        lock, name = {"pid": None}, None  # the scheduler takes the lock, then its worker writes the pid
        while name != "dvs-device\n":
            self.assertIsNone(run.poll())
            lock = self.devices("cfg.hjson")["npu/0"]["lock"]
            name = lock["pid"] and pathlib.Path(f"/proc/{lock['pid']}/comm").read_text()
        self.assertIn(f"pid {lock['pid']}", self.chips("cfg.hjson").out)
        done = self.chips("probe", "npu/0", "cfg.hjson", code=3)
        self.assertIn(f"npu/0: busy: device 0 is in use by pid {lock['pid']}", done.out)
        run.terminate()
        self.finish(run)
        self.assertEqual(self.devices("cfg.hjson")["npu/0"]["lock"]["state"], "free")

    def test_the_pools_file_is_used_without_a_configuration(self):
        text = '{ vars: { n: 2 }, backends: { card: { type: "chips", driver: "sim", options: { n_devices: "{n}" } } } }'
        self.write("dvsched-pools.hjson", text)
        self.assertEqual(sorted(self.devices()), ["card/0", "card/1"])
        self.assertEqual(sorted(self.devices("-D", "n=3")), ["card/0", "card/1", "card/2"])
        self.assertRegex(self.chips("probe", "card/1").out, r"^card/1: ")
        self.write("other.hjson", text.replace("card", "more"))
        self.assertEqual(sorted(self.devices("--pools", "other.hjson")), ["more/0", "more/1"])
        self.assertIn("--pools goes with neither", self.chips("--pools", "other.hjson", "--driver", "sim", code=2).err)
        self.write("dvsched-pools.hjson", text.replace("n_devices", "n_devicez"))
        self.assertRegex(self.chips(code=2).err, r"dvsched-pools.hjson:1:\d+: error: ")

    def test_who_waits_for_a_device_is_shown(self):
        self.write("dvsched-pools.hjson", '{ backends: { card: { type: "chips", driver: "sim", devices: "0-1" } } }')
        runs = []
        for n, done in enumerate((lambda d: d["lock"]["state"] == "locked", lambda d: len(d["waiting"]) == 1,
                                  lambda d: len(d["waiting"]) == 2)):
            runs.append(self.start("run", "--view", "none", "--devices", "card:2", "--", "sleep", "1000"))
            while not done(self.devices()["card/1"]):
                self.assertIsNone(runs[n].poll())
        first, *waiting = [scheduler_of(run) for run in runs]
        self.assertEqual(self.devices()["card/0"]["waiting"], waiting)
        out = self.chips().out
        self.assertEqual(out.count(f"    2 processes wait for it: pid {waiting[0]}, {waiting[1]}\n"), 2)
        self.assertIn(f"pid {first}", out)
        for run in reversed(runs):
            run.terminate()
            self.finish(run)
        self.assertEqual(self.devices()["card/0"]["waiting"], [])

    # --- drivers ---

    def test_drivers_say_what_they_can_and_why_not(self):
        out = self.chips("drivers").out
        self.assertRegex(out, r"(?m)^sim +\S+ +\d+ +abort gang reset health watchdog ")
        self.assertIn("    not usable here without options: driver simpler: 'libdir'", out)
        drivers = {d["name"]: d for d in json.loads(self.chips("drivers", "--json").out)}
        self.assertTrue(drivers["sim"]["usable"])
        self.assertFalse(drivers["simpler"]["usable"])
        self.assertIn("gang", drivers["simpler"]["can"])

    # --- quarantine, clear ---

    def test_a_person_sets_a_device_aside_and_takes_it_back(self):
        self.pools()
        done = self.chips("quarantine", "npu/0-1", "cfg.hjson", "--why", "fan broken")
        self.assertEqual(done.out, "npu/0: quarantined until it is cleared\nnpu/1: quarantined until it is cleared\n")
        self.assertEqual(self.devices("cfg.hjson")["npu/1"]["reason"], "fan broken")
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(self.results()["jobs"][0]["attempts"][0]["where"], "npu/2", run)
        self.assertIn("device   npu/0 is quarantined until it is cleared: fan broken\n", run.out + run.err)
        self.assertEqual(self.chips("clear", "npu/0", "npu/2", "cfg.hjson").out.splitlines(),
                         ["npu/0: it was quarantined until it is cleared; cleared",
                          "npu/2: it was healthy; cleared"])
        self.assertEqual([self.devices("cfg.hjson")[d]["health"] for d in ("npu/0", "npu/1")],
                         ["unknown", "quarantined"])
        self.assertEqual(self.chips("clear", "npu/0", "cfg.hjson").out, "npu/0: no stored health for this device\n")

    def test_a_quarantine_may_have_an_end(self):
        self.pools()
        self.chips("quarantine", "npu", "cfg.hjson", "--why", "lent", "--for", "2h")
        found = self.devices("cfg.hjson")
        self.assertAlmostEqual(found["npu/0"]["until"] - found["npu/0"]["since"], 7200, delta=1)
        self.assertEqual(found["other/3"]["health"], "unknown")

    def test_a_file_that_cannot_be_read_is_shown_and_cleared(self):
        self.pools()
        self.write("state/sim-2.json", "{")
        self.assertIn("sim-2.json was not written by dvsched", self.chips("cfg.hjson").out)
        self.assertIn("npu/2: its stored health could not be read", self.chips("clear", "npu/2", "cfg.hjson").out)
        self.assertEqual(self.devices("cfg.hjson")["npu/2"]["health_error"], None)

    # --- probe ---

    def test_a_probe_opens_and_says_how_long_it_took(self):
        self.pools()
        out = self.chips("probe", "npu/0-1", "other", "cfg.hjson").out
        self.assertRegex(out, r"^npu/0: opened in [\d.]+ ms, closed in [\d.]+ ms\nnpu/1: .*\nother/3: opened ")

    def test_a_probe_tells_scripts_too(self):
        self.pools('faults: [{ on: "open", device: 1, do: "code", code: 1004 }],')
        good, bad = json.loads(self.chips("probe", "npu/0-1", "cfg.hjson", "--json", code=3).out)
        self.assertTrue(good["opened"] and good["open_s"] > 0 and good["why"] is None, good)
        self.assertFalse(bad["opened"], bad)
        self.assertIn("1004", bad["why"])

    def test_a_probe_that_hangs_or_fails_says_so(self):
        self.pools('faults: [{ on: "open", device: 0, do: "hang" }, { on: "open", device: 1, do: "crash", sig: "SEGV" }],')
        out = self.chips("probe", "npu", "cfg.hjson", "--timeout", "300ms", code=3).out.splitlines()
        self.assertEqual(out[0], "npu/0: it did not open within 0.30s")
        self.assertIn("SIGSEGV", out[1])
        self.assertRegex(out[2], "^npu/2: opened in ")
        self.assertEqual(self.devices("cfg.hjson")["npu/0"]["health"], "unknown")

    # --- errors ---

    def test_wrong_words_are_reported_with_a_remedy(self):
        self.pools()
        for words, text in ((["lst"], "did you mean 'list'?"),
                            (["drivers", "x"], "'x' is one word too many"),
                            (["clear", "npu", "cfg.hjson", "--json"], "'chips clear' prints no JSON"),
                            (["clear"], "'chips clear' needs a device"),
                            (["clear", "nqu/0", "cfg.hjson"], "did you mean 'npu/0'?"),
                            (["clear", "zzzzz/0", "cfg.hjson"], "a device is POOL/NUMBER, like npu/0 or npu/0-3"),
                            (["clear", "npu/x", "cfg.hjson"], "there are no devices 'npu/x'"),
                            (["clear", "npu/3", "cfg.hjson"], "'npu' has no device 3"),
                            (["quarantine", "npu/0", "cfg.hjson"], "--why is missing"),
                            (["cfg.hjson", "--driver", "sim"], "a configuration and --driver do not go together"),
                            (["--options", "{}"], "--options needs --driver"),
                            (["nothing.hjson"], "nothing.hjson: error: cannot be read")):
            done = self.chips(*words, code=2)
            self.assertIn(text, done.err, done)
            self.assertEqual(done.out, "")

    def test_a_configuration_without_devices_is_reported_where_it_begins(self):
        self.config('{ flow: "jobs", name: "demo", jobs: [] }')
        self.assertIn("cfg.hjson:1:1: error: there is no backend of type 'chips'", self.chips("cfg.hjson", code=2).err)

    def test_a_driver_that_cannot_be_asked_is_no_mistake_of_the_user(self):
        done = self.chips("--driver", "/nowhere.so", code=3)
        self.assertIn("driver /nowhere.so: there is no such file", done.err)
        self.config('{ flow: "jobs", name: "d", backends: { chips: { driver: "./no.so" } }, jobs: [] }')
        self.assertRegex(self.chips("cfg.hjson", code=3).err, r"cfg.hjson:1:\d+: error: driver /.*/no.so: there is no")


class Examples(Story):
    """The commands of docs/reference/devices.md and README.md run for a user who has only a home directory."""

    def environ(self, extra=None):
        return super().environ({"DVSCHED_LOCK_DIR": str(self.path("locks")),
                                "XDG_STATE_HOME": str(self.path("state")), **(extra or {})})

    def run_example(self, name):
        self.example(name)
        done = self.dvsched("run", name, "--view", "none")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(set(self.statuses().values()), {"PASSED"}, done)
        return done

    def test_an_attempt_in_a_poisoned_process_does_not_count(self):
        done = self.run_example("chips.hjson")
        self.assertRegex(done.out, r"(?m)^device   npu/\d is suspect: fault: poison \(first code 507018; 1 job: add\.2\)$")
        first, second = next(j for j in self.results()["jobs"] if j["id"] == "add.2")["attempts"]
        self.assertEqual((first["reason"], first["details"]["blame"]), ("poison", "device"))
        self.assertNotEqual(first["where"], second["where"])
        report = self.path("scratch", "chips", "report", "log").read_text()
        self.assertEqual(len([line for line in report.splitlines() if line.startswith("job ")]), 8, report)

    def test_an_example_may_be_run_often_and_leaves_the_machine_alone(self):
        for _ in range(9):
            self.run_example("chips.hjson")
        self.run_example("gang.hjson")
        self.assertFalse(self.path("state").exists())
        done = self.dvsched("chips", "chips.hjson")
        self.assertNotIn("quarantined", done.out)

    def test_a_gang_joins_and_a_slow_open_is_no_time_of_the_run(self):
        self.run_example("gang.hjson")
        gang = next(j for j in self.results()["jobs"] if j["id"] == "allreduce")["attempts"][0]
        self.assertEqual(gang["where"], "npu/0-2")
        self.assertGreater(gang["details"]["ranks"][1]["clocks"]["open_s"], 0.29)
        self.assertLess(gang["duration_s"], gang["details"]["ranks"][1]["clocks"]["open_s"])
        logs = [self.path("scratch", "gang", "allreduce", n).read_text() for n in ("log", "rank1.log", "rank2.log")]
        for rank, log in enumerate(logs):
            self.assertIn(f"rank {rank} of 3 has the sum\n", log)
