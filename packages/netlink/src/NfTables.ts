/**
 * Tables, chains, rules, sets and elements of nf_tables: what they are, and requests to make and delete them.
 *
 * **Details**
 * Every request belongs in a `transaction`: the kernel carries out all of it or nothing. All is of the family `inet`,
 * whose rules see IPv4 and IPv6, unless `inFamily` says another. What is there `NfTablesQuery` asks for.
 *
 * @see include/uapi/linux/netfilter/nf_tables.h and nfnetlink.h of Linux
 * @since 0.1.0
 */
import type * as Attribute from "./Attribute.ts"
import * as Message from "./Message.ts"
import * as Attributes from "./NfTablesAttribute.ts"
import type * as Expression from "./NfTablesExpression.ts"
import type { Request, Transaction } from "./Request.ts"

/** The netlink protocol of netfilter. @category constants @since 0.1.0 */
export const NETLINK_NETFILTER = 12

/** The group of socket memberships that is told of every change. @category constants @since 0.1.0 */
export const NFNLGRP_NFTABLES = 7

/** @category constants @since 0.1.0 */
export const NFPROTO_IPV4 = 2
export const NFPROTO_ARP = 3
export const NFPROTO_IPV6 = 10

/** Hooks, and the priorities of destination NAT and of filters (linux/netfilter.h, netfilter_ipv4.h). @category constants @since 0.1.0 */
export const NF_ARP_IN = 0
export const NF_INET_PRE_ROUTING = 0
export const NF_INET_LOCAL_IN = 1
export const NF_INET_LOCAL_OUT = 3
export const NF_IP_PRI_NAT_DST = -100
export const NF_IP_PRI_FILTER = 0

/** Flags of a set. @category constants @since 0.1.0 */
export const NFT_SET_ANONYMOUS = 0x01
export const NFT_SET_CONSTANT = 0x02
export const NFT_SET_MAP = 0x08
export const NFT_SET_TIMEOUT = 0x10
export const NFT_SET_EVAL = 0x20

/** The data type of a verdict map; others are for the reader only. @category constants @since 0.1.0 */
export const NFT_DATA_VERDICT = 0xffff_ff00

/** Of a table that is switched off. @category constants @since 0.1.0 */
export const NFT_TABLE_F_DORMANT = 1

/**
 * A table.
 *
 * @category models
 * @since 0.1.0
 */
export interface Table {
  readonly name: string
  readonly flags: number
}

/**
 * A chain; one with a `hook` gets packets from the kernel, others by a verdict.
 *
 * @category models
 * @since 0.1.0
 */
