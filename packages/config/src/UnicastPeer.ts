/**
 * A line of `unicast_peer`: a router that adverts go to and come from.
 *
 * @since 0.1.0
 */
import type * as Parameters from "@holdfast/vrrp/Parameters"
import * as Address from "@holdfast/wire/Address"
import * as Option from "effect/Option"
import type { Report } from "./Diagnostic.ts"
import type { Word } from "./Lexer.ts"
import * as LineOptions from "./LineOptions.ts"
import * as Section from "./Section.ts"
import type { Span } from "./Span.ts"
import type { Statement } from "./SyntaxTree.ts"
import * as Value from "./Value.ts"

/**
 * A peer that is known by its address, or by a host name.
 *
 * @category models
 * @since 0.1.0
 */
export type UnicastPeer =
  | { readonly _tag: "Address"; readonly peer: Parameters.Peer; readonly span: Span }
  | { readonly _tag: "Name"; readonly name: string; readonly span: Span }

/**
 * Reads `ADDRESS [min_ttl NUMBER] [max_ttl NUMBER]`, or a host name.
 *
 * @category reading
 * @since 0.1.0
 */
export const read = (statement: Statement, report: Report): UnicastPeer | undefined => {
  const { keyword, block } = statement
  if (block !== undefined) report.error(block.open, "a peer takes no block", "remove the block")
  const said: Said = {}
  const sound = LineOptions.read(said, LineOptions.cursor(statement.arguments), options, "a peer", report)
  const address = Address.ipFromString(keyword.text)
  if (Option.isNone(address)) return readName(keyword, sound, said, report)
  const { hopLimitMax, hopLimitMin } = said
  if (hopLimitMin !== undefined && hopLimitMax !== undefined && hopLimitMin > hopLimitMax) {
    const message = `no advert has a TTL of at least ${hopLimitMin} and at most ${hopLimitMax}`
    report.error(keyword.span, message, "exchange min_ttl and max_ttl")
    return undefined
  }
  return sound
    ? { _tag: "Address", peer: { address: address.value, ...said }, span: keyword.span }
    : undefined
}

const readName = (word: Word, sound: boolean, said: Said, report: Report): UnicastPeer | undefined => {
  const { span, text } = word
  if (text.length > nameLengthMax || !hostName.test(text)) {
    Value.ipAddress(word, report)
    return undefined
  }
  if (Object.keys(said).length > 0) {
    const remedy = "write its address instead of its name"
    report.error(span, `min_ttl and max_ttl need a peer that is given by its address`, remedy)
    return undefined
  }
  return sound ? { _tag: "Name", name: text, span } : undefined
}

/**
 * The block of peers. One without any is a mistake unless `unicast_fault_no_peer` says that it is meant.
 *
 * @category readers
 * @since 0.1.0
 */
export const peers = Section.items(read)

interface Said {
  hopLimitMin?: number
  hopLimitMax?: number
}

const hopLimit = Value.integer({ minimum: 0, maximum: 255 })

const options = LineOptions.make<Said>({
  min_ttl: LineOptions.valued("hopLimitMin", hopLimit),
  max_ttl: LineOptions.valued("hopLimitMax", hopLimit)
})

/** RFC 1123 section 2.1: labels of letters, digits and hyphens; the last is no number, or it would be an address. */
const hostName =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)*(?=[a-zA-Z0-9-]*[a-zA-Z])[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.?$/
const nameLengthMax = 253
