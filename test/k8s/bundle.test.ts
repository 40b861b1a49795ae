import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleGaps, manifestFiles, operatorFiles } from "../../k8s/bundle";
import { ClusterBundle } from "../../k8s/cluster-bundle";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { address, mesh, referenceMeshes, render, words } from "./render";

const names = (...props: Parameters<typeof render>) => [...render(...props).keys()];

describe("files", () => {
  test("are numbered in the order of application, IstioOperators apart in a folder that kubectl passes over", () => {
    expect(names(mesh(), "main0")).toEqual([
      "0000-namespaces.k8s.yaml",
      "0001-cacerts.k8s.yaml",
      "0002-expose-istiod.k8s.yaml",
      "0003-expose-services.k8s.yaml",
      "0004-sample.k8s.yaml",
      "0005-routing.k8s.yaml",
      "0006-prometheus.k8s.yaml",
      "0007-kiali.k8s.yaml",
      "istio/istio.yaml",
    ]);
    expect(names(mesh(), "remote0")).toEqual([
      "0000-namespaces.k8s.yaml",
      "0001-cacerts.k8s.yaml",
      "0002-sample.k8s.yaml",
      "istio/control-plane.yaml",
      "istio/eastwest-gateway.yaml",
    ]);
  });

  test("of 1.7 begin with the CRD that Kiali brings", () => {
    expect(names(referenceMeshes["1.7"](), "main0").slice(0, 4)).toEqual([
      "0000-crds.k8s.yaml",
      "0001-namespaces.k8s.yaml",
      "0002-cacerts.k8s.yaml",
      "0003-expose-services.k8s.yaml",
    ]);
    expect(names(referenceMeshes["1.7"](), "remote0")).toEqual([
      "0000-namespaces.k8s.yaml",
      "0001-cacerts.k8s.yaml",
      "0002-expose-services.k8s.yaml",
      "0003-sample.k8s.yaml",
      "istio/istio.yaml",
    ]);
  });

  test.each([
    ["without the sample", "sample: { enabled: false }", ["sample", "routing"]],
    ["without addons", "addons: { kiali: false, prometheus: false }", ["prometheus", "kiali"]],
    ["without Kiali", "addons: { kiali: false }", ["kiali"]],
  ])("%s are the others", (_, more, missing) => {
    const ids = (text: string) => manifestFiles(mesh(text), mesh(text).primary).map(({ id }) => id as string);
    expect(ids(more)).toEqual(ids("").filter((id) => !missing.includes(id)));
    expect(names(mesh(more), "main0")).toHaveLength(ids(more).length + 1);
  });

  test.each(Object.entries(referenceMeshes))(
    "of Istio %s are those that manifestFiles and operatorFiles name",
    (_, reference) => {
      for (const cluster of reference().clusters) {
        const files = [...manifestFiles(reference(), cluster), ...operatorFiles(reference(), cluster)];
        expect(names(reference(), cluster.name)).toEqual(files.map(({ file }) => file).sort());
      }
    },
  );

  test("applied before Istio need no kinds of Istio", () => {
    for (const reference of Object.values(referenceMeshes)) {
      const manifests = manifestFiles(reference(), reference().primary);
      const first = manifests.filter(({ beforeIstio }) => beforeIstio).map(({ file }) => file);
      const kinds = first.flatMap((file) =>
        render(reference(), "main0")
          .get(file)!
          .resources.map(({ kind }) => kind),
      );
      expect(new Set(kinds)).toEqual(
        new Set(["Namespace", "Secret", ...(first.length === 3 ? ["CustomResourceDefinition"] : [])]),
      );
      // They are a beginning of the folder, so that applying it whole keeps their order.
      expect(manifests.slice(0, first.length).map(({ file }) => file)).toEqual(first);
    }
  });

  test("with keys are readable by their owner alone", () => {
    const modes = [...render(mesh(), "main0")].map(([file, { mode }]) => [file, mode & 0o077]);
    expect(Object.fromEntries(modes)).toMatchObject({
      "0000-namespaces.k8s.yaml": 0o044,
      "0001-cacerts.k8s.yaml": 0,
    });
  });

  test("are the same bytes for the same inputs", () => {
    for (const reference of Object.values(referenceMeshes)) {
      for (const { name } of reference().clusters) {
        expect(render(reference(), name)).toEqual(render(reference(), name));
      }
    }
  });

  test("hold no YAML anchor or alias", () => {
    const everything =
      "istio: { pullSecrets: [ours] }\ngateways: { internal: true, allowedSourceRanges: [203.0.113.0/24] }\n";
    for (const of of [...Object.values(referenceMeshes).map((make) => make()), mesh(everything)]) {
      for (const { name } of of.clusters) {
        for (const [file, { text }] of render(of, name)) {
          expect([name, file, text.match(/^(?:.*[:-] )?[&*]\w+$/m)]).toEqual([name, file, null]);
        }
      }
    }
  });

  test("hold keys in cacerts and nowhere else", () => {
    const { caKey } = words("main0");
    const forms = [caKey, Buffer.from(caKey).toString("base64")];
    const holders = [...render(mesh(), "main0")].filter(([, { text }]) =>
      forms.some((form) => text.includes(form)),
    );
    expect(holders.map(([file]) => file)).toEqual(["0001-cacerts.k8s.yaml"]);
  });
});

