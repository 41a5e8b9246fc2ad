# SPDX-License-Identifier: Apache-2.0
"""Batch systems that are described in the configuration: a real Slurm (cluster.py), and a stand-in of a few lines of
shell that misbehaves on request."""

import os
import re
import signal
import subprocess

import cluster
from harness import SOURCE, Story, pids_with, scheduler_of

# Slurm as any site would describe its batch system.
SLURM = r"""backends: { site: { type: "batch", system: "the site's Slurm", look: "0.2s"
  submit: "sbatch --parsable --no-requeue --export=NIL --chdir=/ --job-name=<name> --comment=<job> --output=<out> <requests>"
  submitted: "^(?<id>[0-9]+)$"
  doubt: "Unable to contact|Socket timed out"
  status: "squeue --noheader --user=<uid> --states=all --format=%%i|%%j|%%T|%%r"
  line: "^(?<id>[0-9]+)\\|(?<name>[^|]*)\\|(?<state>[A-Z_]+)\\|(?<why>.*)$"
  states: { PENDING: "waits", COMPLETED: "ended", FAILED: "ended", CANCELLED: "cancelled", TIMEOUT: "time_limit"
            NODE_FAIL: "node_failure", OUT_OF_MEMORY: "memory", PREEMPTED: "preempted" }
  cancel: "scancel --quiet <ids>", cancel_now: "scancel --quiet --full --signal=KILL <ids>"
  id_variable: "SLURM_JOB_ID", node_variable: "SLURMD_NODENAME", node_variables: ["SLURM_", "SLURMD_"]
  requests: { queue: "--partition=<value>", cpus: "--cpus-per-task=<value>", memory: "--mem=<MiB>M", time: "--time=<minutes>"
              more: ["<value>"] } %s } }"""


class RealSlurm(cluster.SlurmStory):
    backend = "site"
    settings = SLURM % 'mode: "job"'

    def test_jobs_ask_for_what_their_keys_say(self):
        self.jobs("""{ name: "a", command: "echo on $SLURMD_NODENAME, $SLURM_CPUS_PER_TASK CPUs, $SLURM_JOB_PARTITION, $SLURM_MEM_PER_NODE M"
                       cpus: 2, batch: { queue: "short", memory: "1500K" } }
                     { name: "b", command: "exit 3", needs: ["a"] }""")
        self.run_jobs(1)
        self.assertEqual(self.statuses(), {"a": "PASSED", "b": "FAILED"})
        self.assertIn("on n2, 2 CPUs, short, 2 M", self.path("scratch/demo/a/log").read_text())
        self.assertEqual(self.attempt("a")["details"]["node"], "n2")
        self.assertRegex(self.attempt("a")["details"]["batch_id"], "^[0-9]+$")

    def test_a_job_that_somebody_else_cancels_has_that_reason(self):
        run, number = self.waiting_job()
        self.cluster.run("scancel", number)
        done = self.finish(run)
        self.assertEqual((done.code, self.attempt("a")["reason"]), (1, "cancelled"), done)
        self.assertIn(f"the site's Slurm ended it: CANCELLED (job {number} on ", self.attempt("a")["message"])

    def test_ctrl_c_cancels_what_was_submitted(self):
        run, _ = self.waiting_job()
        os.kill(scheduler_of(run), signal.SIGINT)
        self.assertEqual(self.finish(run).signal, signal.SIGINT)
        self.assertEqual(self.jobs_but([]), [])
        self.assertEqual(pids_with(self.cookie), [])

    def test_resume_cancels_what_a_killed_run_left(self):
        run, number = self.waiting_job()
        self.kill_dvsched(run)
        self.assertIn(number, self.cluster.jobs())
        self.jobs('{ name: "a", command: "true" }')
        done = self.dvsched("resume", "cfg.hjson", "--view", "none", env=self.env)
        self.assertEqual(done.code, 0, done)
        self.assertNotIn(number, self.cluster.jobs())
        self.assertEqual(pids_with(self.cookie), [])

    def test_jobs_share_allocations(self):
        self.jobs('{ name: "t{n}", sweep: { n: "1..40" }, command: "test -n $SLURM_JOB_ID" }',
                  SLURM % 'mode: "pilot", pilot: { slots: 4, most: 2 }')
        self.run_jobs(0)
        self.assertLessEqual(self.results()["run"]["backends"]["site"]["submitted"], 2)

    def test_what_the_system_refuses_is_one_message(self):
        self.jobs('{ name: "a", command: "true", batch: { queue: "mian" } }')
        self.run_jobs(3)
        self.assertEqual(self.attempt("a")["reason"], "refused")
        self.assertIn("invalid partition", self.attempt("a")["message"])


