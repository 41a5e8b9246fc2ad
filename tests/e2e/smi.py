# SPDX-License-Identifier: Apache-2.0
"""Stories of driver command: devices that a tool lists, lent to commands. The tool here behaves
like real ones: it prints warnings first, reports errors on standard output, hangs, and translates its messages."""

import json
import os
import pathlib
import select
import signal
import time
import unittest

from harness import PATIENCE_S, SOURCE, Story, pids_with

# Files beside it control its behaviour. Each call adds a line to `calls`.
TOOL = r"""#!/bin/sh
cd "$(dirname "$0")" || exit 70
echo "$*" >> calls
[ ! -e hangs ] || { touch hanging; sleep 600; }
[ ! -e warning ] || { cat warning; cat warning >&2; }
[ ! -e status ] || { echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."; exit "$(cat status)"; }
point=.; [ "$LC_ALL" = C ] || point=,
list() {
	[ -e "lost.$1" ] || { echo "$1, GPU-00$1-uuid, NVIDIA H100 80GB HBM3, 00000000:0$1:00.0, 79${point}5 GiB"; return; }
	echo "Unable to determine the device handle for GPU000$1: GPU is lost.  Reboot the system to recover this GPU"
	status=15
}
status=0
case $1 in
-i) list "$2" ;;
*) for i in $(cat gpus); do list "$i"; done ;;
esac
exit $status
"""

QUERY = "--query-gpu=index,uuid,name,pci.bus_id,memory.total --format=csv,noheader"


class Smi(Story):
    def setUp(self):
        super().setUp()
        self.tool = self.write("bin/nvidia-smi", TOOL, 0o755)
        self.have("0 1")

    def have(self, gpus):
        self.write("bin/gpus", gpus)

    def calls(self):
        path = self.path("bin", "calls")
        return path.read_text().splitlines() if path.exists() else []

    def environ(self, extra=None):
        path = f"{self.dir / 'bin'}:{os.environ['PATH']}"
        return super().environ({"PATH": path, "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", **(extra or {})})

    def pool(self, jobs, options="", more="", name="cfg.hjson"):
        self.config(f"""{{
          flow: jobs
          name: demo
          backends: {{ gpu: {{ type: "chips", driver: "command", {more}
            options: {{
              probe: "nvidia-smi {QUERY}"
              {options}
            }} }} }}
          jobs: [
            {jobs}
          ]
        }}""", name)

    HEALTH = f'health: "nvidia-smi -i $DVSCHED_DEVICE {QUERY}"'

    def run_it(self, *options, code=0, name="cfg.hjson"):
        done = self.dvsched("run", name, "--view", "none", *options)
        self.assertEqual(done.code, code, done)
        return done

    def list(self):
        done = self.dvsched("chips", "cfg.hjson", "--json")
        self.assertEqual(done.code, 0, done)
        return json.loads(done.out)

    def attempts(self, name="a", scratch="scratch"):
        return next(j for j in self.results(scratch)["jobs"] if j["id"] == name)["attempts"]

    def log(self, name="a"):
        return self.path("scratch", "demo", name, "log").read_text().split("\n\n", 1)[1]

    def until(self, is_so):
        end = time.monotonic() + PATIENCE_S
        while not is_so():
            self.assertLess(time.monotonic(), end)
            select.select([], [], [], 0.01)


