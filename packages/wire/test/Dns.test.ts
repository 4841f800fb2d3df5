import { assert, describe, it } from "@effect/vitest"
import * as Dns from "@holdfast/wire/Dns"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const runs = { arbitrary: { runs: 1_000 } }

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16))

const exampleName = "07 6578616d706c65 03 636f6d 00"
const question: Dns.Question = { name: "example.com", type: Dns.recordTypes.MX }
const query = bytesOf(`abcd 0100 0001 0000 0000 0000 ${exampleName} 000f 0001`)
/** A response of a resolver with one answer, whose name points to the question's. */
const response = bytesOf(
  `abcd 8180 0001 0001 0000 0000 ${exampleName} 000f 0001 c00c 000f 0001 00000e10 0004 000a c00c`
)
const responseTo = (flags: string) => bytesOf(`abcd ${flags} 0001 0000 0000 0000 ${exampleName} 000f 0001`)
const decoded = (bytes: Uint8Array) => Result.getOrThrow(Dns.decodeResponse(bytes))

const Label = Schema.String.check(Schema.isPattern(/^[a-z0-9-]{1,63}$/))
const Name = Schema.Array(Label).check(Schema.isMaxLength(3))
const Word = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff }))

describe("Dns.encodeQuery", () => {
  it("RFC 1035 4.1: asks one question and for recursion", () => {
    assert.deepStrictEqual(Dns.encodeQuery(0xabcd, question), Result.succeed(query))
    assert.deepStrictEqual(
      Dns.encodeQuery(0xabcd, { ...question, name: "example.com." }),
      Result.succeed(query)
    )
  })

  it.each(["", "."])("asks for the root as %j", (name) => {
    assert.deepStrictEqual(
      Dns.encodeQuery(1, { name, type: Dns.recordTypes.SOA }),
      Result.succeed(bytesOf("0001 0100 0001 0000 0000 0000 00 0006 0001"))
    )
  })

  it.each(["a..b", "..", ".a", `${"a".repeat(64)}.com`, "münchen.example", "a.".repeat(128)])(
    "RFC 1035 2.3.4: %j is no name",
    (name) => {
      assert.deepStrictEqual(Dns.encodeQuery(1, { name, type: 1 }), Result.fail("Name"))
    }
  )

  it("RFC 1035 2.3.4: 63 bytes of a label and 255 of a name are the most", () => {
    const longest = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".")

    assert.isTrue(Result.isSuccess(Dns.encodeQuery(1, { name: longest, type: 1 })))
    assert.isTrue(Result.isFailure(Dns.encodeQuery(1, { name: `${longest}d`, type: 1 })))
  })
})

describe("Dns.decodeResponse", () => {
  it("reads the head of a response and not its records", () => {
    assert.deepStrictEqual(
      Dns.decodeResponse(response),
      Result.succeed({
        id: 0xabcd,
        question,
        truncated: false,
        responseCode: 0,
        answerCount: 1
      })
    )
  })

  it("tells that a response was cut, and its error", () => {
    assert.isTrue(decoded(responseTo("8380")).truncated)
    assert.strictEqual(decoded(responseTo("8183")).responseCode, 3)
    assert.strictEqual(Dns.responseCodeName(3), "NXDOMAIN")
    assert.strictEqual(Dns.responseCodeName(14), "response code 14")
  })

  it("refuses questions, what is cut and a name that points elsewhere", () => {
    assert.deepStrictEqual(Dns.decodeResponse(query), Result.fail("NotResponse"))
    assert.deepStrictEqual(Dns.decodeResponse(response.subarray(0, 11)), Result.fail("Length"))
    assert.deepStrictEqual(Dns.decodeResponse(response.subarray(0, 28)), Result.fail("Length"))
    assert.deepStrictEqual(
      Dns.decodeResponse(bytesOf("abcd 8180 0001 0000 0000 0000 c00c 000f 0001")),
      Result.fail("Name")
    )
  })

  it.prop(
    "any bytes give a response or a reason",
    { bytes: Schema.Uint8Array },
    ({ bytes }) => void Dns.decodeResponse(bytes),
    { arbitrary: { runs: 1_000, size: 60 } }
  )

  it.prop(
    "any change of a sound response gives a response or a reason",
    {
      offset: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: response.length - 1 })),
      byte: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
      length: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: response.length }))
    },
    ({ byte, length, offset }) => {
      const bytes = response.slice()
      bytes[offset] = byte
      void Dns.decodeResponse(bytes.subarray(0, length))
    },
    runs
  )
})

describe("Dns.answers", () => {
  it.prop(
    "a query that is returned as a response answers itself, in any case of letters",
    { id: Word, labels: Name, type: Word },
    ({ id, labels, type }) => {
      const name = labels.join(".")
      const bytes = Result.getOrThrow(Dns.encodeQuery(id, { name, type }))
      bytes[2] = 0x81

      assert.isTrue(Dns.answers(id, { name: name.toUpperCase(), type }, decoded(bytes)))
      assert.isTrue(Dns.answers(id, { name: `${name}.`, type }, decoded(bytes)))
    },
    runs
  )

  it("another number, name or type is another query's", () => {
    const heard = decoded(response)

    assert.isTrue(Dns.answers(0xabcd, question, heard))
    assert.isFalse(Dns.answers(0xabce, question, heard))
    assert.isFalse(Dns.answers(0xabcd, { ...question, name: "example.org" }, heard))
    assert.isFalse(Dns.answers(0xabcd, { ...question, type: Dns.recordTypes.A }, heard))
  })

  it("only an error may come without the question", () => {
    const refusal = decoded(bytesOf("abcd 8185 0000 0000 0000 0000"))
    const success = decoded(bytesOf("abcd 8180 0000 0000 0000 0000"))

    assert.isTrue(Dns.answers(0xabcd, question, refusal))
    assert.isFalse(Dns.answers(0xabcd, question, success))
  })
})
