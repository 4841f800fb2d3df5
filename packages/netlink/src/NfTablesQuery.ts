/**
 * What nf_tables has: queries for tables, chains, rules, sets and elements, and what notifications are about.
 *
 * @see include/uapi/linux/netfilter/nf_tables.h of Linux
 * @since 0.1.0
 */
import type * as Attribute from "./Attribute.ts"
import * as Message from "./Message.ts"
import type * as NfTables from "./NfTables.ts"
import * as Attributes from "./NfTablesAttribute.ts"
import type { Query } from "./Request.ts"

/** Asks for the number of the present rule set; each transaction makes a new one. @category requests @since 0.1.0 */
export const generation = (): Query<number> => ({
  ...Attributes.request(
    "generation-get",
    "nf_tables",
    Attributes.NFT_MSG_GETGEN,
    0,
    Attributes.generationBody,
    {}
  ),
  decode: (message) =>
    Attributes.decode(Attributes.NFT_MSG_NEWGEN, Attributes.generationBody, message)?.NFTA_GEN_ID
})

/** Asks for one table. @category requests @since 0.1.0 */
export const table = (name: string): Query<NfTables.Table> => ({
  ...Attributes.request("table-get", name, Attributes.NFT_MSG_GETTABLE, 0, Attributes.tableBody, {
    NFTA_TABLE_NAME: name
  }),
  decode: (message) => {
    const found = Attributes.decode(Attributes.NFT_MSG_NEWTABLE, Attributes.tableBody, message)
    return found && { name, flags: found.NFTA_TABLE_FLAGS ?? 0 }
  }
})

/** Asks for one chain. @category requests @since 0.1.0 */
export const chain = (tableName: string, name: string): Query<NfTables.Chain> => ({
  ...Attributes.request("chain-get", name, Attributes.NFT_MSG_GETCHAIN, 0, Attributes.chainBody, {
    NFTA_CHAIN_TABLE: tableName,
    NFTA_CHAIN_NAME: name
  }),
  decode: (message) => {
    const found = Attributes.decode(Attributes.NFT_MSG_NEWCHAIN, Attributes.chainBody, message)
    if (found === undefined) return undefined
    const hook = found.NFTA_CHAIN_HOOK
    return {
      table: tableName,
      name,
      hook: hook && {
        type: found.NFTA_CHAIN_TYPE ?? "",
        number: hook.NFTA_HOOK_HOOKNUM ?? 0,
        priority: (hook.NFTA_HOOK_PRIORITY ?? 0) | 0
      }
    }
  }
})

/** Asks for the rules of a table or of one chain, in the order in which they are carried out. @category requests @since 0.1.0 */
export const rules = (tableName: string, chainName?: string): Query<NfTables.Rule> => ({
  ...Attributes.request(
    "rule-list",
    chainName ?? tableName,
    Attributes.NFT_MSG_GETRULE,
    Message.NLM_F_DUMP,
    Attributes.ruleBody,
    { NFTA_RULE_TABLE: tableName, NFTA_RULE_CHAIN: chainName }
  ),
  decode: (message) => {
    const found = Attributes.decode(Attributes.NFT_MSG_NEWRULE, Attributes.ruleBody, message)
    if (found?.NFTA_RULE_CHAIN === undefined || found.NFTA_RULE_TABLE !== tableName) return undefined
    const userData = found.NFTA_RULE_USERDATA
    return {
      table: tableName,
      chain: found.NFTA_RULE_CHAIN,
      comment: userData && Attributes.commentOf(Attributes.ruleComment, userData),
      expressions: found.NFTA_RULE_EXPRESSIONS ?? []
    }
  }
})

/** Asks for all sets of a table. @category requests @since 0.1.0 */
export const sets = (tableName: string): Query<NfTables.Set> => ({
  ...Attributes.request(
    "set-list",
    tableName,
    Attributes.NFT_MSG_GETSET,
    Message.NLM_F_DUMP,
    Attributes.setBody,
    { NFTA_SET_TABLE: tableName }
  ),
  decode: decodeSet(tableName)
})

