/** From `vrrp_instance` and `global_defs` to parameters: keepalived's defaults, and what overrides them. */
import * as Configuration from "@holdfast/config/Configuration"
import * as Diagnostic from "@holdfast/config/Diagnostic"
import * as Instant from "@holdfast/wire/Instant"
import * as Vrrp from "@holdfast/vrrp/Parameters"
import { Parameters } from "@holdfast/vrrp/Parameters"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const seconds = Instant.seconds

const instance = (lines: string, name = "V") =>
  `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 10.0.0.1\n}\n${lines}\n}\n`

const globals = (lines: string) => `global_defs {\n${lines}\n}\n`

const routerOf = (text: string): Parameters =>
  Option.getOrThrow(Configuration.read({ file: "t", text }).configuration).routers[0]!

/** The addresses after that of every instance here. */
const addressesOf = (lines: string) => routerOf(instance(lines)).addresses.slice(1)

const edge = (...values: ReadonlyArray<number>) => Schema.Literals(values)

const announcement = {
  repeatCount: 5,
  delay: seconds(5),
  refreshInterval: seconds(0),
  refreshRepeatCount: 1,
  lowerPriorityDelay: seconds(5),
  lowerPriorityRepeatCount: 5
}

const defaults = {
  ...Vrrp.defaults,
  name: "V",
  interface: "eth0",
  vrid: 1,
  priority: 100,
  advertInterval: seconds(1),
  preempt: true,
  preemptDelay: seconds(0),
  transport: { _tag: "Multicast", group: "224.0.0.18" },
  addresses: [
    { address: "10.0.0.1", prefixLength: 32, interface: "eth0", scope: 0, advertised: true, tracked: true }
  ],
  announcement,
  answerLowerPriority: true,
  answerHigherPriority: false,
  skipRepeatedAddressCheck: false,
  checkUnicastSource: false,
  trackPrimary: true
}

