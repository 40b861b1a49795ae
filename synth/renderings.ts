import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { operatorFiles } from "../k8s/bundle";
import type { Cluster, Mesh } from "../mesh/mesh";

/** A file in which `mesh render` keeps what `istioctl install` would apply, or a part of it. */
export interface Rendering {
  readonly cluster: Cluster;
  /** In `dist`. */
  readonly file: string;
  /** The IstioOperator that istioctl renders, in `dist`. */
  readonly input: string;
  readonly part: "controlPlane" | "gateways";
}

export const isRendering = (file: string) => /^[^/]+\/istio\/rendered\/[a-z-]+\.yaml$/.test(file);

/** The renderings of the IstioOperators that a `dist` has. */
export function renderingsIn(mesh: Mesh, dist: string): readonly Rendering[] {
  return mesh.clusters.flatMap((cluster) =>
    operatorFiles(mesh, cluster)
      .map(({ file, renders }) => ({ input: join(cluster.name, file), renders }))
      .filter(({ input }) => existsSync(join(dist, input)))
      .flatMap(({ input, renders }) =>
        (["controlPlane", "gateways"] as const).flatMap((part) => {
          const file = renders[part];
          return file === undefined ? [] : [{ cluster, file: join(cluster.name, file), input, part }];
        }),
      ),
  );
}

/**
 * The text of a rendering, with a digest of all that it depends on and of itself.
 * @param dist has its input
 */
export function renderingText(mesh: Mesh, { input }: Rendering, dist: string, body: string): string {
  const { istio, gitops } = mesh;
  const digest = createHash("sha256")
    .update([istio.version, gitops?.tool, readFileSync(join(dist, input), "utf8"), body].join("\n"))
    .digest("hex");
  return `# Made by \`mesh render\` with istioctl ${istio.version}; do not edit. sha256 ${digest}\n${body}`;
}

/**
 * Renderings that are not those of their present inputs, or that were edited. A missing one is stale where a GitOps tool
 * needs it.
 * @param staged the `dist` with the inputs
 */
export function staleRenderings(mesh: Mesh, staged: string, dist: string): readonly Rendering[] {
  return renderingsIn(mesh, staged).filter((rendering) => {
    const file = join(dist, rendering.file);
    if (!existsSync(file)) return mesh.gitops !== undefined;
    const text = readFileSync(file, "utf8");
    return text !== renderingText(mesh, rendering, staged, text.slice(text.indexOf("\n") + 1));
  });
}
