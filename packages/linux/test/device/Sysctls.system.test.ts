import { assert, describe, it } from "@effect/vitest"
import * as Sysctls from "@holdfast/linux/device/Sysctls"
import * as NetworkNamespace from "@holdfast/raw-socket/NetworkNamespace"
import * as Effect from "effect/Effect"

const path = "ipv4/conf/all/arp_announce"

/** Runs in a network namespace of its own, where every setting has the kernel's default. */
const inside = (name: string, test: () => void): void =>
  it.live(name, () =>
    Effect.gen(function* () {
      const namespace = yield* NetworkNamespace.make
      yield* Effect.sync(() => NetworkNamespace.within(namespace, test))
    }).pipe(Effect.scoped)
  )

describe("Sysctls", () => {
  inside("puts back the value before the first change", () => {
    const sysctls = Sysctls.make()

    assert.isUndefined(sysctls.change(path, 1))
    assert.isUndefined(sysctls.change(path, 2))
    assert.strictEqual(Sysctls.read(path), 2)
    sysctls.restore()

    assert.strictEqual(Sysctls.read(path), 0)
  })

  inside("leaves alone what somebody else changed meanwhile", () => {
    const sysctls = Sysctls.make()
    sysctls.change(path, 2)
    Sysctls.write(path, 1)

    sysctls.restore()

    assert.strictEqual(Sysctls.read(path), 1)
  })

  inside("remembers nothing of a value that was right already", () => {
    const sysctls = Sysctls.make()
    Sysctls.write(path, 2)
    sysctls.change(path, 2)

    sysctls.restore()

    assert.strictEqual(Sysctls.read(path), 2)
  })

  inside("puts back one path and keeps the others", () => {
    const sysctls = Sysctls.make()
    sysctls.change(path, 2)
    sysctls.change("ipv4/conf/all/arp_ignore", 1)

    sysctls.restore(path)

    assert.strictEqual(Sysctls.read(path), 0)
    assert.strictEqual(Sysctls.read("ipv4/conf/all/arp_ignore"), 1)
  })

  inside("says what failed and what to do", () => {
    const failure = Sysctls.make().change("ipv4/conf/nowhere/arp_ignore", 1)

    assert.include(failure, "/proc/sys/net/ipv4/conf/nowhere/arp_ignore cannot be set to 1")
  })
})
