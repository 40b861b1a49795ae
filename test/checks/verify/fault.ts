import type { CheckId } from "../../../checks/check";
import type { Reply } from "../../../ops/traffic/requests";
import {
  type Authority,
  type ComposedMesh,
  compose,
  firstProblem,
  type Line,
  lines,
  objectIn,
  otherAuthority,
  verifyComposed,
} from "./composed-mesh";

/** A way to break a healthy mesh, and what verify reports first. */
export interface Fault {
  readonly name: string;
  /** @default - both */
  readonly lines?: readonly Line[];
  /** @param other a CA that the mesh does not trust */
  readonly break: (composed: ComposedMesh, other: Authority) => void | Promise<void>;
  /** Status, check and cluster. */
  readonly expect: `${"fail" | "warn"} ${CheckId}` | `${"fail" | "warn"} ${CheckId} ${string}`;
  readonly says: RegExp;
  readonly command?: RegExp;
  /** @default - any */
  readonly fix?: RegExp;
}

export const objects = (composed: ComposedMesh, cluster: string) => composed.clusters[cluster]!;
export const gatewayOf = ({ mesh }: ComposedMesh) => mesh.istio.line.gateway.name;
export const serviceOf = (composed: ComposedMesh, cluster: string) =>
  objectIn(objects(composed, cluster).istioSystem, "Service", gatewayOf(composed));
export const scaleToZero = (deployment: { spec: { replicas: number }; status: object }) => {
  deployment.spec.replicas = 0;
  deployment.status = {};
};

/** A request that got no answer. */
export const unanswered: Reply = {
  status: 0,
  seconds: 5,
  version: undefined,
  pod: undefined,
  words: "curl: (28) timed out",
};

/** A test for each fault and line: verify names the fault, how to fix it, and no secret. */
export function testFaults(faults: readonly Fault[]): void {
  const cases = faults.flatMap((fault) =>
    (fault.lines ?? (Object.keys(lines) as Line[])).map((line) => ({ ...fault, line })),
  );
  test.each(cases)(
    "line $line: $name",
    async ({ line, break: broken, expect: wanted, says, command, fix }) => {
      const composed = await compose(lines[line]);
      const other = await otherAuthority();
      await broken(composed, other);
      const report = await verifyComposed(composed);
      const found = firstProblem(report);
      expect([found.status, found.id, found.cluster].filter(Boolean).join(" ")).toBe(wanted);
      expect(found.evidence.join("\n")).toMatch(says);
      expect(found.fix).toMatch(fix ?? /./);
      const own = report.results
        .flatMap(({ commands }) => commands)
        .filter((text) => text.startsWith("mesh "));
      for (const text of own) expect(text).toContain(` -f ${composed.meshFile}`);
      if (command) expect(found.commands.join("\n")).toMatch(command);
      expect(report.ok).toBe(wanted.startsWith("warn"));
      for (const secret of secretsOf([composed.ca, other]))
        expect(JSON.stringify(report)).not.toContain(secret);
    },
  );
}

/** Lines of private keys, and the token in remote secrets. */
const secretsOf = (authorities: readonly Authority[]) => [
  ...authorities
    .flatMap(({ material }) => Object.values(material))
    .flatMap(({ caKey }) => caKey.split("\n").filter((text) => text.length > 20 && !text.startsWith("-"))),
  "a-token",
];
