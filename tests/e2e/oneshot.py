# SPDX-License-Identifier: Apache-2.0
"""DVSim's one-shot flows: jobs that leave results.hjson, and its reports."""
import json

from harness import Story

MAKEFILE = """\
build:
	mkdir -p ${build_dir}
	cp ${proj_root}/$${RESULTS} ${build_dir}/results.hjson || true
"""

COMMON = """\
{
  flow_makefile: "{proj_root}/lint.mk", tool: "veriblelint", dut: "{name}"
  scratch_path: "{scratch_root}/{name}-{flow}-{tool}", build_dir: "{scratch_path}/{build_mode}"
  build_log: "{build_dir}/{tool}.log", build_cmd: "lint", build_opts: ["--all"], report_cmd: "", report_opts: []
  sv_flist_gen_cmd: "", sv_flist_gen_dir: "", sv_flist_gen_opts: []
  build_pass_patterns: [], build_fail_patterns: ["^FATAL"]
  exports: [{ RESULTS: "{name}.found" }]
  sub_flow: "fpv"
  report_severities: ["info", "warning", "error"], fail_severities: ["warning", "error"]
  message_buckets: [{ category: "flow", severity: "error", label: "" }, { category: "lint", severity: "warning", label: "" }
                    { category: "lint", severity: "error", label: "Bad Lint" }]
}
"""

SYN = """\
{ messages: { flow_errors: [], flow_warnings: ["w1", "w2"], analyze_errors: null, analyze_warnings: null
              elab_errors: [], elab_warnings: [], compile_errors: ["no such cell"], compile_warnings: [] }
  timing: { clk: { tns: 0.0, wns: -1.25, period: 10.0 } }
  area: { ge: 1.0, instances: { top: { depth: 0, comb: 1500, buf: 10, reg: 500, logic: 2000, macro: null, total: 2000 }
                                sub: { depth: 1, comb: 500, buf: 0, reg: 0, logic: 500, macro: null, total: 500 } } }
  power: { net: 1.5, int: 2.5, leak: 0.001 }
  units: { voltage: 1.0, capacitance: 1.0, time: 1e-9, dynamic: 1e-3, static: 1e-3 } }
"""

FORMAL = """\
{ messages: { errors: [], cex: ["prop_a", "prop_b"] }
  summary: { errors: 0, warnings: 2, proven: 20, cex: 2, undetermined: 0, covered: 18, unreachable: 0, pass_rate: "91 %", cov_rate: "90 %" } }
"""


