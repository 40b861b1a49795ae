import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { manifestFiles } from "../../../k8s/bundle";
import type { Mesh } from "../../../mesh/mesh";
import { meshPaths } from "../../../mesh/paths";
import { chosen } from "../../../ops/apply/apply";
import type { Installation } from "../../../ops/apply/installation";
import { phases } from "../../../ops/apply/phases";
import type { ApplyStep, Run } from "../../../ops/apply/run";
import { applySteps } from "../../../ops/apply/steps";
import { istioctlFor } from "../../../ops/exec/istioctl";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { Programs } from "../../../ops/exec/programs";
import type { Context } from "../../../ops/run/context";
import { silentReporter } from "../../../ops/run/progress";
import { mesh as meshOf, referenceMeshes } from "../../k8s/render";

/** A run in clusters that hold nothing and take everything; `applied` hears of files, as `<cluster>/<file>`. */
function runOn(mesh: Mesh, applied: (file: string) => void): Run {
  const programs: Programs = {
    async run(_, args) {
      if (!args.some((arg) => arg.startsWith("namespace"))) throw new Error("nothing comes up here");
      return { code: 0, stdout: "", stderr: "" };
    },
  };
  const { signal } = new AbortController();
  const installation = (context: string): Installation => ({
    kubectl: kubectlFor(programs, context),
    istioctl: istioctlFor(programs, context, mesh.istio.line),
    inBundle: async () => undefined,
    initial: async () => undefined,
    applyRendered: async () => "unchanged",
    install: async () => "unchanged",
    forget: () => {},
    applyFiles: async (files) => {
      for (const file of files) applied(`${basename(dirname(file))}/${basename(file)}`);
      return "changed";
    },
    installed: async () => [],
  });
  const context: Context = {
    programs,
    reporter: silentReporter,
    now: () => new Date(0),
    signal,
    workFolder: "/nowhere",
  };
  return {
    mesh,
    // A `dist` of the checkout's own mesh would add its files as those of mesh.extend.ts.
    paths: { ...meshPaths("mesh.yaml"), dist: "nowhere" },
    ca: undefined,
    addresses: {},
    warnings: [],
    rootCertificate: "",
    istioctlVersion: mesh.istio.version,
    inventory: undefined,
    primaryGateway: undefined,
    extensionKinds: [],
    context,
    installations: new Map(mesh.clusters.map(({ name, context }) => [name, installation(context)])),
  };
}

test.each(Object.entries(referenceMeshes))(
  "every chart of every cluster is applied by one step, %s",
  async (_, reference) => {
    const mesh = reference();
    const applied: string[] = [];
    const steps = applySteps(runOn(mesh, (file) => applied.push(file)));
    // Steps that ask a program fail here: no chart is applied by one of them.
    await Promise.allSettled(
      steps.map((step) =>
        step.run({ signal: new AbortController().signal, deadlineSeconds: 1, note: () => {} }),
      ),
    );
    const charts = mesh.clusters.flatMap((cluster) =>
      manifestFiles(mesh, cluster).map(({ file }) => `${cluster.name}/${file}`),
    );
    expect(applied.sort()).toEqual(charts.sort());
  },
);

test("where a GitOps tool applies dist, only the primary's address and remote secrets are left, and nothing that they wait for", () => {
  const mesh = meshOf("gitops: { tool: flux }\n");
  const steps = chosen(applySteps(runOn(mesh, () => {})), mesh, {});
  expect(steps.map(({ id, needs, after }) => ({ id, needs, after }))).toEqual([
    { id: "main0/address", needs: [], after: [] },
    { id: "remote0/secret", needs: [], after: [] },
  ]);
});

