# SPDX-License-Identifier: Apache-2.0
"""Stories of commands that borrow devices of a pool: lent by the chips backend, with the simulator as its driver."""

import errno
import fcntl
import json
import os
import pathlib
import select
import signal
import threading
import time

from harness import PATIENCE_S, Story, pids_with, scheduler_of
from user_terminal import UserTerminal

# Runs until a line comes through the named pipe `end`, see Borrow.hold().
HOLD = "echo up > up; read x < end"


class Borrow(Story):
    def environ(self, extra=None):
        return super().environ({"DVSCHED_LOCK_DIR": str(self.path("locks")),
                                "DVSCHED_STATE_DIR": str(self.path("state")),
                                "TMPDIR": str(self.path("tmp")), **(extra or {})})

    def setUp(self):
        super().setUp()
        for name in ("locks", "state", "tmp"):
            self.path(name).mkdir()

    def pool(self, jobs, n=2, more="", top="", name="cfg.hjson"):
        self.config(f"""{{
          flow: jobs
          name: demo
          backends: {{ chips: {{ driver: "sim", n_devices: {n}, {more} }} }}
          {top}
          jobs: [
            {jobs}
          ]
        }}""", name)

    def pools_file(self, n=1, more="", name="dvsched-pools.hjson"):
        self.write(name, f'{{ backends: {{ npu: {{ type: "chips", driver: "sim", n_devices: {n}, {more} }} }} }}')

    def run_it(self, *options, code=0, env=None):
        done = self.dvsched("run", "cfg.hjson", "--view", "none", *options, env=env)
        self.assertEqual(done.code, code, done)
        return done

    def by_hand(self, *options, code=0, env=None, command=("true",)):
        done = self.dvsched("run", "--view", "none", *options, "--", *command, env=env)
        self.assertEqual(done.code, code, done)
        return done

    def job(self, name, scratch="scratch"):
        return next(j for j in self.results(scratch)["jobs"] if j["id"] == name)

    def last(self, name):
        return self.job(name)["attempts"][-1]

    def only(self):
        return self.results()["jobs"][0]["attempts"][-1]

    def log(self, name):
        return self.path("scratch", "demo", name, "log").read_text().split("\n\n", 1)[1]

    def until(self, is_so):
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            self.assertLess(time.monotonic(), end)
            select.select([], [], [], 0.01)

    def hold(self):
        """The named pipes of HOLD."""
        self.up, self.end = self.fifo("up"), self.fifo("end")

    def begin(self, before=""):
        """A run whose command has a device, and keeps it."""
        self.hold()
        self.pool('{ name: "hold", devices: 1, grace: "1s", command: "%s" }' % (before + HOLD), n=1)
        process = self.start("run", "cfg.hjson", "--view", "none")
        self.assertEqual(self.up.line(), "up")
        return process

    def is_locked(self, device=0):
        fd = os.open(self.path("locks", f"sim-{device}.lock"), os.O_RDWR)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except OSError as e:
            self.assertEqual(e.errno, errno.EWOULDBLOCK)
            return True
        finally:
            os.close(fd)

    def jobs_processes(self):
        found = []
        for pid in pids_with(self.cookie):
            try:
                if b"DVSCHED_JOB=hold" in pathlib.Path("/proc", str(pid), "environ").read_bytes().split(b"\0"):
                    found.append(pid)
            except OSError:
                pass  # gone
        return found

    def jobs_processes_once_unlocked(self):
        fd = os.open(self.path("locks", "sim-0.lock"), os.O_RDWR)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            return self.jobs_processes()
        finally:
            os.close(fd)

    def slot_of(self, process):
        """The slot of the command that has a device: the slot with a child."""
        for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
            name, rest = self.stat(entry)
            if name == "dvs-slot" and int(rest[1]) == scheduler_of(process) and self.has_child(entry.parent.name):
                return int(entry.parent.name)
        self.fail("no slot")

    @staticmethod
    def stat(path):
        try:
            text = path.read_text()
        except OSError:
            return "", ["", "0"]
        return text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()

    def has_child(self, pid):
        return any(int(self.stat(e)[1][1]) == int(pid) for e in pathlib.Path("/proc").glob("[0-9]*/stat"))


