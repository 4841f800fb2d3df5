/**
 * The documentation says what the code does: names that the code defines are on their reference page.
 */
import * as Keywords from "@holdfast/config/Keywords"
import { EngineEvent } from "@holdfast/engine/EngineEvent"
import { ForwardingPlaneError } from "@holdfast/engine/ForwardingPlane"
import { LatenessSummary } from "@holdfast/engine/Lateness"
import { EngineStatus, RouterStatus } from "@holdfast/engine/Status"
import * as NetlinkError from "@holdfast/netlink/NetlinkError"
import { Counter, DropReason, Fault, Mismatch, TransitionCause } from "@holdfast/vrrp/Action"
import { assert, describe, it } from "@effect/vitest"
import {
  casesOf,
  common,
  declarationOf,
  fencedIn,
  missingFrom,
  propertiesOf,
  read,
  sectionOf,
  sources
} from "./Pages.ts"

describe("reference pages", () => {
  it.each(Keywords.all)("configuration.md has every keyword of %s", (section) => {
    assert.deepStrictEqual(missingFrom("docs/reference/configuration.md", Keywords.namesOf(section)), [])
  })

  it.each(Object.entries(EngineEvent.cases))("events.md has %s with every field", (name, { fields }) => {
    const section = sectionOf("docs/reference/events.md", name)

    assert.isNotEmpty(section)
    assert.deepStrictEqual(
      Object.keys(fields).filter((field) => !common.has(field) && !section.includes(`\`${field}\``)),
      []
    )
  })

  it("events.md has every cause, fault and mismatch, and every field of them", () => {
    const unions = [TransitionCause, Fault, Mismatch].flatMap(({ cases }) => Object.entries(cases))
    const names = unions.flatMap(([name, { fields }]) => [name].concat(Object.keys(fields)))

    assert.deepStrictEqual(
      missingFrom(
        "docs/reference/events.md",
        names.filter((name) => !common.has(name))
      ),
      []
    )
  })

  it.each(casesOf(balancerEvent, "BalancerEvent"))("events.md has %s with every field", (name, fields) => {
    const section = sectionOf("docs/reference/events.md", name)

    assert.isNotEmpty(section)
    assert.deepStrictEqual(
      fields.filter((field) => !section.includes(`\`${field}\``)),
      []
    )
  })

  it.each(casesOf(trackingEvent, "TrackingEvent"))("events.md has %s with every field", (name, fields) => {
    const section = sectionOf("docs/reference/events.md", name)

    assert.isNotEmpty(section)
    assert.deepStrictEqual(
      fields.filter((field) => !section.includes(`\`${field}\``)),
      []
    )
  })

  it("events.md has what scripts and watches of processes report, and how mail is lost", () => {
    const outcomes = casesOf("packages/vrrp/src/tracking/ScriptTracker.ts", "Outcome")
    const scripts = casesOf("packages/vrrp/src/tracking/ScriptTracker.ts", "Report")
    const watches = casesOf("packages/engine/src/tracking/ProcessWatch.ts", "WatchReport")
    const losses = casesOf("packages/engine/src/notification/VrrpNotifications.ts", "NotificationReport")

    assert.lengthOf(casesOf(trackingEvent, "TrackingEvent"), 6)
    assert.lengthOf(outcomes, 5)
    assert.lengthOf(scripts, 3)
    assert.lengthOf(watches, 2)
    assert.lengthOf(losses, 2)
    assert.deepStrictEqual(
      missingFrom("docs/reference/events.md", [outcomes, scripts, watches, losses].flat(3)),
      []
    )
  })

  it("status.md has every field of tracking", () => {
    const fields = [
      ["Tracking", "TrackingStatus"],
      ["TrackedScripts", "ScriptStatus"],
      ["TrackedProcesses", "ProcessStatus"],
      ["TrackedFiles", "FileStatus"]
    ] as const
    const names = fields.flatMap(([file, type]) =>
      propertiesOf(declarationOf(`packages/engine/src/tracking/${file}.ts`, type))
    )

    assert.isAtLeast(names.length, 14)
    assert.deepStrictEqual(missingFrom("docs/reference/status.md", names), [])
  })

  it("events.md has what balancers report", () => {
    const losses = casesOf("packages/engine/src/Notifier.ts", "NotifierReport")
    const applied = propertiesOf(declarationOf(balancerEvent, "BalancerReport"))

    assert.lengthOf(casesOf(balancerEvent, "BalancerEvent"), 17)
    assert.lengthOf(losses, 3)
    assert.lengthOf(applied, 4)
    assert.deepStrictEqual(missingFrom("docs/reference/events.md", [...losses.flat(2), ...applied]), [])
  })

  it("status.md has every field of a balancer", () => {
    const fields = [
      [
        "packages/engine/src/balancer/BalancerStatus.ts",
        ["BalancerStatus", "VirtualServerStatus", "ServiceCounts"]
      ],
      ["packages/balancer/src/ServerStatus.ts", ["ServerStatus", "VirtualServerStatus", "CheckStatus"]],
      ["packages/engine/src/ForwardingPlane.ts", ["ServiceStatistics", "DestinationStatistics"]],
      ["packages/balancer/src/Member.ts", ["Finding"]]
    ] as const
    const names = fields.flatMap(([path, types]) =>
      types.flatMap((type) => propertiesOf(declarationOf(path, type)))
    )
    const probes = casesOf("packages/balancer/src/Probe.ts", "Probe").map(([tag]) => tag)

    assert.isAbove(names.length, 30)
    assert.lengthOf(probes, 9)
    assert.deepStrictEqual(missingFrom("docs/reference/status.md", [...names, ...probes]), [])
  })

  it("status.md shows a status as it is", () => {
    const [shown] = fencedIn("docs/reference/status.md", "json").map((text) => JSON.parse(text) as object)
    const names = [
      ...propertiesOf(declarationOf("packages/engine/src/balancer/BalancerStatus.ts", "VirtualServerStatus")),
      ...propertiesOf(declarationOf("packages/balancer/src/ServerStatus.ts", "VirtualServerStatus"))
    ]

    assert.sameMembers(Object.keys(shown!), names)
  })

  it("status.md has every field, counter and drop reason", () => {
    const { rival, lastHeard, trackers } = RouterStatus.fields
    const parts = [rival.schema, lastHeard.schema, trackers.value, EngineStatus.fields.groups.value]
    const fields = [EngineStatus, RouterStatus, LatenessSummary, ...parts].flatMap((schema) =>
      Object.keys(schema.fields)
    )
    const shown = fields.filter((name) => !headings.has(name) && name !== "statistics")

    assert.deepStrictEqual(
      missingFrom("docs/reference/status.md", [...shown, ...Counter.literals, ...DropReason.literals]),
      []
    )
  })

  it("errors.md has every error of the code, and every reason of a netlink error", () => {
    const errors = sources
      .filter((path) => path.includes("/src/") && !path.startsWith("packages/simulation"))
      .flatMap((path) =>
        [...read(path).matchAll(/Schema\.TaggedError<\w+>\(\)\("(\w+)"/g)].map(([, name]) => name!)
      )
    const text = read("docs/reference/errors.md")

    assert.isAbove(errors.length, 5)
    assert.deepStrictEqual(
      errors.filter((name) => !text.includes(name)),
      []
    )
    const reasons = [...NetlinkError.Reason.literals, ...ForwardingPlaneError.fields.reason.literals]
    assert.deepStrictEqual(missingFrom("docs/reference/errors.md", reasons), [])
  })

  it("scripts.md has every reason why a script may not run", () => {
    const refusal = declarationOf("packages/linux/src/script/ScriptPolicy.ts", "Refusal")
    const reasons = [...refusal.matchAll(/"(\w+)"/g)].map(([, reason]) => reason!)

    assert.isAbove(reasons.length, 5)
    assert.deepStrictEqual(missingFrom("docs/reference/scripts.md", reasons), [])
  })

  it("embedding.md has every option of a router, and every method", () => {
    const types = ["RouterOptions", "PeerOptions", "VirtualMacOptions", "PasswordOptions", "HmacOptions"]
    const options = [...types, "TrackerOptions", "SharedOptions", "GroupOptions"].flatMap((type) =>
      propertiesOf(declarationOf("packages/holdfast/src/RouterOptions.ts", type))
    )
    const methods = propertiesOf(declarationOf("packages/holdfast/src/Holdfast.ts", "Holdfast"))
    const code = [...read("docs/guide/embedding.md").matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!)
    const words = new Set(code.flatMap((text) => text.split(/\W+/)))

    assert.isAbove(options.length, 30)
    assert.lengthOf(methods, 5)
    assert.deepStrictEqual(
      [...options, ...methods].filter((name) => !words.has(name)),
      []
    )
  })

  it("load-balancing.md has every scheduler that nf_tables does otherwise", () => {
    const substitutes =
      /const substitutes[^]*?\n}/.exec(read("packages/balancer/src/Approximation.ts"))?.[0] ?? ""
    const schedulers = [...substitutes.matchAll(/^ {2}(\w+): "(\w+):/gm)]

    assert.isAbove(schedulers.length, 5)
    assert.deepStrictEqual(
      schedulers.filter(
        ([, scheduler, instead]) =>
          !new RegExp(`^\\| [^|]*\`${scheduler}\`[^|]* \\| \`${instead}\` `, "m").test(
            read("docs/guide/load-balancing.md")
          )
      ),
      []
    )
  })

  it("command.md has every exit code and every option", () => {
    const page = read("docs/reference/command.md")
    const codes = [...read("apps/holdfast/src/ExitCode.ts").matchAll(/^export const \w+ = (\d+)$/gm)]
    const commands = ["CommandLine", "GenhashCommand"].map((file) => read(`apps/holdfast/src/${file}.ts`))
    const options = [...commands.join("\n").matchAll(/^ {2}"?([\w-]+)"?: \{ type: "/gm)]

    assert.isAbove(codes.length, 5)
    assert.isAbove(options.length, 25)
    assert.deepStrictEqual(
      codes.map(([, code]) => code).filter((code) => !page.includes(`\n| ${code} |`)),
      []
    )
    assert.deepStrictEqual(
      missingFrom(
        "docs/reference/command.md",
        options.map(([, option]) => `--${option}`)
      ),
      []
    )
  })

  it("limits.md names only bounds that the code has", () => {
    const bounds = [...read("docs/reference/limits.md").matchAll(/\(`(\w+)`\)/g)].map(([, name]) => name!)
    const code = sources.map(read).join("\n")

    assert.isAbove(bounds.length, 20)
    assert.deepStrictEqual(
      bounds.filter((name) => !code.includes(`const ${name} =`)),
      []
    )
  })
})

/** Fields of the status that have a section of their own. */
const headings = new Set(["routers", "groups", "foreign", "timing"])
const trackingEvent = "packages/engine/src/tracking/TrackingEvent.ts"
const balancerEvent = "packages/engine/src/balancer/BalancerEvent.ts"
