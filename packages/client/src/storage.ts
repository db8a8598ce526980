/**
 * Where the queue of unsent commands survives a reload: one text. One storage per person and device: commands restored
 * under another person's log-in would be carried out, perhaps a second time, in that person's name.
 */
export interface Storage {
  load(): string | null | Promise<string | null>;
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

/** localStorage. Name it after the person: `webStorage(`brigade:${userId}`)`. */
export function webStorage(name: string): Storage {
  return {
    load: () => localStorage.getItem(name),
    save: (text) => localStorage.setItem(name, text),
  };
}