class Lending(Borrow):
    def test_a_command_finds_its_devices_in_its_environment(self):
        self.pool('{ name: "a", devices: 2, command: "echo $DVSCHED_DEVICES $ASCEND_RT_VISIBLE_DEVICES" }\n'
                  '{ name: "b", devices: 1, devices_env: "MINE", argv: ["sh", "-c",'
                  ' "echo $MINE $ASCEND_RT_VISIBLE_DEVICES $OWN"], env: { MINE: "x", OWN: "y" } }\n'
                  '{ name: "c", command: "echo none: $DVSCHED_DEVICES" }')
        self.run_it(env={"ASCEND_RT_VISIBLE_DEVICES": "7"})
        self.assertEqual(self.log("a"), "0,1 0,1\n")
        self.assertRegex(self.log("b"), r"^[01] 7 y\n$")
        self.assertEqual(self.log("c"), "none:\n")
        attempt = self.last("a")
        self.assertEqual(attempt["where"], "chips/0-1")
        self.assertEqual(attempt["details"]["driver"], "sim")
        self.assertEqual([d["device"] for d in attempt["details"]["borrowed"]], [0, 1])
        self.assertEqual(self.last("c")["where"].split("/")[0], "local")

    def test_a_command_and_something_for_a_device_are_two_jobs(self):
        self.pool('{ name: "a", backend: "chips", program: ["print x"], command: "exit 1" }')
        for more in ([], ["--fake"]):
            done = self.run_it(*more, code=2)
            self.assertIn("a job has 'command' or 'program', not both", done.err)
            self.assertIn("note: 'command' is here", done.err)
        self.pool('{ name: "a", command: "true", devices: 1, fake: { outcome: "fail" } }')
        self.run_it()  # work outside of the devices does not concern the pool
        self.run_it("--fake", code=1)
        self.pool('{ name: "a", fake: { outcome: "pass" } }')
        self.assertIn("'a' has no 'command' and no 'argv' to run here", self.run_it(code=2).err)

    def test_a_pool_names_variables_and_what_stands_in_them(self):
        self.pool('{ name: "a", devices: 2, command: "echo $A $B $DVSCHED_DEVICES $ASCEND_RT_VISIBLE_DEVICES" }\n'
                  '{ name: "b", devices: 1, devices_env: ["C"], command: "echo $A:$C" }\n'
                  '{ name: "c", devices: 1, devices_env: "", command: "echo $A:$DVSCHED_DEVICES" }',
                  more='devices_env: "A, B", names: { 0: "GPU-8932f937", 1: "MIG-5a1b/7/0" }')
        self.run_it()
        self.assertEqual(self.log("a"), "GPU-8932f937,MIG-5a1b/7/0 GPU-8932f937,MIG-5a1b/7/0 0,1\n")
        self.assertRegex(self.log("b"), r"^:(GPU-8932f937|MIG-5a1b/7/0)\n$")
        self.assertRegex(self.log("c"), r"^:[01]\n$")
        self.assertEqual([d["lent_as"] for d in self.last("a")["details"]["borrowed"]],
                         ["GPU-8932f937", "MIG-5a1b/7/0"])

    def test_numbers_of_an_allocation_are_those_of_the_machine(self):
        pool = {"more": 'numbered_by: "VISIBLE", devices_env: "VISIBLE"'}
        self.pool('{ name: "a", devices: 2, command: "echo $VISIBLE $DVSCHED_DEVICES; ls locks state" }', **pool)
        self.run_it(env={"VISIBLE": "4,7"})
        self.assertIn("4,7 0,1\n", self.log("a"))
        self.assertEqual({p.name for p in self.path("locks").iterdir()}, {"sim-4.lock", "sim-7.lock"})
        self.dvsched("chips", "quarantine", "chips/1", "cfg.hjson", "--why", "fan", env={"VISIBLE": "4,7"})
        self.assertTrue(self.path("state", "sim-7.json").exists())
        seen = json.loads(self.dvsched("chips", "cfg.hjson", "--json", env={"VISIBLE": "7,4"}).out)
        self.assertEqual([(d["id"], d["lent_as"], d["health"]) for d in seen],
                         [(0, "7", "quarantined"), (1, "4", "healthy")])
        self.assertIn("sim-7.lock", seen[0]["lock"]["path"])
        done = self.run_it(code=2, env={"VISIBLE": "4"})
        self.assertIn("device 1 has no place in VISIBLE=4, by which devices are numbered here", done.err)
        self.run_it()  # no allocation: they are devices 0 and 1 of the machine
        self.assertTrue(self.path("locks", "sim-1.lock").exists())
        self.pool('{ name: "a", devices: 1, command: "echo $VISIBLE" }', n=1, **pool)
        self.run_it(env={"VISIBLE": "GPU-1"})
        self.assertEqual(self.log("a"), "GPU-1\n")
        self.assertTrue(self.path("locks", "sim-GPU-1-0.lock").exists())

    def test_a_borrower_has_units_of_other_resources(self):
        self.pool('{ name: "a", devices: 1, resources: { PORT: 2 }, command: "echo $DVSCHED_RESOURCE_PORT $DVSCHED_DEVICES" }',
                  n=1, top='resources: { PORT: "60000-60003" }')
        self.run_it()
        self.assertEqual(self.log("a"), "60000,60001 0\n")
        self.assertEqual(self.last("a")["resources"], {"PORT": [60000, 60001]})

    def test_names_that_make_no_sense(self):
        for more, text in (("names: { 2: \"x\" }", "'names' lists a device that the pool does not have"),
                           ("names: { 0: \"a,b\" }", "a device's name must be a text without blanks and commas"),
                           ("names: { 0: \"x\", 1: \"x\" }", "devices 0 and 1 would both be lent as 'x'"),
                           ("names: { 0: \"1\" }", "devices 0 and 1 would both be lent as '1'"),
                           ("names: [1]", "'names' must be an object"),
                           ("devices_env: \"A B\"", "'devices_env' must be names of variables, each once"),
                           ("devices_env: [1]", "'devices_env' must be names of variables, each once"),
                           ("numbered_by: \"A B\"", "'numbered_by' must be the name of a variable")):
            self.pool('{ name: "a", devices: 1, command: "true" }', more=more)
            self.assertIn(text, self.run_it(code=2).err)

    def test_one_option_chooses_pool_and_jobs(self):
        self.config("""{
          flow: "jobs", name: "demo"
          vars: { plat: "small", devs: "0" }
          backends: { small: { type: "chips", driver: "sim", n_devices: 4, devices: "{devs}" }
                      large: { type: "chips", driver: "sim", n_devices: 4, devices: "{devs}"} }
          jobs: [ { name: "a", devices: "{plat}:1", command: "echo $DVSCHED_DEVICES" }
                  { name: "b.{plat}", backend: "{plat}", program: ["print x"] } ]
        }""")
        self.run_it()
        self.assertEqual(self.last("a")["where"], "small/0")
        self.run_it("-D", "plat=large", "-D", "devs=3")
        self.assertEqual((self.log("a"), self.last("a")["where"]), ("3\n", "large/3"))
        self.assertEqual(self.last("b.large")["where"], "large/3")
        plan = self.dvsched("plan", "cfg.hjson", "-D", "devs=2").out
        self.assertIn('backends.large.devices = "2"   # cfg.hjson:5:85, written as {devs}\n', plan)
        plan = json.loads(self.dvsched("plan", "cfg.hjson", "-D", "devs=2", "--json").out)
        self.assertEqual(plan["backends"]["large"]["devices"], "2")
        shown = self.dvsched("config", "show", "cfg.hjson", "-D", "devs=1").out
        self.assertRegex(shown, r'(?m)^vars.devs = "1"   # cfg.hjson:\d+:\d+, written as ')
        self.assertNotRegex(shown, "vars.plat = .*written as")
        self.assertIn('backends.small.devices = "1"   # cfg.hjson:4:85, written as {devs}\n', shown)
        self.assertIn("large/3", self.dvsched("chips", "cfg.hjson", "-D", "devs=3", "-D", "plat=large").out)
        self.assertIn("-D is for a configuration", self.dvsched("chips", "--driver", "sim", "-D", "devs=3").err)
        done = self.run_it("-D", "devs=0-5", "-D", "plat=large", code=2)
        self.assertIn("cfg.hjson:5:85: error: the driver 'sim' has no device 4-5", done.err)
        self.assertIn('note: {devs} is "0-5", by -D devs', done.err)

    def test_there_is_no_limit_to_the_number_of_pools(self):
        pools = "\n".join(f'p{n}: {{ type: "chips", driver: "sim", devices: "{n}", options: {{ n_devices: 70 }} }}'
                          for n in range(70))
        jobs = "\n".join(f'{{ name: "on.{n}", command: "true", devices: "p{n}:1" }}' for n in range(50, 70))
        self.config(f'{{ flow: "jobs", name: "demo", backends: {{ {pools} }}, jobs: [ {jobs} ] }}')
        self.run_it()
        self.assertEqual({j["id"]: j["backend"] for j in self.results()["jobs"]},
                         {f"on.{n}": f"p{n}" for n in range(50, 70)})

    def test_jobs_that_share_a_pool_never_share_a_device(self):
        self.pool('{ name: "a.{i}", sweep: { i: "1..12" }, devices: 2, command:'
                  ' "for d in $(echo $DVSCHED_DEVICES | tr , \' \'); do mkdir on$d || exit; done;'
                  ' sleep 0.01; rmdir on*" }', n=3)
        self.run_it()
        self.assertEqual(self.results()["counts"]["passed"], 12)

    def test_all_or_nothing(self):
        self.hold()
        # One device is held until a small job has run beside it; only then can all three be had.
        self.pool('{ name: "hold", devices: 1, weight: 9, command: "%s" }\n' % HOLD +
                  '{ name: "all", devices: 3, weight: 5, command: "echo $DVSCHED_DEVICES" }\n'
                  '{ name: "small", devices: 1, timeout: "1ms", weight: 1, command: "true" }\n'
                  '{ name: "end", devices: 1, weight: 0, command: "echo > end" }', n=3, more='gang: { reserve_after: "60s" }')
        self.run_it("-i", "hold", "all", "end")
        self.assertEqual(self.log("all"), "0,1,2\n")
        self.assertGreater(self.last("all")["start"], self.last("end")["start"])

    def test_a_command_and_what_runs_on_a_device_take_turns(self):
        self.pool('{ name: "c.{i}", sweep: { i: "1..4" }, backend: "chips", program: ["print x"] }\n'
                  '{ name: "b.{i}", sweep: { i: "1..4" }, devices: 1, command: "echo $DVSCHED_DEVICES" }\n'
                  '{ name: "last", needs: ["b.*", "c.*"], backend: "chips", program: ["print x"] }', n=1)
        self.run_it()
        self.assertEqual({j["attempts"][0]["where"] for j in self.results()["jobs"]}, {"chips/0"})
        self.assertFalse(self.is_locked())

    def test_local_jobs_do_not_wait_for_devices(self):
        self.hold()
        self.pool('{ name: "hold", devices: 2, command: "%s" }\n' % HOLD +
                  '{ name: "waits.{i}", sweep: { i: "1..3" }, devices: 1, command: "true" }\n'
                  '{ name: "free", command: "echo > end" }')
        self.run_it()
        self.assertEqual(self.results()["counts"]["passed"], 5)

    def test_patterns_and_time_limits_are_those_of_any_command(self):
        self.pool('{ name: "bad", devices: 1, command: "echo UVM_ERROR", fail_patterns: ["^UVM_ERROR"] }\n'
                  '{ name: "slow", devices: 1, timeout: "200ms", grace: "100ms", command: "sleep 600" }\n'
                  '{ name: "none", devices: 1, command: "/nowhere/at/all" }\n'
                  '{ name: "script", devices: 1, command: "./script" }')
        self.write("script", 'echo "no first line, $DVSCHED_JOB"', 0o755)
        self.run_it(code=1)
        self.assertEqual({n: self.last(n)["reason"] for n in ("bad", "slow", "none")},
                         {"bad": "fail_pattern", "slow": "timeout", "none": "exit"})
        self.assertIn("no first line, script", self.path(next(j for j in self.results()["jobs"] if j["id"] == "script")["log"]).read_text())
        health = {d["health"] for d in self.results()["run"]["backends"]["chips"]["devices"]}
        self.assertEqual(health & {"quarantined", "suspect"}, set())

    def test_devices_run_without_limits_of_processes_and_borrowers_have_them(self):
        """A worker has more memory than that, and more than one process."""
        self.pool('''{ name: "on it", backend: "chips", program: [{ compute: "50ms", busy: true }] }
            { name: "borrows", devices: 1, backend: "chips", command: "sleep 1000 & wait" }''',
                  top='defaults: { memory: "1M", max_processes: 1, max_cpu_time: "10ms", max_files: 16, stall: "1s" }')
        self.run_it(code=1)
        self.assertEqual(self.job("on it")["status"], "PASSED", self.job("on it"))
        self.assertIn(self.last("borrows")["reason"], ("process_limit", "memory_limit"))

    def test_a_retry_goes_elsewhere(self):
        self.pool('{ name: "a", devices: 1, retries: 2, command: "false" }', n=3)
        self.run_it(code=1)
        self.assertEqual(sorted(a["where"] for a in self.job("a")["attempts"]), ["chips/0", "chips/1", "chips/2"])


