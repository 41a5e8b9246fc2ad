# SPDX-License-Identifier: Apache-2.0
"""Stories of batches: cases that are found in directories, on simulated devices and on this machine."""

import shutil
import subprocess
from pathlib import Path

from harness import SOURCE, Story

EXAMPLE = SOURCE / "hjson-cfgs" / "cases" / "cases.hjson"


class Cases(Story):
    def environ(self, extra=None):
        return super().environ({"DVSCHED_LOCK_DIR": str(self.path("locks")),
                                "DVSCHED_STATE_DIR": str(self.path("state")),
                                "TMPDIR": str(self.path("tmp")), **(extra or {})})

    def setUp(self):
        super().setUp()
        for name in ("locks", "state", "tmp"):
            self.path(name).mkdir()

    def run_it(self, *options, code=0, cfg="cfg.hjson"):
        done = self.dvsched("run", cfg, "--view", "none", "-sr", "scratch", *options)
        self.assertEqual(done.code, code, done)
        return done

    def job(self, name):
        return next(j for j in self.results()["jobs"] if j["id"] == name)

    def stages(self, name):
        return [a["stage"] for a in self.job(name)["attempts"]]

    def batch(self, cases, more="", pool="", top=""):
        """Each case: "runtime/name" -> the text of its file."""
        self.config(f"""{{
          flow: cases
          name: demo
          {top}
          backends: {{ chips: {{ driver: "sim", n_devices: 3, {pool} }} }}
          cases: {{ root: "examples", glob: "*/*" }}
          {more}
        }}""")
        for name, text in cases.items():
            self.write(f"examples/{name}/case.hjson", text)


class Example(Cases):
    def test_every_case_runs_and_one_passes_on_the_pin_only(self):
        done = self.run_it(cfg=EXAMPLE)
        self.assertIn("1 passed on a fallback only: graph.scale (pin)", done.out)
        jobs = {j["id"]: j for j in self.results()["jobs"]}
        self.assertEqual({i for i, j in jobs.items() if j["fallback"]}, {"graph.scale"})
        self.assertEqual(self.stages("graph.scale"), [None, "pin: compile", "pin"])
        self.assertEqual([a["reason"] for a in jobs["graph.scale"]["attempts"]], ["wrong_result", "none", "none"])
        self.assertEqual(jobs["graph.scale"]["attempts"][1]["where"].split("/")[0], "local")
        self.assertEqual(self.results()["counts"]["fallback"], 1)
        # All of its logs exist and have the expected text.
        logs = [self.path(a["log"]).read_text() for a in jobs["graph.scale"]["attempts"]]
        self.assertIn("cc -shared", logs[1])
        self.assertEqual(jobs["ring.words"]["attempts"][0]["where"], "chips/0-3")
        self.assertEqual(list(self.path("state").iterdir()), [])  # no health is stored in the machine's directory

    def test_a_chosen_case_has_its_pin_with_it(self):
        self.run_it("-i", "graph.scale", cfg=EXAMPLE)
        self.assertEqual(list(self.statuses()), ["isa.head", "isa.pin", "runtime.graph", "graph.scale.compile",
                                                 "graph.scale"])
        self.assertEqual(self.stages("graph.scale"), [None, "pin: compile", "pin"])

    def test_what_only_an_excluded_case_needs_is_not_built(self):
        every = self.listed()
        gone = {"graph.scale", "graph.scale.compile"}
        self.assertEqual(self.listed("-x", "graph.scale"), [name for name in every if name not in gone])
        ring = self.listed("-x", "graph")
        self.assertNotIn("runtime.graph", ring)
        self.assertEqual([name for name in ring if name.startswith("ring.")], ["ring.copy", "ring.words"])

    def listed(self, *words):
        done = self.dvsched("list", EXAMPLE, "-sr", "scratch", *words)
        self.assertEqual(done.code, 0, done)
        return done.out.split()

    def test_without_a_commit_there_is_no_pin(self):
        self.run_it("-D", "commit=", cfg=EXAMPLE, code=1)
        self.assertNotIn("isa.pin", self.statuses())
        self.assertEqual(self.job("graph.scale")["reason"], "wrong_result")
        self.assertEqual(self.statuses()["graph.add"], "PASSED")

    def test_a_case_that_failed_runs_again_with_what_it_needs(self):
        self.run_it("-D", "commit=", cfg=EXAMPLE, code=1)
        done = self.dvsched("list", EXAMPLE, "-sr", "scratch", "-D", "commit=", "--failed")
        self.assertEqual(done.out.split(), ["isa.head", "runtime.graph", "graph.scale.compile", "graph.scale"], done)

    def test_cases_are_chosen_by_glob_tag_runtime_and_variable(self):
        for options, want in ((("-i", "*.add"), {"graph.add"}), (("-i", "@smoke"), {"graph.add", "ring.copy"}),
                              (("-i", "ring"), {"ring.copy", "ring.words"}),
                              (("-D", "runtime=ring"), {"ring.copy", "ring.words"})):
            done = self.dvsched("plan", EXAMPLE, "-sr", "scratch", *options)
            self.assertEqual(done.code, 0, done)
            found = {line for line in done.out.splitlines() if line.startswith(("graph.", "ring."))}
            self.assertEqual({f for f in found if not f.endswith(".compile")}, want)
            # Only the programs that they need are built.
            self.assertEqual("runtime.graph" in done.out, any(w.startswith("graph") for w in want))


