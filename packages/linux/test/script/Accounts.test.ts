import * as Accounts from "@holdfast/linux/script/Accounts"
import { assert, describe, it } from "@effect/vitest"

const passwd = `root:x:0:0:root:/root:/bin/bash
# a remark
+nis:x:7:7::/:/bin/sh
broken line
alice:x:1500:1600:Alice,,,:/home/alice:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
huge:x:99999999999:1::/:/bin/sh
minus:x:4294967295:1::/:/bin/sh
`
const groups = `root:x:0:
staff:x:1600:alice,root
`

describe("Accounts", () => {
  const accounts = Accounts.parse(passwd, groups)

  it("finds users by name and by number", () => {
    const alice = { name: "alice", uid: 1500, gid: 1600, home: "/home/alice" }
    assert.deepStrictEqual(accounts.user("alice"), alice)
    assert.deepStrictEqual(accounts.user("1500"), alice)
    assert.strictEqual(accounts.user("bob"), undefined)
    assert.strictEqual(accounts.user("1501"), undefined)
  })

  it("finds groups by name; a number needs no entry", () => {
    assert.strictEqual(accounts.group("staff"), 1600)
    assert.strictEqual(accounts.group("1700"), 1700)
    assert.strictEqual(accounts.group("bob"), undefined)
  })

  it("skips lines that name no user, and numbers that the kernel has no user for", () => {
    for (const name of ["# a remark", "+nis", "broken line", "huge", "minus"])
      assert.strictEqual(accounts.user(name), undefined)
    assert.strictEqual(accounts.group("4294967295"), undefined)
  })

  it("reads this machine's", () => {
    assert.strictEqual(Accounts.read().user("root")?.uid, 0)
  })
})