class Failures(Borrow):
    def test_a_device_that_does_not_open_any_more_is_the_cause(self):
        # The command uses device 0 in its own way; a worker opens it only afterwards.
        self.pool('{ name: "a", devices: 1, command: "test $DVSCHED_DEVICES = 1" }',
                  more='faults: [{ on: "open", device: 0, do: "wedge", clears_on: "never" }]')
        done = self.run_it()
        attempts = self.job("a")["attempts"]
        self.assertEqual([(a["status"], a["reason"], a["where"]) for a in attempts],
                         [("FAILED", "wedge", "chips/0"), ("PASSED", "none", "chips/1")])
        self.assertRegex(attempts[0]["message"], "non-zero exit code: 1; then device 0 does not open any more: .")
        self.assertEqual(attempts[0]["details"]["blame"], "device")
        self.assertEqual([d["health"] for d in self.results()["run"]["backends"]["chips"]["devices"]],
                         ["quarantined", "healthy"])
        self.assertIn("chips/0 is quarantined", done.out)
        self.assertIn("1 job: a", done.out)

    def test_a_command_that_fails_on_good_devices_failed_itself(self):
        self.pool('{ name: "a", devices: 2, command: "exit 7" }')
        self.run_it(code=1)
        attempt = self.last("a")
        self.assertEqual((attempt["reason"], attempt["exit_status"]), ("exit", 7))
        self.assertEqual(attempt["details"]["blame"], "job")
        self.assertEqual([d["probe"] for d in attempt["details"]["borrowed"]], ["ok", "ok"])

    def test_a_device_that_hangs_when_it_is_asked_is_the_cause(self):
        self.pool('{ name: "a", devices: 1, command: "test $DVSCHED_DEVICES = 1" }',
                  more='budgets: { open: "200ms" }, faults: [{ on: "open", device: 0, do: "hang" }]')
        self.run_it()
        self.assertEqual([a["reason"] for a in self.job("a")["attempts"]], ["wedge", "none"])
        self.assertIn("did not open within 0.2s", self.job("a")["attempts"][0]["message"])

    def test_a_slot_that_dies_loses_the_command_and_frees_the_device(self):
        process = self.begin()
        os.kill(self.slot_of(process), signal.SIGKILL)
        done = self.finish(process)
        self.assertEqual(done.code, 3, done)
        self.assertEqual(self.last("hold")["reason"], "lost")
        self.assertFalse(self.is_locked())

    def test_waiting_too_long_is_neither_the_jobs_nor_the_devices_failure(self):
        process = self.begin()
        self.pool('{ name: "late", devices: 1, queue_timeout: "200ms", command: "true" }', n=1, name="other.hjson")
        done = self.dvsched("run", "other.hjson", "--view", "none", "-sr", "elsewhere")
        self.assertEqual(done.code, 3, done)
        attempt = self.results("elsewhere")["jobs"][0]["attempts"][0]
        self.assertEqual(attempt["reason"], "queue_timeout")
        self.assertIn(f"in use by pid {scheduler_of(process)}", attempt["message"])
        os.write(self.end.fd, b"\n")
        self.assertEqual(self.finish(process).code, 0)
        self.assertEqual(self.dvsched("run", "other.hjson", "--view", "none", "-sr", "elsewhere").code, 0)


