// What tests do with a tab.
import { expect } from "../fixtures.mjs";

const START = 30_000;

// Calls a method of window.tabchain; a failure becomes an Error whose message
// starts with the failure's code.
export function call(page, method, ...args) {
  return page.evaluate(async ([method, args]) => {
    try {
      return await window.tabchain[method](...args);
    } catch (error) {
      throw new Error(`${error.code}: ${error.message}`);
    }
  }, [method, args]);
}

// Waits until the nodes of a tab run.
export async function ready(page) {
  await expect.poll(() => page.evaluate(() => window.tabchainStarted === true && typeof window.tabchain), {
    message: "the page starts", timeout: START,
  }).toBe("object");
  await call(page, "status");
}

export const status = (page) => call(page, "status");
export const tip = async (page) => (await status(page)).tip;
export const height = async (page) => (await tip(page)).height;
export const own = async (page) => (await status(page)).nodes.filter((node) => node.here);

// One worker at full duty, so that a test's speed depends less on the machine.
export const mine = (page, power = { workers: 1, duty: 1 }) => call(page, "startMining", power);
export const stop = (page) => call(page, "stopMining");

export async function reaches(page, wanted, timeout = 30_000) {
  await expect.poll(() => height(page), { message: `height ${wanted}`, timeout })
    .toBeGreaterThanOrEqual(wanted);
}

// Mines until the chain has this height, then stops.
export async function mineTo(page, wanted, { power, timeout } = {}) {
  await mine(page, power);
  await reaches(page, wanted, timeout);
  await stop(page);
}

// Waits until all nodes of a tab have the same tip. If two blocks of the same height were found at
// once, the tie lasts until the next block, so this mines one.
export async function settle(page) {
  await expect.poll(async () => {
    const tips = (await own(page)).map(({ tip }) => tip);
    const heights = new Set(tips.map(({ height }) => height));
    const ids = new Set(tips.map(({ hash }) => hash));
    if (heights.size === 1 && ids.size > 1) await mineTo(page, tips[0].height + 1);
    return ids.size;
  }, { message: "all nodes of the tab stand on one tip", intervals: [250, 500, 1000] }).toBe(1);
}

// Waits until all tabs have the same tip, and returns it.
export async function agree(pages, timeout = 15_000) {
  let last;
  await expect.poll(async () => {
    last = await Promise.all(pages.map(tip));
    return new Set(last.map(({ hash }) => hash)).size;
  }, { message: "all tabs stand on one tip", timeout }).toBe(1);
  return last[0];
}

// How to freeze a tab as the browser does, and to thaw it.
export async function lifecycle(page) {
  const cdp = await page.context().newCDPSession(page);
  const become = (state) => () => cdp.send("Page.setWebLifecycleState", { state });
  return { freeze: become("frozen"), thaw: become("active") };
}

export const block = (page, hash) => page.getByTestId(`block-${hash}`);

// The switch of a tab as `page` shows it; without a label, the page's own.
export function tabSwitch(page, label) {
  const panel = page.getByTestId("tabs-panel");
  return label === undefined ? panel.locator(".tab.me .tab-head [role=switch]") : page.getByTestId(`tab-switch-${label}`);
}

export async function label(page) {
  const id = await tabSwitch(page).getAttribute("data-testid");
  return Number(id.replace("tab-switch-", ""));
}

// Waits for a line in the log that matches.
export async function logged(page, pattern, timeout = 10_000) {
  await expect(page.getByTestId("log").locator("li", { hasText: pattern }).first()).toBeAttached({ timeout });
}

// Sends messages on a channel, as any script of the same origin could.
export async function shout(page, channel, messages) {
  const encoded = messages.map((bytes) => Buffer.from(bytes).toString("base64"));
  await page.evaluate(async ([channel, encoded]) => {
    const ear = new BroadcastChannel(channel);
    for (const text of encoded) {
      ear.postMessage(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
    }
    // Let the messages leave before the channel closes.
    await new Promise((resolve) => setTimeout(resolve, 50));
    ear.close();
  }, [channel, encoded]);
}

// Code to put before a worker's loader, so that a test can reach a worker that
// is out of its reach otherwise: the worker reports the size of its program's
// memory, and runs `death`, when told to.
export function reachable(name, death = "self.close()") {
  const lines = `
    for (const how of ["instantiate", "instantiateStreaming"]) {
      const real = WebAssembly[how];
      WebAssembly[how] = async (...args) => {
        const made = await real.apply(WebAssembly, args);
        self.testMemory ??= (made.instance ?? made).exports.memory;
        return made;
      };
    }
    const testEar = new BroadcastChannel("test:${name}");
    testEar.addEventListener("message", ({ data }) => {
      if (data === "die") { ${death}; }
      if (data === "weigh") testEar.postMessage({ bytes: self.testMemory.buffer.byteLength });
    });
  `;
  return (text) => lines + text;
}

export const kill = (page, name) => page.evaluate((name) => {
  const mouth = new BroadcastChannel(name);
  mouth.postMessage("die");
  return new Promise((resolve) => setTimeout(() => resolve(mouth.close()), 50));
}, `test:${name}`);

// The linear memory of each worker of this name, in bytes.
export const weigh = (page, name) => page.evaluate((name) => new Promise((resolve) => {
  const mouth = new BroadcastChannel(name);
  const found = [];
  mouth.onmessage = ({ data }) => { if (data.bytes) found.push(data.bytes); };
  mouth.postMessage("weigh");
  setTimeout(() => { mouth.close(); resolve(found); }, 1_000);
}), `test:${name}`);
