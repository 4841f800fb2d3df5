import { defineConfig } from "vitest/config"

/**
 * Four projects: `unit` needs no privilege and no kernel (property tests and shells on simulated adapters, under 60 s);
 * `system` makes network namespaces and real sockets, and so does `apps`, which tests the command and the examples;
 * `ipvs` needs a kernel with IPVS. `test/run.ts` runs all, the last one in User-Mode Linux where this kernel has no IPVS,
 * and prints the closing line.
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
          exclude: ["**/*.system.test.ts", "**/*.ipvs.test.ts", "**/node_modules/**"],
          // Each file would read the whole of Effect again: a third of the time.
          isolate: false,
          // A property on a machine that is busy with something else.
          testTimeout: 20_000
        }
      },
      {
        test: {
          name: "system",
          include: [
            "packages/*/test/**/*.system.test.ts",
            "test/{integration,interop,contract}/**/*.test.ts"
          ],
          exclude: ["**/*.ipvs.test.ts", "**/node_modules/**"],
          fileParallelism: false,
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      },
      {
        test: {
          name: "apps",
          include: ["apps/*/test/**/*.system.test.ts", "examples/**/*.system.test.ts"],
          exclude: ["**/node_modules/**"],
          fileParallelism: false,
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      },
      {
        test: {
          name: "ipvs",
          include: ["{packages,apps,test}/**/*.ipvs.test.ts"],
          exclude: ["**/node_modules/**"],
          fileParallelism: false,
          // Each start of a process is slow in User-Mode Linux: one runs all files.
          pool: "forks",
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      }
    ]
  }
})