class Stopping(Borrow):
    def test_ctrl_c_ends_the_command_and_frees_the_device(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        done = self.finish(process)
        self.assertEqual(done.code, 130, done)
        self.assertEqual(self.job("hold")["status"], "KILLED")
        self.assertFalse(self.is_locked())

    def test_ctrl_c_ends_one_that_waits(self):
        process = self.begin()
        self.pool('{ name: "late", devices: 1, command: "true" }\n{ name: "free", command: "touch waiting" }', n=1,
                  name="other.hjson")
        other = self.start("run", "other.hjson", "--view", "none", "-sr", "elsewhere")
        self.until(self.path("waiting").exists)
        other.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(other).code, 130)
        os.write(self.end.fd, b"\n")
        self.assertEqual(self.finish(process).code, 0)

    def test_a_device_is_free_when_the_commands_last_process_is_gone_and_not_before(self):
        process = self.begin(before="for i in $(seq 100); do sleep 600 & done;")
        found = []
        waiter = threading.Thread(target=lambda: found.append(self.jobs_processes_once_unlocked()))
        self.until(lambda: len(self.jobs_processes()) > 100)
        waiter.start()
        process.send_signal(signal.SIGKILL)
        waiter.join()
        self.assertEqual(found, [[]])
        self.finish(process)


