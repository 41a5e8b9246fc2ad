# SPDX-License-Identifier: Apache-2.0
"""Jobs on a real Slurm of two nodes (cluster.py)."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import time

import cluster
from harness import PATIENCE_S, Story, pids_with, scheduler_of
from sim_project import SimStory

class Cluster(cluster.SlurmStory):
    def test_two_nodes_run_commands(self):
        for node in cluster.NODES:
            self.assertEqual(self.cluster.run("srun", "-w", node, "printenv", "SLURMD_NODENAME"), f"{node}\n")


class Runs(cluster.SlurmStory):
    def test_a_job_runs_under_a_slot_on_a_node(self):
        self.jobs("""{ name: "a", command: "echo on $SLURMD_NODENAME for $DVSCHED_JOB; ps -o comm= -p $PPID",
                       slurm: { options: ["--nodelist=n2"], memory: "20M" } }
                     { name: "b", command: "exit 3", needs: ["a"] }
                     { name: "c", command: "echo oh no", needs: ["a"], fail_patterns: ["^oh"] }""")
        self.run_jobs(1)
        self.assertEqual(self.statuses(), {"a": "PASSED", "b": "FAILED", "c": "FAILED"})
        a = self.attempt("a")
        self.assertEqual(a["where"], "slurm/n2")
        self.assertEqual(a["details"]["node"], "n2")
        self.assertRegex(a["details"]["batch_id"], r"^\d+$")
        self.assertEqual(self.path("scratch/demo/a/log").read_text().split("\n")[3:5], ["on n2 for a", "dvs-slot"])
        self.assertEqual(self.attempt("b")["exit_status"], 3)
        self.assertEqual(self.attempt("c")["reason"], "fail_pattern")
        self.assertFalse(self.run_dir().joinpath("farm").exists())

    def test_a_run_may_use_this_machine_and_the_cluster(self):
        self.jobs("""{ name: "here", command: "test -z $SLURM_JOB_ID", backend: "local" }
                     { name: "there", command: "test -n $SLURM_JOB_ID", needs: ["here"] }""")
        self.run_jobs(0)
        self.assertEqual(self.attempt("here")["where"], "local/0")

    def test_the_slot_on_the_node_ends_a_job_that_takes_too_long(self):
        self.jobs('{ name: "a", command: "setsid sleep 1000 & sleep 1000", timeout: "0.3s" }')
        self.run_jobs(1)
        self.assertEqual(self.attempt("a")["reason"], "timeout")
        self.assertEqual(pids_with(self.cookie), [])

    def test_a_retry_is_a_new_submission(self):
        self.jobs('{ name: "a", command: "test {attempt} = 2", retries: 1 }')
        self.run_jobs(0)
        first, second = (a["details"]["batch_id"] for a in self.result("a")["attempts"])
        self.assertNotEqual(first, second)

    def test_only_so_many_jobs_are_in_the_queue_at_a_time(self):
        self.jobs("""{ name: "a{n}", sweep: { n: [1, 2, 3] },
                       command: "squeue -h -n $SLURM_JOB_NAME,x -o %j; squeue -h | wc -l > $DVSCHED_ODIR/n" }""",
                  'backends: { slurm: { mode: "job", look: "0.2s", jobs: 1 } }')
        self.run_jobs(0)
        counts = [self.path(f"scratch/demo/a{n}/n").read_text().strip() for n in (1, 2, 3)]
        self.assertEqual(counts, ["1", "1", "1"])


class Requests(cluster.SlurmStory):
    def test_what_a_job_asks_for_reaches_slurm(self):
        self.jobs("""{ name: "a", command: "scontrol show job $SLURM_JOB_ID", cpus: 2,
                       slurm: { memory: "50M", time: "90s", licences: "sim:1" } }""",
                  'backends: { slurm: { mode: "job", look: "0.2s", partition: "short", memory: "10M" } }')
        self.run_jobs(0)
        log = self.path("scratch/demo/a/log").read_text()
        for text in ("Partition=short", "NumCPUs=2", "MinMemoryNode=50M", "TimeLimit=00:02:00", "Licenses=sim:1",
                     "Comment=a", "Requeue=0"):
            self.assertIn(text, log)

    def assert_refused(self, text, *messages, settings=None):
        self.jobs(text, settings)
        done = self.run_jobs(2)
        for message in messages:
            self.assertIn(message, done.err)
        self.assert_left_nothing()

    def test_what_no_node_has_is_an_error_with_its_place(self):
        self.assert_refused('{ name: "a", command: "true", slurm: { partition: "shrot" } }',
                            "cfg.hjson:2:", "Slurm has no partition 'shrot'", "there are: main, short")
        self.assert_refused('{ name: "a", command: "true", cpus: 9 }',
                            "'a' needs 9 CPUs, and no node of the partition 'main' has more than 8")
        self.assert_refused('{ name: "a", command: "true", slurm: { memory: "2G" } }',
                            "'a' needs 2048 MiB of memory, and no node of the partition 'main' has more than 1000")

    def test_wrong_keys_are_errors_with_their_place(self):
        self.assert_refused('{ name: "a", command: "true", slurm: { partitoin: "main" } }',
                            "cfg.hjson:2:", "unknown key 'partitoin' in slurm", "did you mean 'partition'?")
        self.assert_refused('{ name: "a", command: "true", slurm: { time: "soon" } }', "'time' must be a duration")
        self.assert_refused('{ name: "a", command: "true", slurm: { mode: "array" } }',
                            "the backend has no mode 'array'")
        self.assert_refused('{ name: "a", command: "true", slurm: { options: ["--array=1-3"] } }',
                            "'options' may not have --array")
        self.assert_refused('{ name: "a", command: "true" }', "'memory' must be a size",
                            settings='backends: { slurm: { mode: "job", memory: "much" } }')

    def test_what_slurm_refuses_is_one_message(self):
        self.jobs('{ name: "a{n}", sweep: { n: "1..3" }, command: "true", slurm: { options: ["--nodelist=n9"] } }')
        done = self.run_jobs(3)
        self.assertIn("Invalid node name specified", done.out + done.err)
        self.assertEqual(self.result("a1")["reason"], "refused")
        self.assertEqual(self.jobs_but([]), [])

    def test_no_slurm_is_an_error_of_the_machine(self):
        self.jobs('{ name: "a", command: "true" }')
        self.env["PATH"] = str(self.dir)
        done = self.run_jobs(3)
        self.assertIn("the backend 'slurm' cannot be used: sinfo: No such file or directory", done.err)
        self.assert_left_nothing()


class Ends(cluster.SlurmStory):
    def test_ctrl_c_cancels_what_was_submitted_and_nothing_else(self):
        foreign = self.cluster.run("sbatch", "--parsable", "--output=/dev/null", "--wrap", "sleep 1000").strip()
        self.addCleanup(self.cluster.run, "scancel", foreign)
        run, _ = self.waiting_job()
        os.kill(scheduler_of(run), signal.SIGINT)
        done = self.finish(run)
        self.assertEqual(done.signal, signal.SIGINT, done)
        self.assertEqual(self.attempt("a")["reason"], "user")
        self.assertEqual(self.jobs_but([foreign]), [foreign])
        self.assertEqual(pids_with(self.cookie), [])

    def test_ctrl_c_cancels_a_job_that_waits_in_the_queue(self):
        events = self.fifo()
        self.jobs(f"""{{ name: "first", command: "echo go > {events.path}; sleep 1000", slurm: {{ licences: "sim:1" }} }}
                      {{ name: "next", command: "true", weight: -1, slurm: {{ licences: "sim:1" }} }}""")
        run = self.start_run()
        events.line()
        os.kill(scheduler_of(run), signal.SIGINT)
        self.finish(run)
        self.assertEqual(self.statuses(), {"first": "KILLED", "next": "KILLED"})
        self.assertIsNone(self.attempt("next")["where"])

    def test_somebody_else_cancels_a_job(self):
        run, number = self.waiting_job()
        self.cluster.run("scancel", number)
        done = self.finish(run)
        attempt = self.attempt("a")
        self.assertEqual(attempt["reason"], "cancelled", done)
        self.assertEqual(attempt["message"], f"Slurm ended it: CANCELLED (job {number} on {self.node})")

    def test_a_job_of_a_failed_node_runs_again_on_another_one(self):
        run, _ = self.waiting_job(", retries: { max: 1, on: 'infra' }")
        failed = self.node
        self.addCleanup(self.cluster.run, "scontrol", "update", f"nodename={failed}", "state=resume")
        self.cluster.run("scontrol", "update", f"nodename={failed}", "state=down", "reason=test")
        self.events.line()
        done = self.finish(run)
        self.assertEqual(done.code, 0, done)
        first, second = self.result("a")["attempts"]
        self.assertEqual(first["reason"], "node_failure")
        self.assertNotEqual(second["where"], f"slurm/{failed}")

    def test_a_runner_that_is_killed_is_a_lost_job(self):
        run, number = self.waiting_job()
        self.cluster.run("scancel", "--batch", "--signal=KILL", number)
        done = self.finish(run)
        self.assertEqual(done.code, 3, done)
        self.assertEqual(self.attempt("a")["reason"], "lost")
        self.assertIn(f"Slurm ended it: FAILED (job {number} on {self.node})", self.attempt("a")["message"])
        self.assertEqual(pids_with(self.cookie), [])

    # On n1 each job kills its slot.
    KILLS = 'test $SLURMD_NODENAME = n2 || kill -KILL $PPID; test $SLURMD_NODENAME = n2 || sleep 1000'

    def test_a_node_that_loses_jobs_gets_no_more(self):
        self.jobs(f'{{ name: "a{{n}}", sweep: {{ n: "1..30" }}, command: "{self.KILLS}", retries: {{ max: 3, on: "infra" }} }}',
                  'backends: { slurm: { mode: "job", look: "0.2s", parallel: 12 } }')
        done = self.run_jobs(0)
        self.assertIn("Slurm: the node n1 gets no more jobs of this run: the last 3 failed there (lost)", done.err)
        results = self.results()
        self.assertEqual(results["run"]["backends"]["slurm"]["bad_nodes"], ["n1"])
        lost = [a for j in results["jobs"] for a in j["attempts"] if a["status"] == "KILLED"]
        self.assertLess(len(lost), 30)

    def test_a_job_is_never_run_by_a_second_runner(self):
        run, number = self.waiting_job()
        farm = self.run_dir().joinpath("farm")
        again = subprocess.run([self.binary, "__runner", farm, "1"], capture_output=True, text=True, check=False,
                               timeout=PATIENCE_S)
        self.assertEqual(again.returncode, 3)
        self.assertIn("cannot take the job", again.stderr)
        self.assertEqual(farm.joinpath("jobs/1").stat().st_mode & 0o777, 0o600)
        self.cluster.run("scancel", number)
        self.finish(run)

    def test_dvsched_is_missing_on_the_node(self):
        self.jobs('{ name: "a", command: "true" }',
                  'backends: { slurm: { mode: "job", look: "0.2s", program: "/no/such/dvsched" } }')
        self.run_jobs(3)
        self.assertEqual(self.result("a")["reason"], "lost")
        self.assertRegex(self.result("a")["message"], "it printed: .*/no/such/dvsched.*not found")


    def test_resume_ends_the_jobs_of_a_killed_run_before_they_run_again(self):
        events, go = self.fifo(), self.path("go")
        self.jobs(f"""{{ name: "first", slurm: {{ licences: "sim:1" }}
                         command: "until squeue -h -t PENDING -o %i | grep . > {events.path}; do sleep 0.1; done; test -e {go} || sleep 1000" }}
                      {{ name: "next", command: "echo >> {self.path('count')}", weight: -1, slurm: {{ licences: "sim:1" }} }}""")
        run = self.start_run()
        waiting = events.line()
        self.kill_dvsched(run)
        self.assertIn(waiting, self.cluster.jobs())
        go.touch()
        self.jobs("""{ name: "first", command: "true" }
                     { name: "next", command: "true" }""")
        done = self.dvsched("resume", "cfg.hjson", "--view", "none", env=self.env)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.cluster.run("squeue", "-h", "-t", "all", "-j", waiting, "-o", "%T"), "CANCELLED\n")
        self.assertFalse(self.path("count").exists())


class DvsimUsers(cluster.SlurmStory, SimStory):
    def test_the_variables_of_dvsim_count(self):
        self.env.update({"DVSIM_BACKEND": "slurm", "SLURM_QUEUE": "short", "SLURM_MEM": "20M", "SLURM_TIMEOUT": "5",
                         "SLURM_MINCPUS": "2", "SLURM_CPUS_PER_TASK": "2", "SLURM_SLURM_SETUP_CMD": "module load x"})
        self.write("sim.sh", "scontrol show job $SLURM_JOB_ID; echo 'TEST PASSED'")
        done = self.run_sim("one.hjson", "-i", "good", env=self.env)
        self.assertEqual(done.code, 0, done)
        self.assertIn("warning: $SLURM_SLURM_SETUP_CMD has no effect", done.err)
        log, = self.path("out").glob("main/*/0.good/latest/run.log")
        for text in ("Partition=short", "MinMemoryNode=20M", "TimeLimit=00:05:00", "NumCPUs=2", "MinCPUsNode=2"):
            self.assertIn(text, log.read_text())


class Pilots(cluster.SlurmStory):
    def jobs(self, text, settings='mode: "pilot", look: "0.2s", pilot: { slots: 2, most: 2 }'):
        super().jobs(text, f"backends: {{ slurm: {{ {settings} }} }}")

    def test_many_jobs_share_an_allocation(self):
        self.jobs("""{ name: "a{n}", sweep: { n: "1..40" }, command: "test -n $SLURM_JOB_ID" }
                     { name: "b", command: "echo oh no", needs: ["a1"], fail_patterns: ["^oh"] }
                     { name: "c", command: "cat $DVSCHED_NEEDS; sleep 1000", needs: ["a2"], timeout: "0.3s" }
                     { name: "d", command: "test {attempt} = 2", retries: 1 }""")
        self.run_jobs(1)
        failed = {name: s for name, s in self.statuses().items() if s != "PASSED"}
        self.assertEqual(failed, {"b": "FAILED", "c": "KILLED"})
        self.assertEqual(self.attempt("c")["reason"], "timeout")
        self.assertIn('"id":"a2"', self.path("scratch/demo/c/log").read_text())
        attempts = [a for j in self.results()["jobs"] for a in j["attempts"]]
        self.assertLessEqual(len({a["details"]["batch_id"] for a in attempts}), 2)
        self.assertRegex(attempts[0]["where"], r"^slurm/n[12]/[01]$")
        self.assertFalse(self.run_dir().joinpath("farm").exists())

    def test_a_pilot_without_a_job_leaves(self):
        self.jobs("""{ name: "a", command: "true" }
                     { name: "b", backend: "local", needs: ["a"]
                       command: "while squeue -h -t RUNNING,PENDING | grep dvs-; do sleep 0.1; done" }""",
                  'mode: "pilot", look: "0.2s", pilot: { idle: "0.2s" }')
        self.run_jobs(0)

    def waiting_job(self, more="", settings='mode: "pilot", look: "0.2s", pilot: { slots: 1 }'):
        events = self.fifo()
        self.jobs(f'{{ name: "a", command: "echo $SLURM_JOB_ID > {events.path}; test {{attempt}} = 2 || '
                  f'sleep 1000" {more} }}', settings)
        run = self.start_run()
        return run, events.line()

    def test_ctrl_c_ends_jobs_and_pilots(self):
        run, _ = self.waiting_job()
        os.kill(scheduler_of(run), signal.SIGINT)
        self.finish(run)
        self.assertEqual(self.attempt("a")["reason"], "user")
        self.assertEqual(self.jobs_but([]), [])
        self.assertEqual(pids_with(self.cookie), [])

    def test_somebody_else_cancels_an_allocation(self):
        run, number = self.waiting_job()
        self.cluster.run("scancel", number)
        self.finish(run)
        attempt = self.attempt("a")
        self.assertEqual(attempt["reason"], "cancelled")
        self.assertEqual(attempt["details"]["batch_id"], number)
        self.assertIn(f"Slurm ended it: CANCELLED (job {number} on ", attempt["message"])

    def test_a_job_that_ends_by_term_of_its_own_has_failed(self):
        self.jobs('{ name: "a", command: "kill -TERM $$" } { name: "b", command: "exit 143" }', 'mode: "pilot", look: "0.2s"')
        self.run_jobs(1)
        self.assertEqual((self.attempt("a")["status"], self.attempt("a")["reason"]), ("FAILED", "signal"))
        self.assertEqual((self.attempt("b")["status"], self.attempt("b")["exit_status"]), ("FAILED", 143))

    def test_the_job_of_a_failed_node_runs_again_on_another_one(self):
        run, number = self.waiting_job(", retries: { max: 1, on: 'infra' }")
        node = self.cluster.run("squeue", "-h", "-j", number, "-o", "%N").strip()
        self.addCleanup(self.cluster.run, "scontrol", "update", f"nodename={node}", "state=resume")
        self.cluster.run("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
        done = self.finish(run)
        self.assertEqual(done.code, 0, done)
        first, second = self.result("a")["attempts"]
        self.assertEqual(first["reason"], "node_failure")
        self.assertNotEqual(second["details"]["node"], node)

    def test_jobs_and_pilots_end_when_the_scheduler_is_gone(self):
        run, _ = self.waiting_job()
        self.kill_dvsched(run)
        self.cluster.run("srun", "--exclusive", "-N2", "-n16", "true")  # waits until all CPUs are free
        self.assertEqual(pids_with(self.cookie), [])

    def test_a_stranger_is_dropped_and_counted(self):
        run, _ = self.waiting_job()
        order = self.run_dir().joinpath("farm/jobs/1")
        self.assertEqual(order.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.run_dir().joinpath("farm").stat().st_mode & 0o777, 0o700)
        text = order.read_bytes()
        first, = struct.unpack_from("<I", text)  # the length of the frame about the site; that of the pilot follows
        *_, port = struct.unpack_from("<4I", text, 4 + first + 5)
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as stranger:
            stranger.recv(1000)
            stranger.sendall(b"\x05\0\0\0\x04some")
            self.assertEqual(stranger.recv(1), b"")
        os.kill(scheduler_of(run), signal.SIGINT)
        self.finish(run)
        self.assertEqual(self.results()["run"]["backends"]["slurm"]["strangers"], 1)

    def test_no_pilot_reaches_the_scheduler(self):
        self.jobs('{ name: "a", command: "true" }',
                  'mode: "pilot", look: "0.1s", pilot: { host: "no-such-host.invalid" }')
        self.run_jobs(3)
        self.assertRegex(self.result("a")["message"], "it printed: dvsched: the scheduler cannot be reached from n[12]")

    def test_what_a_pilot_cannot_give_is_an_error(self):
        self.jobs('{ name: "a", command: "true", cpus: 2 } { name: "b", command: "true", slurm: { time: "1h" } }')
        done = self.run_jobs(2)
        self.assertIn("'a' needs 2 CPUs, and a slot of a pilot has 1", done.err)
        self.assertIn("'time' has no effect in a job of mode 'pilot'", done.err)


class Answers(cluster.SlurmStory):
    """The controller answers late, wrongly or not at all."""

    TIMEOUT = "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1"

    def run_counted(self):
        self.jobs(f'{{ name: "a", command: "echo ran >> {self.path("count")}" }}')
        self.run_jobs(0)
        self.assertEqual(self.path("count").read_text(), "ran\n")
        self.assertEqual(self.results()["run"]["backends"]["slurm"]["lost_answers"], 1)

    def test_a_lost_answer_to_a_submission_does_not_run_the_job_twice(self):
        self.stand_in("sbatch", f'if mkdir $here/once; then "$real" "$@" >/dev/null; {self.TIMEOUT}; fi\n'
                                'exec "$real" "$@"')
        self.run_counted()

    def test_a_lost_submission_is_sent_again(self):
        self.stand_in("sbatch", f'if mkdir $here/once; then cat >/dev/null; {self.TIMEOUT}; fi\nexec "$real" "$@"')
        self.run_counted()

    def test_squeue_fails_for_a_while(self):
        self.stand_in("squeue", 'echo >> $here/looks; if [ $(wc -l < $here/looks) -lt 4 ]; then '
                                'echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; fi\n'
                                'exec "$real" "$@"')
        self.jobs('{ name: "a", command: "while [ $(wc -l < looks) -lt 5 ]; do sleep 0.05; done" }')
        self.run_jobs(0)
        self.assertGreaterEqual(self.results()["run"]["backends"]["slurm"]["unanswered_looks"], 3)

    def test_a_result_arrives_without_the_controller(self):
        events, go = self.fifo("events"), self.fifo("go")
        self.jobs(f'{{ name: "a", command: "echo > {events.path}; read line < {go.path}" }}')
        run = self.start_run()
        events.line()
        self.cluster.end("slurmctld", signal.SIGKILL)
        self.addCleanup(self.cluster.restart)
        os.write(go.fd, b"go\n")
        done = self.finish(run)
        self.assertEqual(done.code, 0, done)