describe("VirtualRouters", () => {
  it.each<[string, string, object]>([
    ["without a word: keepalived's defaults", instance(""), {}],
    ["state BACKUP: priority 100", instance("state BACKUP"), {}],
    ["state MASTER without priority: the address owner", instance("state MASTER"), { priority: 255 }],
    ["state MASTER with priority: that priority", instance("state MASTER\npriority 7"), { priority: 7 }],
    ["the last of two priorities counts", instance("priority 7\npriority 8"), { priority: 8 }],
    ["advert_int", instance("advert_int 255"), { advertInterval: seconds(255) }],
    [
      "advert_int may be written with a fraction of zero",
      instance("advert_int 2.0"),
      { advertInterval: seconds(2) }
    ],
    ["nopreempt", instance("nopreempt"), { preempt: false }],
    ["nopreempt after preempt", instance("preempt\nnopreempt"), { preempt: false }],
    ["preempt after nopreempt", instance("nopreempt\npreempt"), { preempt: true }],
    ["nopreempt is void with state MASTER", instance("state MASTER\npriority 9\nnopreempt"), { priority: 9 }],
    ["nopreempt is void for the address owner", instance("priority 255\nnopreempt"), { priority: 255 }],
    ["preempt_delay, to the microsecond", instance("preempt_delay 1.000001"), { preemptDelay: 1_000_001 }],
    [
      "preempt_delay is void with state MASTER",
      instance("state MASTER\npriority 9\npreempt_delay 3"),
      { priority: 9 }
    ],
    ["preempt_delay is void with nopreempt", instance("nopreempt\npreempt_delay 3"), { preempt: false }],
    ["mcast_src_ip", instance("mcast_src_ip 10.0.0.9"), { sourceAddress: "10.0.0.9" }],
    [
      "unicast_src_ip alone stays multicast",
      instance("unicast_src_ip 10.0.0.9"),
      { sourceAddress: "10.0.0.9" }
    ],
    [
      "unicast_peer, each once",
      instance("unicast_src_ip 10.0.0.9\nunicast_peer {\n10.0.0.8\n10.0.0.7\n10.0.0.8\n}"),
      {
        sourceAddress: "10.0.0.9",
        transport: {
          _tag: "Unicast",
          peers: [{ address: "10.0.0.8" }, { address: "10.0.0.7" }],
          hopLimit: 255
        }
      }
    ],
    [
      "mcast_dst_ip",
      instance("mcast_dst_ip 224.0.0.99"),
      { transport: { _tag: "Multicast", group: "224.0.0.99" } }
    ],
    ["dont_track_primary", instance("dont_track_primary"), { trackPrimary: false }],
    ["lower_prio_no_advert", instance("lower_prio_no_advert"), { answerLowerPriority: false }],
    ["higher_prio_send_advert", instance("higher_prio_send_advert yes"), { answerHigherPriority: true }],
    ["skip_check_adv_addr", instance("skip_check_adv_addr on"), { skipRepeatedAddressCheck: true }],
    ["check_unicast_src", instance("check_unicast_src"), { checkUnicastSource: true }],
    ["a quoted name", instance("", '"web 1"'), { name: "web 1" }],
    [
      "the device of the file, for an instance that names none",
      globals("default_interface eth7") + instance("").replace("interface eth0\n", ""),
      { interface: "eth7", addresses: [{ ...defaults.addresses[0], interface: "eth7" }] }
    ]
  ])("%s", (_, text, expected) => {
    assert.deepStrictEqual<unknown>(routerOf(text), { ...defaults, ...expected })
  })

  it.each<[string, string, string, object]>([
    ["delay", "vrrp_garp_master_delay 1", "", { delay: seconds(1), lowerPriorityDelay: seconds(1) }],
    [
      "own delay",
      "vrrp_garp_master_delay 1",
      "garp_master_delay 2",
      { delay: seconds(2), lowerPriorityDelay: seconds(2) }
    ],
    ["repeat", "vrrp_garp_master_repeat 7", "", { repeatCount: 7, lowerPriorityRepeatCount: 7 }],
    [
      "own repeat",
      "vrrp_garp_master_repeat 7",
      "garp_master_repeat 8",
      { repeatCount: 8, lowerPriorityRepeatCount: 8 }
    ],
    [
      "refresh",
      "vrrp_garp_master_refresh 60",
      "garp_master_refresh_repeat 2",
      { refreshInterval: seconds(60), refreshRepeatCount: 2 }
    ],
    [
      "own refresh",
      "vrrp_garp_master_refresh_repeat 3",
      "garp_master_refresh 0.5",
      { refreshInterval: seconds(0.5), refreshRepeatCount: 3 }
    ],
    [
      "lower priority",
      "vrrp_garp_lower_prio_delay 3\nvrrp_garp_lower_prio_repeat 0",
      "",
      { lowerPriorityDelay: seconds(3), lowerPriorityRepeatCount: 0 }
    ],
    [
      "own lower priority",
      "vrrp_garp_lower_prio_delay 3",
      "garp_lower_prio_delay 4\ngarp_lower_prio_repeat 2",
      { lowerPriorityDelay: seconds(4), lowerPriorityRepeatCount: 2 }
    ],
    [
      "vrrp_min_garp",
      "vrrp_min_garp",
      "",
      { repeatCount: 1, delay: seconds(0), lowerPriorityDelay: seconds(0), lowerPriorityRepeatCount: 1 }
    ],
    ["vrrp_min_garp off", "vrrp_min_garp off", "", {}],
    [
      "vrrp_min_garp gives way to a number",
      "vrrp_min_garp\nvrrp_garp_master_repeat 2",
      "",
      { repeatCount: 2, delay: seconds(0), lowerPriorityDelay: seconds(0), lowerPriorityRepeatCount: 2 }
    ]
  ])("gratuitous ARP: %s, wherever global_defs stands", (_, all, own, expected) => {
    const before = routerOf(globals(all) + instance(own))
    const after = routerOf(instance(own) + globals(all))

    assert.deepStrictEqual<unknown>(before.announcement, { ...announcement, ...expected })
    assert.deepStrictEqual(after, before)
  })

  it("global defaults reach every instance, and an instance overrides them", () => {
    const all = globals(
      "vrrp_lower_prio_no_advert\nvrrp_higher_prio_send_advert\nvrrp_skip_check_adv_addr\nvrrp_check_unicast_src\nvrrp_mcast_group4 224.0.0.50"
    )
    const answers = {
      answerLowerPriority: false,
      answerHigherPriority: true,
      skipRepeatedAddressCheck: true,
      checkUnicastSource: true
    }
    const transport = { _tag: "Multicast", group: "224.0.0.50" }

    assert.deepStrictEqual<unknown>(routerOf(instance("") + all), { ...defaults, ...answers, transport })
    const own =
      "lower_prio_no_advert off\nhigher_prio_send_advert off\nskip_check_adv_addr off\nmcast_dst_ip 224.0.0.51"
    assert.deepStrictEqual<unknown>(routerOf(instance(own) + all), {
      ...defaults,
      checkUnicastSource: true,
      transport: { _tag: "Multicast", group: "224.0.0.51" }
    })
  })
})

describe("VirtualRouters: several global_defs", () => {
  it("add up", () => {
    const all = globals("vrrp_garp_master_repeat 7") + globals("vrrp_garp_master_delay 8")

    assert.deepStrictEqual<unknown>(routerOf(all + instance("")).announcement, {
      ...announcement,
      repeatCount: 7,
      delay: seconds(8),
      lowerPriorityDelay: seconds(8),
      lowerPriorityRepeatCount: 7
    })
  })
})