class OnNodes(Borrow):
    """The machine of the story has two NUMA nodes, with one CPU of the real one each."""

    def setUp(self):
        super().setUp()
        self.cpus = sorted(os.sched_getaffinity(0))
        if len(self.cpus) < 2:
            self.skipTest("one CPU")
        self.nodes(str(self.cpus[0]), str(self.cpus[1]))

    def environ(self, extra=None):
        return super().environ({"DVSCHED_SYS_ROOT": str(self.path("sys")), **(extra or {})})

    def nodes(self, *lists):
        for node, cpus in enumerate(lists):
            self.write(f"sys/devices/system/node/node{node}/cpulist", cpus + "\n")
        self.write("sys/devices/system/node/online", f"0-{len(lists) - 1}\n" if len(lists) > 1 else "0\n")

    def cpus_of(self, name):
        return self.log(name).split()[1]

    def commands(self, numa, more=""):
        command = "grep Cpus_allowed_list: /proc/self/status"
        self.pool(f'{{ name: "one", devices: 1, command: "{command}" }}\n'
                  f'{{ name: "both", devices: 2, command: "{command}" }}\n'
                  f'{{ name: "wide", devices: 1, cpus: 2, command: "{command}" }}\n'
                  f'{{ name: "local", command: "{command}" }}', more=f"pool: {{ numa: {numa} }} {more}")

    def test_a_borrower_runs_on_the_cpus_of_its_devices(self):
        all_cpus = pathlib.Path("/proc/self/status").read_text().split("Cpus_allowed_list:")[1].split()[0]
        self.commands("{ 0: 1, 1: 1 }")
        self.run_it()
        self.assertEqual(self.cpus_of("one"), str(self.cpus[1]))
        self.assertEqual(self.cpus_of("both"), str(self.cpus[1]))
        self.assertEqual(self.cpus_of("wide"), all_cpus)  # it uses more CPUs than the node has
        self.assertEqual(self.cpus_of("local"), all_cpus)
        self.commands("{ 0: 0, 1: 1 }")
        self.run_it()
        self.assertEqual(self.cpus_of("both").replace("-", ","), f"{self.cpus[0]},{self.cpus[1]}")
        for numa in ("false", "true", '"auto"', "{ 0: 0 }"):  # the driver reports no node
            self.commands(numa)
            self.run_it()
            self.assertEqual(self.cpus_of("both"), all_cpus)

    def test_cpus_that_are_not_ours_are_noted(self):
        self.nodes(str(self.cpus[0]), "1000-1003")
        self.commands("{ 0: 1, 1: 7 }")
        err = self.run_it().err
        self.assertIn("device chips/0 is on NUMA node 1, whose CPUs 1000-1003 this process may not use: "
                      "its jobs run on any CPU", err)
        self.assertIn("device chips/1 is on NUMA node 7, which this machine does not have", err)

    def test_a_worker_runs_on_the_cpus_of_its_device(self):
        self.pool('{ name: "a", backend: "chips", program: [{ hang: true }] }', n=1, more="pool: { numa: { 0: 1 } }")
        process = self.start("run", "cfg.hjson", "--view", "none")

        def is_pinned():
            for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
                name, rest = self.stat(entry)
                if name == "dvs-device" and int(rest[1]) == scheduler_of(process):
                    found = {cpu for task in entry.parent.glob("task/*") for cpu in os.sched_getaffinity(int(task.name))}
                    if len(list(entry.parent.glob("task/*"))) > 1:
                        self.assertEqual(found, {self.cpus[1]})
                        return True
            return False
        self.until(is_pinned)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
        self.finish(process)

    def test_settings_that_make_no_sense(self):
        for numa, text in (("2", "'numa' must be true, false, \"auto\" or an object"),
                           ("{ 5: 0 }", "'numa' lists a device that the pool does not have"),
                           ("{ 0: -1 }", "a NUMA node is a whole number from 0 to 1023"),
                           ("{ 0: true }", "a NUMA node is a whole number from 0 to 1023")):
            self.commands(numa)
            self.assertIn(text, self.run_it(code=2).err)


