// The base of the tests that drive whole tabs: the fixtures of fixtures.mjs,
// rooms, tabs, and a context that fails the test on any foreign request.
import { createHash } from "node:crypto";
import { test as base, expect, watch } from "../fixtures.mjs";
import { dist } from "../chromium.mjs";
import { serve } from "../server.mjs";
import { newProfile, startBrowser } from "./browser.mjs";
import { room } from "./room.mjs";
import * as tab from "./tab.mjs";

export { expect };
export * from "./outsider.mjs";
export * from "./room.mjs";
export * from "./storage.mjs";
export * from "./tab.mjs";

// Collects requests to any address but our own hosts'.
function guard(context, foreign) {
  context.on("request", (request) => {
    if (!/^(data:|blob:|about:|http:\/\/127\.0\.0\.1:)/.test(request.url())) foreign.push(request.url());
  });
}

export const test = base.extend({
  context: async ({ context }, use) => {
    const foreign = [];
    guard(context, foreign);
    // Browsers request it for pages that are not HTML.
    await context.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
    await use(context);
    expect(foreign, "requests to foreign addresses").toEqual([]);
  },

  // rooms({ bits }) is a room that no other test uses; the same arguments give
  // the same room.
  rooms: async ({}, use, testInfo) => {
    const mark = createHash("sha256").update(testInfo.titlePath.join("/")).digest("hex").slice(0, 10);
    await use((rules = {}, suffix = "") => room(`test-${mark}${suffix}`, rules));
  },

  // open(room) is a tab in that room whose nodes are running.
  open: async ({ context, baseURL }, use) => {
    await use(async (where = { hash: "" }, { url = baseURL, page } = {}) => {
      page ??= await context.newPage();
      await page.goto(url + where.hash);
      await tab.ready(page);
      return page;
    });
  },

  // A page of the same origin that is not a tab of Tabchain's.
  outsider: async ({ context, baseURL }, use) => {
    const page = await context.newPage();
    await page.goto(new URL("boot.js", baseURL).href);
    await use(page);
  },

  // contextOf({ locale }) is another context, watched like the first one.
  contextOf: async ({ browser, allowed }, use) => {
    const complaints = [];
    const made = [];
    await use(async (options) => {
      const context = await browser.newContext(options);
      made.push(context);
      await watch(context, complaints);
      guard(context, complaints);
      return context;
    });
    for (const context of made) await context.close();
    const unexpected = complaints.filter((text) => !allowed.some((pattern) => pattern.test(text)));
    expect(unexpected, "violations, errors and foreign requests").toEqual([]);
  },

  // Settings for ownBrowser's profile, as Chromium stores them.
  settings: [{}, { option: true }],

  // ownBrowser() starts a browser that a test may kill; the next one that the
  // same test starts has the same profile.
  ownBrowser: async ({ allowed, settings }, use) => {
    const profile = newProfile(settings);
    const complaints = [];
    const started = [];
    try {
      await use(async () => {
        const browser = await startBrowser(profile);
        started.push(browser);
        await watch(browser.context, complaints);
        guard(browser.context, complaints);
        return browser;
      });
    } finally {
      for (const { kill } of started) await kill();
      profile.remove();
    }
    expect(complaints.filter((text) => !allowed.some((pattern) => pattern.test(text)))).toEqual([]);
  },

  // host({ "engine_loader.js": (text) => ... }) serves the build with these
  // files changed and returns its URL.
  host: async ({}, use) => {
    const hosts = [];
    await use(async (patch) => {
      const host = await serve(dist, { patch });
      hosts.push(host);
      return host.url;
    });
    for (const host of hosts) await host.close();
  },
});
