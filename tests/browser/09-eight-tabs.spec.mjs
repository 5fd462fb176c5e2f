// Eight tabs for a minute, most of them mining: at the end there is one chain.
import { test, expect, agree, call, height, mine, reaches, status, stop, BITS } from "./lib/test.mjs";

const TABS = 8;
const MINUTE = 60_000;

test("eight tabs that mine for a minute end on one tip", async ({ open, rooms, shot }) => {
  test.setTimeout(180_000);
  const room = rooms({ bits: BITS.brisk });
  const tabs = [];
  for (let count = 0; count < TABS; count++) tabs.push(await open(room));
  await expect.poll(async () => (await status(tabs[0])).peers).toBe(TABS - 1);
  const miners = tabs.slice(0, 6);
  for (const tab of miners) await mine(tab, { workers: 2, duty: 0.5 });
  const end = Date.now() + MINUTE;
  let watched = 0;
  while (Date.now() < end) {
    await tabs[0].waitForTimeout(5_000);
    // One of them is cut off and joins again, so that there is something to heal.
    await call(tabs[watched % miners.length], "setOnline", false);
    await tabs[0].waitForTimeout(2_000);
    await call(tabs[watched % miners.length], "setOnline", true);
    watched++;
    const heights = await Promise.all(tabs.map(height));
    expect(Math.min(...heights), `tabs stand at ${heights}`).toBeGreaterThan(0);
  }
  await shot(tabs[7], "at-work");
  // Two tips of equal work may stand side by side for ever when nobody mines any more: each node
  // stays with what it saw first. So one tab goes on until it has outweighed whatever there is.
  await Promise.all(miners.slice(1).map(stop));
  const highest = Math.max(...await Promise.all(tabs.map(height)));
  await reaches(miners[0], highest + 1);
  await stop(miners[0]);
  const { height: last } = await agree(tabs, 10_000);
  expect(last).toBeGreaterThan(10);
  const seen = await Promise.all(tabs.map(status));
  for (const { peers, nodes } of seen) {
    expect(peers).toBe(TABS - 1);
    expect(new Set(nodes.map((node) => node.tip.hash)).size).toBe(1);
  }
  await expect(tabs[7].getByTestId("harmony")).toContainText(/agree/);
  await shot(tabs[7], "one-tip");
});