describe("what is missing", () => {
  test("without a CA there is no cacerts, and the other files keep their names", () => {
    const complete = names(mesh(), "main0");
    expect(names(mesh(), "main0", { ca: () => undefined })).toEqual(
      complete.filter((file) => file !== "0001-cacerts.k8s.yaml"),
    );
  });

  test.each(Object.entries(referenceMeshes))(
    "without the primary's address no file of Istio %s installs a remote",
    (_, reference) => {
      const complete = names(reference(), "remote0");
      const left = names(reference(), "remote0", { addresses: { remote0: address } });
      expect(left).toHaveLength(complete.length - 1);
      for (const [, { text }] of render(reference(), "remote0", { addresses: {} })) {
        expect(text).not.toMatch(/profile: remote|remotePilotAddress|injectionPath/);
      }
    },
  );

  test("is listed by cluster and file", () => {
    const told = (...props: Parameters<typeof bundleGaps>) =>
      bundleGaps(...props).map(({ cluster, file, missing }) => `${cluster.name}/${file}: ${missing}`);
    const main0 = words("main0");
    expect(told(mesh(), { ca: undefined, addresses: {} })).toEqual([
      "main0/0001-cacerts.k8s.yaml: ca",
      "remote0/0001-cacerts.k8s.yaml: ca",
      "remote0/istio/control-plane.yaml: primary address",
    ]);
    expect(told(mesh(), { ca: { main0 }, addresses: { main0: address } })).toEqual([
      "remote0/0001-cacerts.k8s.yaml: ca",
    ]);
    expect(told(mesh(), { ca: { main0, remote0: main0 }, addresses: { main0: address } })).toEqual([]);
    expect(told(referenceMeshes["1.7"](), { ca: { main0, remote0: main0 }, addresses: {} })).toEqual([
      "remote0/istio/istio.yaml: primary address",
    ]);
  });
});

test("each of a hundred clusters costs what each of ten does", () => {
  const of = (count: number) =>
    parseMesh(
      `clusters:\n${Array.from({ length: count }, (_, index) => `  - { name: c${index}, network: n${index}, context: c${index}${index === 0 ? ", role: primary" : ""} }\n`).join("")}`,
      "mesh.yaml",
    );
  /** CPU time for ten clusters, which other work on the machine hardly touches, unlike the time on the clock. */
  const cost = (big: Mesh) => {
    const folder = mkdtempSync(join(tmpdir(), "mesh-k8s-"));
    const before = process.cpuUsage();
    for (const cluster of big.clusters.slice(0, 10)) {
      const inputs = { mesh: big, cluster, ca: words(cluster.name), addresses: { c0: address } };
      new ClusterBundle({ ...inputs, outdir: join(folder, cluster.name) }).synth();
    }
    const { user, system } = process.cpuUsage(before);
    rmSync(folder, { recursive: true });
    return user + system;
  };
  const [few, many] = [of(10), of(100)];
  // Until the compiler has done its part.
  cost(few);
  cost(few);
  const costs = Array.from({ length: 3 }, () => [cost(few), cost(many)] as const);
  const least = (side: 0 | 1) => Math.min(...costs.map((pair) => pair[side]));
  expect(least(1)).toBeLessThan(2 * least(0));
}, 120_000);
