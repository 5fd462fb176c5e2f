// The bench's page: starts workers and asks them, one request at a time each. Nothing is hashed on
// this thread.

const workers = [];

/** Starts workers until there are `count`, and waits until each has loaded what it measures. */
async function ensure(count) {
  while (workers.length < count) {
    const worker = new Worker("worker.mjs", { type: "module" });
    worker.onerror = (event) => console.error(`worker: ${event.message}`);
    await new Promise((ready) => { worker.onmessage = ready; });
    workers.push(worker);
  }
}

function ask(worker, request) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
    worker.postMessage(request);
  });
}

/** Whether all contenders hash alike and the kernel finds the genesis block; throws if not. */
window.check = async () => {
  await ensure(1);
  await ask(workers[0], { what: "check" });
};

/** Hashes per second of one contender in one worker. */
window.measure = async (what, ms) => {
  await ensure(1);
  const { hashes, begin, end } = await ask(workers[0], { what, ms });
  return (hashes / (end - begin)) * 1000;
};

/** Hashes per second of the kernel in so many workers at once, by wall clock. */
window.scale = async (count, ms) => {
  await ensure(count);
  const all = await Promise.all(workers.slice(0, count).map((worker) => ask(worker, { what: "kernel", ms })));
  const begin = Math.min(...all.map((one) => one.begin));
  const end = Math.max(...all.map((one) => one.end));
  return (all.reduce((sum, one) => sum + one.hashes, 0) / (end - begin)) * 1000;
};
