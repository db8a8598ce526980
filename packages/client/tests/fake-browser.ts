/**
 * As much of the browser's storages as the client uses, in memory: answers come in later turns, a transaction completes
 * after its requests, and a database that was opened before is there again.
 */
export function fakeIndexedDb(): object {
  const databases = new Map<string, Map<string, Map<unknown, unknown>>>();
  return {
    open(name: string) {
      const isNew = !databases.has(name);
      const stores = databases.get(name) ?? new Map<string, Map<unknown, unknown>>();
      databases.set(name, stores);
      const request = requestOf(() => database(stores));
      if (isNew) setImmediate(() => request.upgrade());
      return request;
    },
  };
}

function database(stores: Map<string, Map<unknown, unknown>>) {
  return {
    createObjectStore(name: string) {
      stores.set(name, new Map());
    },
    transaction(storeName: string, mode: string) {
      const store = stores.get(storeName);
      if (store === undefined) throw new Error(`No object store ${storeName}`);
      const transaction = { oncomplete: () => undefined, objectStore: () => ({ get, put }) };
      const get = (key: unknown) => requestOf(() => store.get(key));
      const put = (value: unknown, key: unknown) => {
        if (mode !== 'readwrite') throw new Error('ReadOnlyError');
        store.set(key, structuredClone(value));
        setImmediate(() => transaction.oncomplete());
        return requestOf(() => key);
      };
      return transaction;
    },
  };
}

function requestOf<T>(answer: () => T) {
  const request = {
    result: undefined as T | undefined,
    onsuccess: () => undefined as unknown,
    onupgradeneeded: () => undefined as unknown,
    upgrade() {
      request.result = answer();
      request.onupgradeneeded();
    },
  };
  setImmediate(() =>
    setImmediate(() => {
      request.result = answer();
      request.onsuccess();
    }),
  );
  return request;
}

export function fakeLocalStorage(): object {
  const texts = new Map<string, string>();
  return {
    getItem: (name: string) => texts.get(name) ?? null,
    setItem: (name: string, text: string) => void texts.set(name, text),
  };
}