class ByHand(Borrow):
    show = ("sh", "-c", "echo devices $DVSCHED_DEVICES")

    def test_from_a_driver_by_its_name(self):
        self.by_hand("--devices", "sim:2", command=self.show)
        self.assertIn("devices 0,1\n", self.path("scratch", "command", "sh", "log").read_text())
        self.assertEqual(self.only()["where"], "sim/0-1")

    def test_three_kinds_of_failure(self):
        self.pools_file()
        self.by_hand("--devices", "1", "--timeout", "5m", command=("false",), code=1)
        self.assertEqual(self.only()["reason"], "exit")
        self.by_hand("--devices", "npu:1", "--timeout", "100ms", "--grace", "100ms", command=("sleep", "600"), code=1)
        self.assertEqual(self.only()["reason"], "timeout")
        fd = os.open(self.path("locks", "sim-0.lock"), os.O_RDWR)
        fcntl.flock(fd, fcntl.LOCK_EX)
        self.by_hand("--devices", "1", "--queue-timeout", "100ms", code=3)
        os.close(fd)
        self.assertEqual(self.only()["reason"], "queue_timeout")
        self.pools_file(more='deadlock: "10ms", budgets: { queue: "60s" }, faults: [{ on: "open", do: "wedge", clears_on: "never" }]')
        done = self.by_hand("--devices", "1", command=("false",), code=3)
        self.assertEqual(self.results()["jobs"][0]["attempts"][0]["reason"], "wedge")
        self.assertIn("device 0", done.out)

    def test_where_pools_are_looked_for(self):
        def ids(**kwargs):
            self.by_hand("--devices", "npu:1", *kwargs.pop("options", ()), env=kwargs.pop("env", None))
            return self.only()["where"]

        self.pools_file(9, 'devices: "1"', ".config/dvsched/pools.hjson")
        self.assertEqual(ids(), "npu/1")
        self.pools_file(9, 'devices: "2"', "xdg/dvsched/pools.hjson")
        self.assertEqual(ids(env={"XDG_CONFIG_HOME": str(self.path("xdg"))}), "npu/2")
        self.pools_file(9, 'devices: "3"')
        self.assertEqual(ids(), "npu/3")
        self.pools_file(9, 'devices: "4"', "env.hjson")
        self.assertEqual(ids(env={"DVSCHED_POOLS": "env.hjson"}), "npu/4")
        self.pools_file(9, 'devices: "5"', "given.hjson")
        self.assertEqual(ids(env={"DVSCHED_POOLS": "env.hjson"}, options=("--pools", "given.hjson")), "npu/5")
        self.by_hand("--devices", "sim:1", command=self.show)  # no pool of that name, but a driver
        self.assertEqual(self.only()["where"], "sim/0")

    def test_the_output_is_shown_while_it_runs(self):
        gate = self.fifo("go")
        for where in (("--devices", "sim:1"), ()):
            process = self.start("run", *where, "--", "sh", "-c",
                                 "echo first; read x < go; echo error >&2; printf last; exit 3")
            self.assertEqual(process.stdout.readline(), b"first\n")  # it has not ended
            os.write(gate.fd, b"\n")
            done = self.finish(process)
            self.assertEqual(done.code, 1, done)
            self.assertTrue(done.out.startswith("error\nlast\n"), done)
            self.assertIn("1 job: 0 passed, 1 failed", done.out)
        self.assertNotIn("hello", self.by_hand("--devices", "sim:1", command=("echo", "hello")).out)  # --view none

    def test_all_of_much_output_is_shown(self):
        done = self.dvsched("run", "--devices", "sim:1", "--", "seq", "400000")
        self.assertEqual(done.code, 0, done)
        self.assertTrue(done.out.startswith("".join(f"{n}\n" for n in range(1, 400001)) + "1 job: 1 passed"), done.out[-300:])

    def test_a_reader_that_leaves_ends_the_command(self):
        for where in ([], ["--devices", "sim:1"]):
            with self.subTest(where=where):
                run = self.start("run", *where, "--", "yes")
                self.assertEqual(run.stdout.readline(), b"y\n")
                run.stdout.close()
                done = self.finish(run)
                self.assertIn("the reader of the command's output is gone", done.err)
                self.assertEqual(done.code, 128 + signal.SIGPIPE)

    def test_several_at_once_have_a_scratch_path_each(self):
        command, up, gate = "echo $0 > up; read x < go", self.fifo("up"), self.fifo("go")
        runs = []
        for name in ("a", "b", "c"):
            runs.append(self.start("run", "--view", "none", "--devices", "sim:1", "--", "sh", "-c", command, name))
            self.assertEqual(up.line(), name)
        os.write(gate.fd, b"\n\n\n")
        for run in runs:
            self.assertEqual(self.finish(run).code, 0)
        self.assertEqual({p.name for p in self.path("scratch").iterdir() if p.name.startswith("c")},
                         {"command", "command.2", "command.3"})
        self.by_hand("--devices", "sim:1", command=("sh", "-c", "true"))
        self.assertEqual(self.results()["jobs"][0]["odir"], str(self.path("scratch", "command", "sh")))

    def test_it_may_have_the_terminal(self):
        terminal = UserTerminal([self.binary, "run", "--interactive", "--devices", "sim:1", "--", "sh", "-c",
                                 "tty; echo on $DVSCHED_DEVICES; read x; echo got $x"], self.dir, self.environ())
        self.addCleanup(terminal.close)
        terminal.see(r"on 0\r\n")
        self.assertTrue(terminal.is_raw())
        terminal.type("it\r")
        terminal.see(r"got it\r\n")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(terminal.modes(), terminal.modes_before)
        self.assertEqual(self.only()["where"], "sim/0")

    def test_what_runs_on_a_device_cannot_have_the_terminal(self):
        self.pool('{ name: "a", backend: "chips", program: ["print x"] }')
        done = self.run_it("--interactive", code=2)
        self.assertIn("'a' runs on a device, and cannot have your terminal", done.err)

    def test_variables_may_be_named_by_hand(self):
        self.by_hand("--devices", "sim:2", "--devices-env", "A,B", command=("sh", "-c", "echo $A $B $ASCEND_RT_VISIBLE_DEVICES > seen"))
        self.assertEqual(self.path("seen").read_text(), "0,1 0,1\n")

    def test_words_of_the_pools_file_are_replaced(self):
        self.write("dvsched-pools.hjson", """{
          vars: { n: 2, devs: "0" }
          backends: { npu: { type: "chips", driver: "sim", n_devices: "{n}", devices: "{devs}" } } }""")
        self.by_hand("--devices", "1", command=self.show)
        self.assertEqual(self.only()["where"], "npu/0")
        self.by_hand("--devices", "1", "-D", "devs=1", command=self.show)
        self.assertEqual(self.only()["where"], "npu/1")
        done = self.by_hand("--devices", "1", "-D", "devs=1-2", code=2)
        self.assertIn("dvsched-pools.hjson:3:87: error: the driver 'sim' has no device 2", done.err)
        self.assertIn('note: {devs} is "1-2", by -D devs', done.err)
        self.assertIn("no variable", self.by_hand("--devices", "1", "-D", "dev=1", code=2).err)

    def test_what_is_wrong_is_said(self):
        def refused(text, *options, command=("true",)):
            self.assertIn(text, self.by_hand(*options, command=command, code=2).err)

        refused("there is no file of pools", "--devices", "2")
        refused("'--devices' must be [POOL:]N, not 'x'", "--devices", "x")
        refused("'--devices' must be [POOL:]N, not 'sim:0'", "--devices", "sim:0")
        refused("--queue-timeout goes with --devices", "--queue-timeout", "5s")
        refused("--devices-env goes with --devices", "--devices-env", "A")
        refused("'--devices-env' must be names of variables", "--devices", "sim:1", "--devices-env", "A-B")
        refused("'--queue-timeout' must be a duration", "--devices", "sim:1", "--queue-timeout", "soon")
        refused("nowhere.hjson", "--devices", "1", "--pools", "nowhere.hjson")
        refused("-D is for a configuration", "-D", "a=1")
        self.pools_file()
        refused("there is no pool of devices 'gpu'", "--devices", "gpu:1")
        refused("is more than the pool has", "--devices", "2")
        self.write("two.hjson", '{ backends: { a: { type: "chips", driver: "sim" }, b: { type: "chips", driver: "sim" } } }')
        refused("hint: --devices a:2", "--devices", "2", "--pools", "two.hjson")
        self.write("odd.hjson", '{ backends: {}\n flow: "jobs" }')
        refused("odd.hjson:2:2: error: unknown key 'flow': a file of pools has 'backends' and 'vars'", "--devices", "1", "--pools",
                "odd.hjson")
        self.pool('{ name: "a", command: "true" }')
        done = self.dvsched("run", "cfg.hjson", "--devices", "1")
        self.assertEqual(done.code, 2)
        self.assertIn("'--devices' is for `run -- CMD`", done.err)
        self.assertFalse(self.path("scratch").exists())


