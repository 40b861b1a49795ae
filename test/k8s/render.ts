import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import type { ClusterCa } from "../../ca/material";
import { ClusterBundle } from "../../k8s/cluster-bundle";
import { parseMesh } from "../../mesh/load";
import type { Addresses, Mesh } from "../../mesh/mesh";
import { fixtureMesh } from "../fixtures";

/** A Kubernetes object, or an IstioOperator, as it stands in a file. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into every kind of resource
export type Resource = any;

/** The lines' reference meshes: the default, and the walk-through's own. */
export const referenceMeshes = {
  current: () => fixtureMesh("default"),
  "1.7": () => fixtureMesh("istio-1.7"),
};

/** A mesh of clusters that exist, with whatever else its text says. */
export function mesh(more = ""): Mesh {
  return parseMesh(`${twoClusters}${more}`, "mesh.yaml");
}

const twoClusters = `clusters:
  - { name: main0, role: primary, network: network1, context: main0 }
  - { name: remote0, network: network2, context: remote0 }
`;

/** Words in place of PEM: charts pass the texts on, whatever they are. */
export function words(cluster: string): ClusterCa {
  return {
    caCert: `the certificate of ${cluster}`,
    caKey: `the key of ${cluster}`,
    rootCert: "the root",
    certChain: `the chain of ${cluster}`,
  };
}

/** Address of the primary's gateway, from the documentation range. */
export const address = "203.0.113.7";

export interface RenderInputs {
  readonly ca?: (cluster: string) => ClusterCa | undefined;
  readonly addresses?: Addresses;
}

export interface RenderedFile {
  readonly text: string;
  readonly mode: number;
  readonly resources: readonly Resource[];
}

/** Writes a cluster's bundle into a folder that is gone afterwards; files by their path in it. */
export function render(
  of: Mesh,
  cluster: string,
  { ca = words, addresses = { [of.primary.name]: address } }: RenderInputs = {},
): Map<string, RenderedFile> {
  const folder = mkdtempSync(join(tmpdir(), "mesh-k8s-"));
  try {
    const found = of.clusters.find(({ name }) => name === cluster)!;
    new ClusterBundle({ mesh: of, cluster: found, ca: ca(cluster), addresses, outdir: folder }).synth();
    const names = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return new Map(
      names.sort().map((name) => {
        const text = readFileSync(name, "utf8");
        const file = {
          text,
          mode: statSync(name).mode & 0o777,
          resources: loadAll(text) as Resource[],
        };
        return [name.slice(folder.length + 1), file];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Everything of a cluster that `kubectl apply -f dist/<cluster>` sends. */
export function manifests(of: Mesh, cluster: string, inputs?: RenderInputs): Resource[] {
  return [...render(of, cluster, inputs)]
    .filter(([file]) => !file.includes("/"))
    .flatMap(([, { resources }]) => resources);
}

/** The one resource of a kind and name; undefined when there is none. */
export function find(resources: readonly Resource[], kind: string, name: string): Resource {
  return resources.find((resource) => resource.kind === kind && resource.metadata.name === name);
}

/** The one IstioOperator of a file. */
export function operator(of: Mesh, cluster: string, file: string, inputs?: RenderInputs): Resource {
  return render(of, cluster, inputs).get(file)?.resources[0];
}
