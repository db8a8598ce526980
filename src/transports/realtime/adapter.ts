import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import type { Server } from 'socket.io';
import type { Redis } from '../../platform/redis.js';

/** Called for each message that another process sent to rooms. */
type Heard = (rooms: readonly string[], message: unknown) => void;

interface Broadcast {
  packet: { data: unknown[] };
  opts: { rooms: string[] };
}

/** Lets the rooms of this server reach the sockets of all processes on the same Redis. */
export function joinProcesses(io: Server, redis: Redis, sharded: boolean, heard: Heard): void {
  const channel = `${redis.prefix}:rooms`;
  if (!sharded) {
    const parser = listeningParser(heard, () => (io.of('/').adapter as unknown as { uid: string }).uid);
    io.adapter(createAdapter(redis.commands, redis.subscriber, { key: channel, parser }));
    return;
  }
  const create = createShardedAdapter(redis.commands, redis.subscriber, {
    channelPrefix: channel,
    // A subscription for each of thousands of users' rooms would cost more than it saves.
    subscriptionMode: 'static',
  });
  // Called with `new`, as a class would be.
  io.adapter(function listeningAdapter(namespace: Parameters<typeof create>[0]) {
    const adapter = create(namespace) as unknown as ClusterAdapter;
    const { onMessage } = adapter;
    adapter.onMessage = function listening(message, ...rest) {
      if (message.uid !== this.uid && isBroadcast(message.data)) {
        heard(message.data.opts.rooms, message.data.packet.data[1]);
      }
      onMessage.call(this, message, ...rest);
    };
    return adapter;
  } as never);
}

/** What is needed of socket.io-adapter's ClusterAdapter, whose `onMessage` is protected. */
interface ClusterAdapter {
  uid: string;
  onMessage(message: { uid: string; data?: unknown }, ...rest: unknown[]): void;
}

function isBroadcast(data: unknown): data is Broadcast {
  const { packet, opts } = (data ?? {}) as Partial<Broadcast>;
  return packet !== undefined && opts !== undefined;
}

/**
 * JSON, for nothing binary goes to rooms and V8's is faster than MessagePack in JavaScript. The adapter asks it to decode
 * what this process itself has sent, too, only to ignore it: that is seen by the sender's id in front.
 */
function listeningParser(heard: Heard, own: () => string) {
  return {
    encode: (message: unknown): string => JSON.stringify(message),
    decode(bytes: Buffer): unknown {
      const uid = own();
      if (bytes.toString('latin1', 2, 2 + uid.length) === uid) return [uid];
      const message = JSON.parse(bytes.toString()) as [string, Broadcast['packet'], Broadcast['opts']] | object;
      // A request of the adapter (who is in which room?) is no list.
      if (Array.isArray(message)) heard(message[2].rooms, message[1].data[1]);
      return message;
    },
  };
}
