import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Router } from 'express';
import helmet from 'helmet';
import { notFound } from './requests.js';

export interface FiguresOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  router: Router;
  /** Told when the port is taken and another is used instead: figures are not worth a server that does not start. */
  onTaken: (port: number) => void;
}

/** The operator's listener: metrics and details of health, on an address that the public does not reach. */
export class Figures {
  readonly #server: Server;

  constructor(private readonly options: FiguresOptions) {
    const app = express().disable('x-powered-by').set('etag', false);
    app.use(helmet(), options.router, notFound);
    this.#server = createServer(app);
  }

  /** Where the metrics are, once it listens. */
  get url(): string | undefined {
    const address = this.#server.address() as AddressInfo | null;
    if (address === null) return undefined;
    return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}/metrics`;
  }

  async listen(): Promise<void> {
    const { port, onTaken } = this.options;
    await this.#listenOn(port).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      onTaken(port);
      await this.#listenOn(0);
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #listenOn(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, this.options.host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }
}