export interface Chain {
  readonly table: string
  readonly name: string
  readonly hook?: Hook | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Hook {
  readonly type: string
  readonly number: number
  readonly priority: number
}

/**
 * A rule. `comment` is what `nft` shows as such.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  readonly table: string
  readonly chain: string
  readonly comment?: string | undefined
  readonly expressions: ReadonlyArray<Expression.Expression>
}

/**
 * A set or map.
 *
 * - `id`: of a new anonymous one, by which the rest of the transaction knows it; its name is `__set%d` or `__map%d`.
 * - `keyType`, `dataType`: numbers of `nft`, which needs them to print; the lengths are the kernel's business.
 * - `hostOrder`: for `nft`, too: keys are numbers in the processor's byte order.
 * - `size`: elements that it holds at most; zero is no limit.
 * - `expression`: what each element gets, such as a counter.
 *
 * @category models
 * @since 0.1.0
 */
export interface Set {
  readonly table: string
  readonly name: string
  readonly id?: number | undefined
  readonly flags: number
  readonly keyType: number
  readonly keyLength: number
  readonly dataType?: number | undefined
  readonly dataLength?: number | undefined
  readonly size?: number | undefined
  readonly expression?: Expression.Expression | undefined
  readonly comment?: string | undefined
  readonly hostOrder?: boolean | undefined
}

/**
 * An element of a set or map.
 *
 * @category models
 * @since 0.1.0
 */
export interface Element {
  readonly key: Uint8Array
  readonly value?: Uint8Array | undefined
  readonly verdict?: { readonly code: number; readonly chain: string } | undefined
  readonly expression?: Expression.Expression | undefined
}

/**
 * Makes a table, or wakes it when it is there.
 *
 * @category requests
 * @since 0.1.0
 */
export const newTable = (name: string): Request =>
  Attributes.request(
    "table-add",
    name,
    Attributes.NFT_MSG_NEWTABLE,
    Message.NLM_F_CREATE,
    Attributes.tableBody,
    {
      NFTA_TABLE_NAME: name,
      NFTA_TABLE_FLAGS: 0
    }
  )

/** Deletes a table with all that is in it. @category requests @since 0.1.0 */
export const deleteTable = (name: string): Request =>
  Attributes.request("table-delete", name, Attributes.NFT_MSG_DELTABLE, 0, Attributes.tableBody, {
    NFTA_TABLE_NAME: name
  })

/**
 * Makes a chain unless it is there.
 *
 * @category requests
 * @since 0.1.0
 */
export const newChain = ({ table, name, hook }: Chain): Request =>
  Attributes.request(
    "chain-add",
    name,
    Attributes.NFT_MSG_NEWCHAIN,
    Message.NLM_F_CREATE,
    Attributes.chainBody,
    {
      NFTA_CHAIN_TABLE: table,
      NFTA_CHAIN_NAME: name,
      NFTA_CHAIN_HOOK: hook && { NFTA_HOOK_HOOKNUM: hook.number, NFTA_HOOK_PRIORITY: hook.priority },
      NFTA_CHAIN_POLICY: hook && NF_ACCEPT,
      NFTA_CHAIN_TYPE: hook?.type
    }
  )

/** Deletes a chain that is empty and not used. @category requests @since 0.1.0 */
export const deleteChain = (table: string, name: string): Request =>
  Attributes.request("chain-delete", name, Attributes.NFT_MSG_DELCHAIN, 0, Attributes.chainBody, {
    NFTA_CHAIN_TABLE: table,
    NFTA_CHAIN_NAME: name
  })

/** Adds a rule at the end of its chain. @category requests @since 0.1.0 */
export const newRule = ({ table, chain, comment, expressions }: Rule): Request =>
  Attributes.request(
    "rule-add",
    chain,
    Attributes.NFT_MSG_NEWRULE,
    Message.NLM_F_CREATE | NLM_F_APPEND,
    Attributes.ruleBody,
    {
      NFTA_RULE_TABLE: table,
      NFTA_RULE_CHAIN: chain,
      NFTA_RULE_EXPRESSIONS: expressions.length === 0 ? undefined : expressions,
      NFTA_RULE_USERDATA:
        comment === undefined ? undefined : Attributes.userData(Attributes.ruleComment, comment)
    }
  )

/** Deletes all rules of a chain. @category requests @since 0.1.0 */
export const flushChain = (table: string, chain: string): Request =>
  Attributes.request("chain-flush", chain, Attributes.NFT_MSG_DELRULE, 0, Attributes.ruleBody, {
    NFTA_RULE_TABLE: table,
    NFTA_RULE_CHAIN: chain
  })

/** Makes a set unless it is there. @category requests @since 0.1.0 */
export const newSet = (set: Set): Request =>
  Attributes.request(
    "set-add",
    set.name,
    Attributes.NFT_MSG_NEWSET,
    Message.NLM_F_CREATE,
    Attributes.setBody,
    {
      NFTA_SET_TABLE: set.table,
      NFTA_SET_NAME: set.name,
      NFTA_SET_FLAGS: set.flags,
      NFTA_SET_KEY_TYPE: set.keyType,
      NFTA_SET_KEY_LEN: set.keyLength,
      NFTA_SET_DATA_TYPE: set.dataType,
      NFTA_SET_DATA_LEN: set.dataLength,
      NFTA_SET_DESC: set.size === undefined ? undefined : { NFTA_SET_DESC_SIZE: set.size },
      // The kernel wants a number also of a set that has a name.
      NFTA_SET_ID: set.id ?? 0,
      NFTA_SET_USERDATA: Attributes.setUserData(set),
      NFTA_SET_EXPR: set.expression
    }
  )

/** Deletes a set that no rule uses. @category requests @since 0.1.0 */
export const deleteSet = (table: string, name: string): Request =>
  Attributes.request("set-delete", name, Attributes.NFT_MSG_DELSET, 0, Attributes.setBody, {
    NFTA_SET_TABLE: table,
    NFTA_SET_NAME: name
  })

/**
 * Adds elements; more than fit an attribute go in several requests.
 *
 * @category requests
 * @since 0.1.0
 */
export const newElements = (
  set: Pick<Set, "table" | "name" | "id">,
  elements: ReadonlyArray<Element>
): ReadonlyArray<Request> => changeElements("element-add", Attributes.NFT_MSG_NEWSETELEM, set, elements)

/** Deletes elements by their keys. @category requests @since 0.1.0 */
export const deleteElements = (
  set: Pick<Set, "table" | "name">,
  elements: ReadonlyArray<Pick<Element, "key">>
): ReadonlyArray<Request> => changeElements("element-delete", Attributes.NFT_MSG_DELSETELEM, set, elements)

const changeElements = (
  operation: string,
  type: number,
  set: Pick<Set, "table" | "name" | "id">,
  elements: ReadonlyArray<Element>
): ReadonlyArray<Request> => {
  const requests: Array<Request> = []
  for (let start = 0; start < elements.length; start += elementsPerRequest) {
    requests.push(
      Attributes.request(operation, set.name, type, Message.NLM_F_CREATE, Attributes.elementsBody, {
        NFTA_SET_ELEM_LIST_TABLE: set.table,
        NFTA_SET_ELEM_LIST_SET: set.name,
        NFTA_SET_ELEM_LIST_SET_ID: set.id,
        NFTA_SET_ELEM_LIST_ELEMENTS: elements.slice(start, start + elementsPerRequest).map(attributesOf)
      })
    )
  }
  return requests
}

const attributesOf = ({
  key,
  value,
  verdict,
  expression
}: Element): Attribute.Values<typeof Attributes.elementTable> => ({
  NFTA_SET_ELEM_KEY: { NFTA_DATA_VALUE: key },
  NFTA_SET_ELEM_DATA:
    verdict === undefined
      ? value && { NFTA_DATA_VALUE: value }
      : { NFTA_DATA_VERDICT: { NFTA_VERDICT_CODE: verdict.code, NFTA_VERDICT_CHAIN: verdict.chain } },
  NFTA_SET_ELEM_EXPR: expression
})

/**
 * Returns a transaction, which the kernel refuses with ERESTART when its generation is not the given one any more.
 *
 * @category requests
 * @since 0.1.0
 */
export const transaction = (requests: ReadonlyArray<Request>, generationExpected?: number): Transaction => {
  const message = (
    type: number,
    attributes: { readonly NFNL_BATCH_GENID?: number | undefined }
  ): Request => ({
    operation: "nf_tables-batch",
    subject: `of ${requests.length} requests`,
    type,
    flags: 0,
    payload: Attributes.batchBody.encode({ resource: Attributes.subsystem }, attributes)
  })
  return {
    begin: message(NFNL_MSG_BATCH_BEGIN, { NFNL_BATCH_GENID: generationExpected }),
    requests,
    end: message(NFNL_MSG_BATCH_END, {})
  }
}

/**
 * The same requests for tables of one address family: some expressions, such as `dup`, exist only in those of `NFPROTO_IPV4`
 * and `NFPROTO_IPV6`, and those of `NFPROTO_ARP` see ARP.
 *
 * @category combinators
 * @since 0.1.0
 */
export const inFamily = (
  family: typeof NFPROTO_IPV4 | typeof NFPROTO_ARP | typeof NFPROTO_IPV6,
  requests: ReadonlyArray<Request>
): ReadonlyArray<Request> =>
  requests.map((request) => {
    // `struct nfgenmsg` begins with the family.
    const payload = request.payload.slice()
    payload[0] = family
    return { ...request, payload }
  })

const NFNL_MSG_BATCH_BEGIN = 16
const NFNL_MSG_BATCH_END = 17
const NLM_F_APPEND = 0x800
const NF_ACCEPT = 1

/** An attribute holds less than 64 KiB; the longest element, an IPv6 endpoint with a verdict, takes some 200 bytes. */
const elementsPerRequest = 256