class Places(Cases):
    def test_output_is_beside_the_configuration_in_a_git_tree_too(self):
        subprocess.run(["git", "init", "-q", self.dir], check=True)
        self.batch({"rt/add": '{ program: ["print hello"] }'})
        self.path("cfg.hjson").rename(self.path("examples", "cfg.hjson"))
        self.write("examples/base.hjson", '{ flow: "cases" }')
        for text in ('flow: "cases"', 'import_cfgs: ["{self_dir}/base.hjson"]'):
            self.write("examples/own.hjson", f"""{{ {text}
              name: "own", backends: {{ chips: {{ driver: "sim" }} }}, cases: {{ root: ".", glob: "rt/*" }} }}""")
            done = self.dvsched("run", "examples/own.hjson", "--view", "none")
            self.assertEqual(done.code, 0, done)
            self.assertFalse(self.path("scratch").exists())
            shutil.rmtree(self.path("examples", "scratch"))

    def test_a_dry_run_runs_nothing_under_the_name_dvsim(self):
        self.batch({"rt/add": '{ program: ["print hello"] }'})
        self.path("dvsim").symlink_to(Path(self.binary).absolute())
        self.binary = str(self.path("dvsim"))
        done = self.dvsched("cfg.hjson", "-n", "-sr", "scratch")
        self.assertEqual(done.code, 0, done)
        self.assertIn("rt.add: ", done.out)
        self.assert_left_nothing()


