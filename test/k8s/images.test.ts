import { operatorFiles } from "../../k8s/bundle";
import { imagesOf } from "../../mesh/images";
import type { Mesh } from "../../mesh/mesh";
import { describeWithIstioctl } from "./istioctl";
import { manifests, mesh, type Resource, referenceMeshes } from "./render";

/** Every image that the text names, however it is written: in containers, templates for injection, and values. */
function imagesIn(resources: readonly Resource[]): string[] {
  const containers = (spec: Resource): string[] =>
    [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ image }: Resource) => image);
  return resources.flatMap(({ kind, spec }) =>
    kind === "Deployment" || kind === "DaemonSet" || kind === "Job" ? containers(spec.template.spec) : [],
  );
}

const inBundles = (of: Mesh) => imagesIn(of.clusters.flatMap(({ name }) => manifests(of, name)));
const registry = "images: { registry: mirror.example/team }\n";

test.each([
  ["of the default mesh", referenceMeshes.current()],
  ["of the walk-through on 1.7", referenceMeshes["1.7"]()],
  ["from a registry", mesh(registry)],
  ["from a registry and a hub", mesh(`${registry}istio: { hub: istio.example/hub }\n`)],
  ["with istio-cni", mesh("istio: { cni: true }\n")],
  ["without the sample", mesh("sample: { enabled: false }\n")],
  ["without the addons", mesh("addons: { prometheus: false }\n")],
])("images %s: the list is what the bundles run, and Istio's own", (_, of) => {
  const listed = imagesOf(of).map(({ target }) => target);
  const own = ["pilot", "proxyv2", ...(of.istio.cni ? ["install-cni"] : [])];
  expect(listed.slice(0, own.length)).toEqual(
    own.map((name) => `${of.istio.hub}/${name}:${of.istio.version}`),
  );
  expect(listed.slice(own.length).sort()).toEqual([...new Set(inBundles(of))].sort());
});

// istioctl 1.7 is a recording of the walk-through's mesh, which pulls from upstream.
describe.each([
  ["current", mesh(registry), "mirror.example/team/istio"],
  ["current", mesh(`${registry}istio: { cni: true }\n`), "mirror.example/team/istio"],
  ["1.7", referenceMeshes["1.7"](), "docker.io/istio"],
] as const)("what istioctl renders on %s (%#)", (line, of, hub) => {
  describeWithIstioctl(line, (rendered) => {
    const all = () =>
      of.clusters.flatMap((cluster) =>
        operatorFiles(of, cluster).flatMap(({ file }) => rendered(of, cluster.name, file)),
      );

    test("runs the images that are listed, gateways and injected proxies included", () => {
      const resources = all();
      const proxy = `${hub}/proxyv2:${of.istio.version}`;
      // `auto`: injection fills it in, from the hub and tag in the injector's values.
      const images = imagesIn(resources).map((image) => (image === "auto" ? proxy : image));
      const istios = imagesOf(of)
        .map(({ target }) => target)
        .filter((target) => target.startsWith(`${hub}/`) && target.endsWith(`:${of.istio.version}`));
      expect(istios).toContain(`${hub}/pilot:${of.istio.version}`);
      expect([...new Set(images)].sort()).toEqual(istios.sort());
      const injectors = resources.filter(
        ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "istio-sidecar-injector",
      );
      expect(injectors).not.toEqual([]);
      for (const { data } of injectors) {
        const { global } = JSON.parse(data.values);
        expect(global).toMatchObject({ hub, tag: of.istio.version });
        for (const { image } of [global.proxy, global.proxy_init]) expect(image).not.toMatch(/\//);
      }
    });

    test("names no image of another registry anywhere", () => {
      const elsewhere =
        JSON.stringify(all()).match(/(docker|istio|gcr|quay|ghcr)\.io\/[\w./-]+:[\w.-]+/g) ?? [];
      expect(elsewhere.filter((image) => !image.startsWith(`${hub}/`))).toEqual([]);
    });
  });
});
