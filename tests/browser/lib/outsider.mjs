// What a foreign page of the same origin can do with locks and channels.

// Takes a lock and keeps it, by force if `steal` is set; returns a function that releases it.
export async function hold(page, name, { steal = false } = {}) {
  await page.evaluate(([name, steal]) => new Promise((held, reject) => {
    window.held ??= new Map();
    const request = navigator.locks.request(name, { steal }, () => new Promise((release) => {
      window.held.set(name, release);
      held();
    }));
    request.catch(reject);
  }), [name, steal]);
  return () => page.evaluate((name) => window.held.get(name)(), name);
}

// The names of the locks that are held on this origin.
export const locks = (page) => page.evaluate(async () => (await navigator.locks.query()).held.map(({ name }) => name));

// Listens on a channel; returns a function that returns the messages heard so far.
export async function listen(page, channel) {
  await page.evaluate((channel) => {
    window.heard = [];
    window.ear = new BroadcastChannel(channel);
    window.ear.onmessage = ({ data }) => {
      if (data instanceof Uint8Array) window.heard.push(btoa(String.fromCharCode(...data.subarray(0, 8192))));
    };
  }, channel);
  return async () => (await page.evaluate(() => window.heard)).map((text) => Buffer.from(text, "base64"));
}
