declare module 'socket.io-prometheus' {
  import type { Server } from 'socket.io';

  /** Starts counting; takes the server only, whatever else is passed is ignored. */
  const countSockets: (io: Server) => void;
  export = countSockets;
}
