import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { Chart } from "cdk8s";
import { KubeConfigMap, KubeSecret } from "cdk8s-plus-27/lib/imports/k8s";
import { load } from "js-yaml";
import { ClusterBundle } from "../../k8s/cluster-bundle";
import { stages } from "../../k8s/gitops";
import type { Mesh } from "../../mesh/mesh";
import { mesh, type RenderedFile, type Resource, render } from "./render";

// The CRDs of Argo CD, Flux and External Secrets are not in the lab: their objects are tested by structure.

const argocd =
  "gitops: { tool: argocd, repository: https://github.com/team/mesh.git, path: clusters/dist, secretStore: vault }\n";
const flux = "gitops: { tool: flux, secretStore: vault }\n";
const wave = "argocd.argoproj.io/sync-wave";

const isManifest = (file: string) => !file.includes("/") && !file.includes("-cacerts");
const manifestsOf = (files: Map<string, RenderedFile>) => [...files.keys()].filter(isManifest);
const object = (files: Map<string, RenderedFile>, file: string): Resource => files.get(file)!.resources[0];

describe("Argo CD", () => {
  test("each cluster has one Application, for its folder in the repository", () => {
    for (const cluster of ["main0", "remote0"]) {
      const files = render(mesh(argocd), cluster);
      expect(object(files, "gitops/argocd/application.yaml")).toMatchObject({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Application",
        metadata: { name: `mesh1-${cluster}`, namespace: "argocd" },
        spec: {
          destination: { name: cluster },
          source: {
            repoURL: "https://github.com/team/mesh.git",
            targetRevision: "main",
            path: `clusters/dist/${cluster}`,
          },
        },
      });
      expect([...files.keys()].filter((file) => file.startsWith("gitops/"))).toEqual([
        "gitops/argocd/application.yaml",
        "gitops/external-secret.yaml",
      ]);
    }
  });

  test("it includes the manifests, the renderings and the ExternalSecret, and not istioctl's input or itself", () => {
    const { directory } = object(render(mesh(argocd), "main0"), "gitops/argocd/application.yaml").spec.source;
    expect(directory.recurse).toBe(true);
    // Argo CD's `*` also matches a slash (gobwas/glob without separators).
    const patterns = directory.include
      .slice(1, -1)
      .split(",")
      .map((glob: string) => new RegExp(`^${glob.replaceAll(".", "\\.").replaceAll("*", ".*")}$`));
    const isIncluded = (file: string) => patterns.some((pattern: RegExp) => pattern.test(file));
    expect(
      ["0000-namespaces.k8s.yaml", "istio/rendered/istio.yaml", "gitops/external-secret.yaml"].filter(
        isIncluded,
      ),
    ).toHaveLength(3);
    expect(["istio/istio.yaml", "gitops/argocd/application.yaml", "notes.txt"].filter(isIncluded)).toEqual(
      [],
    );
  });

  test("every object has the wave of its stage", () => {
    for (const cluster of ["main0", "remote0"]) {
      const files = render(mesh(argocd), cluster);
      const waves = manifestsOf(files).map((file) => [
        file,
        ...new Set(files.get(file)!.resources.map(({ metadata }) => metadata.annotations[wave])),
      ]);
      for (const [file, ...found] of waves)
        expect([file, found]).toEqual([file, [/namespaces|crds/.test(file!) ? "0" : "4"]]);
      expect(object(files, "gitops/external-secret.yaml").metadata.annotations).toEqual({ [wave]: "1" });
    }
  });
});