class Listing(Smi):
    def test_the_tools_devices_are_the_pools(self):
        self.pool('{ name: "a", command: "true" }')
        self.write("bin/warning", "WARNING: infoROM is corrupted at gpu 0000:00:00.0\n")
        first, second = self.list()
        self.assertEqual((first["pool"], first["id"], first["model"], first["driver"]),
                         ("gpu", 0, "NVIDIA H100 80GB HBM3", "command"))
        self.assertEqual(first["driver_detail"], "GPU-000-uuid, 00000000:00:00.0")
        self.assertEqual(second["id"], 1)
        # Not with the decimal comma of the user's language.
        self.assertEqual(first["mem_total"], 79.5 * 2 ** 30)

    def test_a_node_is_found_by_the_pci_bus(self):
        nodes = {p.name: int(p.joinpath("numa_node").read_text()) for p in pathlib.Path("/sys/bus/pci/devices").glob("*")
                 if p.joinpath("numa_node").exists()}
        name = next((n for n in sorted(nodes) if nodes[n] >= 0), next(iter(sorted(nodes)), None))
        if name is None:
            self.skipTest("no PCI devices here")
        self.pool("", options=f'line: "^(?<id>[0-9]), [^,]*, [^,]*, (?<pci>[^,]*)"')
        self.write("bin/nvidia-smi", f"#!/bin/sh\necho 0, x, y, 0000{name.upper()}\n", 0o755)
        self.assertEqual(self.list()[0]["numa"], nodes[name])

    def test_a_tool_that_fails_is_no_mistake_of_the_user(self):
        self.pool('{ name: "a", command: "true", devices: 1 }')
        self.write("bin/status", "9")
        done = self.run_it(code=3)
        self.assertRegex(done.err, r"cfg.hjson:4:\d+: error: driver command: probe\(\) failed: `nvidia-smi --query-gpu=\S+ "
                                   r"--format=csv,noheader` exited with status 9: NVIDIA-SMI has failed because it couldn't")
        self.path("bin", "status").unlink()
        self.have("")
        self.assertIn("the driver 'command' has no device here", self.run_it(code=2).err)
        self.write("bin/gpus", "0 1")
        self.path("bin", "hangs").touch()
        self.pool('{ name: "a", command: "true", devices: 1 }', options='timeout: "200ms"')
        self.assertIn("did not end within 0.2", self.run_it(code=3).err)
        self.path("bin", "nvidia-smi").unlink()
        self.pool('{ name: "a", command: "true", devices: 1 }')
        self.assertIn("exited with status 127: ", self.run_it(code=3).err)
        self.assert_left_nothing()

    def test_wrong_options_have_a_place(self):
        for options, place, words in (('helth: "true"', "7:15", "options: unknown key 'helth'; did you mean 'health'?"),
                                      ('line: "(?<id>"', "7:15", "line: is no pattern: missing "),
                                      ('line: "(?<id>[0-9])(?<uid>.)"', "7:15", "line: has a group 'uid'"),
                                      ('health: "./check"', "7:15", "health: './check' must be an absolute path"),
                                      ('timeout: "soon"', "7:15", "'timeout' must be a duration from 10ms")):
            self.pool('{ name: "a", command: "true", devices: 1 }', options=options)
            done = self.run_it(code=2)
            self.assertIn(words, done.err)
            self.assertRegex(done.err, rf"(?m)^cfg.hjson:{place.split(':')[0]}:\d+: error: ")
        self.pool('{ name: "a", command: "true", devices: 1 }', more='platform: "x",')
        self.assertIn("unknown key 'platform'", self.run_it(code=2).err)

    def test_nothing_runs_on_devices_that_are_only_lent(self):
        self.pool('{ name: "a", backend: "gpu", program: ["print x"] }')
        self.assertIn("'program' of 'a' cannot run on the devices of 'gpu', which are only lent to commands",
                      self.run_it(code=2).err)
        self.assert_left_nothing()

    def test_it_passes_the_check_of_drivers(self):
        options = {"probe": f"nvidia-smi {QUERY}", "health": f"nvidia-smi -i $DVSCHED_DEVICE {QUERY}"}
        done = self.dvsched("chips", "check", "--driver", "command", "--device", "1", "--options", json.dumps(options))
        self.assertEqual(done.code, 0, done)
        self.assertRegex(done.out, r" 0 failed, \d+ skipped\n$")
        done = self.dvsched("chips", "drivers")
        self.assertRegex(done.out, r"(?m)^command +1 +- +health lend-only ")


