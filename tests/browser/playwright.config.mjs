import { defineConfig } from "@playwright/test";
import { launchOptions } from "./chromium.mjs";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.mjs",
  outputDir: "test-results",
  globalSetup: "./global-setup.mjs",
  // A test waits more than it computes: on two cores, three at a time take 330 s where two took 391 s.
  // Those that are marked `@alone` watch the clock, and `cargo xtask test` gives them the machine.
  workers: 3,
  fullyParallel: true,
  // On a shared machine a second can be lost anywhere; what needs a second try is named as flaky.
  retries: process.env.CI ? 1 : 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  forbidOnly: Boolean(process.env.CI),
  use: {
    browserName: "chromium",
    launchOptions,
    locale: "en-GB",
    screenshot: "only-on-failure",
    // A trace makes everything three times as slow; ask for one: --trace retain-on-failure.
    trace: "off",
  },
});