describe("Flux", () => {
  test("each stage of a cluster depends on the one before, and waits for its objects", () => {
    const files = render(mesh(flux), "main0");
    const kustomizations: readonly Resource[] = files.get("gitops/flux/kustomizations.yaml")!.resources;
    expect(kustomizations.map(({ metadata }) => metadata.name)).toEqual(
      stages.map((stage) => `mesh1-${stage}`),
    );
    expect(kustomizations.map(({ spec }) => spec.dependsOn)).toEqual([
      undefined,
      ...stages.slice(0, -1).map((stage) => [{ name: `mesh1-${stage}` }]),
    ]);
    for (const { apiVersion, metadata, spec } of kustomizations) {
      expect({ apiVersion, namespace: metadata.namespace, ...spec }).toMatchObject({
        apiVersion: "kustomize.toolkit.fluxcd.io/v1",
        namespace: "flux-system",
        sourceRef: { kind: "GitRepository", name: "flux-system" },
        wait: true,
        prune: true,
      });
      expect(spec.path).toMatch(/^\.\/dist\/main0\/gitops\/stages\/[a-z-]+$/);
      expect([...files.keys()]).toContain(`${spec.path.replace("./dist/main0/", "")}/kustomization.yaml`);
    }
  });

  test("every committed file is in one stage", () => {
    for (const cluster of ["main0", "remote0"]) {
      const files = render(mesh(flux), cluster);
      const resources = [...files]
        .filter(([file]) => file.startsWith("gitops/stages/"))
        .flatMap(
          ([
            file,
            {
              resources: [one],
            },
          ]) => one.resources.map((path: string) => posix.join(posix.dirname(file), path)),
        );
      const rendered =
        cluster === "main0" ? ["istio", "istio-gateways"] : ["control-plane", "eastwest-gateway"];
      expect(resources.sort()).toEqual(
        [
          ...manifestsOf(files),
          ...rendered.map((name) => `istio/rendered/${name}.yaml`),
          "gitops/external-secret.yaml",
        ].sort(),
      );
    }
  });

  test("no object has an annotation of Argo CD, and without a store there is no stage for the CA", () => {
    const files = render(mesh("gitops: { tool: flux }\n"), "main0");
    expect([...files.values()].filter(({ text }) => text.includes("argoproj"))).toEqual([]);
    expect([...files.keys()].filter((file) => /external-secret|stages\/ca/.test(file))).toEqual([]);
    expect(files.get("gitops/flux/kustomizations.yaml")!.resources[1].spec.dependsOn).toEqual([
      { name: "mesh1-namespaces" },
    ]);
  });
});

test("the CA is a reference to one value a cluster in the store", () => {
  expect(object(render(mesh(flux), "remote0"), "gitops/external-secret.yaml")).toMatchObject({
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name: "cacerts", namespace: "istio-system" },
    spec: {
      secretStoreRef: { kind: "ClusterSecretStore", name: "vault" },
      target: { name: "cacerts" },
      dataFrom: [{ extract: { key: "mesh1-remote0", decodingStrategy: "Base64" } }],
    },
  });
});

test.each([argocd, flux])(
  "the files are the same with and without the CA, which CI does not have: %s",
  (gitops) => {
    const text = (files: Map<string, RenderedFile>) =>
      [...files].filter(([file]) => !file.includes("-cacerts")).map(([file, { text }]) => [file, text]);
    expect(text(render(mesh(gitops), "main0", { ca: () => undefined }))).toEqual(
      text(render(mesh(gitops), "main0")),
    );
  },
);

test("a remote without the primary's address has no files for the tool: its pods would start without a proxy", () => {
  for (const gitops of [argocd, flux]) {
    const of = (cluster: string) =>
      [...render(mesh(gitops), cluster, { addresses: {} }).keys()].filter((file) =>
        file.startsWith("gitops/"),
      );
    expect([of("remote0").length, of("main0").length > 0]).toEqual([0, true]);
  }
});

test("without gitops, nothing of it is in the output", () => {
  const files = render(mesh(), "main0");
  expect([...files.keys()].filter((file) => file.startsWith("gitops/"))).toEqual([]);
  expect([...files.values()].filter(({ text }) => text.includes(wave))).toEqual([]);
});

test("charts of your own come last; those with a Secret, which are not in Git, are not asked for", () => {
  const bundleOf = (of: Mesh, outdir: string) => {
    const bundle = new ClusterBundle({ mesh: of, cluster: of.primary, ca: undefined, addresses: {}, outdir });
    new KubeConfigMap(new Chart(bundle, "payments"), "c", { metadata: { name: "payments" } });
    new KubeSecret(new Chart(bundle, "token"), "s", { metadata: { name: "token" } });
    bundle.synth();
  };
  const folder = mkdtempSync(join(tmpdir(), "mesh-gitops-"));
  try {
    bundleOf(mesh(flux), folder);
    const { resources } = load(
      readFileSync(join(folder, "gitops/stages/workloads/kustomization.yaml"), "utf8"),
    ) as { resources: string[] };
    expect(resources.at(-1)).toMatch(/\/\d{4}-payments\.k8s\.yaml$/);
    expect(resources.join()).not.toContain("token");
    bundleOf(mesh(argocd), folder);
    const [file] = resources.slice(-1).map((path) => posix.basename(path));
    expect(readFileSync(join(folder, file!), "utf8")).toContain(`${wave}: "4"`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
