// Cut apart, both sides go on; together again, the side with more work wins.
import { test, expect, agree, block, call, height, label, logged, mine, mineTo, own, reaches, status, stop, tabSwitch, tip, BITS } from "./lib/test.mjs";

const cut = (page) => call(page, "setOnline", false);
const join = (page) => call(page, "setOnline", true);

test("two tabs are cut, fork, heal, and the loser's blocks turn stale", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.brisk });
  const [winner, loser] = [await open(room), await open(room)];
  await mineTo(winner, 2);
  const base = await agree([winner, loser]);

  await cut(winner);
  await cut(loser);
  await expect(tabSwitch(winner)).toHaveAttribute("aria-checked", "false");
  await expect(tabSwitch(winner, await label(loser))).toHaveAttribute("aria-checked", "false");
  expect(await status(winner)).toMatchObject({ online: false, peers: 0 });

  await Promise.all([mine(winner), mine(loser)]);
  await Promise.all([reaches(winner, base.height + 2), reaches(loser, base.height + 2)]);
  await stop(loser);
  const lost = await tip(loser);
  await reaches(winner, lost.height + 1);
  await stop(winner);
  const won = await tip(winner);
  expect(BigInt(`0x${won.work}`)).toBeGreaterThan(BigInt(`0x${lost.work}`));
  expect(won.hash).not.toBe(lost.hash);
  // Each side sees that the other stands elsewhere, though no node has heard of it.
  await expect(block(winner, lost.hash)).toHaveClass(/unseen/);
  await expect(block(loser, won.hash)).toHaveClass(/unseen/);
  await expect(winner.getByTestId("harmony")).toContainText("2 tips compete");
  await shot(winner, "cut");

  const losers = await call(loser, "blocks", base.height + 1, lost.height);
  await join(loser);
  await join(winner);
  expect((await agree([winner, loser])).hash).toBe(won.hash);
  await logged(loser, /switched branch/);
  // So that "one chain wins" can be seen in every tab, also where no node ever had those blocks.
  for (const page of [loser, winner]) {
    for (const { hash } of losers) await expect(block(page, hash)).toHaveClass(/stale/);
  }
  await expect(block(loser, won.hash)).toHaveClass(/best/);
  await expect(loser.getByTestId("harmony")).toContainText("agree");
  await block(loser, lost.hash).click();
  await expect(loser.getByTestId("block-state")).toContainText("stale");
  await shot(loser, "healed");
});

test("a tab is cut off and joined again from another tab", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.brisk });
  const [here, there] = [await open(room), await open(room)];
  await mineTo(here, 1);
  const before = await agree([here, there]);

  const remote = tabSwitch(here, await label(there));
  await remote.click();
  await expect(remote).toHaveAttribute("aria-checked", "false");
  await expect.poll(async () => (await status(there)).online).toBe(false);
  await logged(here, /Tab \d+ was cut off/);
  await mineTo(there, before.height + 2);
  expect((await tip(here)).hash).toBe(before.hash);
  await shot(here, "remote-cut");

  await remote.click();
  await expect(remote).toHaveAttribute("aria-checked", "true");
  const after = await agree([here, there]);
  expect(after.height).toBeGreaterThanOrEqual(before.height + 2);
});

test("two nodes of one tab fork while one of them is cut off", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.brisk }));
  await page.getByTestId("add-node").click();
  await expect.poll(async () => (await own(page)).length).toBe(2);
  await mineTo(page, 1);
  await expect.poll(async () => new Set((await own(page)).map((node) => node.tip.hash)).size).toBe(1);
  const base = await height(page);

  const [, second] = await own(page);
  const toggle = page.getByTestId(`node-switch-${second.seat}`);
  await toggle.click();
  await expect(toggle).toHaveAttribute("aria-checked", "false");
  // Until both have blocks of their own and one has more work.
  await expect.poll(async () => {
    await mine(page);
    await page.waitForTimeout(500);
    await stop(page);
    const heights = (await own(page)).map((node) => node.tip.height);
    return Math.min(...heights) > base && heights[0] !== heights[1];
  }, { timeout: 30_000 }).toBe(true);
  const forked = await own(page);
  expect(forked[0].tip.hash).not.toBe(forked[1].tip.hash);
  await shot(page, "nodes-cut");

  await toggle.click();
  await expect.poll(async () => new Set((await own(page)).map((node) => node.tip.hash)).size).toBe(1);
  const best = Math.max(...forked.map((node) => node.tip.height));
  expect(await height(page)).toBe(best);
  await logged(page, /switched branch/);
});
