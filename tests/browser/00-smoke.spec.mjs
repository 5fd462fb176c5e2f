// The build as a static host serves it: it starts from a sub-folder, under its
// own security policy, and says plainly what keeps it from starting.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, expect } from "./fixtures.mjs";
import { dist } from "./chromium.mjs";
import { serve } from "./server.mjs";

async function open(page, url) {
  await page.goto(url);
  // Asked from here: what waits inside the page is made from a string there, which its policy refuses.
  await expect.poll(() => page.evaluate(() => window.tabchainStarted), { timeout: 30_000 }).toBe(true);
}

test("the page starts from a sub-folder without a policy violation", async ({ page, baseURL, shot }) => {
  await open(page, baseURL);
  await expect(page.locator("h1")).toBeVisible();
  await expect(page.locator("#boot-message")).toHaveCount(0);
  await shot(page, "start");
});

test("the policy allows no inline script, no eval and no foreign address", async ({ page, baseURL }) => {
  const html = readFileSync(join(dist, "index.html"), "utf8");
  const policy = html.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)[1];
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/);
  expect(html.indexOf("Content-Security-Policy")).toBeLessThan(html.search(/<script|<link|<style/));
  await open(page, baseURL); // runs under it
});

test("Trusted Types refuse a script address that is not ours", async ({ page, baseURL, allowed }) => {
  allowed.push(/trusted-types|requires 'Trusted|TrustedScriptURL|script-src|Content Security policy/i);
  await open(page, baseURL);
  const tried = await page.evaluate(async () => {
    const attempt = (f) => { try { f(); return "allowed"; } catch (error) { return error.name; } };
    // What the test runner itself calls may use eval: leave its call first.
    await new Promise((resolve) => setTimeout(resolve));
    return {
      string: attempt(() => new Worker("engine_loader.js", { type: "module" })),
      other: attempt(() => window.tabchainWorkerUrl("../evil")),
      policy: attempt(() => trustedTypes.createPolicy("another", {})),
      eval: attempt(() => (0, eval)("1")),
    };
  });
  expect(tried).toEqual({ string: "TypeError", other: "TypeError", policy: "TypeError", eval: "EvalError" });
});

test("a host that does not know wasm still serves a working page", async ({ page }) => {
  const host = await serve(dist, { types: { ".wasm": "application/octet-stream" } });
  try {
    await open(page, host.url);
    await expect(page.locator("h1")).toBeVisible();
  } finally {
    await host.close();
  }
});

test("an incomplete copy says so instead of staying blank", async ({ page, allowed, shot }) => {
  allowed.push(/404|wasm|Failed to fetch|CompileError|magic word/i);
  const host = await serve(dist, { missing: ["page-"] });
  try {
    await page.goto(host.url);
    await expect(page.locator("#boot-message")).toContainText("could not start");
    await expect(page.locator("#boot-message [lang=zh-CN]")).toContainText("无法启动");
    await shot(page, "incomplete");
  } finally {
    await host.close();
  }
});

test("a page opened as a file says how to open it", async ({ page, allowed, shot }) => {
  allowed.push(/file:|CORS|ERR_FAILED/);
  await page.goto(`file://${join(dist, "index.html")}`);
  await expect(page.locator("#boot-message")).toContainText("must be served");
  await expect(page.locator("main")).toHaveCount(1);
  await shot(page, "file");
});

for (const [what, remove] of [
  ["BroadcastChannel", () => { delete window.BroadcastChannel; }],
  ["Web Locks", () => { Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined }); }],
  ["WebAssembly SIMD", () => { WebAssembly.validate = () => false; }],
  ["module workers", () => {
    const Real = Worker;
    window.Worker = function OldWorker(url) { return new Real(url); };
  }],
]) {
  test(`a browser without ${what} gets a plain message`, async ({ page, baseURL }) => {
    await page.addInitScript(remove);
    await page.goto(baseURL);
    await expect(page.locator("#boot-message")).toContainText(what);
    await expect(page.locator("main")).toHaveCount(1);
  });
}

test("the page refuses to run inside a frame", async ({ page, baseURL, allowed }) => {
  allowed.push(/404/); // the favicon of the framing page
  // Same origin, so that nothing but the page itself refuses.
  await page.goto(new URL("boot.js", baseURL).href);
  await page.evaluate((src) => document.body.append(Object.assign(document.createElement("iframe"), { src })), baseURL);
  const frame = page.frameLocator("iframe");
  await expect(frame.locator("#boot-message")).toContainText("tab of its own");
  await expect(frame.locator("main")).toHaveCount(1);
});

test("without JavaScript the page says that it needs it", async ({ browser, baseURL, shot }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(baseURL);
  await expect(page.locator("noscript p").first()).toBeVisible();
  await shot(page, "no-javascript");
  await context.close();
});
