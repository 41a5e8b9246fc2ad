# SPDX-License-Identifier: Apache-2.0
"""Drivers of devices: `dvsched chips check`, and a driver that is built with the installed header
only."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import SOURCE, Story

CC = os.environ.get("CC", "cc").split()[-1]
EXAMPLES = SOURCE / "docs" / "examples"
ECHO = EXAMPLES / "driver_echo.c"

# The example, with one function replaced by one that breaks a rule.
WRONG = """
#define dvs_driver_get echo_get
#include "driver_echo.c"
#undef dvs_driver_get
#include <fcntl.h>
#include <unistd.h>
%s
const struct dvs_driver *dvs_driver_get(uint32_t host_abi);
const struct dvs_driver *dvs_driver_get(uint32_t host_abi)
{
	static struct dvs_driver d;

	(void)host_abi;
	d = *echo_get(DVS_DRIVER_ABI);
	%s;
	return &d;
}
"""


NAMES = """
static int32_t lend_as(int32_t device, const char *options, struct dvs_text *ret, struct dvs_text *err)
{
	(void)options;
	(void)err;
	snprintf(ret->at, ret->size, %s, device);
	return 0;
}
"""


class Drivers(Story):
    def setUp(self):
        super().setUp()
        if not shutil.which(CC):
            self.skipTest(f"no C compiler ({CC})")

    def environ(self, extra=None):
        # Crashes end by their signal, also under a sanitizer.
        options = os.environ.get("ASAN_OPTIONS", "")
        return super().environ({"ASAN_OPTIONS": options + ":handle_segv=0", **(extra or {})})

    def check(self, driver, *args):
        return self.dvsched("chips", "check", "--driver", str(driver), *args)

    def compile(self, source, into, include, *flags, compiler=CC):
        done = subprocess.run([compiler, *flags, "-shared", "-fPIC", f"-I{include}", str(source), "-o", str(into)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return into

    def wrong(self, change, functions=""):
        """A driver with an error."""
        source = self.write("wrong.c", WRONG % (functions, change))
        shutil.copy(ECHO, self.dir)
        return self.compile(source, self.path("wrong.so"), SOURCE / "include")

    def refused(self, driver, text, *args):
        """The error is reported with the name of the driver, and the exit code is 3."""
        run = self.check(driver, *args)
        self.assertEqual(run.code, 3, run)
        self.assertIn(f"driver {driver}: ", run.err)
        self.assertIn(text, run.err)
        return run

    def failed(self, driver, text):
        run = self.check(driver)
        self.assertEqual(run.code, 1, run)
        self.assertRegex(run.out, rf"(?m)^FAIL  {text}")
        return run

    def installed_include(self):
        build = pathlib.Path(self.binary).resolve().parents[2]
        meson = shutil.which("meson")
        if not meson or not (build / "meson-private").is_dir():
            self.skipTest("no meson, or the binary is not in its build directory")
        subprocess.run([meson, "install", "-C", str(build), "--no-rebuild", "--tags", "devel", "--destdir",
                        str(self.path("root"))], check=True, stdout=subprocess.DEVNULL)
        header, = self.path("root").rglob("dvsched/driver.h")
        return header.parents[1]

    def test_the_examples_build_against_the_installed_header_and_pass(self):
        include = self.installed_include()
        for name, n_skipped in (("echo", 7), ("steps", 7)):
            shutil.copy(EXAMPLES / f"driver_{name}.c", self.dir)
            self.compile(self.path(f"driver_{name}.c"), self.path(f"{name}.so"), include, "-fvisibility=hidden",
                         "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
            run = self.check(f"./{name}.so")
            self.assertEqual(run.code, 0, run)
            self.assertNotIn("FAIL", run.out)
            self.assertRegex(run.out, r"(?m)^ok    20 runs")
            self.assertRegex(run.out, rf"driver \S+/{name}\.so: \d+ checks passed, 0 failed, {n_skipped} skipped\n$")

    def test_the_header_exports_the_entry_also_from_cxx(self):
        cxx = shutil.which("c++")
        if not cxx:
            self.skipTest("no C++ compiler")
        self.write("none.cc", "#include <dvsched/driver.h>\n"
                              "const dvs_driver *dvs_driver_get(uint32_t) { return nullptr; }\n")
        self.compile(self.path("none.cc"), self.path("none.so"), SOURCE / "include", "-fvisibility=hidden", "-Wall",
                     "-Wextra", "-Wpedantic", "-Werror", compiler=cxx)
        self.refused(self.path("none.so"), "it does not support ABI 1")

    def test_a_device_that_gets_stuck_after_progress_is_stalled(self):
        self.compile(EXAMPLES / "driver_steps.c", self.path("steps.so"), SOURCE / "include")
        self.config("""{ flow: "jobs", name: "demo"
          backends: { card: { type: "chips", driver: "./steps.so", budgets: { stall: "300ms" } } }
          jobs: [ { name: "good", backend: "card", image: {} }, { name: "bad", backend: "card", image: "stop" } ] }""")
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        ended = {job["name"]: job["attempts"][-1] for job in self.results()["jobs"]}
        self.assertEqual(ended["good"]["status"], "PASSED", run)
        self.assertEqual(ended["bad"]["reason"], "stall", run)
        self.assertIn("no progress for 0.3s at step 1 of 3", ended["bad"]["message"])

    def lent_as(self, driver):
        run = self.dvsched("chips", "--driver", str(driver), "--json")
        return [d["lent_as"] for d in json.loads(run.out)] if run.out else run.err

    def test_a_driver_may_say_what_its_devices_are_lent_as(self):
        self.assertEqual(self.lent_as(self.wrong("(void)0"))[0], "0")
        self.assertEqual(self.lent_as(self.wrong("d.lend_as = lend_as", NAMES % '"GPU-a%d"'))[0], "GPU-a0")
        self.assertEqual(self.lent_as(self.wrong("d.lend_as = lend_as", NAMES % '"%.0d"'))[0], "0")
        self.assertIn("lend_as() gave garbage for device 0",
                      self.lent_as(self.wrong("d.lend_as = lend_as", NAMES % '"a,%d"')))
        # A driver built with a header that lacks this function.
        self.assertEqual(self.lent_as(self.wrong("d.lend_as = lend_as; d.size = offsetof(struct dvs_driver, lend_as)",
                                                 NAMES % '"GPU-a%d"'))[0], "0")

    def test_sim_passes_all_checks(self):
        job = json.dumps({"program": ["compute 1ms"], "args": [{"f32": [64], "fill": 1}]})
        run = self.check("sim", "--options", '{"n_devices": 3}', "--device", "2", "--sample", job)
        self.assertEqual(run.code, 0, run)
        self.assertRegex(run.out, r"0 failed, 0 skipped\n$")

    def test_a_fault_of_sim_is_found(self):
        for fault, code, text in (({"on": "open", "do": "crash"}, 3, r"crashed in open\(\): signal 11"),
                                  ({"on": "finish", "do": "exit", "code": 9}, 3, "in finish\\(\\): exit status 9"),
                                  ({"on": "launch", "do": "hang"}, 3, r"did not come back within .* in launch\(\)"),
                                  ({"on": "load", "do": "code", "code": 507014}, 1, r"load\(\) returned 507014")):
            run = self.check("sim", "--options", json.dumps({"faults": [fault]}), "--timeout", "1s")
            self.assertEqual(run.code, code, run)
            self.assertRegex(run.out + run.err, text)

    def test_what_is_no_driver_is_named(self):
        self.refused(self.path("nothing.so"), "there is no such file")
        self.refused(self.write("text.so", "this is text\n"), "it cannot be loaded: ")
        self.write("empty.c", "int nothing;\n")
        self.refused(self.compile(self.path("empty.c"), self.path("empty.so"), "/"), "it has no dvs_driver_get()")

    def test_another_abi_is_refused(self):
        self.refused(self.wrong("d.abi = 2"), "it is of ABI 2, this dvsched has 1")
        self.refused(self.wrong("return NULL"), "it does not support ABI 1")
        self.refused(self.wrong("d.size = 64"), "its table has 64 bytes")
        self.refused(self.wrong("d.poll = NULL"), "it has no poll()")

    def test_one_that_crashes_is_reported_with_the_call(self):
        crash = "static void crash(void *ctx) { (void)ctx; *(volatile int *)8 = 1; }"
        self.refused(self.wrong("d.close = crash", crash), "it crashed in close(): signal 11")
        self.refused(self.wrong("*(void **)&d.probe = (void *)8"), "it crashed in probe(): signal 11")
        run = self.refused(self.wrong("d.close = leave", "static void leave(void *c) { (void)c; _exit(4); }"),
                           "it ended the process in close(): exit status 4")
        self.assertIn("ok    a run", run.out)

    def test_one_that_never_returns_is_ended(self):
        never = "static void never(void *ctx) { (void)ctx; for (;;) pause(); }"
        self.refused(self.wrong("d.close = never", never), "it did not come back within 1.00s in close()",
                     "--timeout", "1s")

    def test_wrong_answers_are_failures(self):
        many = ("static int32_t many(const char *o, struct dvs_device *d, size_t c, size_t *n, struct dvs_text *e)\n"
                "{ (void)o, (void)d, (void)c, (void)e; *n = 1u << 30; return 0; }")
        self.failed(self.wrong("d.probe = many", many), "probe: it reports 1073741824 devices")
        odd = ("static enum dvs_class odd(int32_t c, int32_t f, const char **n, const char **h)\n"
               "{ (void)c, (void)f, (void)n, (void)h; return (enum dvs_class)99; }")
        self.failed(self.wrong("d.classify = odd", odd), "classify: code -1100 has the class 99, which does not exist")
        leak = ("static int32_t leak(void *x, uint32_t s, const struct dvs_run *r, struct dvs_text *e)\n"
                "{ open(\"/dev/null\", O_RDONLY); return prepare(x, s, r, e); }")
        self.failed(self.wrong("d.prepare = leak", leak), r"20 runs: \d+ descriptors are open, and were \d+ before")
        result = ("static int32_t odd(void *x, uint64_t n, struct dvs_text *r, struct dvs_text *e)\n"
                  "{ int32_t code = finish(x, n, r, e); strcpy(r->at, \"fine\"); return code; }")
        self.failed(self.wrong("d.finish = odd", result), r"a run: the result of finish\(\) is no JSON object")
        blind = ("static int32_t blind(void *x, const char *j, uint32_t *s, struct dvs_text *e)\n"
                 "{ (void)x, (void)j, (void)e; *s = 0; return 0; }")
        self.failed(self.wrong("d.load = blind", blind), r"a job that is not JSON: load\(\) took 'nonsense' for a job")

    def test_rules_of_the_header_are_checked(self):
        kept = ("static const char *kept;\n"
                "static int32_t keep(void *x, uint32_t s, const struct dvs_run *r, struct dvs_text *e)\n"
                "{ kept = r->job; return prepare(x, s, r, e); }\n"
                "static int32_t look(void *x, uint64_t n, struct dvs_text *e)\n"
                "{ return launch(x, n, e) + (kept[0] != '{'); }")
        self.refused(self.wrong("d.prepare = keep; d.launch = look", kept), "it crashed in launch(): signal 11")
        probe = ("static int32_t odd(const char *o, struct dvs_device *d, size_t c, size_t *n, struct dvs_text *e)\n"
                 "{ int32_t rc = probe(o, d, c, n, e); %s; return rc; }")
        self.failed(self.wrong("d.probe = odd", probe % "d[1].id = 0"), "probe: device 0 is listed twice")
        self.failed(self.wrong("d.probe = odd", probe % "memset(d[0].model, 'x', 32)"),
                    "probe: a text of device 0 is not terminated")
        long = ("static int32_t loud(void *x, uint64_t n, struct dvs_text *e)\n"
                "{ memset(e->at, 'x', e->size + 1); return launch(x, n, e); }")
        self.failed(self.wrong("d.launch = loud", long), "texts: a call wrote beyond its buffer")
        join = ("static int32_t join(void *x, const struct dvs_join *j, struct dvs_context *r, struct dvs_text *e)\n"
                "{ (void)x, (void)r, (void)e; close(j->shared_fd); return 0; }\n"
                "static int32_t leave(void *x) { (void)x; return 0; }")
        self.failed(self.wrong("d.caps = DVS_CAP_GANG; d.join = join; d.leave = leave", join),
                    "join and leave: it closed shared_fd, which is the host's")

    def test_out_parameters_must_be_set(self):
        """The omission of each call, and the message of the check."""
        probe = "const char *o, struct dvs_device *d, size_t c, size_t *n, struct dvs_text *e"
        cases = (
            ("probe", probe, "*n = 1; d[0].id = 0; n = 0; return 0;", "ok"),
            ("probe", probe, "d[0].id = 0; return 0;", r"probe: probe\(\) returned 0 and did not set \*ret_n"),
            ("probe", probe, "*n = 1; return 0;", "probe: it gave record 0 the id -1"),
            ("probe", probe, "*n = 1; d[0].id = 0; d[0].fault_domain = 1 << 20; return 0;",
             r"probe: device 0 has the fault domain 1048576; it must be -1 \(none known\) or 0 to 1048575"),
            ("probe", probe, "*n = 1; d[0].id = 0; d[0].health = 9; return 0;", "probe: device 0 has the health 9"),
            ("probe", probe, "*n = 1; d[0].id = 0; d[0].numa = -2; return 0;", "probe: device 0 is of the NUMA node -2"),
            ("probe", probe, "*n = 1; d[0].id = 0; d[0].spare[3] = 1; return 0;", "probe: it wrote into the spare room"),
            ("open", "const struct dvs_host *h, int32_t d, const char *o, void **c, struct dvs_text *e", "return 0;",
             r"open: open\(\) returned 0 and did not set \*ret_ctx"),
            ("load", "void *c, const char *j, uint32_t *s, struct dvs_text *e", "return 0;",
             r"load: load\(\) returned 0 and did not set \*ret_slot"),
            ("poll", "void *c, uint64_t n, int32_t *o, struct dvs_text *e",
             "static int k; if (k++) return poll_run(c, n, o, e); return 0;",
             r"poll: poll\(\) returned 0 and did not set \*ret_is_over"),
            ("poll", "void *c, uint64_t n, int32_t *o, struct dvs_text *e", "poll_run(c, n, o, e); *o *= 2; return 0;",
             r"poll: poll\(\) set \*ret_is_over to 2; it is 0 or 1"),
        )
        for entry, parameters, body, text in cases:
            with self.subTest(text):
                source = f"static int32_t odd({parameters})\n{{ {body} }}"
                driver = self.wrong(f"d.{entry} = odd", source)
                run = self.check(driver, "--timeout", "1s")
                if text == "ok":
                    self.assertEqual(run.code, 0, run)
                else:
                    self.assertNotEqual(run.code, 0, run)
                    self.assertRegex(run.out, rf"(?m)^FAIL  {text}")

    JOIN = """static int32_t join(void *x, const struct dvs_join *j, struct dvs_context *r, struct dvs_text *e)
        {{
            uint64_t at = 0x7000;
            r->window_base = at;
            r->window_bytes = j->window_bytes;
            for (r->n_buffers = 0; r->n_buffers < j->n_buffers; r->n_buffers++, at += 8192) {{
                struct dvs_buffer *b = &r->buffers[r->n_buffers];
                snprintf(b->name, sizeof(b->name), "%s", j->buffers[r->n_buffers].name);
                b->address = (at + 1023) / 1024 * 1024;
                b->bytes = j->buffers[r->n_buffers].bytes;
            }}
            {}
            return 0;
        }}
        static int32_t leave(void *x) {{ return 0; }}"""

    def test_what_join_gives_is_checked(self):
        gang = "d.caps = DVS_CAP_GANG; d.join = join; d.leave = leave"
        for fault, text in (
                ("", "ok    join with a window: its buffers by their names, apart, inside"),
                ("if (j->window_bytes) { r->window_bytes = 0; r->n_buffers = 0; }",
                 "skip  join with a window: it gave none; with a code of DVS_UNSUPPORTED, jobs that need one would fail"),
                ("if (j->window_bytes) return fail(e, ECHO_NO_DEVICE, \"no window here\");",
                 "skip  join with a window: the driver has none"),
                ("if (r->n_buffers) r->buffers[1].address = r->buffers[0].address + 1024;",
                 r"FAIL  join with a window: join\(\) put buffer 'right' \(4096 bytes at 0x7400\) over buffer left "
                 r"\(4000 bytes at 0x7000\)"),
                ("if (r->n_buffers) r->buffers[2].address = r->window_base + r->window_bytes - 8;",
                 r"FAIL  join with a window: join\(\) put buffer 'small' \(24 bytes at 0x16ff8\) outside of the window"),
                ("if (r->n_buffers) r->buffers[0].address = r->window_base - 1024;", "FAIL  .* outside of the window"),
                ("if (r->n_buffers) r->n_buffers = 1;", r"FAIL  .*join\(\) gave 1 buffers, 3 were asked for"),
                ("if (!j->window_bytes) return fail(e, ECHO_BAD_JOB, \"where is it?\");",
                 r"FAIL  join and leave: join\(\) returned 1 \(config\): where is it\?")):
            with self.subTest(text):
                run = self.check(self.wrong(gang, self.JOIN.format(fault)))
                self.assertEqual(run.code, 1 if text.startswith("FAIL") else 0, run)
                self.assertRegex(run.out, rf"(?m)^{text}")

    def test_what_a_run_leaves_in_the_process_is_checked(self):
        launch = ("static const struct dvs_host *host;\n"
                  "static int32_t keep(const struct dvs_host *h, int32_t d, const char *o, void **c, struct dvs_text *e)\n"
                  "{ host = h; return open_device(h, d, o, c, e); }\n"
                  "static int32_t odd(void *x, uint64_t n, struct dvs_text *r, struct dvs_text *e)\n"
                  "{ int32_t code = finish(x, n, r, e); %s; return code; }\n")
        for body, text in (
                ("host->progress(host->user, 1, 1, 3)", "progress: evidence is 0, 1 or 2, and nothing else"),
                ("host->progress(host->user, 2, 1, 0)", "progress: more steps were done than there are"),
                ("chdir(\"/\"); chdir(\"tmp\")", "the process: its working directory is /tmp now"),
                ("close(1)", "the process: descriptors 1 and 2 are the job's log, and closed now"),
                ("sigset_t s; sigfillset(&s); sigprocmask(SIG_BLOCK, &s, NULL)",
                 "the process: other signals are blocked"),
                ("strcpy(r->at, \"{\\\"a\\\": 1, \\\"a\\\": 2}\")", "a run: the result of .* has a key twice")):
            with self.subTest(text):
                self.failed(self.wrong("d.open = keep; d.finish = odd", "#include <signal.h>\n" + launch % body), text)
        late = launch % "" + ("static int32_t early(void *x, const char *j, uint32_t *s, struct dvs_text *e)\n"
                              "{ host->progress(host->user, 0, 1, 1); return load(x, j, s, e); }")
        self.failed(self.wrong("d.open = keep; d.load = early", late + "\nvoid *unused = odd;"),
                    "progress: it was called without a run")
        usable = "static int32_t no(void *x) { (void)x; return 0; }"
        self.failed(self.wrong("d.is_usable = no", usable), r"a job that is not JSON: is_usable\(\) says no after it")
        good = ("static enum dvs_class good(int32_t c, int32_t f, const char **n, const char **h)\n"
                "{ (void)f; *n = *h = NULL; return c == 1 ? DVS_CONFIG : DVS_OK; }")
        self.failed(self.wrong("d.classify = good", good), "classify: code 2147483647 is an error that nobody knows")

    def test_what_a_call_does_to_its_process_is_seen(self):
        odd = ("#include <signal.h>\n#include <sys/wait.h>\n"
               "static int32_t odd(void *x, uint64_t n, struct dvs_text *r, struct dvs_text *e)\n"
               "{ int32_t code = finish(x, n, r, e); %s; return code; }\n")
        for body, text in (
                ("signal(SIGUSR1, SIG_IGN)", r"in finish\(\) it changed how SIGUSR1 is handled"),
                ("setenv(\"FOO\", \"1\", 1)", r"in finish\(\) it changed the environment: FOO was set"),
                ("unsetenv(\"PATH\")", r"in finish\(\) it changed the environment: PATH is gone"),
                ("if (fork() == 0) for (;;) pause()", r"in finish\(\) it left a process that runs"),
                ("fork()", r"in finish\(\) it left a process"),  # the copy comes back, too
                # Its parent has ended.
                ("if (fork() == 0) { if (fork() == 0) for (;;) pause(); _exit(0); } wait(NULL)",
                 r"in finish\(\) it left a process that runs"),
                ("if (fork() == 0) _exit(0); wait(NULL)", r"in finish\(\) it called fork\(\), which copies")):
            with self.subTest(body):
                run = self.failed(self.wrong("d.finish = odd", odd % body), "the process: " + text)
                self.assertEqual(run.out.count("FAIL"), 1, run)
        late = "static void late(void *x) { (void)x; if (fork() == 0) for (;;) pause(); }"
        self.failed(self.wrong("d.close = late", late), r"the process: in close\(\) it left a process that runs")
        opens = ("static int32_t own(const struct dvs_host *h, int32_t d, const char *o, void **x, struct dvs_text *e)\n"
                 "{ setenv(\"FOO\", \"1\", 1); return open_device(h, d, o, x, e); }\n")
        good = self.check(self.wrong("d.open = own; d.finish = odd", opens + odd % "code |= system(\"true\")"))
        self.assertEqual(good.code, 0, good)

    def test_options_and_a_sample_may_be_hjson_or_a_file(self):
        self.write("n.hjson", "{ n_devices: 2 }\n")
        self.write("job.hjson", "program: [ { compute: \"1ms\" } ]\n")
        for options in ("{ n_devices: 2 }", "@n.hjson", "n.hjson"):
            run = self.check("sim", "--options", options, "--device", "1", "--sample", "@job.hjson")
            self.assertEqual(run.code, 0, run)
            self.assertEqual(len(self.dvsched("chips", "--driver", "sim", "--options", options).out.splitlines()), 3)
        for command in (("chips", "check"), ("chips",)):
            run = self.dvsched(*command, "--driver", "sim", "--options", "{ n_devices: [ }")
            self.assertEqual(run.code, 2, run)
            self.assertRegex(run.err, r"^--options:1:\d+: error: ")
            run = self.dvsched(*command, "--driver", "sim", "--options", "@nothing.hjson")
            self.assertEqual((run.code, run.out), (2, ""), run)
            self.assertIn("nothing.hjson: error: cannot be read", run.err)

    def test_a_sample_may_be_a_file(self):
        self.write("sample.hjson", "{ program: [ { compute: \"1ms\" } ]\n args: [ { f32: [64], fill: 1 } ] }\n")
        run = self.check("sim", "--sample", "sample.hjson")
        self.assertEqual(run.code, 0, run)
        self.write("sample.hjson", "{ program: [ { compute: \"1ms\" ] }\n")
        run = self.check("sim", "--sample", "sample.hjson")
        self.assertEqual(run.code, 2, run)
        self.assertIn("sample.hjson:1:", run.err)
        run = self.check("sim", "--sample", "nothing.hjson")
        self.assertEqual(run.code, 2, run)
        self.assertIn("nothing.hjson: error: cannot be read", run.err)

    def test_a_device_is_in_one_fault_domain(self):
        self.config("""{ flow: "jobs", name: "demo"
          backends: { card: { type: "chips", driver: "sim", devices: "0-2", fault_domains: [[0, 1], [1, 2]] } }
          jobs: [ { name: "a", backend: "card", program: [] } ] }""")
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(run.code, 2, run)
        self.assertRegex(run.err, r"cfg\.hjson:2:\d+: error: device 1 is in two fault domains")
        run = self.dvsched("chips", "--driver", "sim", "--options", '{"fault_domains": [[0, 1], [2, 1]]}')
        self.assertIn("fault_domains[1][1]: device 1 is in two fault domains", run.out + run.err)

    def of_family(self, name, family):
        """A driver of that name, whose devices are of that family."""
        probe = ("static int32_t own(const char *o, struct dvs_device *d, size_t c, size_t *n, struct dvs_text *e)\n"
                 "{ int32_t rc = probe(o, d, c, n, e);\n"
                 f"for (size_t i = 0; i < *n && i < c; i++) strcpy(d[i].family, \"{family}\"); return rc; }}")
        self.wrong(f'd.probe = own; d.name = "{name}"', probe).rename(self.path(f"{name}.so"))

    def test_drivers_of_one_family_share_devices(self):
        for name, family in (("one", "card"), ("two", "card"), ("three", "paper/../card")):
            self.of_family(name, family)
        self.config('{ flow: jobs\n name: demo\n backends: {\n  one: { type: "chips", driver: "./one.so" }\n'
                    '  two: { type: "chips", driver: "./two.so", devices: [1] }\n }\n jobs: ['
                    '{ name: "a", backend: "one", image: {} }, { name: "b", backend: "two", image: {} }] }')
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(run.code, 2, run)
        self.assertIn("device 1 of 'two' belongs to 'one' too", run.err)
        run = self.dvsched("chips", "quarantine", "0", "--driver", "./one.so", "--why", "dust")
        self.assertEqual(run.code, 0, run)
        self.assertIn("dust", self.dvsched("chips", "--driver", "./two.so").out)
        # Device 0 of another family is another device.
        run = self.dvsched("chips", "quarantine", "1", "--driver", "./three.so", "--why", "rust")
        self.assertEqual(run.code, 0, run)
        self.assertEqual(sorted(p.name for p in self.path("state").iterdir()),
                         ["card-0.json", "card-0.json.lock", "paper_.._card-1.json", "paper_.._card-1.json.lock"])

    LENDS = ("d.caps = DVS_CAP_LEND_ONLY; d.load = NULL; d.prepare = NULL; d.launch = NULL; d.poll = NULL;"
             "d.finish = NULL")

    def test_a_driver_that_only_lends_needs_no_runs(self):
        run = self.check(self.wrong(self.LENDS))
        self.assertEqual(run.code, 0, run)
        self.assertRegex(run.out, r"(?m)^ok    open$")
        self.assertRegex(run.out, r"(?m)^skip  runs: its devices are only lent to commands$")
        self.assertRegex(run.out, r"(?m)^ok    close$")
        self.refused(self.wrong("d.caps = DVS_CAP_LEND_ONLY; d.open = NULL"), "it has no open()")

    def test_only_commands_get_devices_of_a_driver_that_only_lends(self):
        self.wrong(self.LENDS)
        self.config('{ flow: jobs\n name: demo\n backends: { card: { type: "chips", driver: "./wrong.so" } }\n jobs: [\n'
                    '  { name: "a", devices: 1, command: "echo device $DVSCHED_DEVICES" }\n] }')
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(run.code, 0, run)
        self.assertIn("device 0\n", self.path("scratch", "demo", "a", "log").read_text())
        shutil.rmtree(self.path("scratch"))
        for key, value in (("program", '["x"]'), ("image", "{}"), ("callable", "{}")):
            self.config('{ flow: jobs\n name: demo\n backends: { card: { type: "chips", driver: "./wrong.so" } }\n jobs: [\n'
                        '  { name: "a", backend: "card", %s: %s }\n] }' % (key, value))
            run = self.dvsched("run", "cfg.hjson", "--view", "none")
            self.assertEqual(run.code, 2, run)
            self.assertRegex(run.err, r"cfg\.hjson:5:\d+: error: '%s' of 'a' cannot run on the devices of 'card', "
                                      r"which are only lent to commands" % key)
            self.assert_left_nothing()

    def test_the_command_line_is_checked(self):
        for args in (["chips", "dance"], ["chips", "check"],
                     ["chips", "check", "--driver", "sim", "--device", "x"]):
            run = self.dvsched(*args)
            self.assertEqual(run.code, 2, run)
            self.assertNotEqual(run.err, "")


KERNEL = """
#include <dvsched/sim_kernel.h>
#include <stdio.h>

