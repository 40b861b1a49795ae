import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { loadAll } from "js-yaml";
import { ClusterBundle } from "../../k8s/cluster-bundle";
import { renderIstio } from "../../ops/render";
import { describeWithIstioctl } from "../k8s/istioctl";
import { address, type Resource, referenceMeshes } from "../k8s/render";

const titles = (objects: readonly Resource[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`).sort();

describe.each(["current", "1.7"] as const)("Istio %s", (line) => {
  describeWithIstioctl(line, (rendered) => {
    test("renderings have every object of istioctl unchanged, the gateways apart, and no Secret", async () => {
      const mesh = referenceMeshes[line]();
      const dist = mkdtempSync(join(tmpdir(), "mesh-render-"));
      try {
        for (const cluster of mesh.clusters)
          new ClusterBundle({
            mesh,
            cluster,
            ca: undefined,
            addresses: { [mesh.primary.name]: address },
            outdir: join(dist, cluster.name),
          }).synth();
        const wanted = (operatorFile: string) => {
          const [cluster] = operatorFile.slice(dist.length + 1).split("/");
          return rendered(mesh, cluster!, `istio/${basename(operatorFile)}`);
        };
        const inputs: string[] = [];
        const run = async (_: string, args: readonly string[]) => {
          inputs.push(args[3]!);
          const stdout = wanted(args[3]!)
            .map((object) => JSON.stringify(object))
            .join("\n---\n");
          return { code: 0, stdout, stderr: "" };
        };
        const texts = await renderIstio({ run }, mesh, dist);
        const found = [...texts].flatMap(([, text]) => loadAll(text) as Resource[]);
        const all = inputs.flatMap(wanted);
        expect(titles(found)).toEqual(titles(all));
        for (const object of all) expect(found).toContainEqual(object);
        expect(found.filter(({ kind }) => kind === "Secret")).toEqual([]);
        const file = line === "1.7" ? "istio" : "istio-gateways";
        const gateways = loadAll(
          texts.get(`${mesh.primary.name}/istio/rendered/${file}.yaml`)!,
        ) as Resource[];
        expect(titles(gateways)).toContain(`Deployment istio-system ${mesh.istio.line.gateway.name}`);
      } finally {
        rmSync(dist, { recursive: true });
      }
    });
  });
});
