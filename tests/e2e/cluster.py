# SPDX-License-Identifier: Apache-2.0
"""A real Slurm of two nodes on the loopback interface, for stories about batch systems.

    class Farm(Story):
        def setUp(self):
            super().setUp()
            self.cluster = cluster.needed_by(self)   # skips the story where Slurm cannot start
        …
            self.dvsched("run", "cfg.hjson", env=self.cluster.env)

One cluster serves all stories of a process; it is stopped by the pids of its daemons when the process ends.
Needs slurmctld, slurmd and the client commands (scripts/setup slurm). No munge, no cgroups, no database.
"""

import atexit
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import PATIENCE_S, Story, outlives, scheduler_of

NODES = ("n1", "n2")
CPUS = 8  # of each node, independent of the machine

CONF = """
ClusterName=dvsched
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
SlurmctldPort={port}
StateSaveLocation={dir}/state
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdSpoolDir={dir}/spool.%n
SlurmdPidFile={dir}/slurmd.%n.pid
SlurmctldLogFile={dir}/slurmctld.log
SlurmdLogFile={dir}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=10
ReturnToService=1
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
SlurmdParameters=config_overrides
SlurmdTimeout=10
KillWait=5
Licenses=sim:1
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=n2 MaxTime=10 State=UP
"""


def free_ports(n):
    """Numbers of free ports."""
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


