/**
 * A web server whose only page is its name. Arguments: the name and the port.
 *
 * @since 0.1.0
 */
import * as Http from "node:http"

const [name = "", port = ""] = process.argv.slice(2)

Http.createServer((_, response) => {
  response.setHeader("Connection", "close").end(name)
}).listen(Number(port), () => console.log("ready"))