PUT = r"""#!/bin/sh
# Starts a job: put NAME OUT WORDS...
cd "$(dirname "$0")" || exit 1
n=$(($(cat n 2>/dev/null || echo 0) + 1))
echo $n >n
echo runs >state.$n
echo "$1" >name.$n
out=$2
shift 2
test -e hold.$n && echo waits >state.$n || (
	until test -e name.2 || test ! -e late.$n; do sleep 0.1; done
	SITE_ID=$n setsid sh -c 'echo $$ >pid.$SITE_ID; exec "$@"' put "$@" >"$out" 2>&1 </dev/null
	grep -q runs state.$n && echo ended >state.$n
) >/dev/null 2>&1 &
test -x answer && exec ./answer $n
echo "job $n is accepted"
"""

LIST = r"""#!/bin/sh
cd "$(dirname "$0")" || exit 1
test -x list.answer && exec ./list.answer
for f in name.*; do
	n=${f#name.}
	test -e $f && echo "$n $(cat $f) $(cat state.$n)"
done
exit 0
"""

DROP = r"""#!/bin/sh
cd "$(dirname "$0")" || exit 1
for n; do
	echo dropped >state.$n
	test ! -e pid.$n || kill -s TERM -- -"$(cat pid.$n)"
done
"""


class StandInStory(Story):
    """A batch system that starts everything at once. `answer` and `list.answer`, if they exist, speak for it."""

    def setUp(self):
        super().setUp()
        for name, text in (("put", PUT), ("list", LIST), ("drop", DROP)):
            self.write(f"site/{name}", text, 0o755)

    def speaks(self, name, text):
        self.write(f"site/{name}", f"#!/bin/sh\n{text}\n", 0o755)

    def jobs(self, text, more="", mode="job"):
        site = self.path("site")
        self.config(f"""{{ flow: "jobs", name: "demo", jobs: [ {text} ]
            backends: {{ site: {{ type: "batch", system: "Site", look: "0.1s"
              submit: "{site}/put <name> <out> <runner>", submitted: "job (?<id>[0-9]+) is accepted"
              status: "{site}/list <prefix>", line: "^(?<id>[0-9]+) (?<name>[^ ]+) (?<state>[a-z]+) ?(?<why>.*)$"
              states: {{ waits: "waits", ended: "ended", dropped: "cancelled" }}, cancel: "{site}/drop <ids>", id_variable: "SITE_ID"
              mode: "{mode}", {more} }} }} }}""")

    def run_jobs(self, code, *args):
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--backend", "site", *args)
        self.assertEqual(done.code, code, done)
        return done

    def attempt(self):
        return self.results()["jobs"][0]["attempts"][-1]

    def n_lines(self, name):
        return len(self.path(name).read_text().splitlines())

    def count(self):
        return f"echo >> {self.path('count')}"


