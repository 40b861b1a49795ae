import { loadAll } from "js-yaml";
import { istioNamespace } from "../../k8s/istio-names";
import { type IstioLine, istioctlCommand } from "../../mesh/istio-lines";
import type { Mesh } from "../../mesh/mesh";
import type { KubernetesObject } from "./kubernetes-object";
import type { Programs, RunOptions } from "./programs";

/** The field manager of `istioctl install` (operator/pkg/install/install.go), for objects that are applied before it. */
export const istioctlFieldManager = "istio-operator";

/**
 * What `install` adds after everything that it renders: the revision tag `default`, which injects pods from then on, and
 * a Service for it (istioctl/pkg/tag).
 */
export function addedByInstall({ istio }: Mesh): readonly KubernetesObject[] {
  if (!istio.line.installAddsTag) return [];
  const webhooks = { apiVersion: "admissionregistration.k8s.io/v1" };
  const tag = { name: "istio-revision-tag-default" };
  return [
    { ...webhooks, kind: "MutatingWebhookConfiguration", metadata: tag },
    { ...webhooks, kind: "ValidatingWebhookConfiguration", metadata: { name: "istiod-default-validator" } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "istiod-revision-tag-default", namespace: istioNamespace },
    },
  ];
}

/** Whether a rendered object belongs to a gateway. */
export const isOfGateway = ({ metadata }: KubernetesObject) =>
  metadata.labels?.["operator.istio.io/component"] === "IngressGateways";

/** By default istioctl logs to stdout, in between its output. */
export const logAside = ["--log_target", "stderr"] as const;

export interface Istioctl {
  /** The objects that `install` would apply; needs no cluster. */
  render(operatorFile: string): Promise<readonly KubernetesObject[]>;
  install(operatorFile: string, deadlineSeconds: number, options?: RunOptions): Promise<void>;
  /** Of `create-remote-secret`. */
  remoteSecretArgs(cluster: string): readonly string[];
  /** The Secret that lets the primary read this cluster. Creates the reader's token if there is none. */
  remoteSecret(cluster: string, options?: RunOptions): Promise<KubernetesObject>;
}

/** istioctl for one cluster. */
export function istioctlFor(programs: Programs, context: string, line: IstioLine): Istioctl {
  const remoteSecretArgs = (cluster: string) => [
    ...istioctlCommand(line, "create-remote-secret"),
    ...["--context", context, "--name", cluster],
    ...logAside,
  ];
  return {
    remoteSecretArgs,
    async render(operatorFile) {
      const { stdout } = await programs.run("istioctl", [
        "manifest",
        "generate",
        "-f",
        operatorFile,
        ...logAside,
      ]);
      return loadAll(stdout).filter(
        (document) => document !== null && document !== undefined,
      ) as KubernetesObject[];
    },
    async install(operatorFile, deadlineSeconds, options) {
      const readiness = ["--readiness-timeout", `${deadlineSeconds}s`];
      await programs.run(
        "istioctl",
        ["install", "--context", context, "--skip-confirmation", ...readiness, "-f", operatorFile],
        // istioctl's own timeout comes first: it names the resource that is not ready.
        { ...options, deadlineSeconds: deadlineSeconds + 30 },
      );
    },
    async remoteSecret(cluster, options) {
      const { stdout } = await programs.run("istioctl", remoteSecretArgs(cluster), {
        ...options,
        secretOutput: true,
      });
      // istioctl also prints a document of comments.
      return (loadAll(stdout) as KubernetesObject[]).find((document) => document?.kind === "Secret")!;
    },
  };
}