/** Asks for one set. @category requests @since 0.1.0 */
export const set = (tableName: string, name: string): Query<NfTables.Set> => ({
  ...Attributes.request("set-get", name, Attributes.NFT_MSG_GETSET, 0, Attributes.setBody, {
    NFTA_SET_TABLE: tableName,
    NFTA_SET_NAME: name
  }),
  decode: decodeSet(tableName)
})

const decodeSet =
  (tableName: string) =>
  (message: Message.Message): NfTables.Set | undefined => {
    const found = Attributes.decode(Attributes.NFT_MSG_NEWSET, Attributes.setBody, message)
    if (found?.NFTA_SET_NAME === undefined || found.NFTA_SET_TABLE !== tableName) return undefined
    const userData = found.NFTA_SET_USERDATA
    return {
      table: tableName,
      name: found.NFTA_SET_NAME,
      flags: found.NFTA_SET_FLAGS ?? 0,
      keyType: found.NFTA_SET_KEY_TYPE ?? 0,
      keyLength: found.NFTA_SET_KEY_LEN ?? 0,
      dataType: found.NFTA_SET_DATA_TYPE,
      dataLength: found.NFTA_SET_DATA_LEN,
      comment: userData && Attributes.commentOf(Attributes.setComment, userData)
    }
  }

/** Asks for the elements of a set; each answer holds many. @category requests @since 0.1.0 */
export const elements = (tableName: string, setName: string): Query<ReadonlyArray<NfTables.Element>> =>
  elementQuery("element-list", Message.NLM_F_DUMP, {
    NFTA_SET_ELEM_LIST_TABLE: tableName,
    NFTA_SET_ELEM_LIST_SET: setName
  })

/** Asks for one element by its key. @category requests @since 0.1.0 */
export const element = (
  tableName: string,
  setName: string,
  key: Uint8Array
): Query<ReadonlyArray<NfTables.Element>> =>
  elementQuery("element-get", 0, {
    NFTA_SET_ELEM_LIST_TABLE: tableName,
    NFTA_SET_ELEM_LIST_SET: setName,
    NFTA_SET_ELEM_LIST_ELEMENTS: [{ NFTA_SET_ELEM_KEY: { NFTA_DATA_VALUE: key } }]
  })

const elementQuery = (
  operation: string,
  flags: number,
  attributes: Parameters<typeof Attributes.elementsBody.encode>[1]
): Query<ReadonlyArray<NfTables.Element>> => ({
  ...Attributes.request(
    operation,
    attributes.NFTA_SET_ELEM_LIST_SET ?? "",
    Attributes.NFT_MSG_GETSETELEM,
    flags,
    Attributes.elementsBody,
    attributes
  ),
  decode: (message) =>
    Attributes.decode(
      Attributes.NFT_MSG_NEWSETELEM,
      Attributes.elementsBody,
      message
    )?.NFTA_SET_ELEM_LIST_ELEMENTS?.map(elementOf)
})

const elementOf = (found: Attribute.Values<typeof Attributes.elementTable>): NfTables.Element => {
  const verdict = found.NFTA_SET_ELEM_DATA?.NFTA_DATA_VERDICT
  return {
    key: found.NFTA_SET_ELEM_KEY?.NFTA_DATA_VALUE ?? new Uint8Array(),
    value: found.NFTA_SET_ELEM_DATA?.NFTA_DATA_VALUE,
    verdict: verdict && {
      code: verdict.NFTA_VERDICT_CODE ?? 0,
      chain: verdict.NFTA_VERDICT_CHAIN ?? ""
    },
    expression: found.NFTA_SET_ELEM_EXPR
  }
}

/**
 * Returns the table that a notification is about; nothing of other messages. Its name is attribute 1 of all of them.
 *
 * @category decoding
 * @since 0.1.0
 */
export const tableOf = (message: Message.Message): string | undefined => {
  const isGeneration = (message.type & 0xff) === Attributes.NFT_MSG_NEWGEN
  if (message.type >>> 8 !== Attributes.subsystem || isGeneration) return undefined
  const decoded = Attributes.tableBody.decode(message.payload)
  return decoded?.header.family === Attributes.NFPROTO_INET ? decoded.attributes.NFTA_TABLE_NAME : undefined
}
