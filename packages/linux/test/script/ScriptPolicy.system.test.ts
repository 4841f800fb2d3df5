import * as Accounts from "@holdfast/linux/script/Accounts"
import * as ScriptPolicy from "@holdfast/linux/script/ScriptPolicy"
import type { Script, ScriptDefaults } from "@holdfast/wire/Script"
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"

const alice = 1500
const staff = 1600
const accounts: Accounts.Accounts = {
  ...Accounts.parse("root:x:0:0::/root:/bin/sh\nalice:x:1500:1500::/home/alice:/bin/sh\n", "staff:x:1600:\n"),
  self: { uid: 0, gid: 0 }
}

/** All of root's; its parent, too, which `/tmp` would not be. */
let root = ""
beforeEach(() => {
  root = mkdtempSync("/run/holdfast-policy-")
  chmodSync(root, 0o755)
  mkdirSync(`${root}/dir`)
  writeFileSync(`${root}/dir/script`, "#!/bin/sh\n")
  chmodSync(`${root}/dir/script`, 0o755)
})
afterEach(() => rmSync(root, { recursive: true }))

const relaxed: ScriptDefaults = { security: false }
const strict: ScriptDefaults = { security: true }
const check = (script: Partial<Script> = {}, defaults: ScriptDefaults = strict) =>
  ScriptPolicy.check({ words: [`${root}/dir/script`, "one", "two words"], ...script }, defaults, accounts)

const reasonOf = (outcome: ReturnType<typeof check>): string =>
  Result.isFailure(outcome) ? outcome.failure.reason : "runs"
const runs = (outcome: ReturnType<typeof check>): ScriptPolicy.RunnableScript => {
  assert.strictEqual(Result.isFailure(outcome) ? outcome.failure.message : "", "")
  return Result.getOrThrow(outcome)
}