test("the primary's remaining steps come after the remotes' pods, ready or not", () => {
  const steps = applySteps(runOn(referenceMeshes.current!(), () => {}));
  const pods = steps.filter(({ id }) => /^remote0\/(gatewayReady|\S+ ready)$/.test(id)).map(({ id }) => id);
  expect(pods.length).toBeGreaterThan(1);
  for (const id of ["main0/handOver", "main0/prometheus", "main0/kiali", "main0/removals"]) {
    const { after, needs } = steps.find((step) => step.id === id)!;
    expect(after!.toSorted()).toEqual(pods.toSorted());
    expect(needs.filter((need) => need.startsWith("remote0/"))).toEqual([]);
  }
});

const stepOf = (steps: readonly ApplyStep[], id: string) => steps.find((step) => step.id === id)!;
/** Everything that a step waits for, as far back as it goes. */
function before(steps: readonly ApplyStep[], id: string): string[] {
  const { needs, after = [] } = stepOf(steps, id);
  return [...needs, ...after].flatMap((other) => [other, ...before(steps, other)]);
}

test("istiod is applied first, the primary's CRDs during its image pull, a remote's when its pods run", () => {
  const steps = applySteps(runOn(referenceMeshes.current!(), () => {}));
  expect(before(steps, "main0/controlPlane")).toEqual(["main0/namespaces"]);
  expect(stepOf(steps, "main0/crds").after).toEqual(["main0/controlPlane"]);
  for (const id of ["remote0/services", "remote0/controlPlane"])
    expect(stepOf(steps, id)).toMatchObject({ after: ["main0/controlPlane"], needs: ["remote0/namespaces"] });
  const pods = ["remote0/gatewayReady", "remote0/curl ready", "remote0/helloworld-v2 ready"];
  expect(stepOf(steps, "remote0/crds")).toMatchObject({ after: pods, needs: ["remote0/namespaces"] });
  for (const id of pods) {
    expect(before(steps, id)).toContain("main0/crds");
    expect(before(steps, id)).not.toContain("remote0/crds");
  }
  expect(before(steps, "remote0/handOver")).toContain("remote0/crds");
});

describe("with istio-cni", () => {
  const of = meshOf("istio: { cni: true }\n");
  const steps = () => applySteps(runOn(of, () => {}));

  test("its DaemonSet is ready before pods are injected, in every cluster", () => {
    for (const { name } of of.clusters) {
      expect(stepOf(steps(), `${name}/cniReady`)).toMatchObject({
        needs: [`${name}/controlPlane`],
        deadlineSeconds: 300,
      });
      for (const id of [`${name}/injection`, `${name}/gateways`, `${name}/curl ready`])
        expect(before(steps(), id)).toContain(`${name}/cniReady`);
    }
  });

  test("nothing waits for it without", () => {
    const all = applySteps(runOn(meshOf(), () => {}));
    expect(all.filter(({ id, needs }) => [id, ...needs].some((one) => one.endsWith("/cniReady")))).toEqual(
      [],
    );
  });

  test("the step waits for the DaemonSet, and explains why it is not ready", async () => {
    const asked: string[] = [];
    const agent = (numberAvailable: number) => ({
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "istio-cni-node", namespace: "istio-system", generation: 1 },
      spec: { selector: { matchLabels: { "k8s-app": "istio-cni-node" } } },
      status: {
        observedGeneration: 1,
        desiredNumberScheduled: 2,
        currentNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable,
      },
    });
    const watched: boolean[] = [];
    const programs: Programs = {
      async run(_, args, options) {
        asked.push(args.join(" "));
        if (args.includes("--watch"))
          for (const available of [1, 2])
            watched.push(options!.until!(`${JSON.stringify(agent(available), null, 2)}\n`));
        const items = args.includes("events") ? [] : [agent(1)];
        return { code: 0, stdout: JSON.stringify({ kind: "List", items }), stderr: "" };
      },
    };
    const run = runOn(of, () => {});
    const installation = run.installations.get("remote0")!;
    (run.installations as Map<string, Installation>).set("remote0", {
      ...installation,
      kubectl: kubectlFor(programs, "remote0"),
    });
    const step = stepOf(applySteps(run), "remote0/cniReady");
    const { signal } = new AbortController();
    expect(await step.run({ signal, deadlineSeconds: 1, note: () => {} })).toBe("unchanged");
    expect(watched).toEqual([false, true]);
    expect(asked[0]).toContain(
      "-n istio-system get daemonsets --field-selector metadata.name=istio-cni-node",
    );
    expect((await step.explain!(signal, new Error("timed out")))[0]).toBe(
      "DaemonSet istio-cni-node: 1 of 2 pods are available",
    );
  });
});