int dvs_kernel(const struct dvs_kernel_args *a)
{
	float *out = a->buffers[0].at;

	for (uint64_t i = 0; i < a->buffers[0].n; i++)
		out[i] = NUMBER;
	printf("%s\\n", a->params);
	fflush(stdout);
	return 0;
}
"""


class Sim(Story):
    """Driver sim in a whole run."""

    def environ(self, extra=None):
        return super().environ({"DVSCHED_LOCK_DIR": str(self.path("locks")),
                                "DVSCHED_STATE_DIR": str(self.path("state")), **(extra or {})})

    def run_jobs(self, jobs, devices="0", code=0):
        self.config('{ flow: "jobs", name: "sim"\n  backends: { chips: { driver: "sim", devices: "%s" } }\n'
                    "  jobs: [\n%s\n] }" % (devices, jobs))
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(run.code, code, run)
        return {job["name"]: job for job in self.results()["jobs"]}

    def test_the_example_of_the_manual_runs(self):
        manual = (SOURCE / "docs" / "reference" / "drivers.md").read_text(encoding="utf-8")
        self.config(manual.split("## `sim`")[1].split("```hjson\n")[1].split("```")[0])
        run = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(run.code, 0, run)
        two, = (job for job in self.results()["jobs"] if job["name"] == "two")
        self.assertEqual([a["status"] for a in two["attempts"]], ["FAILED", "PASSED"])
        self.assertIn('"do": "poison"', json.dumps(two["attempts"][0]["details"]))

    def test_one_worker_runs_two_images_of_one_path(self):
        if not shutil.which(CC):
            self.skipTest(f"no C compiler ({CC})")
        self.write("kernel.c", KERNEL)
        for number in (1, 2):
            subprocess.run([CC, "-shared", "-fPIC", f"-DNUMBER={number}", f"-I{SOURCE / 'include'}",
                            str(self.path("kernel.c")), "-o", str(self.path(f"{number}.so"))], check=True)
        jobs, before = [], ""
        for i in range(6):
            number = i % 2 + 1
            jobs.append(f'{{ name: "put{i}", command: "cp {self.dir}/{number}.so {self.dir}/x.so", {before} }}')
            jobs.append(f'{{ name: "run{i}", needs: ["put{i}"], backend: "chips", image: "{self.dir}/x.so"\n'
                        f'  params: {{ round: {i} }}, args: [ {{ f32: [8], out: true, expect: {{ fill: {number} }} }} ] }}')
            before = f'needs: ["run{i}"]'
        ended = self.run_jobs("\n".join(jobs))
        ranks = [ended[f"run{i}"]["attempts"][-1]["details"]["ranks"][0] for i in range(6)]
        self.assertEqual(len({rank["worker_pid"] for rank in ranks}), 1)
        self.assertEqual(len({rank["result"]["image"] for rank in ranks}), 2)
        self.assertIn('{"round":3}', pathlib.Path(ended["run3"]["log"]).read_text(encoding="utf-8"))

    def test_a_job_on_a_device_has_the_environment_of_any_job(self):
        if not shutil.which(CC):
            self.skipTest(f"no C compiler ({CC})")
        self.write("kernel.c", """
            #include <dvsched/sim_kernel.h>
            #include <stdio.h>
            extern char **environ;
            int dvs_kernel(const struct dvs_kernel_args *a)
            {
                (void)a;
                for (char **e = environ; *e; e++)
                    puts(*e);
                fflush(stdout);
                return 0;
            }""")
        subprocess.run([CC, "-shared", "-fPIC", f"-I{SOURCE / 'include'}", str(self.path("kernel.c")), "-o",
                        str(self.path("k.so"))], check=True)
        more = 'needs: ["first"], env: { A: "x{attempt}", PATH: "/own:/bin:/usr/bin", DVSCHED_JOB: "none" }, resources: { P: 1 }'
        self.config(f"""{{ flow: "jobs", name: "sim", resources: {{ P: "7" }}
          backends: {{ chips: {{ driver: "sim", devices: "0" }} }}
          jobs: [ {{ name: "first", command: "true" }}
            {{ name: "here", argv: ["env"], {more} }}
            {{ name: "there", backend: "chips", image: "{self.dir}/k.so", {more} }} ] }}""")
        outer = {"DVSCHED_ATTEMPT": "8", "DVSCHED_RANK": "9", "DVSCHED_CONTEXT": "/c", "MAKEFLAGS": "-j9", "A": "outer"}
        run = self.dvsched("run", "cfg.hjson", "--view", "none", env=outer)
        self.assertEqual(run.code, 0, run)
        found = {}
        for name in ("here", "there"):
            lines = self.path("scratch/sim", name, "log").read_text(encoding="utf-8").splitlines()
            pairs = [line.split("=", 1) for line in lines if "=" in line and line[0] != "["]
            found[name] = {key: value.replace(name, "NAME") for key, value in pairs}
            self.assertEqual(len(found[name]), len(pairs), "no variable exists twice")
        of_rank = {"DVSCHED_DEVICE": "0", "DVSCHED_RANK": "0", "DVSCHED_RANKS": "1"}
        for name, value in of_rank.items():
            self.assertEqual(found["there"].pop(name), value)
        for name in ("DVSCHED_RANK", "DVSCHED_CONTEXT"):  # of an outer run; on a device they have a meaning
            self.assertEqual(found["here"].pop(name), outer[name])
        self.assertEqual(found["here"], found["there"])
        self.assertEqual(found["here"]["DVSCHED_JOB"], "NAME")
        self.assertEqual(found["here"]["DVSCHED_ATTEMPT"], "1")
        self.assertTrue(found["here"]["DVSCHED_NEEDS"].endswith("NAME/needs.jsonl"))
        self.assertEqual((found["here"]["A"], found["here"]["DVSCHED_RESOURCE_P"]), ("x1", "7"))

    def test_a_device_that_a_gang_has_done_with_is_the_next_jobs(self):
        ended = self.run_jobs("""
            { name: "pair", backend: "chips", devices: 2, program: [ { compute: "500ms", only: 1 } ] }
            { name: "short", backend: "chips", program: [ { compute: "50ms" } ] }
            { name: "next{n}", backend: "chips", needs: ["short"], program: [ { compute: "900ms" } ]
              sweep: { n: "1..2" } }""",
                              devices="0-2")
        self.assertEqual({job["status"] for job in ended.values()}, {"PASSED"})

    def test_a_job_that_sim_cannot_read_says_where(self):
        ended = self.run_jobs('{ name: "a", backend: "chips", program: ["barrier", "dance"] }', code=1)
        self.assertIn("program[1]: there is no operation 'dance'", ended["a"]["attempts"][-1]["message"])


if __name__ == "__main__":
    unittest.main()
