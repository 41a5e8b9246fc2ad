# SPDX-License-Identifier: Apache-2.0
"""Stories of several dvsched processes that want the same devices: first come, first served, and no process holds one while it waits."""

import datetime
import fcntl
import select
import signal
import time

from harness import PATIENCE_S, Story


class Shared(Story):
    def setUp(self):
        super().setUp()
        for name in ("locks", "state"):
            self.path(name).mkdir()

    def pool(self, name, jobs, n=3, more=""):
        self.write(f"{name}.hjson", f"""{{
          flow: jobs
          name: {name}
          backends: {{ npu: {{ type: "chips", driver: "sim", n_devices: {n}, {more} }} }}
          jobs: [
            {jobs}
          ]
        }}""")

    def begin(self, name):
        return self.start("run", f"{name}.hjson", "--view", "none", "-sr", f"of-{name}")

    def passes(self, process):
        done = self.finish(process, patience_s=2 * PATIENCE_S)
        self.assertEqual(done.code, 0, done)

    def jobs(self, name):
        return self.results(f"of-{name}")["jobs"]

    def times(self, name):
        """[(begin, end)] of the jobs' attempts, in seconds."""
        begins = [(datetime.datetime.fromisoformat(a["start"].replace("Z", "+00:00")).timestamp(), a["duration_s"])
                  for j in self.jobs(name) for a in j["attempts"]]
        return [(begin, begin + duration) for begin, duration in begins]

    def until(self, what):
        end = time.monotonic() + PATIENCE_S
        while not what():
            self.assertLess(time.monotonic(), end)
            select.select([], [], [], 0.01)

    def waiting(self):
        return sorted(p.name for p in self.path("locks").glob("wait-*"))

    def hold(self, device):
        """The lock of a device, taken as by another process; closed by close()."""
        lock = self.path("locks", f"sim-{device}.lock").open("w", encoding="utf-8")
        self.addCleanup(lock.close)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def assert_only_locks_are_left(self):
        self.assertEqual([p.name for p in self.path("locks").iterdir() if p.suffix != ".lock"], [])


class Gangs(Shared):
    def test_two_that_want_the_same_never_block_each_other(self):
        for name in "ab":
            self.pool(name, '{ name: "gang", backend: "npu", devices: 3, program: ["barrier"] }')
        lock = self.hold(1)
        both = []
        for n, name in enumerate("ab", 1):
            both.append(self.begin(name))
            self.until(lambda: len(self.waiting()) == n)
        lock.close()
        for process in both:
            self.passes(process)
        self.assertLess(self.times("a")[0][0], self.times("b")[0][0])
        self.assert_only_locks_are_left()

    def test_three_processes_with_many_gangs_each(self):
        for name in "abc":
            self.pool(name, "\n".join(f'{{ name: "g{i}", backend: "npu", devices: {2 + i % 3}, program: ["barrier"] }}'
                                      for i in range(30)), n=4)
        for process in [self.begin(name) for name in "abc"]:
            self.passes(process)
        self.assert_only_locks_are_left()

    def test_singles_gangs_and_commands_together(self):
        self.pool("singles", "\n".join(f'{{ name: "s{i}", backend: "npu", program: ["compute 5ms"] }}' for i in range(60)))
        self.pool("gangs", "\n".join(f'{{ name: "g{i}", backend: "npu", devices: 3, program: ["barrier"] }}' for i in range(12)))
        self.pool("commands", "\n".join(f'{{ name: "c{i}", command: "true", devices: 2 }}' for i in range(12)))
        for process in [self.begin(name) for name in ("singles", "gangs", "commands")]:
            self.passes(process)
        self.assert_only_locks_are_left()


class Turns(Shared):
    def test_neither_a_large_gang_nor_a_single_waits_for_the_end_of_the_others(self):
        events = self.fifo()
        for name, devices, n in (("many", 1, 200), ("gang", 3, 1), ("single", 1, 1)):
            self.pool(name, "\n".join(f'{{ name: "j{i}", backend: "npu", devices: {devices}, program: ["compute 20ms"] }}'
                                      for i in range(n)) + (
                f'\n{{ name: "first", command: "echo on > {events.path}" }}' if name == "many" else ""))
        many = self.begin("many")
        events.line()
        others = [self.begin("gang"), self.begin("single")]
        for process in (*others, many):
            self.passes(process)
        last = max(begin for begin, _ in self.times("many"))
        for name in ("gang", "single"):
            self.assertLess(self.times(name)[0][1], last, name)

    def test_a_worker_that_is_idle_makes_room(self):
        go = self.fifo("go")
        self.pool("a", f'{{ name: "first", backend: "npu", devices: 3, program: ["barrier"] }}\n'
                       f'{{ name: "last", needs: ["first"], command: "echo here > {self.path("events")}; cat {go.path}" }}',
                  more='pool: { idle: "10m" }')
        self.pool("b", '{ name: "one", backend: "npu", devices: 3, program: ["barrier"] }')
        events = self.fifo()
        process = self.begin("a")
        events.line()
        self.passes(self.begin("b"))  # a has three idle workers
        process.send_signal(signal.SIGINT)
        self.finish(process)

    def test_who_is_killed_keeps_nobody_waiting(self):
        for name in "ab":
            self.pool(name, '{ name: "gang", backend: "npu", devices: 3, program: ["barrier"] }')
        lock = self.hold(1)
        first = self.begin("a")
        self.until(lambda: len(self.waiting()) == 1)
        second = self.begin("b")
        self.until(lambda: len(self.waiting()) == 2)
        first.kill()
        self.finish(first)
        lock.close()
        self.passes(second)
        self.assert_only_locks_are_left()

    def test_a_worker_keeps_its_device_when_dvsched_is_killed(self):
        self.pool("a", '{ name: "long", backend: "npu", program: [{ write: "there" }, { hang: true }] }', n=1)
        self.pool("b", '{ name: "one", backend: "npu", program: [] }', n=1)
        first = self.begin("a")
        self.until(lambda: list(self.dir.glob("of-a/**/there")))
        holder = int(self.path("locks", "sim-0.lock").read_text(encoding="utf-8"))
        self.assertNotEqual(holder, first.pid)  # the worker's own
        second = self.begin("b")
        self.until(lambda: len(self.waiting()) == 1)
        first.kill()
        self.finish(first)
        self.passes(second)
        self.assert_only_locks_are_left()
