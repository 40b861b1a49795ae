import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { type KubernetesObject, listOf } from "../../ops/exec/kubernetes-object";
import { bare, describeInLab, must } from "./lab";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";

// The committed dist, applied as a GitOps tool applies it, in the order that the generated files give. Composed, because
// the lab has neither: Argo CD's part (waves, and waiting for health) is `sync` below, and the controller of External
// Secrets is `cacerts`, which makes the Secret from the value in the store.

const wave = "argocd.argoproj.io/sync-wave";
const contextOf: Readonly<Record<string, string>> = { main0: primary, remote0: remote };

let tool: Tool;

const git = (...args: string[]) =>
  execFileSync("git", args, { cwd: tool.folder, encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
const commit = () => {
  git("add", "-A", "dist");
  git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "dist");
};
const committed = () => git("ls-files", "dist").trim().split("\n");
const objectsIn = (file: string) =>
  (loadAll(git("show", `HEAD:${file}`)) as (KubernetesObject | null)[]).filter((one) => one !== null);

/** The objects that a cluster's Application selects. */
function selected(cluster: string): KubernetesObject[] {
  const [application] = objectsIn(`dist/${cluster}/gitops/argocd/application.yaml`);
  const { path, directory } = application!.spec.source;
  const globs: string[] = directory.include.slice(1, -1).split(",");
  const patterns = globs.map((glob) => new RegExp(`^${glob.replaceAll(".", "\\.").replaceAll("*", ".*")}$`));
  return committed()
    .filter((file) => file.startsWith(`${path}/`))
    .filter((file) => patterns.some((pattern) => pattern.test(file.slice(path.length + 1))))
    .flatMap(objectsIn);
}

function kubectl(context: string, args: string, objects: readonly KubernetesObject[]): string {
  const { status, stdout, stderr } = spawnSync(
    "kubectl",
    ["--context", context, ...args.split(" "), "-f", "-"],
    {
      input: listOf(objects),
      encoding: "utf8",
      maxBuffer: 64 * 2 ** 20,
    },
  );
  if (status !== 0) throw new Error(`kubectl ${args} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** What the controller of External Secrets makes of an ExternalSecret, when docs/gitops.md's command has filled the store. */
function cacerts(cluster: string, { metadata, spec }: KubernetesObject): KubernetesObject {
  expect(spec.dataFrom).toEqual([{ extract: { key: `mesh1-${cluster}`, decodingStrategy: "Base64" } }]);
  const stored = must(
    `kubectl --context ${primary} create --dry-run=client -f dist/${cluster}/0001-cacerts.k8s.yaml -o jsonpath='{.data}'`,
    { cwd: tool.folder },
  );
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: spec.target.name, namespace: metadata.namespace },
    data: JSON.parse(stored),
  };
}

/** Waits as Argo CD does before the next wave. */
function untilHealthy(context: string, objects: readonly KubernetesObject[]): void {
  for (const { kind, metadata, spec } of objects) {
    const k = `kubectl --context ${context} ${metadata.namespace ? `-n ${metadata.namespace} ` : ""}`;
    if (kind === "Deployment")
      must(`${k} rollout status deployment/${metadata.name} --timeout=240s`, { seconds: 250 });
    if (kind === "CustomResourceDefinition")
      must(`${k} wait --for=condition=Established crd/${metadata.name} --timeout=60s`);
    if (kind === "Service" && spec.type === "LoadBalancer")
      must(
        `${k} wait --for=jsonpath='{.status.loadBalancer.ingress[0].ip}' service/${metadata.name} --timeout=120s`,
        { seconds: 130 },
      );
  }
}

/** @param last wave @default - all */
function sync(cluster: string, last = Number.POSITIVE_INFINITY): number[] {
  const context = contextOf[cluster]!;
  const objects = selected(cluster);
  const waveOf = ({ metadata }: KubernetesObject) => Number(metadata.annotations?.[wave] ?? 0);
  const waves = [...new Set(objects.map(waveOf))].sort((one, other) => one - other);
  for (const number of waves.filter((one) => one <= last)) {
    const inWave = objects
      .filter((object) => waveOf(object) === number)
      .map((object) => (object.kind === "ExternalSecret" ? cacerts(cluster, object) : object));
    kubectl(context, "apply", inWave);
    untilHealthy(context, inWave);
  }
  return waves;
}

const controlPlane = 2;

describeInLab(
  "dist applied by a GitOps tool",
  () => {
    const gitops =
      "gitops: { tool: argocd, repository: https://git.example/mesh.git, secretStore: key-vault }";
    beforeAll(async () => {
      bare();
      tool = new Tool(meshYaml(`sample: { weights: { v1: 50, v2: 50 } }\n${gitops}`));
      git("init", "-q");
      await tool.must(["ca"]);
    }, 6 * minutes);

    afterAll(async () => {
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
    }, 5 * minutes);

    test(
      "the primary comes up wave by wave",
      async () => {
        await tool.must(["render"]);
        commit();
        expect(committed()).toContain("dist/main0/istio/rendered/istio.yaml");
        expect(committed().filter((file) => file.startsWith("dist/remote0/gitops"))).toEqual([]);
        expect(sync("main0")).toEqual([0, 1, 2, 3, 4]);
      },
      10 * minutes,
    );

    test(
      "mesh apply finds the address and applies nothing of dist, and the remote's files follow",
      async () => {
        const { out } = await tool.must(["apply", "--until", "address"]);
        expect(out).toContain(
          "nothing to change; next: mesh render, then commit dist and mesh.addresses.yaml",
        );
        expect(readFileSync(join(tool.folder, "mesh.addresses.yaml"), "utf8")).toMatch(/^main0: [\d.]+$/m);
        await tool.must(["render"]);
        await tool.must(["synth", "--check"]);
        commit();
        expect(committed()).toContain("dist/remote0/gitops/argocd/application.yaml");
      },
      3 * minutes,
    );

    test(
      "the remote comes up when mesh apply has made its remote secret",
      async () => {
        sync("remote0", controlPlane);
        await tool.must(["apply"]);
        expect(sync("remote0")).toEqual([0, 1, 2, 3, 4]);
      },
      10 * minutes,
    );

    test(
      "verify passes, and a second apply has nothing to change",
      async () => {
        await tool.must(["verify", "--wait", "3m"]);
        expect((await tool.must(["apply"])).out).toContain("nothing to change");
      },
      6 * minutes,
    );

    test("no object differs from Git, which a tool would correct again and again", () => {
      for (const cluster of ["main0", "remote0"]) {
        const objects = selected(cluster).filter(({ kind }) => kind !== "ExternalSecret");
        expect(kubectl(contextOf[cluster]!, "diff", objects)).toBe("");
      }
    });

    test("no private key is in Git", () => {
      const texts = committed().map((file) => [file, git("show", `HEAD:${file}`)] as const);
      // Also in base64, whatever the offset of the text.
      const key = /PRIVATE KEY|UFJJVkFURSBLRVk|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW|ca-key\.pem:/;
      expect(texts.filter(([, text]) => key.test(text)).map(([file]) => file)).toEqual([]);
      expect(texts.filter(([, text]) => /^kind: Secret$/m.test(text))).toEqual([]);
      expect(key.test(readFileSync(join(tool.folder, "dist/main0/0001-cacerts.k8s.yaml"), "utf8"))).toBe(
        true,
      );
    });

    test(
      "Flux's stages build to the same objects, in the order of dependsOn",
      async () => {
        const titles = (objects: readonly KubernetesObject[]) =>
          objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`).sort();
        const wanted = Object.fromEntries(
          Object.keys(contextOf).map((name) => [name, titles(selected(name))]),
        );
        tool.configure(
          meshYaml("sample: { weights: { v1: 50, v2: 50 } }\ngitops: { tool: flux, secretStore: key-vault }"),
        );
        await tool.must(["render"]);
        commit();
        for (const cluster of Object.keys(contextOf)) {
          const stages = objectsIn(`dist/${cluster}/gitops/flux/kustomizations.yaml`);
          const [first, ...rest] = stages.map(({ metadata, spec }) => ({ name: metadata.name, ...spec }));
          expect([first!.dependsOn, ...rest.map(({ dependsOn }) => dependsOn[0].name)]).toEqual([
            undefined,
            ...stages.slice(0, -1).map(({ metadata }) => metadata.name),
          ]);
          const built = stages.flatMap(
            ({ spec }) =>
              loadAll(
                must(`kubectl kustomize --load-restrictor=LoadRestrictionsNone ${spec.path}`, {
                  cwd: tool.folder,
                }),
              ) as KubernetesObject[],
          );
          expect(titles(built)).toEqual(wanted[cluster]);
        }
      },
      3 * minutes,
    );
  },
  both,
);
