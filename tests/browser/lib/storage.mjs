// What a page of the same origin can see and do in the databases.

// All databases of this origin.
export const databases = (page) => page.evaluate(async () => (await indexedDB.databases()).map(({ name, version }) => ({ name, version })));

// Overwrites every value in the stores of this name with random bytes; returns how many there were.
export const spoil = (page, wanted) => page.evaluate(async (wanted) => {
  const wait = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  let count = 0;
  for (const { name } of await indexedDB.databases()) {
    const database = await wait(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      if (store !== wanted) continue;
      const objects = database.transaction(store, "readwrite").objectStore(store);
      for (const key of await wait(objects.getAllKeys())) {
        await wait(objects.put(crypto.getRandomValues(new Uint8Array(100)), key));
        count++;
      }
    }
    database.close();
  }
  return count;
}, wanted);

// The rows of a store: { name, value }, both as Buffers; `value` is null if it is not bytes.
export async function rows(page, database, store) {
  const found = await page.evaluate(async ([database, store]) => {
    const wait = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const letters = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const open = await wait(indexedDB.open(database));
    const objects = open.transaction(store).objectStore(store);
    const [names, values] = await Promise.all([wait(objects.getAllKeys()), wait(objects.getAll())]);
    open.close();
    return names.map((name, n) => [letters(new Uint8Array(name)), values[n] instanceof Uint8Array ? letters(values[n]) : null]);
  }, [database, store]);
  return found.map(([name, value]) => ({ name: Buffer.from(name, "hex"), value: value === null ? null : Buffer.from(value, "hex") }));
}

// Keeps a read-write transaction on all stores of a database open for `ms` milliseconds, so that no
// other write gets its turn. Resolves once it has begun, to a function that waits for its end.
export async function blockDatabase(page, database, ms) {
  await page.evaluate(([database, ms]) => new Promise((begun, reject) => {
    const request = indexedDB.open(database);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const open = request.result;
      const transaction = open.transaction([...open.objectStoreNames], "readwrite");
      const objects = transaction.objectStore(open.objectStoreNames[0]);
      window.blocked = new Promise((over) => { transaction.oncomplete = () => { open.close(); over(); }; });
      let until = Infinity;
      const again = () => {
        if (until === Infinity) {
          until = performance.now() + ms;
          begun();
        }
        if (performance.now() < until) objects.getAllKeys().onsuccess = again;
      };
      objects.count().onsuccess = again;
    };
  }), [database, ms]);
  return () => page.evaluate(() => window.blocked);
}