class StandIn(StandInStory):
    def test_a_job_runs_and_its_result_is_its_own(self):
        self.jobs('{ name: "a", command: "echo $SITE_ID; exit 7" }', 'node_variables: ["SITE_"]')
        self.run_jobs(1)
        self.assertEqual((self.attempt()["exit_status"], self.attempt()["details"]["batch_id"]), (7, "1"))
        self.assertEqual(self.path("scratch/demo/a/log").read_text().splitlines()[-1], "1")

    def test_jobs_share_allocations(self):
        self.jobs(f'{{ name: "t{{n}}", sweep: {{ n: "1..20" }}, command: "{self.count()}; test {{n}} != 7" }}',
                  "pilot: { slots: 3, most: 2 }", mode="pilot")
        self.run_jobs(1)
        self.assertEqual(self.n_lines("count"), 20)
        self.assertEqual([j["name"] for j in self.results()["jobs"] if j["status"] == "FAILED"], ["t7"])
        self.assertLessEqual(int(self.path("site/n").read_text()), 2)
        self.assertEqual(pids_with(self.cookie), [])

    def modes(self):
        """{name: "job" or "pilot"}; a pilot's slot has a number."""
        return {j["name"]: "pilot" if j["attempts"][-1]["where"].count("/") == 2 else "job" for j in self.results()["jobs"]}

    def test_long_jobs_get_a_submission_each(self):
        """A job's duration in an earlier run decides, else its timeout; own keys need a submission, too."""
        self.jobs("""{ name: "short", command: "true" } { name: "slow", command: "true", timeout: "30m" }
                     { name: "wide", command: "true", cpus: 2 } { name: "own", command: "true", batch: { queue: "q" } }
                     { name: "a.1", command: "true", timeout: "1m" }""",
                  'requests: { queue: "<value>" }', mode="auto")
        self.write("site/put", PUT.replace("shift 2\n", 'shift 2\ntest "$1" != q || shift\n'), 0o755)
        self.run_jobs(0)
        self.assertEqual(self.modes(), {"short": "pilot", "slow": "job", "wide": "job", "own": "job", "a.1": "pilot"})
        results = self.run_dir().joinpath("results.json")
        text = re.sub(r'("id":"(?:a.1|slow)".*?"duration_s":)[0-9.]+', lambda m: m[1] + ("500" if "a.1" in m[0] else "5"),
                      results.read_text())
        results.write_text(text)
        self.jobs("""{ name: "slow", command: "true", timeout: "30m" } { name: "a.2", command: "true", timeout: "1m" }""",
                  mode="auto")
        self.run_jobs(0)
        self.assertEqual(self.modes(), {"slow": "pilot", "a.2": "job"})

    def test_jobs_are_submitted_one_by_one_if_no_pilot_can_connect(self):
        self.jobs('{ name: "a", command: "true" } { name: "b", command: "true" }',
                  'pilot: { host: "no-such-host.invalid" }', mode="auto")
        done = self.run_jobs(0)
        self.assertEqual(self.modes(), {"a": "job", "b": "job"})
        self.assertIn("no pilot can connect to dvsched", done.err)

    def test_a_slot_on_a_bad_node_gets_no_more_jobs(self):
        """Each job on the node of the odd pilots kills its slot; all jobs pass on the other one."""
        text = PUT.replace("SITE_ID=$n setsid", "SITE_NODE=n$((n % 2)) SITE_ID=$n setsid")
        self.write("site/put", text, 0o755)
        self.jobs("""{ name: "t{n}", sweep: { n: "1..12" }, retries: { max: 9, on: "infra" }
                       command: "test $SITE_NODE = n0 || kill -9 $PPID; test $SITE_NODE = n0 || sleep 1000" }""",
                  'node_variable: "SITE_NODE", node_variables: ["SITE_"], pilot: { slots: 4, most: 2 }',
                  mode="pilot")
        done = self.run_jobs(0)
        self.assertIn("Site: the node n1 gets no more jobs of this run", done.err)
        self.assertEqual(self.results()["run"]["backends"]["site"]["bad_nodes"], ["n1"])

    def test_a_job_whose_acceptance_is_lost_runs_once(self):
        """So are the next two lists; then the list has the job."""
        self.speaks("answer", "exit 0")
        self.speaks("list.answer", "echo >> lists; n=$(wc -l < lists); test $n = 1 && exit 0; test $n -lt 4 && exit 1; rm list.answer; exec ./list")
        self.jobs(f'{{ name: "a", command: "{self.count()}" }}')
        self.run_jobs(0)
        self.assertEqual(self.n_lines("count"), 1)
        self.assertEqual(self.results()["run"]["backends"]["site"]["lost_answers"], 1)

    def job_sent_twice(self):
        """The first submission is in no list before the second one was sent. The job waits for more lists."""
        self.speaks("answer", "test $1 = 1 || { rm answer; echo 'job 2 is accepted'; }")
        self.speaks("list.answer", "test -e name.2 || exit 0; echo >> lists; mv list.answer spoken; ./list; mv spoken list.answer")
        self.write("site/lists", "")
        self.jobs(f'{{ name: "a", command: "{self.count()}; until test $(wc -l < {self.path("site/lists")}) -ge 4; do sleep 0.1; done" }}')
        self.run_jobs(0)
        self.assertEqual(self.n_lines("count"), 1)

    def test_the_second_submission_of_a_job_is_cancelled(self):
        self.write("site/late.1", "")
        self.write("site/hold.2", "")
        self.job_sent_twice()
        self.assertEqual(self.attempt()["details"]["batch_id"], "1")
        self.assertEqual(self.path("site/state.2").read_text(), "dropped\n")

    def test_the_first_submission_of_a_job_is_cancelled(self):
        self.write("site/hold.1", "")
        self.job_sent_twice()
        self.assertEqual(self.attempt()["details"]["batch_id"], "2")
        self.assertEqual(self.path("site/state.1").read_text(), "dropped\n")

    def test_the_second_runner_of_a_job_leaves_it_alone(self):
        self.write("site/late.1", "")
        self.job_sent_twice()

    def test_text_that_is_not_understood_ends_no_job(self):
        """All lists are garbage but the first one, when the configuration loads."""
        lists = self.path("site/lists")
        self.jobs('{ name: "a", command: "until test $(wc -l < %s) -ge 5; do sleep 0.1; done" }' % lists)
        self.speaks("list.answer", "echo >> lists; test $(wc -l < lists) = 1 || echo 'segmentation fault in the queue'")
        self.run_jobs(0)

    def test_a_job_that_the_list_does_not_have_yet_is_waited_for(self):
        self.speaks("list.answer", "echo >> lists")
        lists = self.path("site/lists")
        self.jobs('{ name: "a", command: "until test $(wc -l < %s) -ge 6; do sleep 0.1; done" }' % lists, 'unseen: "1h"')
        self.run_jobs(0)

    def test_a_job_that_vanishes_is_lost(self):
        self.speaks("answer", "rm answer; kill -s KILL -- -$(until cat pid.$1; do sleep 0.1; done); echo gone > state.$1; echo job $1 is accepted")
        self.jobs('{ name: "a", command: "sleep 100" }', 'unseen: "0s"')
        self.speaks("list.answer", "exit 0")
        self.run_jobs(3)
        self.assertEqual(self.attempt()["reason"], "lost")

    def test_the_text_about_an_end_has_its_reason(self):
        self.speaks("answer", "rm answer; p=$(until cat pid.$1; do sleep 0.1; done); echo 'ended TERM_MEMLIMIT: x' > state.$1; kill -s KILL -- -$p; echo job $1 is accepted")
        self.jobs('{ name: "a", command: "sleep 100" }', 'reasons: { "TERM_MEMLIMIT": "memory" }')
        self.run_jobs(3)
        self.assertEqual(self.attempt()["reason"], "memory")
        self.assertIn("Site ended it: TERM_MEMLIMIT (job 1", self.attempt()["message"])

    def test_ctrl_c_cancels_what_was_submitted(self):
        events = self.fifo()
        self.jobs(f'{{ name: "a", command: "echo go > {events.path}; sleep 1000" }}')
        run = self.start("run", "cfg.hjson", "--view", "none", "--backend", "site")
        events.line()
        os.kill(scheduler_of(run), signal.SIGINT)
        self.finish(run)
        self.assertEqual(self.path("site/state.1").read_text(), "dropped\n")
        self.assertEqual(pids_with(self.cookie), [])

    def test_a_system_that_does_not_answer_is_an_error_of_the_machine(self):
        self.speaks("list.answer", "echo 'no licence for the queue' >&2; exit 1")
        self.jobs('{ name: "a", command: "true" }')
        self.assertIn("the backend 'site' cannot be used: ", self.run_jobs(3).err)
        self.speaks("list.answer", "echo 'Total: 5'")
        self.assertIn("no line of its output matches 'line' or 'empty'", self.run_jobs(3).err)
        self.jobs('{ name: "a", command: "true" }', 'empty: "^Total: "')
        self.speaks("list.answer", "rm list.answer; echo 'Total: 5'")
        self.run_jobs(0)

    def test_wrong_settings_are_errors_with_their_place(self):
        self.config("""{ flow: "jobs", name: "demo", jobs: [ { name: "a", command: "true", batch: { memory: "4G" } } ]
            backends: { site: { type: "batch"
              submit: "put <nmae>"
              submitted: "job ([0-9]+)"
              status: "list"
              line: "^(?<id>[0-9]+) (?<nam>[^ ]+)$"
              states: { gone: "away" }
              requests: { memory: "-M <MB>", queue: "-q <value>" }, defaults: { queues: "x", memory: "much" } } } }""")
        err = self.run_jobs(2).err
        for text in ("cfg.hjson:3:23: error: 'submit' has no place <nmae>",
                     "there are: <name>, <job>, <out>, <cpus>, <runner>, <requests>",
                     "cfg.hjson:4:", "'submitted' must have a group (?<id>", "cfg.hjson:6:", "has a group 'nam'",
                     "'gone' has no such meaning", "there are: waits, runs, ended",
                     "'memory' has no place <MB>", "unknown key 'queues'", "did you mean 'queue'?", "'cancel' is missing"):
            self.assertIn(text, err)
        self.jobs('{ name: "a", command: "true", batch: { queues: "x" } }', 'requests: { queue: "-q <value>" }')
        err = self.run_jobs(2).err
        self.assertIn("unknown key 'queues' in batch", err)
        self.assertIn("did you mean 'queue'?", err)
        self.jobs('{ name: "a", command: "true", batch: { memory: "much" } }', 'requests: { memory: "-M <MiB>" }')
        self.assertIn("'memory' must be a size", self.run_jobs(2).err)

    def test_the_type_needs_settings(self):
        self.config('{ flow: "jobs", name: "demo", jobs: [ { name: "a", command: "true" } ] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--backend", "batch")
        self.assertEqual(done.code, 2)
        self.assertIn("the backend 'batch' has no settings", done.err)


BSUB = r"""#!/bin/sh
# bsub -J NAME -Jd TEXT -o OUT OPTIONS… WORDS…
name=$2 out=$6
shift 6
while test "${1#-}" != "$1"; do echo "$1 $2" >>"$0.options"; shift 2; done
n=$(cat "$0.n" 2>/dev/null || echo 100)
n=$((n + 1))
echo $n >"$0.n"
echo "$name" >"$0.name"
LSB_JOBID=$n setsid sh -c 'echo $$ >"$0.pid"; exec "$@"' "$0" "$@" >"$out" 2>&1 </dev/null &
echo "Job <$n> is submitted to queue <normal>."
"""

BJOBS = r"""#!/bin/sh
# Has the newest job only after three looks.
bsub=$(dirname "$0")/bsub
echo >>"$0.looks"
if test ! -e $bsub.name || test "$(wc -l <"$0.looks")" -lt 4; then
	echo "Job <$6> is not found" >&2
	exit 255
fi
state='RUN|-|-'
kill -0 "$(cat $bsub.pid)" 2>/dev/null || state='DONE|-|-'
test -e $bsub.killed && state='EXIT|TERM_OWNER: job killed by owner|-'
echo "$(cat $bsub.n)|$(cat $bsub.name)|$state"
"""

BKILL = r"""#!/bin/sh
bsub=$(dirname "$0")/bsub
touch $bsub.killed
kill -s TERM -- -"$(cat $bsub.pid)"
echo "Job <$1> is being terminated"
"""

NC = r"""#!/bin/sh
# nc run -D -e SNAPSHOT -nodb -nolog -J NAME OPTIONS… -- WORDS… / nc list / nc stop IDS
case $1 in
run)
	shift 6
	echo "$2" >"$0.name"
	shift 2
	while test "$1" != --; do echo "$1 $2" >>"$0.options"; shift 2; done
	shift
	VOV_JOBID=000456 setsid sh -c 'echo $$ >"$0.pid"; exec "$@"' "$0" "$@" >/dev/null 2>&1 </dev/null &
	printf 'Resources= linux64\nEnv      = SNAPSHOT\nCommand  = x\nLogfile  = /dev/null\nJobId    = 000456\nQueued\n'
	;;
list)
	test -e "$0.name" || { echo "No jobs"; exit 0; }
	kill -0 "$(cat "$0.pid")" 2>/dev/null && state=Running || state=Done
	echo "000456|$(cat "$0.name")|$state|"
	;;
stop)
	kill -s TERM -- -"$(cat "$0.pid")"
	;;
esac
"""


class ReadyFiles(Story):
    """Programs that print what LSF and Altair Accelerator print."""

    def setUp(self):
        super().setUp()
        self.env = {"PATH": f"{self.dir}/bin:{os.environ['PATH']}"}
        for name, text in (("bsub", BSUB), ("bjobs", BJOBS), ("bkill", BKILL), ("nc", NC)):
            self.write(f"bin/{name}", text, 0o755)

    def jobs(self, name, text, defaults=""):
        ready = SOURCE.joinpath("hjson-cfgs", "batch", f"{name}.hjson").read_text()
        self.write(f"{name}.hjson", ready.replace('look: "5s"', 'look: "0.2s"'))
        self.config(f'{{ flow: "jobs", name: "demo", import_cfgs: ["{{self_dir}}/{name}.hjson"], jobs: [ {text} ]'
                    f' defaults: {{ batch: {{ {defaults} }} }} }}')

    def run_jobs(self, name, code):
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--backend", name, env=self.env)
        self.assertEqual(done.code, code, done)
        return self.results()["jobs"][0]["attempts"][-1]

    def test_lsf(self):
        self.jobs("lsf", '{ name: "a", command: "echo $LSB_JOBID; exit 4", cpus: 2, batch: { time: "90s" } }',
                  'queue: "regress", memory: "4G"')
        attempt = self.run_jobs("lsf", 1)
        self.assertEqual((attempt["exit_status"], attempt["details"]["batch_id"]), (4, "101"))
        self.assertIn("\n101\n", self.path("scratch/demo/a/log").read_text())
        self.assertEqual(self.path("bin/bsub.options").read_text().splitlines(),
                         ["-q regress", "-n 2", "-R span[hosts=1]", "-M 4096", "-R rusage[mem=4096]", "-W 2"])

    def test_lsf_kills_a_job(self):
        events = self.fifo()
        self.jobs("lsf", f'{{ name: "a", command: "echo go > {events.path}; sleep 1000" }}')
        run = self.start("run", "cfg.hjson", "--view", "none", "--backend", "lsf", env=self.env)
        events.line()
        self.path("bin/bjobs.looks").write_text("\n" * 9)
        subprocess.run([self.path("bin/bkill"), "101"], stdout=subprocess.DEVNULL, check=True)
        self.finish(run)
        self.assertEqual(self.results()["jobs"][0]["reason"], "cancelled")

    def test_nc(self):
        self.jobs("nc", '{ name: "a", command: "echo $VOV_JOBID", batch: { licences: "License:vcs" } }', 'memory: "8G"')
        self.assertEqual(self.run_jobs("nc", 0)["details"]["batch_id"], "000456")
        self.assertEqual(self.path("bin/nc.options").read_text().splitlines(),
                         ["-r CORES/1", "-r RAM/8192", "-r License:vcs"])
