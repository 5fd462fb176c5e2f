// The page stays at hand while its workers take the whole machine.
import { cpus } from "node:os";
import { test, expect, call, height, mine, reaches, stop, BITS } from "./lib/test.mjs";

const WATCHED = 10_000;

test("no task of the page's thread takes over 50 ms while mining at full power", { tag: "@alone" }, async ({ open, rooms, shot }) => {
  const page = await open(rooms({ bits: BITS.steady }));
  await mine(page, { workers: cpus().length, duty: 1 });
  await reaches(page, 2, 60_000);
  const tasks = await page.evaluate((watched) => new Promise((resolve) => {
    const found = [];
    const observer = new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) found.push({ startTime, duration });
    });
    observer.observe({ type: "longtask" });
    setTimeout(() => { observer.disconnect(); resolve(found); }, watched);
  }), WATCHED);
  await shot(page, "full-power");
  expect(tasks, "tasks over 50 ms").toEqual([]);
  expect(await height(page)).toBeGreaterThan(0);
  // And it answers at once.
  const answer = await page.evaluate(async () => {
    const begun = performance.now();
    await window.tabchain.status();
    return performance.now() - begun;
  });
  expect(answer).toBeLessThan(1_000);
  await stop(page);
  await call(page, "status");
});