class Pins(Cases):
    PINS = """pins: { my-lib: {
        head: "%s"
        pin: "%s"
        } }"""

    def pinned(self, cases, head="echo bad > {odir}/state", pin="echo good > {odir}/state"):
        self.batch(cases, more=self.PINS % (head, pin))

    def test_four_ends_are_distinguished(self):
        self.pinned({"r/fine": '{ command: "true" }',
                     "r/broken_by_head": '{ command: "grep good {my_lib}/state" }',
                     "r/broken": '{ command: "echo it is broken; exit 3" }',
                     "r/no_machine": '{ cwd: "/no/such/directory", argv: ["true"] }'})
        done = self.run_it(code=1)
        ends = {j["id"][2:]: (j["status"], j["fallback"], j["reason"]) for j in self.results()["jobs"][2:]}
        self.assertEqual(ends, {"fine": ("PASSED", False, "none"), "broken_by_head": ("PASSED", True, "none"),
                                "broken": ("FAILED", False, "exit"), "no_machine": ("FAILED", False, "launch")})
        self.assertEqual(self.stages("r.broken"), [None, "pin"])
        self.assertEqual(self.stages("r.no_machine"), [None])  # a pin does not help here
        self.assertRegex(self.job("r.broken")["message"], "on 'pin': ")
        self.assertIn("broken_by_head (pin)", done.out)

    def test_a_case_that_compiles_on_the_pin_only_runs_on_the_pin(self):
        self.pinned({"r/a": '{ compile: "grep good {my_lib}/state > {out}/text", command: "grep -c good {out}/text" }'})
        self.run_it()
        self.assertEqual(self.stages("r.a.compile"), [None, "pin"])
        self.assertEqual(self.stages("r.a"), ["pin: compile", "pin"])
        self.assertEqual(self.results()["counts"]["fallback"], 2)
        self.assertTrue(self.path("scratch", "demo", "out", "r.a", "pin", "text").exists())

    def test_a_pin_that_cannot_be_built_costs_only_those_that_need_it(self):
        self.pinned({"r/fine": '{ command: "true" }', "r/broken": '{ command: "false" }'}, pin="false")
        self.run_it(code=1)
        self.assertEqual(self.statuses(), {"my-lib.head": "PASSED", "my-lib.pin": "FAILED", "r.fine": "PASSED",
                                           "r.broken": "FAILED"})
        self.assertEqual(self.stages("r.broken"), [None])

    def test_cases_may_be_in_several_places_and_runtimes_too(self):
        for name in ("here/r/a/case.hjson", "there/b/test.hjson"):
            self.write(name, '{ runtime: "r", command: "test -f {runtime_dir}/lib.so" }')
        self.write("lib/lib.so", "")
        self.config("""{ flow: "cases", name: "demo", runtimes: { r: { dir: "lib" } }
                         cases: [ { root: "here" }, { root: "there", glob: "*", file: "test.hjson" } ] }""")
        self.run_it()
        self.assertEqual(self.statuses(), {"r.a": "PASSED", "r.b": "PASSED"})

    def test_cases_start_in_the_order_of_their_numbers(self):
        self.batch({f"r/v{n}": '{ command: "true" }' for n in (1, 10, 9, 11, 2)})
        self.run_it()
        self.assertEqual(list(self.statuses()), ["r.v1", "r.v2", "r.v9", "r.v10", "r.v11"])

    def test_a_dependency_that_is_there_is_not_built(self):
        self.write("lib/state", "good")
        self.batch({"r/a": '{ command: "grep good {lib}/state" }'}, more='pins: { lib: { head: { dir: "lib" } } }')
        self.run_it()
        self.assertEqual(self.statuses(), {"r.a": "PASSED"})


