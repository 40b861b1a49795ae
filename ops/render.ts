import { join } from "node:path";
import { dump } from "js-yaml";
import { stageAnnotations } from "../k8s/gitops";
import type { Mesh } from "../mesh/mesh";
import type { Files } from "../synth/existing-output";
import { type Rendering, renderingsIn, renderingText } from "../synth/renderings";
import { Refused } from "./exec/errors";
import { isOfGateway, istioctlFor } from "./exec/istioctl";
import type { KubernetesObject } from "./exec/kubernetes-object";
import { withParallelLimit } from "./exec/limits";
import { memoize } from "./exec/memoize";
import type { Programs } from "./exec/programs";
import { programVersion } from "./exec/versions";

/**
 * Renderings are compared byte for byte, so every machine must use the same istioctl.
 * @throws Refused where istioctl does not have the mesh's version
 */
export async function requireIstioctl(programs: Programs, { istio }: Mesh): Promise<void> {
  const found = await programVersion(programs, "istioctl");
  if (found?.text === istio.version) return;
  throw new Refused([
    `istioctl is ${found?.text ?? "of an unknown version"}; expected ${istio.version}, the Istio version of mesh.yaml: another istioctl renders other manifests`,
    `  fix: put istioctl ${istio.version} first on the PATH: https://github.com/istio/istio/releases/tag/${istio.version}`,
  ]);
}

/** What `istioctl install` would apply for every IstioOperator of `dist`: the texts of all renderings, by file. */
export async function renderIstio(programs: Programs, mesh: Mesh, dist: string): Promise<Files> {
  const limited = withParallelLimit(programs);
  const rendered = memoize(
    ({ cluster, input }: Rendering) =>
      istioctlFor(limited, cluster.context, mesh.istio.line).render(join(dist, input)),
    ({ input }) => input,
  );
  const texts = renderingsIn(mesh, dist).map(async (rendering) => {
    const objects = (await rendered(rendering)).filter(
      (object) => isOfGateway(object) === (rendering.part === "gateways"),
    );
    const ready = objects.map((object) => forGitOps(object, mesh, rendering));
    return [rendering.file, renderingText(mesh, rendering, dist, yamlOf(ready))] as const;
  });
  return new Map(await Promise.all(texts));
}

/**
 * An object as a GitOps tool applies it again and again. istiod sets the failure policy of its validation to Fail when it
 * is ready (istio/istio#52785); a tool would set it back.
 */
function forGitOps(object: KubernetesObject, { gitops }: Mesh, { part }: Rendering): KubernetesObject {
  if (!gitops) return object;
  const { metadata, webhooks } = object;
  const added = stageAnnotations(gitops, part === "gateways" ? "gateways" : "control-plane");
  return {
    ...object,
    ...(added && { metadata: { ...metadata, annotations: { ...metadata.annotations, ...added } } }),
    ...(object.kind === "ValidatingWebhookConfiguration" && {
      webhooks: webhooks.map((webhook: object) => ({ ...webhook, failurePolicy: "Fail" })),
    }),
  };
}

const yamlOf = (objects: readonly KubernetesObject[]) =>
  objects.map((object) => dump(object, { lineWidth: -1, noRefs: true })).join("---\n");
