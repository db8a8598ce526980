import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/**
 * A screen's line to the server: a TCP relay that can be cut. The connection under Socket.IO then breaks as in a cellar
 * without reception: no goodbye, and what was on its way is gone.
 */
export class Line {
  readonly #sockets = new Set<Socket>();
  #dead = false;
  #mute = false;
  #cuts = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<Line> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const line = new Line(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('connection', (near) => line.#carry(near, connect(Number(port || 80), hostname)));
    return line;
  }

  get cuts(): number {
    return this.#cuts;
  }

  /** Breaks what is connected, and lets nothing through for some ms. */
  cut(ms: number): void {
    this.#cuts += 1;
    this.#dead = true;
    this.#mute = false;
    this.#breakAll();
    setTimeout(() => {
      this.#dead = false;
    }, ms).unref();
  }

  /** What the server says is lost from now on, until the line is cut: commands arrive and their answers do not. */
  mute(): void {
    this.#mute = true;
  }

  close(): void {
    this.server.close();
    this.#breakAll();
  }

  #breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #ear(): Transform {
    return new Transform({
      transform: (chunk, _encoding, done) => {
        if (this.#mute) done();
        else done(null, chunk);
      },
    });
  }

  #carry(near: Socket, far: Socket): void {
    const ends = [near, far];
    for (const end of ends) {
      this.#sockets.add(end);
      end.setNoDelay(true);
      end.on('error', () => undefined);
      end.on('close', () => {
        this.#sockets.delete(end);
        for (const other of ends) other.destroy();
      });
    }
    if (this.#dead) near.destroy();
    near.pipe(far);
    far.pipe(this.#ear()).pipe(near);
  }
}