describe("VirtualRouters: addresses", () => {
  const plain = {
    address: "10.0.0.2",
    prefixLength: 32,
    interface: "eth0",
    scope: 0,
    advertised: true,
    tracked: true
  }

  it.each<[string, object]>([
    ["10.0.0.2", {}],
    ["10.0.0.2/24", { prefixLength: 24 }],
    ["10.0.0.2/0", { prefixLength: 0 }],
    ["10.0.0.2 dev eth1", { interface: "eth1" }],
    ["10.0.0.2 label eth0:1", { label: "eth0:1" }],
    ["10.0.0.2 scope link", { scope: 253 }],
    ["10.0.0.2 scope 200", { scope: 200 }],
    ["10.0.0.2 no_track", { tracked: false }],
    ["10.0.0.2/24 brd 10.0.0.255", { prefixLength: 24, broadcast: "10.0.0.255" }],
    ["10.0.0.2/20 broadcast +", { prefixLength: 20, broadcast: "10.0.15.255" }],
    ["10.0.0.2/24 brd -", { prefixLength: 24, broadcast: "10.0.0.0" }],
    ["10.0.0.2/31 brd +", { prefixLength: 31 }],
    [
      "10.0.0.2/24 dev eth1 label eth1:1 scope host brd + no_track",
      {
        prefixLength: 24,
        interface: "eth1",
        label: "eth1:1",
        scope: 254,
        broadcast: "10.0.0.255",
        tracked: false
      }
    ]
  ])("%s", (line, expected) => {
    assert.deepStrictEqual<unknown>(addressesOf(`virtual_ipaddress {\n${line}\n}`), [
      { ...plain, ...expected }
    ])
  })

  it("excluded addresses are held but not advertised", () => {
    assert.deepStrictEqual<unknown>(addressesOf("virtual_ipaddress_excluded {\n10.0.0.2\n}"), [
      { ...plain, advertised: false }
    ])
  })

  it("an address is listed once per prefix and device", () => {
    const lines =
      "virtual_ipaddress {\n10.0.0.1\n10.0.0.2\n10.0.0.2 dev eth1\n10.0.0.2 dev eth0\n10.0.0.2/24\n}\nvirtual_ipaddress_excluded {\n10.0.0.2\n}"

    assert.deepStrictEqual<unknown>(addressesOf(lines), [
      plain,
      { ...plain, interface: "eth1" },
      { ...plain, prefixLength: 24 }
    ])
  })

  it("the 256th address is held but not advertised, with a warning", () => {
    const lines = Array.from({ length: 255 }, (_, index) => `10.1.0.${index}`).join("\n")
    const text = instance(`virtual_ipaddress {\n${lines}\n}`)
    const { diagnostics } = Configuration.read({ file: "t", text })

    assert.deepStrictEqual(
      routerOf(text).addresses.map(({ advertised }) => advertised),
      Array.from({ length: 256 }, (_, index) => index < 255)
    )
    assert.deepStrictEqual(diagnostics.map(Diagnostic.format), [
      "t:261:1: warning: from 10.1.0.254 on the addresses are held but not advertised: an advert lists 255 at most (move them to virtual_ipaddress_excluded)"
    ])
  })
})

describe("VirtualRouters: properties", () => {
  const Settings = Schema.Struct({
    version: edge(2, 3),
    virtual_router_id: edge(0, 1, 255, 256),
    priority: edge(0, 1, 254, 255, 256),
    advert_int: edge(0, 0.01, 1, 1.5, 40.95, 40.96, 255, 255.1),
    preempt_delay: edge(0, 0.000_001, 1000, 1000.1),
    garp_master_repeat: edge(0, 1, 255, 256),
    garp_lower_prio_repeat: edge(0, 255, 256),
    garp_master_delay: edge(0, 0.5, 86_400, 86_401)
  })

  it.prop(
    "parameters are within their bounds, or there is an error",
    { settings: Settings },
    ({ settings }) => {
      const lines = Object.entries(settings).map(([keyword, value]) => `${keyword} ${value}`)
      const text = `vrrp_instance V {\ninterface eth0\nno_virtual_ipaddress\n${lines.join("\n")}\n}`
      const inBounds =
        Schema.is(Parameters.fields.vrid)(settings.virtual_router_id) &&
        Schema.is(Parameters.fields.priority)(settings.priority) &&
        (settings.version === 2 ? [1, 255] : [0.01, 1, 1.5, 40.95]).includes(settings.advert_int) &&
        settings.preempt_delay <= 1000 &&
        [1, 255].includes(settings.garp_master_repeat) &&
        settings.garp_lower_prio_repeat <= 255 &&
        settings.garp_master_delay <= 86_400

      const { configuration } = Configuration.read({ file: "t", text })

      assert.strictEqual(Option.isSome(configuration), inBounds)
      if (Option.isSome(configuration)) assert.isTrue(Schema.is(Parameters)(configuration.value.routers[0]))
    },
    { arbitrary: { runs: 1000 } }
  )
})
