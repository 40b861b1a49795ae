import type { IstioLine } from "./istio-lines";
import type { Mesh } from "./mesh";

/** A container image of the mesh, by tag. */
export interface Image {
  /** Upstream's name of it, with the registry. */
  readonly source: string;
  /** The name under which the clusters pull it. */
  readonly target: string;
}

/** `istio.hub` takes precedence over `images.registry`. */
export function hubOf(line: IstioLine, hub: string | undefined, registry: string | undefined): string {
  return hub ?? inRegistry(registry, line.hub);
}

/** The name under which the clusters pull an image that is not in Istio's hub. */
export function pulledFrom({ images }: Pick<Mesh, "images">, source: string): string {
  return inRegistry(images.registry, source);
}

/** Every image that the clusters of the mesh run, each once. */
export function imagesOf(mesh: Mesh): readonly Image[] {
  const { istio, sample, addons } = mesh;
  const { line } = istio;
  const istios = (name: string): Image => ({
    source: `${line.hub}/${name}`,
    target: `${istio.hub}/${name}`,
  });
  const other = (source: string): Image => ({ source, target: pulledFrom(mesh, source) });
  return [
    istios(`pilot:${istio.version}`),
    istios(`proxyv2:${istio.version}`),
    ...(istio.cni ? [istios(`install-cni:${istio.version}`)] : []),
    ...(sample?.versions.map(({ name }) => istios(line.sample.helloworld[name]!)) ?? []),
    ...(sample ? [other(line.sample.client.image)] : []),
    ...(addons.prometheus
      ? [line.addons.prometheus, line.addons.prometheusReloader ?? []].flat().map(other)
      : []),
    ...(addons.kiali ? [other(line.addons.kiali)] : []),
  ];
}

/** The image's name with another registry. */
function inRegistry(registry: string | undefined, source: string): string {
  return registry === undefined ? source : `${registry}/${source.slice(source.indexOf("/") + 1)}`;
}

/**
 * The registry of an image: a first part without dot, colon or `localhost` is a user of Docker Hub.
 * https://github.com/distribution/reference, read 2026-11-23
 */
export function registryOf(image: string): string {
  const [first, ...rest] = image.split("/");
  return rest.length > 0 && /[.:]|^localhost$/.test(first!) ? first! : "docker.io";
}

/** `1.31.1` of docker.io/istio/pilot:1.31.1, with a digest behind it or without. */
export const tagOf = (image: string): string | undefined => /:([^:/@]+)(@|$)/.exec(image)?.[1];