class Cluster:
    """The daemons, and the environment with which commands find them."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dvsched-slurm-"))
        self.daemons = {}
        controller, *nodes = free_ports(1 + len(NODES))
        host = socket.gethostname().partition(".")[0]
        lines = [f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={CPUS} RealMemory=1000 "
                 "State=UNKNOWN" for name, port in zip(NODES, nodes)]
        self.dir.joinpath("state").mkdir()
        for name in NODES:
            self.dir.joinpath(f"spool.{name}").mkdir()
        conf = self.dir.joinpath("slurm.conf")
        conf.write_text(CONF.format(host=host, user=pwd.getpwuid(os.getuid()).pw_name, port=controller, dir=self.dir,
                                    nodes="\n".join(lines)), encoding="utf-8")
        self.env = {"SLURM_CONF": str(conf)}

    def _environ(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.dir), **self.env}

    def start_controller(self):
        self._start("slurmctld", "slurmctld", "-D")

    def start_node(self, name):
        self._start(name, "slurmd", "-D", "-N", name)

    def _start(self, name, command, *args):
        with self.dir.joinpath(f"{name}.out").open("wb") as out:
            self.daemons[name] = subprocess.Popen([program(command), *args], stdin=subprocess.DEVNULL, stdout=out,
                                                  stderr=out, env=self._environ(), cwd=self.dir)

    def end(self, name, signum=signal.SIGTERM):
        """Ends a daemon: "slurmctld", or that of a node."""
        process = self.daemons.pop(name)
        process.send_signal(signum)
        if outlives(process.pid, 10):
            process.kill()
        process.wait()

    def run(self, *args, check=True):
        """Runs a command of Slurm, and returns its output."""
        done = subprocess.run(list(map(str, args)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE_S, check=False, env=self._environ(), cwd=self.dir)
        if check and done.returncode:
            raise AssertionError(f"{done.args}: exit {done.returncode}\n{done.stdout}{done.stderr}\n{self.logs()}")
        return done.stdout

    def jobs(self):
        """Ids of the jobs that wait or run."""
        return self.run("squeue", "-h", "-t", "PENDING,RUNNING", "-o", "%i").split()

    def logs(self):
        texts = [p.read_text(encoding="utf-8", errors="replace") for p in sorted(self.dir.glob("*.[lo][ou][gt]"))]
        return "\n".join(text[-2000:] for text in texts)

    def start(self):
        self.start_controller()
        for name in NODES:
            self.start_node(name)
        self.run("srun", f"-N{len(NODES)}", "--immediate=30", "true")  # returns when all nodes are up

    def _end_all(self, signum=signal.SIGTERM):
        for name in sorted(self.daemons):  # the nodes first
            self.end(name, signum)

    def restart(self):
        """Begins again without any job, after a daemon was ended."""
        self._end_all(signal.SIGKILL)
        shutil.rmtree(self.dir / "state")
        self.dir.joinpath("state").mkdir()
        self.start()

    def stop(self):
        self._end_all()
        shutil.rmtree(self.dir, ignore_errors=True)


class _Shared:
    """The cluster of this process. It is started once; a failure is kept, too."""

    cluster = None
    why_not = None

    @classmethod
    def get(cls):
        if cls.cluster or cls.why_not:
            return cls.cluster
        missing = [name for name in ("slurmctld", "slurmd", "sbatch", "squeue", "srun") if not program(name)]
        if missing:
            cls.why_not = f"Slurm is not installed (no {missing[0]}): scripts/setup slurm"
            return None
        cluster = Cluster()
        atexit.register(cluster.stop)
        try:
            cluster.start()
            cls.cluster = cluster
        except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
            cls.why_not = f"Slurm cannot start here: {str(e).splitlines()[0]}"
        return cls.cluster


def needed_by(story):
    """The cluster, without jobs; skips the story where there can be none."""
    if os.environ.get("DVSCHED_SANITIZE", "none") != "none":
        story.skipTest("takes minutes; the unit tests and batch.py have the same code in the sanitized program")
    cluster = _Shared.get()
    if not cluster:
        story.skipTest(_Shared.why_not)
    return cluster


class SlurmStory(Story):
    """Leaves no job in the queue."""

    backend = "slurm"
    settings = 'backends: { slurm: { mode: "job", look: "0.2s" } }'

    def setUp(self):
        super().setUp()
        self.cluster = needed_by(self)
        self.env = dict(self.cluster.env)
        self.addCleanup(self._leave_no_job)

    def _leave_no_job(self):
        left = self.jobs_but([])
        if left:
            self.cluster.run("scancel", *left)
            self.fail(f"jobs were left in the queue: {left}")

    def jobs_but(self, expected):
        """Ids in the queue. A runner ends a moment after its result has arrived: waits until there are only these."""
        end = time.monotonic() + 10
        while (left := self.cluster.jobs()) != expected and time.monotonic() < end:
            pass
        return left

    def jobs(self, text, settings=None):
        self.config(f'{{ flow: "jobs", name: "demo", {settings or self.settings}\n jobs: [ {text} ] }}')

    def start_run(self, *args):
        return self.start("run", "cfg.hjson", "--view", "none", "--backend", self.backend, *args, env=self.env)

    def run_jobs(self, code, *args):
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--backend", self.backend, *args, env=self.env)
        self.assertEqual(done.code, code, f"{done}\n{self.cluster.logs()}")
        return done

    def result(self, name):
        job, = (j for j in self.results()["jobs"] if j["name"] == name)
        return job

    def attempt(self, name):
        """The last one."""
        return self.result(name)["attempts"][-1]

    def stand_in(self, name, text):
        """A script that is found before the command of Slurm; "$real" in it is that command."""
        self.write(f"bin/{name}", f"#!/bin/sh\nreal={shutil.which(name)}\nhere={self.dir}\n{text}\n", 0o755)
        self.env["PATH"] = f"{self.dir}/bin:{os.environ['PATH']}"

    def waiting_job(self, more=""):
        """A run whose job says its Slurm id and waits. Returns the run and the id."""
        self.events = self.fifo()
        self.jobs(f'{{ name: "a", command: "echo $SLURM_JOB_ID $SLURMD_NODENAME > {self.events.path}; '
                  f'test {{attempt}} = 2 || sleep 1000" {more} }}')
        run = self.start_run()
        number, self.node = self.events.line().split()
        return run, number

    def kill_dvsched(self, run):
        """Everything at once, so that nothing of it can clean up."""
        pids = [run.pid, scheduler_of(run)]
        os.kill(run.pid, signal.SIGSTOP)
        for pid in reversed(pids):
            os.kill(pid, signal.SIGKILL)
        self.finish(run)
