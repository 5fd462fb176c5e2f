// What every browser test starts from: the address of the build, a page that
// fails the test on any violation of its security policy or uncaught error,
// and a place for screenshots.
import { test as base, expect as patient, chromium } from "@playwright/test";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launchOptions } from "./chromium.mjs";

export { chromium, launchOptions };

// Playwright's own `poll` looks once a second before long. What is waited for here is there within
// milliseconds or takes many seconds, so it looks five times as often.
const poll = (ask, options) => patient.poll(ask, {
  intervals: [50, 100, 200], ...(typeof options === "string" ? { message: options } : options),
});
export const expect = new Proxy(patient, { get: (target, name) => (name === "poll" ? poll : target[name]) });

const shots = fileURLToPath(new URL("out/", import.meta.url));

// Records what must not happen on a page: policy violations and uncaught
// errors, in pages and their workers. `allow` holds patterns that a test
// provokes on purpose.
export async function watch(context, complaints) {
  await context.exposeFunction("__complain", (text) => complaints.push(text));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      window.__complain(`policy: ${event.violatedDirective} blocked ${event.blockedURI} ${event.sample} (${event.sourceFile}:${event.lineNumber})`);
    });
  });
  context.on("weberror", (error) => complaints.push(`error: ${error.error()?.stack ?? error.error()}`));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
}

export const test = base.extend({
  baseURL: async ({}, use) => { await use(process.env.TABCHAIN_URL); },

  // Push a RegExp here for a complaint that the test provokes on purpose.
  allowed: async ({}, use) => { await use([]); },

  context: async ({ context, allowed }, use) => {
    const complaints = [];
    await watch(context, complaints);
    await use(context);
    const unexpected = complaints.filter((text) => !allowed.some((pattern) => pattern.test(text)));
    expect(unexpected, "policy violations and uncaught errors").toEqual([]);
  },

  // shot(page, "fork") saves out/<test file>-fork.png, kept for people to look at. A test that takes
  // none leaves its last page as it is at the end, under the test's own name.
  shot: [async ({ context }, use, testInfo) => {
    mkdirSync(shots, { recursive: true });
    const file = testInfo.titlePath[0].replace(/\.spec\.mjs$/, "");
    let taken = 0;
    const shot = (page, name) => {
      taken++;
      return page.screenshot({ path: `${shots}${file}-${name}.png` });
    };
    await use(shot);
    if (taken > 0 || testInfo.status !== testInfo.expectedStatus) return;
    const last = context.pages().at(-1);
    expect(last, "a page to leave a screenshot of").toBeTruthy();
    await shot(last, testInfo.title.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60));
  }, { auto: true }],
});
