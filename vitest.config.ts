import { defineConfig } from "vitest/config"

/**
 * Two projects: `unit` needs no privilege and no kernel (property tests and shells on simulated adapters, under 60 s);
 * `system` makes network namespaces and real sockets. `test/run.ts` runs both and prints the closing line.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/*/test/**/*.test.ts",
            "apps/*/test/**/*.test.ts",
            "test/{bench,conformance,simulation}/**/*.test.ts"
          ],
          exclude: ["**/*.system.test.ts", "**/node_modules/**"]
        }
      },
      {
        test: {
          name: "system",
          include: [
            "packages/*/test/**/*.system.test.ts",
            "apps/*/test/**/*.system.test.ts",
            "test/{integration,interop,contract}/**/*.test.ts",
            "examples/**/*.system.test.ts"
          ],
          fileParallelism: false,
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      }
    ]
  }
})