class BadInput(Borrow):
    def refused(self, pools, job, *texts):
        self.config("{ flow: jobs\n backends: {\n  " + pools + "\n }\n jobs: [\n  " + job + "\n ]\n}")
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, 2, done)
        for text in texts:
            self.assertIn(text, done.err)
        self.assertFalse(self.path("scratch").exists())

    def test_a_pool_that_cannot_be_had_is_asked_and_refused_once(self):
        asked = self.path("asked")
        probe = f"echo >> {asked}; exit 1"
        self.config('{ flow: "jobs", backends: { npu: { type: "chips", driver: "command", options: { probe: "%s" } } }\n jobs: [\n%s] }' % (
            probe, "\n".join('{ name: "%s", command: "echo %s", devices: 1, timeout: %d }' % (name, name, i + 1)
                             for i, name in enumerate("abc"))))
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual((done.code, done.err.count("error:")), (3, 1), done)
        self.assertEqual(asked.read_text(), "\n")

    def test_pools_that_are_none_or_too_many(self):
        two = 'a: { type: "chips", driver: "sim", devices: "0" }\n  b: { type: "chips", driver: "sim", devices: "1" }'
        self.refused("", '{ name: "a", command: "true", devices: 2 }',
                     "cfg.hjson:6:", "'a' needs devices, and there is no pool of devices")
        self.refused(two, '{ name: "a", command: "true", devices: 2 }',
                     "'a' does not name the pool of its devices", 'devices: "a:2"')
        self.refused(two, '{ name: "a", command: "true", devices: "c:2" }', "there is no pool of devices 'c'")

    def test_keys_that_make_no_sense(self):
        pool = 'chips: { driver: "sim", n_devices: 4 }'
        self.refused(pool, '{ name: "a", command: "true", devices: 5 }',
                     "error: 'devices' of 'a' is more than the pool has")
        self.refused(pool, '{ name: "a", command: "true", devices: 1, args: [] }',
                     "'args' of 'a' is only for jobs that run on a device")
        self.refused(pool, '{ name: "a", command: "true", devices: 1, devices_env: "A-B" }',
                     "'devices_env' of 'a' must be names of variables")
        self.refused(pool, '{ name: "a", command: "true", queue_timeout: "1s" }', "'queue_timeout' is for devices")
        self.refused(pool, '{ name: "a", backend: "local", devices: 1 }', "'devices' is for devices")

    def test_what_goes_elsewhere_needs_no_pool_and_what_stays_does(self):
        self.config("""{
          flow: jobs
          backends: { chips: { driver: "sim", n_devices: 1 } }
          jobs: [{ name: "a.{i}", sweep: { i: [1, 2] }, devices: 1, command: "true" }]
        }""")
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--backend-for", "*a.1=fake")
        self.assertEqual(done.code, 0, done)
        self.assertEqual([j["attempts"][0]["where"].split("/")[0] for j in self.results()["jobs"]], ["fake", "chips"])

    def test_a_run_that_runs_nothing_needs_no_device(self):
        self.config('{ flow: "jobs", jobs: [{ name: "a", command: "true", devices: 2 }] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--fake")
        self.assertEqual(done.code, 0, done)
