// Payments between tabs: sent, passed on, mined, lost with their block and back again.
import { test, expect, agree, call, height, logged, mineTo, tip, BITS } from "./lib/test.mjs";
import { payment, purse } from "./lib/pay.mjs";

const [ann, ben] = [purse(5), purse(6)];

const genesis = async (page) => (await call(page, "block", 0)).hash;

// The first coin of a purse that may be spent in the next block.
async function mature(page, of) {
  const { height, maturity, coins } = await call(page, "coins", [of.address]);
  return coins.find((coin) => coin.height + maturity <= height + 1);
}

const waiting = async (page) => (await call(page, "mempool")).best.map((each) => each.txid);

test("a payment reaches the other tab, waits there, and is mined by it", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.trivial });
  const [one, two] = [await open(room), await open(room)];
  await call(one, "payTo", ann.address);
  await mineTo(one, 6);
  await agree([one, two]);
  const coin = await mature(one, ann);
  expect(coin).toMatchObject({ amount: "5000000000", address: 0, coinbase: true });
  const sent = payment(await genesis(one), ann, coin, [[ben, 1234567890n], [ann, 5000000000n - 1234567890n - 1000n]]);
  expect(await call(one, "sendTransaction", sent.hex)).toBe(sent.txid);
  expect(await call(one, "coins", [ann.address])).toMatchObject({ waiting: [sent.hex] });
  await expect.poll(() => waiting(two)).toEqual([sent.txid]);
  await shot(two, "waiting");
  await mineTo(two, (await height(two)) + 1);
  await agree([one, two]);
  for (const page of [one, two]) {
    await expect.poll(() => waiting(page)).toEqual([]);
    const { coins } = await call(page, "coins", [ann.address, ben.address]);
    expect(coins.filter((each) => each.address === 1)).toMatchObject([{ txid: sent.txid, vout: 0, amount: "1234567890", coinbase: false }]);
  }
  await logged(two, new RegExp(`took in transaction ${sent.txid.slice(0, 8)}`));
  await shot(two, "mined");
});

test("a payment comes back when its block is undone, and the log says so", async ({ open, rooms, shot }) => {
  const room = rooms({ bits: BITS.trivial });
  const [one, two] = [await open(room), await open(room)];
  await call(one, "payTo", ann.address);
  await mineTo(one, 6);
  await agree([one, two]);
  await call(one, "setOnline", false);
  const sent = payment(await genesis(one), ann, await mature(one, ann), [[ben, 4999999000n]]);
  await call(one, "sendTransaction", sent.hex);
  await mineTo(one, (await height(one)) + 1);
  expect(await waiting(one)).toEqual([]);
  await mineTo(two, (await height(one)) + 2);
  await call(one, "setOnline", true);
  await agree([one, two]);
  expect(await tip(one)).toEqual(await tip(two));
  for (const page of [one, two]) await expect.poll(() => waiting(page)).toEqual([sent.txid]);
  await logged(one, /its block was undone/);
  await shot(one, "returned");
});

test("what breaks a rule is refused by name, and nothing else changes", async ({ open, rooms }) => {
  const page = await open(rooms({ bits: BITS.trivial }));
  await call(page, "payTo", ann.address);
  await mineTo(page, 6);
  const [coin, room] = [await mature(page, ann), await genesis(page)];
  const refused = (hex) => page.evaluate((hex) => window.tabchain.sendTransaction(hex).catch((error) => [error.code, error.message]), hex);
  const pay = (amount, by = ann, where = room) => payment(where, by, coin, [[ben, amount]]).hex;
  expect(await refused(pay(5000000001n))).toEqual(["refused", "bad-txns-in-belowout"]);
  expect(await refused(pay(5000000000n))).toEqual(["refused", "min relay fee not met"]);
  expect(await refused(pay(4999990000n, { ...ann, secret: ben.secret }))).toEqual(["refused", "bad-signature"]);
  // Signed for another room.
  expect(await refused(pay(4999990000n, ann, "00".repeat(32)))).toEqual(["refused", "bad-signature"]);
  expect(await refused("00")).toEqual(["refused", "bad-blk-decode"]);
  for (const odd of ["0", "zz", 5, null]) expect((await refused(odd))[0], String(odd)).toBe("bad-argument");
  for (const odd of ["", "tab1qqqq", ann.address.slice(0, -1), 5]) {
    const code = await page.evaluate((odd) => window.tabchain.payTo(odd).catch((error) => error.code), odd);
    expect(code, String(odd)).toBe("bad-argument");
  }
  expect(await waiting(page)).toEqual([]);
});
