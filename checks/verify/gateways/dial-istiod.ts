import { istiodPorts } from "../../../mesh/istio-lines";
import type { Cluster } from "../../../mesh/mesh";
import { pass, problem, type Verdict } from "../../check";
import { wayToIstiod } from "../control-plane";
import type { VerifyWorld } from "../world";

/** Against large packets that get lost between two clusters. */
export const largePacketsFix =
  "let large packets through between the clusters: allow ICMP `fragmentation needed`, or lower the MTU (or clamp the MSS) on the VPN or peering between their networks; ask the administrators of that network";

/** Seconds for an answer of istiod. */
const answerSeconds = 4;

/** Bytes of a header that makes a request larger than one packet. */
const largeHeader = 3000;

/** An HTTPS request a line: the port, and how curl ended. Whatever istiod answers, it is an answer. */
const requestScript = (address: string, ports: readonly number[]) =>
  [
    `large=$(printf '%0${largeHeader}d' 0)`,
    ...ports.map(
      (port) =>
        `(curl -sk -m ${answerSeconds} -o /dev/null -H "x-mesh-verify: $large" https://${address}:${port}/; echo "${port} $?") &`,
    ),
    "wait",
  ].join("\n");

/** What curl's ending means, when TCP connects. https://curl.se/docs/manpage.html#EXIT */
const endings: readonly {
  readonly codes: readonly number[];
  readonly means: string;
  readonly fix?: string;
}[] = [
  { codes: [35, 52, 55, 56], means: "accepts the connection and closes it" },
  {
    codes: [28],
    means: `accepts the connection, and a large request gets no answer within ${answerSeconds} s: large packets are lost on the way (MTU)`,
    fix: largePacketsFix,
  },
];

/** Asks the primary's istiod from beside a proxy of the remote, as proxies and the API server's webhook reach it. */
export async function dialIstiod(world: VerifyWorld, cluster: Cluster): Promise<Verdict> {
  const { mesh, meshProbes } = world;
  const [address = ""] = wayToIstiod(mesh, await meshProbes(cluster).istioSystem()) ?? [];
  const ports = istiodPorts(mesh.istio.line);
  const output = await meshProbes(cluster).besideProxy(requestScript(address, ports));
  const codes = [...output.matchAll(/^(\d+) (\d+)$/gm)].map(
    ([, port, code]) => [Number(port), Number(code)] as const,
  );
  const failed = codes.flatMap(([port, code]) => {
    const ending = endings.find((row) => row.codes.includes(code));
    return ending ? [{ port, ending }] : [];
  });
  if (failed.length === 0) return pass(ports.map((port) => `${address}:${port}`).join(", "));
  const fix = failed.find(({ ending }) => ending.fix)?.ending.fix;
  return problem(
    failed.map(
      ({ port, ending }) =>
        `from ${cluster.name} to istiod of ${mesh.primary.name}: ${address}:${port} ${ending.means}`,
    ),
    fix ? { fix } : {},
  );
}
