// Takes the pictures of docs/screenshots anew, from the build in dist: `node portraits.mjs`.
// It takes a minute and a half, since real blocks are mined for them.
import { chromium } from "@playwright/test";
import { fileURLToPath } from "node:url";
import { dist, launchOptions } from "./chromium.mjs";
import { serve } from "./server.mjs";
import { agree, block, height, mine, reaches, ready, stop, tabSwitch, tip } from "./lib/tab.mjs";
import { room } from "./lib/room.mjs";

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 360, height: 740 };
const folder = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
// A tenth of one worker: about a block each two seconds in the room below.
const SLOW = { workers: 1, duty: 0.1 };
// The target moves each few blocks, as in a room that somebody made for a lesson.
const lesson = room("maple-river", { spacing: 3, bits: "1e1fffff", window: 8 });

const host = await serve(dist);
const browser = await chromium.launch(launchOptions);

// A person with a browser of their own.
async function visitor({ colorScheme = "light", locale = "en-GB", viewport = DESK } = {}) {
  const context = await browser.newContext({ colorScheme, locale, viewport });
  return async (hash = "") => {
    const page = await context.newPage();
    await page.goto(host.url + hash);
    await ready(page);
    return page;
  };
}

async function shot(page, name) {
  await page.bringToFront();
  await pause(0.5); // what moves has arrived
  await page.screenshot({ path: `${folder}${name}.png` });
  console.log(name);
}

async function mineFor(page, blocks) {
  await mine(page, SLOW);
  await reaches(page, (await height(page)) + blocks, 120_000);
  await stop(page);
}

// Two tabs that share a chain by both.
async function couple(options) {
  const open = await visitor(options);
  const [one, two] = [await open(lesson.hash), await open(lesson.hash)];
  for (const [page, blocks] of [[one, 3], [two, 2], [one, 1]]) {
    await mineFor(page, blocks);
    await agree([one, two]);
  }
  return [one, two];
}

// The second one is cut off; both go on, the first one a block further.
async function fork([one, two]) {
  await tabSwitch(two).click();
  await mineFor(two, 2);
  await mineFor(one, 3);
}

try {
  const first = await visitor();
  await shot(await first(), "first-visit");

  const [one, two] = await couple();
  await mine(two, SLOW);
  await mine(one, SLOW);
  await pause(40);
  await shot(one, "mining");
  await stop(two);
  await stop(one);
  await agree([one, two]);
  await block(one, (await tip(one)).hash).click();
  await one.setViewportSize({ ...DESK, height: 1100 });
  await one.evaluate(() => document.querySelector(".panel-block").scrollIntoView({ block: "start" }));
  await shot(one, "details");

  const dark = await couple({ colorScheme: "dark" });
  await fork(dark);
  await shot(dark[0], "fork");
  await dark[0].setViewportSize(PHONE);
  await dark[0].locator("nav.bottom button").nth(1).click();
  await shot(dark[0], "narrow");

  const chinese = await couple({ colorScheme: "dark", locale: "zh-CN" });
  await fork(chinese);
  await tabSwitch(chinese[1]).click();
  await agree(chinese);
  await shot(chinese[1], "chinese-dark"); // the side that lost still has its own blocks
} finally {
  await browser.close();
  await host.close();
}