class OneShot(Story):
    def setUp(self):
        super().setUp()
        self.write("lint.mk", MAKEFILE)
        self.write("common.hjson", COMMON)
        self.write("list.hjson", """{
  name: "both", flow: "lint", tool: "veriblelint"
  use_cfgs: [{ name: "clean", flow: "lint", import_cfgs: ["{proj_root}/common.hjson"] }
             { name: "dirty", flow: "lint", import_cfgs: ["{proj_root}/common.hjson"] }]
}""")
        self.write("clean.found", "{ lint_warning: [], lint_error: [] }")
        self.write("dirty.found", '{ lint_warning: ["one.sv:3: tab", "two.sv:9: blank"], lint_error: [] }')

    def run_flow(self, *words, **options):
        return self.dvsched("run", *words, "-pr", ".", "-sr", self.path("out"), "-br", "main", "--view", "none", **options)

    def test_configurations_and_jobs_can_be_left_out(self):
        for word in ("dirty", "dirty:default", "d*y"):
            self.assertEqual(self.run_flow("list.hjson", "-x", word).code, 0)
            self.assertEqual(list(self.statuses("out")), ["clean:default"])
        for word, text in (("nobody", "cannot leave out nobody: no build mode or configuration matches"),
                           ("*", "nothing to do")):
            done = self.run_flow("list.hjson", "-x", word)
            self.assertEqual(done.code, 2, done)
            self.assertIn(text, done.err)

    def test_only_what_failed_runs_again(self):
        self.write("lint.mk", MAKEFILE + "\ttest ${build_dir} != %s -o -e fixed\n" % self.path("out/dirty-lint-veriblelint/default"))
        self.assertEqual(self.run_flow("list.hjson").code, 1)
        self.assertEqual(self.statuses("out"), {"clean:default": "PASSED", "dirty:default": "FAILED"})
        done = self.run_flow("list.hjson", "--failed")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.statuses("out"), {"dirty:default": "FAILED"})
        self.assertNotIn("clean", done.out.lower())
        done = self.run_flow("list.hjson", "--failed", "-x", "dirty")
        self.assertEqual(done.code, 2, done)
        self.assertNotIn("any more", done.err)
        self.write("fixed", "")
        self.run_flow("list.hjson", "--failed")
        done = self.run_flow("list.hjson", "--failed")
        self.assertEqual(done.code, 0, done)
        self.assertIn("failed by what its jobs found", done.err)

    def single(self, flow, found):
        self.write("one.hjson", '{ name: "one", flow: "%s", import_cfgs: ["{proj_root}/common.hjson"] }' % flow)
        self.write("one.found", found)
        return self.run_flow("one.hjson")

    def report(self, name):
        with open(self.path(f"out/reports/{name}.json"), encoding="utf-8") as text:
            return json.load(text)

    def test_findings_fail_the_run_and_are_written(self):
        done = self.run_flow("list.hjson", "--instrument", "timing")
        self.assertEqual(done.code, 1, done)
        self.assertRegex(done.err, r"2 findings fail this run: .*/reports/index\.json")
        self.assertEqual(set(self.statuses("out").values()), {"PASSED"})
        self.assertEqual(self.results("out")["run"]["exit_code"], 1)
        self.assertRegex(done.out, r"\| DIRTY  \| +0 E +\| +2 W +\|")
        dirty = self.report("dirty")
        self.assertEqual(dirty["errors"], 2)
        self.assertEqual(dirty["build_modes"][0]["buckets"]["lint_warning"]["messages"], ["one.sv:3: tab", "two.sv:9: blank"])
        self.assertEqual(self.report("clean")["errors"], 0)
        with open(self.path("out/reports/index.html"), encoding="utf-8") as text:
            page = text.read()
        self.assertIn('<a href="./dirty.html">dirty</a>', page)
        self.assertIn('<a href="metrics.html">', page)
        with open(self.path("out/reports/dirty.html"), encoding="utf-8") as text:
            self.assertIn("one.sv:3: tab\ntwo.sv:9: blank\n", text.read())
        self.assertEqual(self.report("index")["flow_results"]["dirty"]["buckets"]["lint_warning"]["count"], 2)
        with open(self.path("out/reports/dirty.md"), encoding="utf-8") as text:
            self.assertIn("### Messages for Build Mode `'default'`\n#### Lint Warnings\n```\none.sv:3: tab\n", text.read())

    def test_clean_results_pass(self):
        done = self.run_flow("list.hjson", "--select-cfgs", "clean")
        self.assertEqual(done.code, 0, done)

    def test_severities_decide_what_fails(self):
        self.write("common.hjson", COMMON.replace('fail_severities: ["warning", "error"]', 'fail_severities: ["error"]'))
        self.assertEqual(self.run_flow("list.hjson").code, 0)

    def test_missing_results_are_an_error_of_the_flow(self):
        self.path("dirty.found").unlink()
        self.assertEqual(self.run_flow("list.hjson").code, 1)
        message, = self.report("dirty")["build_modes"][0]["buckets"]["flow_error"]["messages"]
        self.assertIn("dirty-lint-veriblelint/default/results.hjson", message)

    def test_broken_results_are_named_with_their_place(self):
        self.assertEqual(self.single("lint", "{\n lint_error: [ }").code, 1)
        message, = self.report("one")["build_modes"][0]["buckets"]["flow_error"]["messages"]
        self.assertRegex(message, r"results\.hjson:2:\d+: ")
        self.assertEqual(self.single("lint", '{ lint_error: "text" }').code, 1)

    def test_true_of_python_is_a_style_lint(self):
        for word, title in ("True", "ONE Style Lint"), ("true", "ONE Style Lint"), ('"FALSE"', "ONE Lint"), ("false", "ONE Lint"):
            self.write("one.hjson", '{ name: "one", flow: "lint", import_cfgs: ["{proj_root}/common.hjson"]\nis_style_lint: %s\n}' % word)
            self.write("one.found", "{ lint_error: [] }")
            done = self.run_flow("one.hjson")
            self.assertEqual(done.code, 0, done)
            self.assertIn(f"## {title} Results\n", done.out)
        self.write("one.hjson", '{ name: "one", flow: "lint", import_cfgs: ["{proj_root}/common.hjson"]\nis_style_lint: yes\n}')
        done = self.run_flow("one.hjson")
        self.assertEqual(done.code, 2, done)
        self.assertIn("one.hjson:2:16: error: 'is_style_lint' must be true or false", done.err)

    def test_an_inline_configuration_is_reported_with_its_place(self):
        self.write("list.hjson", '{ name: "both", flow: "lint"\n  use_cfgs: [\n    { name: "a"\n      nosuch: { }\n'
                   '      import_cfgs: ["{proj_root}/gone.hjson"] }\n    { tool: "x" } ] }')
        done = self.run_flow("list.hjson")
        self.assertEqual(done.code, 2, done)
        self.assertRegex(done.err, r"list\.hjson:5:21: error: the import .*gone\.hjson")
        self.assertRegex(done.err, r"list\.hjson:6:5: error: a configuration in a list needs a name")

    def test_build_modes_are_jobs(self):
        self.write("one.hjson", '{ name: "one", flow: "rdc", import_cfgs: ["{proj_root}/common.hjson"]\n'
                   '  build_modes: [{ name: "fast", build_opts: ["-f"] }] }')
        self.write("one.found", "{}")
        self.assertEqual(self.run_flow("one.hjson").code, 0)
        self.assertEqual(list(self.statuses("out")), ["one:default", "one:fast"])  # DVSim's order
        with open(self.path("out/one-rdc-veriblelint/fast/build.log"), encoding="utf-8") as log:
            self.assertIn("build_opts='-f --all' build_timeout_mins=None", log.read())

    def test_meridians_reports_become_results(self):
        self.write("lint.mk", """\
build:
	mkdir -p ${build_dir}/REPORT
	cp ${proj_root}/new.rpt ${build_dir}/REPORT/mcdc.new.rpt
	echo '{-status} {Waived} {-id} {1}' > ${build_dir}/REPORT/mcdc.all.rpt
""")
        self.write("common.hjson", COMMON.replace('category: "lint", severity: "warning"', 'category: "cdc", severity: "warning"'))
        self.write("new.rpt", "Summary of Policy: NEW\n GROUP  MCDC_ANALYSIS_CHECKS  1 0\n GROUP  WARNING  1  0\n"
                   "  INSTANCE  W_CNTL  1  0\n\nRule Details of Policy: NEW\nW_CNTL:   1 top.u_sync\n")
        self.write("one.hjson", '{ name: "one", flow: "cdc", import_cfgs: ["{proj_root}/common.hjson"] }')
        self.assertEqual(self.run_flow("one.hjson").code, 1)
        buckets = self.report("one")["build_modes"][0]["buckets"]
        self.assertEqual(buckets["cdc_warning"]["messages"], ["W_CNTL:   1 top.u_sync"])
        self.assertEqual(buckets["waived_review"]["count"], 1)
        self.assertEqual(self.run_flow("one.hjson").code, 1)
        self.assertTrue(self.path("out/one-cdc-veriblelint/default/results.hjson.old").exists())

    def test_synthesis_shows_area_timing_and_power(self):
        done = self.single("syn", SYN)
        self.assertEqual(done.code, 1, done)
        self.assertIn("| default      |       2 W       |      0 E      |         --         |        --", done.out)
        self.assertIn("| **top**    | **1.5** |", done.out)
        self.assertIn("|   25.0 %u   |", done.out)
        self.assertIn("| clk          |    10    | -1.25 EN | 0.00 EN |", done.out)
        self.assertIn("| 1.5 / 37.5 % |", done.out)
        self.assertEqual(self.report("one")["build_modes"][0]["results"]["units"]["time"], 1e-9)

    def test_formal_runs_may_fail_but_not_for_dvsim(self):
        done = self.single("formal", FORMAL)
        self.assertEqual(done.code, 1, done)
        self.assertIn("cex:\n```\nprop_a\nprop_b\n```\n", done.out)
        self.assertEqual(self.report("one")["build_modes"][0]["results"]["summary"]["proven"], 20)
        self.assertEqual(self.report("one")["errors"], 2)

    def test_results_without_their_main_part_are_an_error(self):
        done = self.single("formal", "{ messages: { } }")
        self.assertEqual(done.code, 1, done)
        self.assertRegex(done.out, r"results\.hjson: the object 'summary' is missing")
        done = self.single("syn", "{ area: { } }")
        self.assertEqual(done.code, 1, done)
        self.assertRegex(done.out, r"results\.hjson: the object 'messages' is missing")

    def test_lists_that_are_empty_and_of_no_interest_are_left_out(self):
        done = self.single("lint", '{ lint_error: [], flow_info: [], lint_review: ["seen"] }')
        self.assertIn("|  Lint Warnings  |  Bad Lint  |  lint_review  |", done.out)
        self.assertNotIn("flow_info", done.out)

    def test_modes_are_listed(self):
        self.write("one.hjson", '{ name: "one", flow: "rdc", import_cfgs: ["{proj_root}/common.hjson"], build_modes: [{ name: "fast" }] }')
        done = self.dvsched("list", "one.hjson", "-pr", ".", "-sr", self.path("out"))
        self.assertEqual(done.code, 0, done)
        self.assertIn("fast", done.out)
