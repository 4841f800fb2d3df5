import { assert, describe, it } from "vitest"
import * as CommandLine from "../src/CommandLine.ts"

const unsaid: CommandLine.DaemonOptions = {
  file: "/etc/keepalived/keepalived.conf",
  foreground: false,
  logTarget: "syslog",
  logDetail: false,
  logFormat: "line",
  vrrp: true,
  balancer: true,
  keepServices: false,
  pidFile: "/run/holdfast.pid",
  vrrpPidFile: undefined,
  checkersPidFile: undefined,
  statsFile: "/run/holdfast.stats.json"
}

const read = (line: string): CommandLine.Command => CommandLine.read(line === "" ? [] : line.split(" "))

describe("CommandLine: the daemon", () => {
  const understood: ReadonlyArray<readonly [string, Partial<CommandLine.DaemonOptions>]> = [
    ["", {}],
    ["-f FILE", { file: "FILE" }],
    ["-fFILE", { file: "FILE" }],
    ["--use-file FILE", { file: "FILE" }],
    ["--use-file=FILE", { file: "FILE" }],
    ["-n", { foreground: true }],
    ["--dont-fork", { foreground: true }],
    ["-l", { logTarget: "console" }],
    ["--log-console", { logTarget: "console" }],
    ["-D", { logDetail: true }],
    ["--log-detail", { logDetail: true }],
    ["-G", { logTarget: "nowhere" }],
    ["--no-syslog", { logTarget: "nowhere" }],
    ["-G -l", { logTarget: "console" }],
    ["--log-format line", {}],
    ["--log-format=json", { logFormat: "json" }],
    ["-P", { balancer: false }],
    ["-I", { keepServices: true }],
    ["--vrrp", { balancer: false }],
    ["-C", { vrrp: false }],
    ["--check", { vrrp: false }],
    ["-P -C", {}],
    ["-p FILE", { pidFile: "FILE" }],
    ["--pid=FILE", { pidFile: "FILE" }],
    ["-r FILE", { vrrpPidFile: "FILE" }],
    ["--vrrp_pid=FILE", { vrrpPidFile: "FILE" }],
    ["-c FILE", { checkersPidFile: "FILE" }],
    ["--checkers_pid=FILE", { checkersPidFile: "FILE" }],
    ["--stats-file=FILE", { statsFile: "FILE" }],
    ["-nlD", { foreground: true, logTarget: "console", logDetail: true }],
    ["-nPfFILE", { balancer: false, foreground: true, file: "FILE" }]
  ]
  for (const [line, changes] of understood)
    it(`[${line}]`, () =>
      assert.deepStrictEqual(read(line), { _tag: "Run", options: { ...unsaid, ...changes } }))
})

describe("CommandLine: other commands", () => {
  const understood: ReadonlyArray<readonly [string, CommandLine.Command]> = [
    ["check FILE", { _tag: "Check", file: "FILE" }],
    ["genhash -s 192.0.2.1 -v", { _tag: "Genhash", words: ["-s", "192.0.2.1", "-v"] }],
    ["-t", { _tag: "Check", file: unsaid.file }],
    ["--config-test -f FILE", { _tag: "Check", file: "FILE" }],
    ["demo", { _tag: "Demo" }],
    ["-v", { _tag: "Version" }],
    ["--version", { _tag: "Version" }],
    ["-h", { _tag: "Help" }],
    ["--help --version", { _tag: "Help" }]
  ]
  for (const [line, command] of understood) it(`[${line}]`, () => assert.deepStrictEqual(read(line), command))
})

describe("CommandLine: what is not understood is named", () => {
  const misused: ReadonlyArray<readonly [string, string]> = [
    ["--nonsense", "--nonsense"],
    ["-x", "-x"],
    ["-nx", "-x"],
    ["start", "unknown command or argument start"],
    ["-n FILE", "unknown command or argument FILE"],
    ["-f", "--use-file"],
    ["-f -n", "--use-file"],
    ["--dont-fork=yes", "--dont-fork"],
    ["--log-format xml", "--log-format is line or json, not xml"],
    ["check", "check needs the name of one file"],
    ["check --nonsense", "check needs the name of one file"],
    ["check ONE TWO", "check takes one file, got also TWO"],
    ["demo FILE", "demo takes no argument, got FILE"]
  ]
  for (const [line, part] of misused)
    it(`[${line}]`, () => {
      const command = read(line)

      assert.strictEqual(command._tag, "Misused")
      if (command._tag === "Misused") assert.include(command.message, part)
    })
})

describe("CommandLine: help", () => {
  it("names every option", () => {
    const options = "-f -n -l -D -G -P -C -p -r -c -t -v -h --log-format --stats-file"
    for (const option of options.split(" "))
      assert.match(CommandLine.help, new RegExp(`^ .*${option}\\b`, "m"))
  })
})
