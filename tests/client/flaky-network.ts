import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

interface Pair {
  client: Socket;
  server: Socket;
  /** What the server says is lost; the client has not noticed yet. */
  mute: boolean;
}

/** A TCP proxy between a client and the server that behaves like a restaurant's wireless network. */
export class FlakyNetwork {
  /** Connections made through it so far. */
  connections = 0;
  /** While down, whoever connects is thrown out. */
  down = false;
  /** Set: each connection breaks after some chunks from the server, the last of which may get lost on the way. */
  chaos: (() => number) | undefined;
  readonly #pairs = new Set<Pair>();
  readonly #server = createServer((client) => this.#accept(client));
  #target = 0;

  /** @returns the URL to connect to instead of `url` */
  async listen(url: string): Promise<string> {
    this.#target = Number(new URL(url).port);
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const pair of this.#pairs) destroy(pair);
  }

  /** Answers get lost from now on, until the connection is cut. */
  mute(): void {
    for (const pair of this.#pairs) pair.mute = true;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.down) {
      client.destroy();
      return;
    }
    this.connections += 1;
    const pair: Pair = { client, server: connect(this.#target, '127.0.0.1'), mute: false };
    this.#pairs.add(pair);
    const { server } = pair;
    const gone = () => {
      this.#pairs.delete(pair);
      destroy(pair);
    };
    for (const socket of [client, server]) socket.on('close', gone).on('error', gone);
    client.on('data', (chunk) => server.write(chunk));
    let left = this.chaos === undefined ? Number.POSITIVE_INFINITY : 4 + Math.floor(this.chaos() * 12);
    const lost = this.chaos === undefined ? 0 : Math.floor(this.chaos() * 3);
    server.on('data', (chunk) => {
      left -= 1;
      if (left < 0 && this.chaos !== undefined) gone();
      else if (!pair.mute && (left >= lost || this.chaos === undefined)) client.write(chunk);
    });
  }
}

function destroy({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}
