// What somebody who has never been here does first.
import { test, expect, agree, height, label, logged, mine, mineTo, own, reaches, ready, status, stop, tip, BITS } from "./lib/test.mjs";

test("a newcomer opens the page, presses Mine and finds a block; a second tab has the same tip", async ({ context, open, shot }) => {
  const page = await open();
  await expect(page).toHaveURL(/#\/live\?room=[a-z0-9-]+&check=[0-9a-f]{4}&spacing=10&bits=[0-9a-f]{8}&window=\d+&halving=\d+$/);
  const before = await status(page);
  expect(before).toMatchObject({ mining: false, hashRate: 0, peers: 0, tip: { height: 0 } });
  await expect(page.getByTestId("mine-button")).toBeVisible();
  await expect(page.getByTestId(`block-${before.tip.hash}`)).toBeVisible();
  await shot(page, "first-visit");

  await page.getByTestId("mine-button").click();
  await expect(page.getByTestId("mine-button")).toHaveText("Stop mining");
  await reaches(page, 1);
  await expect(page.getByTestId("hash-rate")).toContainText(/\d.*H\/s/);
  await expect(page.getByTestId("tip-height")).not.toHaveText("0");
  await shot(page, "first-block");

  const byLink = await context.newPage();
  await byLink.goto(page.url());
  await ready(byLink);
  const bare = await open();
  // The address is written with the first picture, which may come after the engine is ready.
  await expect(bare).toHaveURL(page.url());

  await page.getByTestId("mine-button").click();
  await expect(page.getByTestId("mine-button")).toHaveText("Mine");
  const { hash } = await agree([page, byLink, bare]);
  for (const tab of [page, byLink, bare]) await expect(tab.getByTestId("tip-hash")).toHaveText(hash);
  expect((await status(page)).peers).toBe(2);
  expect(await status(byLink)).toMatchObject({ mining: false, hashRate: 0 });

  const ids = (await Promise.all([page, byLink, bare].map(own))).flat().map(({ id }) => id);
  expect(new Set(ids).size, "three different identities").toBe(3);
  expect(await Promise.all([page, byLink, bare].map(label))).toEqual([1, 2, 3]);
  await shot(byLink, "second-tab");
});

test("stopping stops: the rate falls to zero and the tip stays", async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.quick }));
  await mine(page);
  await reaches(page, 5);
  await expect.poll(async () => (await status(page)).hashRate).toBeGreaterThan(0);
  await stop(page);
  await expect.poll(async () => (await status(page)).hashRate).toBe(0);
  const still = await tip(page);
  await page.waitForTimeout(1_500);
  expect(await tip(page)).toEqual(still);
  await logged(page, "Mining stopped");
  await shot(page, "stopped");
});

test("tabs of different rooms hear nothing of each other", async ({ open, rooms, shot }) => {
  const [first, second] = [await open(rooms({}, "-a")), await open(rooms({}, "-b"))];
  await mineTo(first, 3);
  await second.waitForTimeout(1_500);
  expect(await status(second)).toMatchObject({ peers: 0, tip: { height: 0 } });
  expect(await status(first)).toMatchObject({ peers: 0 });
  // The same name with other rules is another room, too.
  const third = await open(rooms({ halving: 100 }, "-a"));
  await third.waitForTimeout(1_500);
  expect(await height(third)).toBe(0);
  await shot(third, "another-room");
});
