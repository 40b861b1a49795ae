import type { GitOps } from "../mesh/mesh";
import { type Bundle, isGap, manifestFiles, operatorFiles } from "./bundle";
import { istioNamespace } from "./istio-names";
import { ownerLabels } from "./mesh-chart";

/**
 * What must be healthy before the next is applied. istiod reads the CA when it starts, and injects the gateways' and the
 * sample's pods.
 */
export const stages = ["namespaces", "ca", "control-plane", "gateways", "workloads"] as const;
export type Stage = (typeof stages)[number];

/** A manifest of the cluster's folder. */
export interface StagedFile {
  readonly file: string;
  readonly stage: Stage;
}

/** A file of `dist/<cluster>` for a GitOps tool. */
export interface GitOpsFile {
  readonly file: string;
  readonly objects: readonly object[];
}

/** What a tool needs beside the manifests. */
interface Tool {
  /** On every object that it applies. */
  readonly annotations?: (stage: Stage) => Readonly<Record<string, string>>;
  readonly files: (bundle: Bundle, gitops: GitOps, staged: readonly StagedFile[]) => readonly GitOpsFile[];
}

const tools: Readonly<Record<GitOps["tool"], Tool>> = {
  argocd: {
    // Argo CD waits until the resources of a wave are healthy; without the annotation it is wave 0
    // (argoproj/argo-cd, docs/user-guide/sync-waves.md, read 2026-11-30).
    annotations: (stage) => ({ "argocd.argoproj.io/sync-wave": String(stages.indexOf(stage)) }),
    files: (bundle, gitops) => [
      { file: "gitops/argocd/application.yaml", objects: [application(bundle, gitops)] },
    ],
  },
  flux: {
    files: (bundle, gitops, staged) => {
      const filesOf = (stage: Stage) => staged.filter((one) => one.stage === stage).map(({ file }) => file);
      const filled = stages.filter((stage) => filesOf(stage).length > 0);
      return [
        {
          file: "gitops/flux/kustomizations.yaml",
          objects: filled.map((stage, index) => fluxKustomization(bundle, gitops, stage, filled[index - 1])),
        },
        ...filled.map((stage) => ({
          file: `gitops/stages/${stage}/kustomization.yaml`,
          objects: [kustomization(filesOf(stage))],
        })),
      ];
    },
  },
};

/** For the objects of a stage; undefined if they need none. */
export const stageAnnotations = (gitops: GitOps | undefined, stage: Stage) =>
  gitops && tools[gitops.tool].annotations?.(stage);

/**
 * Files for the mesh's GitOps tool. None while a file of Istio is missing: the tool would start the remote's gateway and
 * sample without the webhook that injects their proxies.
 * @param manifests of the cluster; those with a Secret are not in Git
 */
export function gitopsFiles(
  bundle: Bundle,
  manifests: readonly (StagedFile & { readonly hasSecret: boolean })[],
): readonly GitOpsFile[] {
  const { mesh, cluster } = bundle;
  const { gitops } = mesh;
  const operators = operatorFiles(mesh, cluster);
  if (!gitops || operators.some((row) => isGap(row, bundle))) return [];
  const secret = gitops.secretStore === undefined ? [] : [externalSecretFile];
  const committed = manifests.filter(({ file, hasSecret }) => !hasSecret && !isKeysFile(bundle, file));
  return [
    ...tools[gitops.tool].files(bundle, gitops, [
      ...committed,
      ...secret.map((file) => ({ file, stage: "ca" }) as const),
      ...operators.flatMap(({ renders }) => [
        ...inStage("control-plane", renders.controlPlane),
        ...inStage("gateways", renders.gateways),
      ]),
    ]),
    ...secret.map((file) => ({ file, objects: [externalSecret(bundle, gitops)] })),
  ];
}

const externalSecretFile = "gitops/external-secret.yaml";

const inStage = (stage: Stage, file: string | undefined): readonly StagedFile[] =>
  file === undefined ? [] : [{ file, stage }];

/** Also where there is no CA, and the chart is empty. */
const isKeysFile = ({ mesh, cluster }: Bundle, file: string) =>
  manifestFiles(mesh, cluster).some((row) => row.needs === "ca" && row.file === file);

/**
 * The cluster has the mesh's name for it in Argo CD (`argocd cluster add CONTEXT --name main0`). A failed sync is retried
 * without end: a remote is healthy only after the primary (argoproj/argo-cd, docs/operator-manual/application.yaml and
 * docs/user-guide/directory.md, read 2026-11-30).
 */
function application({ mesh, cluster }: Bundle, { repository, revision, path, secretStore }: GitOps) {
  const included = ["*.k8s.yaml", "istio/rendered/*.yaml", ...(secretStore ? [externalSecretFile] : [])];
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: `${mesh.name}-${cluster.name}`, namespace: "argocd", labels: ownerLabels(mesh) },
    spec: {
      project: "default",
      destination: { name: cluster.name },
      source: {
        repoURL: repository,
        targetRevision: revision,
        path: `${path}/${cluster.name}`,
        directory: { recurse: true, include: `{${included.join(",")}}` },
      },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        retry: { limit: -1, backoff: { duration: "10s", factor: 2, maxDuration: "3m" } },
      },
    },
  };
}

/**
 * Applied by a Flux in the cluster itself, from the GitRepository that `flux bootstrap` makes. A stage is ready when all
 * of its objects are (fluxcd/kustomize-controller, docs/spec/v1/kustomizations.md, read 2026-11-30).
 */
function fluxKustomization({ mesh, cluster }: Bundle, { path }: GitOps, stage: Stage, before?: Stage) {
  const nameOf = (one: Stage) => `${mesh.name}-${one}`;
  return {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { name: nameOf(stage), namespace: "flux-system", labels: ownerLabels(mesh) },
    spec: {
      ...(before !== undefined && { dependsOn: [{ name: nameOf(before) }] }),
      sourceRef: { kind: "GitRepository", name: "flux-system" },
      path: `./${path}/${cluster.name}/gitops/stages/${stage}`,
      interval: "10m0s",
      retryInterval: "1m0s",
      timeout: "10m0s",
      prune: true,
      wait: true,
    },
  };
}

/** Flux allows files outside of the folder, in the same repository (fluxcd/pkg, kustomize/kustomize_generator.go, read 2026-11-30). */
const kustomization = (files: readonly string[]) => ({
  apiVersion: "kustomize.config.k8s.io/v1beta1",
  kind: "Kustomization",
  resources: files.map((file) => `../../../${file}`),
});

/**
 * The Secret `cacerts` from a store. The store has one value a cluster: the `data` of the Secret as JSON
 * (external-secrets/external-secrets, docs/snippets/full-external-secret.yaml, read 2026-11-30).
 */
function externalSecret({ mesh, cluster }: Bundle, gitops: GitOps) {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: {
      name: "cacerts",
      namespace: istioNamespace,
      labels: ownerLabels(mesh),
      annotations: stageAnnotations(gitops, "ca"),
    },
    spec: {
      refreshInterval: "1h0m0s",
      secretStoreRef: { kind: "ClusterSecretStore", name: gitops.secretStore },
      target: { name: "cacerts" },
      dataFrom: [{ extract: { key: `${mesh.name}-${cluster.name}`, decodingStrategy: "Base64" } }],
    },
  };
}
