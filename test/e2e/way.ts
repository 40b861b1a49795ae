import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { entriesOf } from "./kubeconfig";
import { must } from "./lab";

/**
 * The way from this machine to one cluster's API server, which a test can cut: a proxy on loopback that kubeconfigs name
 * (`proxy-url`). The server's own address stays what it is, so that a remote secret made through it is good for others.
 */
export class Way {
  private server: Server;
  private readonly sockets = new Set<Socket>();
  private isSilent = false;
  private port = 0;

  private constructor() {
    this.server = this.serve();
  }

  static async open(): Promise<Way> {
    const way = new Way();
    await way.listen();
    return way;
  }

  /** From now on the kubeconfig leads to the context's cluster by this way. */
  leadsTo(context: string, kubeconfig: string): void {
    const { cluster } = entriesOf(context, kubeconfig);
    must(
      `kubectl --kubeconfig ${kubeconfig} config set-cluster ${cluster} --proxy-url=http://127.0.0.1:${this.port}`,
    );
  }

  /** Refuses connections and closes open ones, like an API server that has stopped. */
  async cut(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Accepts connections and never answers, like a firewall that drops packets. */
  silence(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** As before. */
  async restore(): Promise<void> {
    this.isSilent = false;
    for (const socket of this.sockets) socket.resume();
    if (this.server.listening) return;
    this.server = this.serve();
    await this.listen();
  }

  async close(): Promise<void> {
    if (this.server.listening) await this.cut();
  }

  private listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(this.port, "127.0.0.1", () => {
        this.port = (this.server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  private serve(): Server {
    const server = createServer();
    server.on("connection", (socket: Socket) => this.keep(socket));
    server.on("connect", (request, client: Socket) => {
      if (this.isSilent) return;
      const [host, port] = request.url!.split(":");
      const upstream = connect(Number(port), host, () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        // Not `pipe`: it would resume what `silence` has paused.
        client.on("data", (chunk) => upstream.write(chunk));
        upstream.on("data", (chunk) => client.write(chunk));
        client.resume();
      });
      this.keep(upstream);
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        one.on("close", () => other.destroy());
    });
    return server;
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
  }
}
