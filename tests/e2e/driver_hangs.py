# SPDX-License-Identifier: Apache-2.0
"""A driver that hangs in each of its calls: no run hangs, and the message names the call and the
driver."""

import os
import shutil
import signal
import subprocess
import unittest

from harness import SOURCE, Story

CC = os.environ.get("CC", "cc").split()[-1]

# Its options say in which calls it hangs, what fails, and whether a run takes 1.2 s: { "hang": "CALL",
# "fail": "CALL", "slow": "run" }. It never reports progress.
HANGS = r"""
#include <dvsched/driver.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static char options[4096];
static int is_asked_to(const char *verb, const char *call)
{
	char key[64];
	snprintf(key, sizeof(key), "\"%s\":\"%s\"", verb, call);
	return strstr(options, key) != NULL;
}
static int32_t act(const char *call)
{
	while (is_asked_to("hang", call))
		pause();
	return is_asked_to("fail", call) ? 7 : 0;
}
static int32_t probe(const char *o, struct dvs_device *d, size_t cap, size_t *n, struct dvs_text *e)
{
	(void)e;
	snprintf(options, sizeof(options), "%s", o);
	*n = 2;
	for (size_t i = 0; i < 2 && i < cap; i++)
		d[i].id = (int32_t)i;
	return act("probe");
}
static int32_t open_it(const struct dvs_host *h, int32_t d, const char *o, void **c, struct dvs_text *e)
{
	(void)h, (void)d, (void)e;
	snprintf(options, sizeof(options), "%s", o);
	*c = options;
	return act("open");
}
static int32_t load(void *c, const char *j, uint32_t *s, struct dvs_text *e)
{ (void)c, (void)j, (void)e; *s = 0; return act("load"); }
static int32_t join(void *c, const struct dvs_join *j, struct dvs_context *r, struct dvs_text *e)
{ (void)c, (void)e; r->window_bytes = j->window_bytes; return act("join"); }
static int32_t prepare(void *c, uint32_t s, const struct dvs_run *r, struct dvs_text *e)
{ (void)c, (void)s, (void)r, (void)e; return act("prepare"); }
static struct timespec launched;
static int32_t launch(void *c, uint64_t n, struct dvs_text *e)
{ (void)c, (void)n, (void)e; clock_gettime(CLOCK_MONOTONIC, &launched); return act("launch"); }
static int32_t poll_it(void *c, uint64_t n, int32_t *over, struct dvs_text *e)
{
	struct timespec now;
	(void)c, (void)n, (void)e;
	clock_gettime(CLOCK_MONOTONIC, &now);
	*over = !is_asked_to("slow", "run") ||
		now.tv_sec - launched.tv_sec + (now.tv_nsec - launched.tv_nsec) * 1e-9 > 1.2;
	return act("poll");
}
static int32_t finish(void *c, uint64_t n, struct dvs_text *r, struct dvs_text *e)
{ (void)c, (void)n, (void)r, (void)e; return act("finish"); }
static int32_t leave(void *c) { (void)c; return act("leave"); }
static int32_t reset(void *c, int32_t f, int32_t *v, struct dvs_text *e)
{ (void)c, (void)f, (void)e; *v = !is_asked_to("refuse", "reset"); return act("reset"); }
static enum dvs_class classify(int32_t code, int32_t f, const char **name, const char **hint)
{ (void)f; *name = "SEVEN"; *hint = NULL; act("classify"); return code ? DVS_JOB : DVS_OK; }
static void close_it(void *c) { (void)c; act("close"); }
static int32_t is_usable(void *c) { (void)c; act("is_usable"); return !is_asked_to("fail", "launch"); }
static const struct dvs_driver driver = {
	.abi = DVS_DRIVER_ABI, .size = sizeof(driver), .name = "tar", .version = "1",
	.caps = DVS_CAP_GANG | DVS_CAP_RESET, .probe = probe, .open = open_it, .load = load, .join = join,
	.prepare = prepare, .launch = launch, .poll = poll_it, .finish = finish, .leave = leave, .reset = reset,
	.classify = classify, .close = close_it, .is_usable = is_usable,
};
const struct dvs_driver *dvs_driver_get(uint32_t abi);
const struct dvs_driver *dvs_driver_get(uint32_t abi) { return abi == DVS_DRIVER_ABI ? &driver : NULL; }
"""