test("if istiod does not wait for CRDs, they are applied before it", () => {
  const steps = applySteps(runOn(referenceMeshes["1.7"]!(), () => {}));
  for (const cluster of ["main0", "remote0"]) {
    expect(stepOf(steps, `${cluster}/controlPlane`).needs).toContain(`${cluster}/crds`);
    expect(before(steps, `${cluster}/crds`)).toEqual([`${cluster}/namespaces`]);
  }
});

test("a remote's own istiod waits for the primary's address", () => {
  const needsOf = (reference: keyof typeof referenceMeshes) =>
    stepOf(applySteps(runOn(referenceMeshes[reference]!(), () => {})), "remote0/controlPlane").needs;
  expect(needsOf("1.7")).toContain("main0/address");
  expect(needsOf("current")).not.toContain("main0/address");
});

test("a remote is in the inventory before its secret is in the primary", () => {
  const steps = applySteps(runOn(referenceMeshes.current!(), () => {}));
  expect(stepOf(steps, "remote0/secret").needs).toContain("main0/inventory");
});

describe("the step of mesh.extend.ts", () => {
  let dist: string;
  beforeEach(() => {
    dist = mkdtempSync(join(tmpdir(), "mesh-extension-"));
    mkdirSync(join(dist, "remote0"));
  });
  afterEach(() => rmSync(dist, { recursive: true }));

  const widget = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "w", namespace: "payments" } };
  function stepsWith(live?: object) {
    const applied: string[] = [];
    const run = runOn(referenceMeshes.current!(), (file) => applied.push(file));
    writeFileSync(join(dist, "remote0/0007-payments.k8s.yaml"), JSON.stringify(widget));
    for (const [name, installation] of run.installations)
      (run.installations as Map<string, Installation>).set(name, {
        ...installation,
        inBundle: async () => live as Awaited<ReturnType<Installation["inBundle"]>>,
      });
    const steps = applySteps({ ...run, paths: { ...run.paths, dist } });
    const step = stepOf(steps, "remote0/extension");
    const start = () =>
      step.run({ signal: new AbortController().signal, deadlineSeconds: 1, note: () => {} });
    return { steps, start, applied };
  }

  test("comes last, in the clusters that have files of it", () => {
    const { steps } = stepsWith();
    expect(steps.filter(({ id }) => id.endsWith("/extension")).map(({ id }) => id)).toEqual([
      "remote0/extension",
    ]);
    expect(before(steps, "remote0/extension")).toEqual(
      expect.arrayContaining(["remote0/crds", "remote0/gatewayReady", "remote0/curl ready"]),
    );
    expect(phases.at(-1)).toBe("extension");
  });

  test("applies them, again too", async () => {
    const { start, applied } = stepsWith({
      metadata: { labels: { "app.kubernetes.io/managed-by": "mesh", "app.kubernetes.io/part-of": "mesh1" } },
    });
    expect(await start()).toBe("changed");
    expect(applied).toEqual(["remote0/0007-payments.k8s.yaml"]);
  });

  test("refuses an object that the mesh does not own", async () => {
    const { start, applied } = stepsWith({ ...widget });
    await expect(start()).rejects.toThrow(
      /^ConfigMap payments\/w existed before, and the mesh mesh1 does not own it: rename it in mesh\.extend\.ts/,
    );
    expect(applied).toEqual([]);
  });
});
