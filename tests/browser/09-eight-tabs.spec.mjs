// Eight tabs, most of them mining, three of them cut off for a while: at the end there is one chain.
import { test, expect, agree, call, height, mine, reaches, status, stop, BITS } from "./lib/test.mjs";

const TABS = 8;

test("eight tabs that mine and are cut off end on one tip", async ({ open, rooms, shot }) => {
  test.setTimeout(180_000);
  const room = rooms({ bits: BITS.brisk });
  const tabs = [];
  for (let count = 0; count < TABS; count++) tabs.push(await open(room));
  await expect.poll(async () => (await status(tabs[0])).peers).toBe(TABS - 1);
  const miners = tabs.slice(0, 6);
  for (const tab of miners) await mine(tab, { workers: 2, duty: 0.5 });
  for (const tab of miners.slice(0, 3)) {
    await reaches(tabs[7], (await height(tabs[7])) + 4);
    // It joins again when it has a block that the others lack, so that there is something to heal.
    await call(tab, "setOnline", false);
    await reaches(tab, (await height(tab)) + 1, 60_000); // with a sixth of the power
    await call(tab, "setOnline", true);
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