class Lending(Smi):
    SHOW = "echo $CUDA_VISIBLE_DEVICES; test ! -e bin/lost.$CUDA_VISIBLE_DEVICES"

    def job(self, name="a", command=None, more=""):
        return (f'{{ name: "{name}", devices: 1, devices_env: "CUDA_VISIBLE_DEVICES", cwd: "{self.dir}",'
                f' command: "{command or self.SHOW}", {more} }}')

    def test_a_command_gets_a_device_and_its_tool_is_left_alone(self):
        self.pool(self.job(), options=self.HEALTH)
        self.run_it()
        self.assertIn(self.log(), ("0\n", "1\n"))
        self.assertEqual(len(self.calls()), 1)  # the list, when the configuration was read

    def test_a_name_is_lent_where_numbers_mean_something_else(self):
        self.pool('{ name: "a", devices: 2, command: "echo $CUDA_VISIBLE_DEVICES $DVSCHED_DEVICES" }',
                  options='lend: "name"', more='devices_env: "CUDA_VISIBLE_DEVICES",')
        self.run_it()
        self.assertEqual(self.log(), "GPU-000-uuid,GPU-001-uuid 0,1\n")
        self.assertEqual(len(self.calls()), 1)  # not once more for each device
        self.pool('{ name: "a", devices: 1, command: "true" }', options='lend: "uuid"')
        self.assertIn('lend must be "id" or "name"', self.run_it(code=2).err)

    def test_a_device_that_falls_off_the_bus_between_two_jobs_costs_no_job(self):
        self.have("0 1")
        self.pool(self.job("first", "touch bin/lost.0", "weight: 9") + "\n" + self.job("then", more='needs: ["first"]'),
                  options=self.HEALTH, more='devices: "0-1",')
        done = self.run_it()
        attempts = self.attempts("then")
        self.assertEqual([(a["where"], a["reason"]) for a in attempts], [("gpu/0", "wedge"), ("gpu/1", "none")])
        self.assertRegex(attempts[0]["message"], r"non-zero exit code: 1; then device 0 does not open any more: `nvidia-smi -i "
                                                 r".*` exited with status 15: Unable to determine the device handle")
        self.assertIn("gpu/0 is quarantined", done.out)
        self.assertIn("`nvidia-smi -i $DVSCHED_DEVICE", done.out)
        # The tool now fails as a whole, and so does the next run, unless it is asked to take what is listed.
        self.assertIn("exited with status 15: Unable to determine", self.run_it(code=3).err)
        self.pool(self.job(), options=self.HEALTH)
        self.path("cfg.hjson").write_text(self.path("cfg.hjson").read_text().replace("noheader\"", "noheader || true\"", 1))
        self.run_it()
        self.assertEqual([a["where"] for a in self.attempts()], ["gpu/1"])

    def test_without_a_command_for_health_a_device_must_be_listed(self):
        self.pool(self.job(command="echo 1 > bin/gpus; test $CUDA_VISIBLE_DEVICES = 1"))
        self.run_it()
        attempts = self.attempts()
        self.assertEqual([(a["where"], a["reason"]) for a in attempts], [("gpu/0", "wedge"), ("gpu/1", "none")])
        self.assertIn("probe does not list device 0", attempts[0]["message"])

    def test_a_job_that_fails_on_a_good_device_failed_itself(self):
        self.pool(self.job(command="exit 7"), options=self.HEALTH)
        self.run_it(code=1)
        attempt = self.attempts()[-1]
        self.assertEqual((attempt["reason"], attempt["details"]["blame"]), ("exit", "job"))
        self.assertEqual([d["probe"] for d in attempt["details"]["borrowed"]], ["ok"])

    def test_a_tool_that_is_gone_says_nothing_of_the_device(self):
        self.pool(self.job(command="rm bin/nvidia-smi; exit 7"), options=self.HEALTH)
        self.run_it(code=1)
        self.assertEqual(self.attempts()[-1]["reason"], "exit")
        self.assertEqual(self.results()["run"]["backends"]["gpu"]["devices"][0]["health"], "unknown")

    def test_a_check_of_ones_own_goes_before_health(self):
        self.pool(self.job(command="test $CUDA_VISIBLE_DEVICES = 1"),
                  options=self.HEALTH + '\nopen_check: "echo no kernel ran on $DVSCHED_DEVICE; exit $((1 - DVSCHED_DEVICE))"')
        self.run_it()
        self.assertEqual([(a["where"], a["reason"]) for a in self.attempts()], [("gpu/0", "wedge"), ("gpu/1", "none")])
        self.assertIn("exited with status 1: no kernel ran on 0", self.attempts()[0]["message"])

    def test_a_tool_that_hangs_over_a_device_is_ended_and_tells_on_it(self):
        # The time limit holds for the list, too, also on slow machines.
        self.pool(self.job(command="touch bin/hangs; test $CUDA_VISIBLE_DEVICES = 1"),
                  options=self.HEALTH + '\ntimeout: "4s"')
        self.run_it()
        self.assertEqual([(a["where"], a["reason"]) for a in self.attempts()], [("gpu/0", "wedge"), ("gpu/1", "none")])
        self.assertIn("did not end within 4", self.attempts()[0]["message"])

    def test_no_tool_outlives_dvsched(self):
        self.pool(self.job(command="touch bin/hangs; false"), options=self.HEALTH + '\ntimeout: "1h"')
        process = self.start("run", "cfg.hjson", "--view", "none")
        self.until(self.path("bin", "hanging").exists)
        process.send_signal(signal.SIGKILL)
        self.finish(process)
        self.until(lambda: not pids_with(self.cookie))

    def test_no_tool_outlives_dvsched_while_it_lists(self):
        self.pool(self.job(), options='timeout: "1h"')
        self.path("bin", "hangs").touch()
        process = self.start("run", "cfg.hjson", "--view", "none")
        self.until(self.path("bin", "hanging").exists)
        process.send_signal(signal.SIGKILL)
        self.finish(process)
        self.until(lambda: not pids_with(self.cookie))

    def test_two_runs_share_the_devices(self):
        guard = "mkdir on.$CUDA_VISIBLE_DEVICES && sleep 0.01 && rmdir on.$CUDA_VISIBLE_DEVICES"
        sweep = 'sweep: { i: "1..15" }'
        self.pool(self.job("a.{i}", guard, sweep))
        self.pool(self.job("a.{i}", guard, sweep), name="other.hjson")
        runs = [self.start("run", "cfg.hjson", "--view", "none"),
                self.start("run", "other.hjson", "--view", "none", "-sr", "elsewhere")]
        for process in runs:
            done = self.finish(process)
            self.assertEqual(done.code, 0, done)
        for scratch in ("scratch", "elsewhere"):
            self.assertEqual(self.results(scratch)["counts"]["passed"], 15)

    def test_tools_of_two_kinds_list_devices_of_two_kinds(self):
        self.config('{ flow: jobs\n name: demo\n backends: {\n'
                    '  gpu: { type: "chips", driver: "command", options: { probe: "nvidia-smi -L" } }\n'
                    '  card: { type: "chips", driver: "command", options: { probe: "seq 0 1" } }\n }\n'
                    ' jobs: [ { name: "a", devices: "gpu:1", command: "true" }, { name: "b", devices: "card:1", command: "true" } ] }')
        self.run_it()
        self.assertEqual(sorted(p.name for p in self.path("state").glob("*-0.json")), ["nvidia-0.json", "seq-0.json"])


