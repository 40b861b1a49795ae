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
  ["without the sample", mesh("sample: { enabled: false }\n")],
  ["without the addons", mesh("addons: { prometheus: false }\n")],
])("images %s: the list is what the bundles run, and Istio's own two", (_, of) => {
  const listed = imagesOf(of).map(({ target }) => target);
  expect(listed.slice(0, 2)).toEqual(
    ["pilot", "proxyv2"].map((name) => `${of.istio.hub}/${name}:${of.istio.version}`),
  );
  expect(listed.slice(2).sort()).toEqual([...new Set(inBundles(of))].sort());
});

describe.each([
  ["current", registry],
  ["1.7", `istio: { line: "1.7" }\n${registry}`],
] as const)("what istioctl renders on %s", (line, text) => {
  describeWithIstioctl(line, (rendered) => {
    const files = (of: Mesh) =>
      line === "1.7"
        ? of.clusters.map(({ name }) => [name, "istio/istio.yaml"] as const)
        : ([
            ["main0", "istio/istio.yaml"],
            ["remote0", "istio/control-plane.yaml"],
            ["remote0", "istio/gateway.yaml"],
          ] as const);

    test("runs the images that are listed, gateways and injected proxies included", () => {
      const of = mesh(text);
      const resources = files(of).flatMap(([cluster, file]) => rendered(of, cluster, file));
      const proxy = `mirror.example/team/istio/proxyv2:${of.istio.version}`;
      // `auto`: injection fills it in, from the hub and tag in the injector's values.
      const images = imagesIn(resources).map((image) => (image === "auto" ? proxy : image));
      expect([...new Set(images)].sort()).toEqual(
        imagesOf(of)
          .slice(0, 2)
          .map(({ target }) => target)
          .sort(),
      );
      const injector = resources.filter(
        ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "istio-sidecar-injector",
      );
      expect(injector).not.toEqual([]);
      for (const { data } of injector) {
        const { global } = JSON.parse(data.values);
        expect(global).toMatchObject({ hub: "mirror.example/team/istio", tag: of.istio.version });
        for (const proxyOf of [global.proxy, global.proxy_init]) expect(proxyOf.image).not.toMatch(/\//);
      }
    });

    test("names no other registry anywhere", () => {
      const of = mesh(text);
      const all = JSON.stringify(files(of).flatMap(([cluster, file]) => rendered(of, cluster, file)));
      expect(all.match(/(docker\.io|registry\.istio\.io|gcr\.io|quay\.io)[\w./:-]*/g) ?? []).toEqual([]);
    });
  });
});