class Ends(Cases):
    """Each case has one final result and all of its attempts, also after failures."""

    def all_have_one_end(self, cases):
        results = self.results()
        ends = {j["id"]: j for j in results["jobs"] if j["target"] not in ("build", "compile")}
        self.assertEqual(sorted(ends), sorted(c.replace("/", ".") for c in cases))
        self.assertEqual(len(results["jobs"]), results["counts"]["total"])
        for job in ends.values():
            self.assertIn(job["status"], ("PASSED", "FAILED", "KILLED"), job)
            self.assertEqual([a["number"] for a in job["attempts"]], list(range(1, len(job["attempts"]) + 1)))
        return ends

    def test_whatever_strikes_it(self):
        quick = '{ program: [{ compute: "2ms" }] }'
        cases = {f"r/good{i}": quick for i in range(4)}
        cases.update({
            "r/crash": quick, "r/once": quick, "r/poison": quick,
            "r/slow": '{ timeout: "300ms", program: [{ compute: "60s" }] }',
            "r/wrong": '{ program: [{ fail: "differs" }] }',
            "r/bad": '{ compile: "echo no such symbol; exit 1", image: "{out}/none.so" }',
            "s/other": '{ compile: ["true", "false"], program: [] }',
        })
        self.batch(cases, pool="""faults: [
            { on: "run", job: "r.crash", do: "crash", sig: "SEGV" }
            { on: "run", job: "r.once", attempt: 1, do: "crash", sig: "SEGV" }
            { on: "run", job: "r.poison", attempt: 1, do: "poison" } ]""",
                   top='defaults: { retries: { max: 2, on: "infra" } }')
        self.run_it(code=1)
        ends = self.all_have_one_end(cases)
        self.assertEqual({i[2:]: j["reason"] for i, j in ends.items() if j["status"] != "PASSED"},
                         {"crash": "breaks_devices", "slow": "timeout", "wrong": "wrong_result",
                          "bad": "dependency", "other": "dependency"})
        self.assertEqual(len(ends["r.once"]["attempts"]), 2)
        self.assertNotEqual(*[a["where"] for a in ends["r.once"]["attempts"]])
        # A compile error fails one case, with the compiler's message.
        self.assertEqual(ends["r.bad"]["cause"], "r.bad.compile")
        self.assertEqual(ends["s.other"]["cause"], "s.other.compile-2")

    def test_when_all_devices_are_quarantined(self):
        cases = {f"r/case{i}": '{ program: [{ compute: "2ms" }] }' for i in range(5)}
        self.batch(cases, pool='deadlock: "10ms", budgets: { queue: "60s" }, faults: [{ on: "open", do: "code", code: 507033 }]')
        done = self.run_it(code=3)
        ends = self.all_have_one_end(cases)
        self.assertEqual({j["reason"] for j in ends.values()}, {"no_device"})
        for device in range(3):
            self.assertIn(f"chips/{device} is quarantined", done.out)

    def test_a_runtime_that_cannot_be_built_costs_its_own_cases(self):
        cases = {"r/a": '{ program: [] }', "r/b": '{ program: [] }', "s/c": '{ program: [] }'}
        self.batch(cases, more='runtimes: { r: { build: "exit 4" }, s: {}, t: { build: "touch {scratch}/t" } }')
        self.run_it(code=1)
        ends = self.all_have_one_end(cases)
        self.assertEqual([(j["status"], j["cause"]) for j in ends.values()],
                         [("KILLED", "runtime.r"), ("KILLED", "runtime.r"), ("PASSED", None)])
        self.assertNotIn("runtime.t", self.statuses())  # no case is for it


class Sharing(Cases):
    def test_cases_of_a_runtime_share_workers(self):
        cases = {f"{r}/case{i}": '{ program: [{ compute: "1ms" }] }' for r in "rs" for i in range(8)}
        self.batch(cases, pool="pool: { max_streak: 1000 }, devices: [0]")
        self.run_it()
        devices = self.results()["run"]["backends"]["chips"]["devices"]
        self.assertLessEqual(sum(d["opened"] for d in devices), 3, devices)

    def test_compiling_holds_no_device_and_runs_beside(self):
        self.batch({"r/a": '{ compile: ["echo a > {out}/a", { argv: ["cp", "{case_dir}/case.hjson", "{out}/b"] }],'
                           ' program: [{ print: "{case} {runtime}" }] }'})
        self.run_it()
        self.assertEqual({j["id"]: j["attempts"][0]["where"].split("/")[0] for j in self.results()["jobs"]},
                         {"r.a.compile-1": "local", "r.a.compile-2": "local", "r.a": "chips"})
        self.assertEqual(sorted(p.name for p in self.path("scratch", "demo", "out", "r.a", "head").iterdir()),
                         ["a", "b", "case"])
        self.assertIn("a r", self.path("scratch", "demo", "r.a", "log").read_text())

    def test_a_runtime_is_what_its_cases_have_in_common(self):
        self.batch({"r/a": '{ command: "echo $WHO" }', "r/b": '{ command: "echo $WHO", env: { WHO: "b" } }'},
                   more='runtimes: { r: { tags: ["all"], env: { WHO: "{case} of {runtime}" }, build: "true" } }')
        self.run_it("-i", "@all")
        for case, want in (("a", "a of r"), ("b", "b")):
            self.assertIn(want, self.path("scratch", "demo", f"r.{case}", "log").read_text().splitlines())


