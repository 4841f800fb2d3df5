/**
 * Fetches a page again and again over connections of their own, each begun on time whatever became of those before, and
 * prints what became of each as JSON. Arguments: the address, the port and the interval in milliseconds.
 *
 * A request fails when it has no answer by the time that so many others have begun. So time passes only while this
 * process runs: a machine that stands still loses no request.
 *
 * @since 0.1.0
 */
import * as Http from "node:http"

const [host = "", port = "", interval = ""] = process.argv.slice(2)

// The kernel repeats a lost SYN after one second: what was not answered by then was lost.
const limitMillis = 900
const limit = Math.ceil(limitMillis / Number(interval))

const waiting = new Map<number, () => void>()
let begun = 0

const fetchPage = (): void => {
  const index = begun++
  const startedMicros = Math.round((performance.timeOrigin + performance.now()) * 1000)
  const end = (by: string | null, failure: string | null): void => {
    if (!waiting.delete(index)) return
    request.destroy()
    console.log(JSON.stringify({ index, startedMicros, by, failure }))
  }
  waiting.set(index, () => end(null, "no answer"))
  const request = Http.get({ host, port, agent: false }, (response) => {
    let page = ""
    response.setEncoding("utf8")
    response.on("data", (text: string) => (page += text))
    response.on("end", () => end(page, null))
    response.on("error", ({ message }) => end(null, message))
  })
  request.on("error", ({ message }) => end(null, message))
  waiting.get(index - limit)?.()
}

setInterval(fetchPage, Number(interval))
