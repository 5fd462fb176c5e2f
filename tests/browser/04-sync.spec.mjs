// A tab that comes late fetches the chain from others: headers first, and it
// says how far it is.
import { test, expect, agree, height, logged, mineTo, names, BITS } from "./lib/test.mjs";

const BLOCKS = 2_000;
const [HEADERS, BODY] = [3, 5];

// The first bytes of the messages that nodes send each other on a room's
// channel, in their order: behind the envelope come four bytes of the chain's
// number, the tags with their count, a hash, and then what a message is.
const listen = (page, channel) => page.evaluate((channel) => {
  window.testTags = [];
  window.testEar = new BroadcastChannel(channel);
  window.testEar.onmessage = ({ data }) => {
    const isPacket = data instanceof Uint8Array && data[3] === 0;
    if (!isPacket) return;
    const payload = 53 + (data[53] === 1 ? 32 : 0) + 1 + 8 + 4;
    window.testTags.push(data[payload + 4 + 1 + 16 * data[payload + 4] + 32]);
  };
}, channel);

test("a late tab syncs 2,000 blocks headers first and shows progress", async ({ context, baseURL, outsider, rooms, open, shot }) => {
  test.setTimeout(180_000);
  const room = rooms({ bits: BITS.trivial });
  const early = await open(room);
  // A full machine's power makes no chain longer here: finding is instant, the rest is one engine.
  await mineTo(early, BLOCKS, { timeout: 120_000 });
  const length = await height(early);

  await listen(outsider, names(baseURL).channel(room));
  const late = await context.newPage();
  // What the page shows on the way, however short.
  await late.addInitScript(() => {
    window.testSeen = [];
    addEventListener("DOMContentLoaded", () => {
      new MutationObserver(() => {
        const bar = document.querySelector("[data-testid=sync-progress] progress");
        if (bar) window.testSeen.push([bar.value, bar.max]);
      }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    });
  });
  const begun = Date.now();
  await open(room, { page: late });
  await agree([early, late], 60_000);
  console.log(`synced ${length} blocks in ${Date.now() - begun} ms`);
  const tags = await outsider.evaluate(() => window.testTags);
  expect(tags, "headers travel").toContain(HEADERS);
  expect(tags, "bodies travel").toContain(BODY);
  expect(tags.indexOf(HEADERS), "headers before bodies").toBeLessThan(tags.indexOf(BODY));
  const seen = await late.evaluate(() => window.testSeen);
  expect(seen.length, "progress was shown").toBeGreaterThan(0);
  const [most] = seen.map(([, goal]) => goal).sort((a, b) => b - a);
  expect(most).toBeGreaterThanOrEqual(BLOCKS);
  await expect(late.getByTestId("sync-progress")).toHaveCount(0);
  await logged(late, /caught up at height 2,?\d{3}/);
  await shot(late, "synced");
});