class BadInput(Cases):
    def refused(self, *texts):
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, 2, done)
        for text in texts:
            self.assertIn(text, done.err)
        self.assert_left_nothing()
        return done

    def test_no_case(self):
        self.batch({})
        self.refused("cfg.hjson:6:26: error: there is no directory", "examples' to look for cases in")
        self.path("examples").mkdir()
        self.refused("cfg.hjson:6:44: error: no case found: no directory matches 'glob'")
        self.path("examples/r/a").mkdir(parents=True)
        self.refused("no case found: none of the directories that 'glob' matches has the marker",
                     "it matches 1 directory; a case has 'case.hjson'")

    def test_broken_files_are_all_reported(self):
        self.batch({"r/a": '{ program: [ }', "r/b": '{ programs: [] }', "r/c": '{ program: [], timeout: "soon" }',
                    "r/d": '{ program: [], needs: ["r.a"] }', "r/e": '{ compile: 7, program: [] }', "r/f": "{}"})
        done = self.refused("examples/r/a/case.hjson:1:", "examples/r/b/case.hjson:1:3: error: unknown key 'programs'",
                            "examples/r/c/case.hjson:1:25: error: 'timeout'",
                            "examples/r/d/case.hjson:1:16: error: unknown key 'needs'",
                            "examples/r/e/case.hjson:1:12: error: a build must be a command line")
        self.assertNotIn("examples/r/f", done.err)  # keys of devices are checked only if all files can be read
        for name in "abcde":
            shutil.rmtree(self.path("examples", "r", name))
        self.refused("examples/r/f/case.hjson:1:1: error: 'r.f' has nothing to run on a device")

    def test_a_runtime_that_is_not_there(self):
        self.batch({"ring/a": '{ program: [] }', "x/b": '{ runtime: "rinq", program: [] }'},
                   more="runtimes: { graph: {}, rings: {} }")
        self.refused("the case 'a' is for the runtime 'ring', which 'runtimes' does not have", "did you mean 'rings'?",
                     "examples/x/b/case.hjson:1:12: error: the case 'b' is for the runtime 'rinq'")

    def test_two_of_one_name(self):
        self.batch({"r/a": '{ program: [] }', "x/a": '{ runtime: "r", program: [] }',
                    "x/b": '{ runtime: "r", name: "a", program: [] }'})
        self.refused("examples/x/a/case.hjson:1:1: error: case 'r.a' is defined more than once",
                     "examples/r/a/case.hjson:1:1: note: the first is here",
                     "examples/x/b/case.hjson:1:23: error: case 'r.a' is defined more than once")

    def test_an_incomplete_case(self):
        self.config('{ flow: "cases", name: "demo", cases: { root: "examples", marker: ["golden.py"] } }')
        self.write("examples/r/a/golden.py", "")
        self.refused("cfg.hjson:1:68: error: case 'examples/r/a' is incomplete: 'case.hjson' is missing")

    def test_names_that_cannot_be(self):
        self.batch({"r/a": '{ program: [] }'}, more='runtimes: { "a/b": {}, r: {} }, pins: { "../x": { head: "true" }, y: {} }')
        self.refused("'a/b' cannot be the name of a runtime", "'../x' cannot be the name of a pinned dependency",
                     "'y' needs a 'head'")

    def test_positions_in_defaults_are_those_of_the_configuration(self):
        self.batch({"r/a": '{ program: [] }'}, top='defaults: { env: { A: "\\u0007" }, timeout: [] }')
        self.refused("cfg.hjson:4:")
