/**
 * Where unsent and refused commands survive a reload: one text. One storage serves whoever uses the tablet: every command
 * has its author, and waits for that person's next log-in.
 */
export interface Storage {
  load(): string | null | Promise<string | null>;
  /** Resolves when the text is safe from a reload. */
  save(text: string): void | Promise<void>;
}

/** Survives nothing but the client itself; for tests, and for scripts that make a new client. */
export function memoryStorage(text: string | null = null): Storage {
  let kept = text;
  return {
    load: () => kept,
    save: (next) => {
      kept = next;
    },
  };
}

/**
 * localStorage: a few megabytes, safe from a reload at once, but not from the end of the browser: Chromium writes it to
 * disk some seconds later. One name for each tab that may be open at a time.
 */
export function webStorage(name: string): Storage {
  return {
    load: () => localStorage.getItem(name),
    save: (text) => localStorage.setItem(name, text),
  };
}

const STORE = 'texts';

/** IndexedDB: more room, and off the page's thread. One name for each tab that may be open at a time. */
export function indexedDbStorage(name: string): Storage {
  let opened: Promise<IDBDatabase> | undefined;
  const open = () => {
    opened ??= openDatabase(name).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    async load() {
      const transaction = (await open()).transaction(STORE, 'readonly');
      const text: unknown = await answerOf(transaction.objectStore(STORE).get('queue'));
      return typeof text === 'string' ? text : null;
    },
    async save(text) {
      // `strict`: resolved means flushed to disk, not only handed to the system.
      const transaction = (await open()).transaction(STORE, 'readwrite', { durability: 'strict' });
      transaction.objectStore(STORE).put(text, 'queue');
      await completed(transaction);
    },
  };
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return answerOf(request);
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB gave no reason'));
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB gave no reason'));
  });
}
