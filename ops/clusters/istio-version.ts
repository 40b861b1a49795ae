import { tagOf } from "../../mesh/images";
import { parseVersion, type Version } from "../../mesh/versions";
import type { KubernetesObject } from "../exec/kubernetes-object";

/**
 * The Istio version of a pod's container, by the tag of its image without a variant such as `-distroless`.
 * @returns undefined: there is no such container, or its image has no tag that tells
 */
export function istioVersionOfPod(
  { spec }: KubernetesObject,
  container: "discovery" | "istio-proxy",
): Version | undefined {
  // A native sidecar is an init container.
  const all: readonly Container[] = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return versionIn(tagOf(all.find(({ name }) => name === container)?.image ?? ""));
}

/** The Istio version of a Deployment of istiod: as its label says where the image is named by digest. */
export function istioVersionOfDeployment({ metadata, spec }: KubernetesObject): Version | undefined {
  const image: string = spec.template.spec.containers[0]?.image ?? "";
  return versionIn(tagOf(image) ?? metadata.labels?.["app.kubernetes.io/version"]);
}

interface Container {
  readonly name: string;
  readonly image?: string;
}

const versionIn = (tag = "") => parseVersion(/^\d+\.\d+\.\d+/.exec(tag)?.[0] ?? tag);