class Hangs(Story):
    def environ(self, extra=None):
        return super().environ({"DVSCHED_LOCK_DIR": str(self.path("locks")),
                                "DVSCHED_STATE_DIR": str(self.path("state")), **(extra or {})})

    def setUp(self):
        super().setUp()
        if not shutil.which(CC):
            self.skipTest(f"no C compiler ({CC})")
        source = self.write("tar.c", HANGS)
        done = subprocess.run([CC, "-shared", "-fPIC", f"-I{SOURCE / 'include'}", str(source), "-o",
                               str(self.path("tar.so"))], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def pool(self, options, job="devices: 2", short=(), more=""):
        """short: the time limits that must pass while the driver hangs. The others are long enough for slow machines."""
        budgets = ", ".join(f"{clock}: '{'300ms' if clock in short else '600s'}'"
                            for clock in ("open", "load", "join", "finish", "reset", "stall"))
        budgets += ", queue: '30s'"
        self.config(f"""{{ flow: jobs
          name: demo
          backends: {{ chips: {{ driver: "./tar.so", options: {options}, budgets: {{ {budgets} }},
                                 gang: {{ peer_grace: "100ms" }}, deadlock: "100ms", {more} }} }}
          jobs: [ {{ name: "a", backend: "chips", image: {{}}, retries: 0, {job} }} ] }}""")

    def attempts(self):
        return self.results()["jobs"][0]["attempts"]

    def test_each_call_of_a_run_is_named_when_it_does_not_come_back(self):
        for call, clock in (("open", "open"), ("load", "load"), ("join", "join"), ("prepare", "join"), ("launch", "stall"),
                            ("poll", "stall"), ("finish", "finish"), ("leave", "finish")):
            self.pool(f'{{ hang: "{call}" }}', short=(clock,))
            run = self.dvsched("run", "cfg.hjson", "--view", "none")
            self.assertIn(run.code, (1, 3), (call, run))
            # A device that does not open is no failure of a job: it is reported with the devices.
            said = run.out if call == "open" else self.attempts()[0]["message"]
            self.assertRegex(said, rf"driver tar [a-z ]+ {call}\(\)")
            shutil.rmtree(self.path("state"))

    def test_a_run_that_reports_nothing_may_take_longer_than_stall(self):
        for job in ("devices: 1", "devices: 2", "devices: 2, gang: { barrier: false }"):
            self.pool('{ slow: "run" }', job=job, short=("stall",))
            run = self.dvsched("run", "cfg.hjson", "--view", "none")
            self.assertEqual(run.code, 0, (job, run))

    def test_what_hangs_after_the_first_error_is_reported_behind_it(self):
        for call in ("finish", "is_usable", "reset"):
            self.pool(f'{{ fail: "launch", hang: "{call}" }}', job="", short=("finish", "reset", "stall"))
            run = self.dvsched("run", "cfg.hjson", "--view", "none")
            self.assertEqual(run.code, 1, (call, run))
            attempt, = self.attempts()  # the job's own failure: not retried
            self.assertEqual(attempt["reason"], "wrong_result")
            self.assertRegex(attempt["message"],
                             rf"^device \d: launch\(\) failed \(SEVEN 7\); then the worker .* in {call}\(\) for ")
            shutil.rmtree(self.path("state"))

    def test_a_reset_has_a_clock_and_words_when_it_does_not_help(self):
        self.pool('{ fail: "launch", refuse: "reset" }', job="")
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(run.code, 1, run)
        attempt, = self.attempts()
        self.assertRegex(attempt["message"],  # whichever device was open first
                         r"^device \d: launch\(\) failed \(SEVEN 7\); then reset\(\) did not bring the device back$")
        self.assertIn("reset_s", attempt["details"]["ranks"][0]["clocks"])
        self.assertRegex(run.out, r"chips/\d is suspect")

    def test_classify_has_a_clock(self):
        self.pool('{ fail: "launch", hang: "classify" }', job="", short=("finish", "stall"))
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(run.code, 1, run)
        self.assertIn("driver tar does not come back from classify()", self.attempts()[0]["message"])

    def test_a_close_that_hangs_is_reported_and_ends(self):
        self.pool('{ hang: "close" }', job="", short=("reset",))
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(run.code, 0, run)
        self.assertRegex(run.err, r"warning: chips/0: device 0 did not close within 0\.3s; driver tar is in close\(\)")
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertNotIn("quarantined", run.out)  # the device works

    def test_nobody_has_to_wait_for_a_close_that_hangs(self):
        self.pool('{ hang: "close" }', job="")
        process = self.start("run", "cfg.hjson", "--view", "none")
        while b"results " not in (line := process.stdout.readline()) and line:
            pass
        process.send_signal(signal.SIGINT)
        self.assertIn(self.finish(process).code, (0, 130))

    def test_a_probe_that_hangs_is_named(self):
        run = self.dvsched("chips", "check", "--driver", "./tar.so", "--options", '{"hang":"probe"}',
                           "--timeout", "1s")
        self.assertEqual(run.code, 3, run)
        self.assertRegex(run.err, r"driver \S*tar\.so: it did not come back within 1\.00s in probe\(\)")


if __name__ == "__main__":
    unittest.main()