describe("ScriptPolicy", () => {
  it("lets root's own script run as root", () => {
    assert.deepStrictEqual(runs(check()), {
      path: `${root}/dir/script`,
      words: [`${root}/dir/script`, "one", "two words"],
      uid: 0,
      gid: 0,
      userName: "root",
      home: "/root"
    })
  })

  it("refuses what is missing, is no file, or is named by a relative path", () => {
    assert.strictEqual(reasonOf(check({ words: [] })), "Empty")
    assert.strictEqual(reasonOf(check({ words: [""] })), "Empty")
    assert.strictEqual(reasonOf(check({ words: [`${root}/dir/none`] })), "NotFound")
    assert.strictEqual(reasonOf(check({ words: [`${root}/dir/script/below`] })), "NotFound")
    assert.strictEqual(reasonOf(check({ words: [`${root}/dir`] })), "NotAFile")
    assert.strictEqual(reasonOf(check({ words: ["/dev/null"] }, relaxed)), "NotAFile")
    assert.strictEqual(reasonOf(check({ words: ["./script"] })), "NotAbsolute")
  })

  it("looks a bare word up", () => {
    assert.match(runs(check({ words: ["sh"] }, relaxed)).path, /^\/(usr\/)?bin\//)
    assert.strictEqual(reasonOf(check({ words: ["holdfast-no-such-program"] })), "NotFound")
  })

  describe("symbolic links", () => {
    it("are followed before the rules: /bin/sh is a good path where /bin is a link", () => {
      symlinkSync("dir", `${root}/link`)
      symlinkSync(`${root}/link/../link/script`, `${root}/program`)
      const runnable = runs(check({ words: [`${root}/program`] }))
      assert.strictEqual(runnable.path, `${root}/dir/script`)
      assert.strictEqual(runnable.words[0], `${root}/program`)
      runs(check({ words: ["/bin/sh"] }))
    })

    it("that lead round in circles are refused", () => {
      symlinkSync("b", `${root}/a`)
      symlinkSync("a", `${root}/b`)
      assert.strictEqual(reasonOf(check({ words: [`${root}/a`] })), "NotFound")
    })

    it("that others may redirect are unsafe for root", () => {
      mkdirSync(`${root}/open`)
      symlinkSync(`${root}/dir/script`, `${root}/open/program`)
      assert.strictEqual(reasonOf(check({ words: [`${root}/open/program`] })), "runs")
      chmodSync(`${root}/open`, 0o777)
      assert.strictEqual(reasonOf(check({ words: [`${root}/open/program`] })), "Unsafe")
      chmodSync(`${root}/open`, 0o755)
      lchownSync(`${root}/open/program`, alice, alice)
      assert.strictEqual(reasonOf(check({ words: [`${root}/open/program`] })), "Unsafe")
    })
  })

  describe("with security, as root", () => {
    for (const [what, mode] of [
      ["its group", 0o775],
      ["others", 0o757],
      ["others, although sticky,", 0o1777]
    ] as const) {
      it(`refuses a directory that ${what} may write`, () => {
        chmodSync(`${root}/dir`, mode)
        const outcome = check()
        assert.strictEqual(reasonOf(outcome), "Unsafe")
        assert.include(Result.isFailure(outcome) ? outcome.failure.message : "", `change ${root}/dir;`)
        assert.strictEqual(reasonOf(check({}, relaxed)), "runs")
        assert.strictEqual(reasonOf(check({ user: "alice" })), "runs")
      })
    }

    it("refuses a file that others may write, and what is not root's", () => {
      chmodSync(`${root}/dir/script`, 0o775)
      assert.strictEqual(reasonOf(check()), "Unsafe")
      chmodSync(`${root}/dir/script`, 0o755)
      chownSync(`${root}/dir/script`, alice, 0)
      assert.strictEqual(reasonOf(check()), "Unsafe")
      chownSync(`${root}/dir/script`, 0, alice)
      assert.strictEqual(reasonOf(check()), "runs")
      chownSync(`${root}/dir`, alice, alice)
      assert.strictEqual(reasonOf(check()), "Unsafe")
    })
  })

  describe("permission to execute", () => {
    const cases = [
      { mode: 0o644, uid: 0, gid: 0, as: { user: "root" } },
      { mode: 0o644, uid: alice, gid: alice, as: { user: "alice" } },
      // The owner's bits hold for the owner, even where others' would allow more.
      { mode: 0o655, uid: alice, gid: alice, as: { user: "alice" } },
      { mode: 0o745, uid: 0, gid: staff, as: { user: "alice", group: "staff" } },
      { mode: 0o754, uid: 0, gid: 0, as: { user: "alice", group: "staff" } }
    ]
    it.each(cases)("is refused: $mode of $uid:$gid as $as.user", ({ as, gid, mode, uid }) => {
      chownSync(`${root}/dir/script`, uid, gid)
      chmodSync(`${root}/dir/script`, mode)
      assert.strictEqual(reasonOf(check(as, relaxed)), "NotExecutable")
    })

    it("is given by the bits of owner, group or others", () => {
      chmodSync(`${root}/dir/script`, 0o001)
      assert.strictEqual(reasonOf(check({ user: "alice" }, relaxed)), "runs")
      assert.strictEqual(reasonOf(check({}, relaxed)), "runs")
      chmodSync(`${root}/dir/script`, 0o010)
      chownSync(`${root}/dir/script`, 0, staff)
      assert.strictEqual(reasonOf(check({ user: "alice", group: "staff" }, relaxed)), "runs")
    })

    it("holds for the directories on the way", () => {
      chmodSync(`${root}/dir`, 0o700)
      assert.strictEqual(reasonOf(check({ user: "alice" }, relaxed)), "NotExecutable")
      assert.strictEqual(reasonOf(check({}, relaxed)), "runs")
    })
  })

  describe("user and group", () => {
    const identity = (script: Partial<Script>, defaults: ScriptDefaults) => {
      const { gid, uid } = runs(check(script, defaults))
      return `${uid}:${gid}`
    }

    it("are the script's, else the defaults, else the daemon's", () => {
      assert.strictEqual(
        identity({ user: "alice" }, { security: true, user: "root", group: "staff" }),
        "1500:1500"
      )
      assert.strictEqual(identity({ user: "alice", group: "staff" }, relaxed), "1500:1600")
      assert.strictEqual(identity({}, { security: true, user: "alice" }), "1500:1500")
      assert.strictEqual(identity({}, { security: true, user: "alice", group: "staff" }), "1500:1600")
      assert.strictEqual(identity({}, relaxed), "0:0")
    })

    it("are those of keepalived_script where that user exists", () => {
      const named: Accounts.Accounts = {
        ...Accounts.parse("keepalived_script:x:900:901::/:/bin/sh\nroot:x:0:0::/root:/bin/sh\n", ""),
        self: { uid: 0, gid: 0 }
      }
      const outcome = ScriptPolicy.check({ words: [`${root}/dir/script`] }, relaxed, named)
      assert.deepInclude(runs(outcome), { uid: 900, gid: 901 })
    })

    it("may be numbers; one that no file has needs its group", () => {
      assert.strictEqual(identity({ user: "1500" }, relaxed), "1500:1500")
      assert.strictEqual(identity({ user: "1777", group: "1888" }, relaxed), "1777:1888")
      assert.strictEqual(reasonOf(check({ user: "1777" })), "UnknownGroup")
    })

    it("are refused when they do not exist", () => {
      assert.strictEqual(reasonOf(check({ user: "bob" })), "UnknownUser")
      assert.strictEqual(reasonOf(check({}, { security: false, user: "bob" })), "UnknownUser")
      assert.strictEqual(reasonOf(check({ user: "alice", group: "bob" })), "UnknownGroup")
    })
  })
})