class Manual(Smi):
    """The examples of docs/guides/gpus.md, with tools that print what their documentation shows."""

    SAMPLES = {
        "amd-smi": ("list --csv", "gpu,gpu_bdf,gpu_uuid\n0,0000:0c:00.0,c0ff74a1-0000-1000-80b1-06985c515c91\n"
                                  "1,0000:0d:00.0,c1ff74a1-0000-1000-80b1-06985c515c91\n"),
        "xpu-smi": ("discovery --dump 1,2,11", 'Device ID,Device Name,PCI BDF Address\n0,"Data Center GPU Flex 170",0000:4d:00.0\n'
                                               '1,"Data Center GPU Flex 170",0000:4e:00.0\n'),
        "npu-smi": ("info -l", "Total Count                    : 2\nNPU ID                         : 0\n"
                               "Chip Count                     : 2\nNPU ID                         : 1\n"),
        "tt-smi": ("-ls", "Gathering Information \u2501\u2501 100% 0:00:00\n  All available boards on host:\n"
                          "\u2503 PCI Dev ID \u2503 Board Type \u2503\n\u2502 0          \u2502 Wormhole   \u2502\n"
                          "\u2502 1          \u2502 Wormhole   \u2502\n\u2502 N/A        \u2502 Wormhole   \u2502\n"
                          "  Boards that can be reset:\n\u2502 0          \u2502 Wormhole   \u2502\n"),
    }

    def block(self, number):
        manual = (SOURCE / "docs" / "guides" / "gpus.md").read_text(encoding="utf-8")
        return manual.split("```hjson\n")[number].split("```")[0]

    def by_hand(self, devices, command, code=0):
        done = self.dvsched("run", "--view", "none", "--devices", devices, "--", "sh", "-c", command)
        self.assertEqual(done.code, code, done)
        return self.path("scratch", "command", "sh", "log").read_text()

    def test_the_first_job(self):
        self.write("dvsched-pools.hjson", self.block(1))
        self.assertIn("gpu/1", self.dvsched("chips", "dvsched-pools.hjson").out)
        self.assertIn("on GPU-000-uuid\n", self.by_hand("gpu:1", "echo on $CUDA_VISIBLE_DEVICES"))
        self.by_hand("gpu:1", "exit 7", code=1)
        self.assertEqual(self.calls()[-1], "-i 0 --query-gpu=index --format=csv,noheader")

    def test_instances_of_a_divided_gpu(self):
        self.write("bin/nvidia-smi", "#!/bin/sh\n"
                   "echo 'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-4200ccc0-2667-d4cb-9137-f932c716232a)'\n"
                   "echo '  MIG 3g.20gb     Device  0: (UUID: MIG-c7384736-a75d-5afc-978f-d2f1294409fd)'\n"
                   "echo '  MIG 3g.20gb     Device  1: (UUID: MIG-a28ad590-3fda-56dd-84fc-0a0b96edc58d)'\n", 0o755)
        self.write("dvsched-pools.hjson", self.block(3))
        self.assertIn("MIG-c7384736-a75d-5afc-978f-d2f1294409fd,MIG-a28ad590-3fda-56dd-84fc-0a0b96edc58d\n",
                      self.by_hand("mig:2", "echo $CUDA_VISIBLE_DEVICES"))
        # They are destroyed while the first one is lent.
        self.by_hand("mig:1", "test $DVSCHED_DEVICES = 1 || { sed -i /MIG/d %s; exit 7; }" % self.path("bin", "nvidia-smi"))
        attempts = self.results()["jobs"][0]["attempts"]
        self.assertEqual([(a["where"], a["reason"]) for a in attempts], [("mig/0", "wedge"), ("mig/1", "none")])
        self.assertIn("probe does not list device 0", attempts[0]["message"])

    def test_other_tools(self):
        self.write("cfg.hjson", self.block(4))
        for tool, (arguments, text) in self.SAMPLES.items():
            self.write(f"bin/{tool}.txt", text)
            self.write(f"bin/{tool}", f'#!/bin/sh\n[ "$*" = "{arguments}" ] || exit 2\ncat {self.dir}/bin/{tool}.txt\n', 0o755)
        devices = self.list()
        self.assertEqual([(d["pool"], d["id"]) for d in devices],
                         [(p, i) for p in ("amd", "xpu", "npu", "tt") for i in (0, 1)])
        self.assertEqual({d["pool"]: d["model"] for d in devices},
                         {"amd": "", "xpu": "Data Center GPU Flex 170", "npu": "", "tt": "Wormhole"})
        self.assertIn("0000:0c:00.0", devices[0]["driver_detail"])
        for words, code in (("OK", 0), ("Warning", 0), ("Alarm", 3), ("UNKNOWN", 3)):
            self.write("bin/npu-smi", '#!/bin/sh\ncase "$*" in "info -l") cat %s/bin/npu-smi.txt ;;\n'
                       '"info -t health -i 1") echo "        Health                         : %s" ;;\n*) exit 2 ;; esac\n'
                       % (self.dir, words), 0o755)
            done = self.dvsched("chips", "probe", "npu/1", "cfg.hjson")
            self.assertEqual(done.code, code, done)


if __name__ == "__main__":
    unittest.main()
