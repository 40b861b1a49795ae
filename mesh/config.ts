import { toJSONSchema, z } from "zod";
import { defaults } from "./defaults";
import { istioLines } from "./istio-lines";
import * as names from "./names";

/**
 * `mesh.yaml` as written: fields with a default are optional. `normalize.ts` fills in the defaults.
 *
 * An error here completes "expected ..."; `schema-problems.ts` adds the position, the value and the fix. Editors show the
 * descriptions (`mesh.schema.json`).
 */

const byDefault = (value: string | number | boolean) => `Default: ${value}.`;

const named = (rule: names.NameRule, description: string) => {
  const error = `${rule.allowed}, for example ${rule.example}`;
  return z.string({ error }).regex(rule.pattern, { error }).describe(`${description} Syntax: ${error}.`);
};
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z
    .enum(values, { error: values.length > 2 ? `one of ${values.join(", ")}` : values.join(" or ") })
    .describe(description);
const yesOrNo = (description: string) => z.boolean({ error: "true or false" }).describe(description);
const wholeNumber = (min: number, max: number, description: string) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error }).describe(description);
};
const section = <T extends z.ZodRawShape>(shape: T, description: string) =>
  z
    .strictObject(shape, { error: `a mapping with the keys ${Object.keys(shape).join(", ")}` })
    .describe(description);

const nodePool = section(
  {
    vmSize: named(
      names.vmSize,
      `Size of the virtual machines. ${byDefault(defaults.nodePool.vmSize)}`,
    ).optional(),
    // 1000 nodes is AKS's limit for a node pool (https://github.com/hashicorp/terraform-provider-azurerm/issues/9198,
    // read 2026-11-27).
    nodes: wholeNumber(
      1,
      1000,
      `Initial number of nodes, between minNodes and maxNodes. ${byDefault(defaults.nodePool.nodes)}`,
    ).optional(),
    minNodes: wholeNumber(
      1,
      1000,
      `Minimum number of nodes for the autoscaler. ${byDefault(defaults.nodePool.minNodes)}`,
    ).optional(),
    maxNodes: wholeNumber(
      1,
      1000,
      `Maximum number of nodes for the autoscaler. ${byDefault(defaults.nodePool.maxNodes)}`,
    ).optional(),
  },
  "Node pool of the AKS clusters.",
);

/** Fields that only a cluster that Terraform creates can have: in the azure section for all, or in one cluster. */
const aksShape = {
  kubernetesVersion: named(
    names.kubernetesVersion,
    "Kubernetes version of the AKS clusters. Default: what the Istio line recommends.",
  ).optional(),
  nodePool: nodePool.optional(),
};
export const aksSettings = Object.keys(aksShape) as readonly (keyof typeof aksShape)[];

const tag = (limit: number, what: string) => {
  const error = `a string of at most ${limit} characters${what}`;
  return z.string({ error }).max(limit, { error });
};

const azure = section(
  {
    subscription: named(
      names.azureSubscription,
      "Azure subscription. Default: the environment variable ARM_SUBSCRIPTION_ID.",
    ).optional(),
    location: named(names.azureLocation, "Azure region."),
    resourceGroup: named(names.resourceGroupName, "Resource group of the clusters."),
    ...aksShape,
    tags: z
      .record(
        tag(512, " without < > % & \\ ? /")
          .min(1)
          .regex(/^[^<>%&\\?/\p{Cc}]+$/u, {
            error: "a string of at most 512 characters without < > % & \\ ? /",
          }),
        tag(256, ""),
        { error: "a mapping of names to strings" },
      )
      .describe("Tags on every resource that Terraform creates.")
      .optional(),
    backend: z
      .record(
        z.string().regex(names.backendType.pattern, { error: names.backendType.allowed }),
        z.record(z.string(), z.unknown(), { error: "a mapping with the settings of the backend block" }),
        { error: "a mapping with one key, the type of the backend, for example azurerm" },
      )
      .describe("Terraform backend: its type, and below it the settings of the block. Default: local state.")
      .optional(),
  },
  "What Terraform creates on Azure. Omit it if every cluster exists already.",
);

const cluster = section(
  {
    name: named(names.dns1123Label, "Name of the cluster in the mesh (Istio: clusterName)."),
    role: oneOf(
      ["primary", "remote"],
      `One cluster is the primary and runs the control plane. ${byDefault(defaults.cluster.role)}`,
    ).optional(),
    network: named(names.dns1123Label, "Istio network of the cluster; different for every cluster."),
    aks: named(names.aksName, "Name of the AKS cluster that Terraform creates.").optional(),
    context: named(names.contextName, "Kubeconfig context of an existing cluster.").optional(),
    ...aksShape,
  },
  "A cluster of the mesh: created by Terraform (aks), or existing (context).",
);

const clusterNames = z
  .array(named(names.dns1123Label, "Name of a cluster."), { error: "a list of cluster names" })
  .min(1, {
    error: "a list of at least one cluster name",
  });

export const meshConfigSchema = section(
  {
    name: named(names.dns1123Label, `Mesh ID. ${byDefault(defaults.name)}`).optional(),
    istio: section(
      {
        line: oneOf(
          istioLines.map((line) => line.id) as [string, ...string[]],
          `Istio release line. ${byDefault(defaults.istio.line)}`,
        ).optional(),
        version: named(
          names.istioVersion,
          "Patch version of that line. Default: the newest known.",
        ).optional(),
        hub: named(
          names.imageHub,
          "Registry and path of Istio's images and helloworld only; takes precedence over images.registry. Default: the line's own.",
        ).optional(),
        pullSecrets: z
          .array(named(names.dns1123Subdomain, "Name of a Secret."), { error: "a list of Secret names" })
          .describe("Image pull Secrets, which you create in istio-system and in the sample's namespace.")
          .optional(),
        cni: yesOrNo(
          `Install the node agent istio-cni in every cluster: injected pods then need no NET_ADMIN and NET_RAW. ${byDefault(defaults.istio.cni)}`,
        ).optional(),
        networkPolicy: yesOrNo(
          `Install Istio's NetworkPolicies, which admit only the ports of istiod, the gateways and istio-cni. ${byDefault(defaults.istio.networkPolicy)}`,
        ).optional(),
      },
      "Istio release.",
    ).optional(),
    images: section(
      {
        registry: named(
          names.imageRegistry,
          "Registry, with optional path, that replaces the registry of every image: docker.io/istio/pilot becomes REGISTRY/istio/pilot. For Istio's images and helloworld istio.hub takes precedence. `mesh images` lists the images to copy there. Default: upstream's registries.",
        ).optional(),
      },
      "Registry from which the clusters pull images.",
    ).optional(),
    azure: azure.optional(),
    clusters: z
      .array(cluster, { error: "a list of clusters" })
      .min(1, { error: "a list of at least one cluster" })
      .describe("One primary and any number of remotes."),
    gitops: section(
      {
        tool: oneOf(["argocd", "flux"], "The tool that applies `dist` from Git."),
        repository: named(
          names.gitRepository,
          "Git repository with `dist`; required for argocd. Flux reads the repository that `flux bootstrap` sets up.",
        ).optional(),
        revision: named(
          names.gitPath,
          `Branch, tag or commit for argocd. ${byDefault(defaults.gitops.revision)}`,
        ).optional(),
        path: named(
          names.gitPath,
          `Folder of \`dist\` in the repository. ${byDefault(defaults.gitops.path)}`,
        ).optional(),
        secretStore: named(
          names.dns1123Subdomain,
          "ClusterSecretStore of the External Secrets Operator, in every cluster, from which the Secret cacerts is made. Default: none; you make the Secret.",
        ).optional(),
      },
      "GitOps: Argo CD or Flux applies `dist`, see docs/gitops.md.",
    ).optional(),
    ca: section(
      {
        files: named(
          names.folder,
          "Folder with your own CA, relative to this file: <cluster>/{ca-cert,ca-key,root-cert,cert-chain}.pem, or cert-manager's {tls.crt,tls.key,ca.crt}. Default: `mesh ca` creates one.",
        ).optional(),
        acceptSampleCertificates: yesOrNo(
          `Accept Istio's published sample certificates, whose private keys are public. For demos only. ${byDefault(defaults.ca.acceptSampleCertificates)}`,
        ).optional(),
      },
      "Certificate authority of the mesh.",
    ).optional(),
    gateways: section(
      {
        address: oneOf(
          ["discovered", "static"],
          `Address of the primary's east-west gateway: discovered after the installation, or a static public IP that Terraform creates. ${byDefault(defaults.gateways.address)}`,
        ).optional(),
        allowedSourceRanges: z
          .array(named(names.ipv4Range, "IPv4 range."), { error: "a list of IPv4 ranges" })
          .min(1, { error: "a list of at least one IPv4 range; remove the field to allow all sources" })
          .describe(
            "Sources that may reach the gateways. East-west gateways expose the control plane on a public address: list the outbound addresses of the other clusters. Default: all sources.",
          )
          .optional(),
        internal: yesOrNo(
          `Internal load balancers for the gateways, for clusters in connected networks. ${byDefault(defaults.gateways.internal)}`,
        ).optional(),
        ingress: yesOrNo(
          `Install Istio's ingress gateway on the primary, with the same load balancer settings as the east-west gateways; for other settings install your own. ${byDefault(defaults.gateways.ingress)}`,
        ).optional(),
      },
      "East-west gateways, and the primary's ingress gateway.",
    ).optional(),
    sample: section(
      {
        enabled: yesOrNo(
          `Install the sample app helloworld, and a client in every cluster. ${byDefault(defaults.sample.enabled)}`,
        ).optional(),
        namespace: named(
          names.dns1123Label,
          `Namespace of the sample app. ${byDefault(defaults.sample.namespace)}`,
        ).optional(),
        versions: z
          .record(z.string(), clusterNames, { error: "a mapping of versions to lists of cluster names" })
          .describe("Clusters of each version of helloworld. Default: v1 on the primary, v2 on the remotes.")
          .optional(),
        weights: z
          .record(z.string(), wholeNumber(0, 100, "Percentage of requests."), {
            error: "a mapping of versions to percentages",
          })
          .describe(
            "Percentage of requests per version; the sum is 100. Default: none; every pod gets an equal share.",
          )
          .optional(),
      },
      "The sample app.",
    ).optional(),
    addons: section(
      {
        prometheus: yesOrNo(`Prometheus on the primary. ${byDefault(defaults.addons.prometheus)}`).optional(),
        kiali: yesOrNo("Kiali on the primary; requires Prometheus. Default: as prometheus.").optional(),
      },
      "Addons on the primary.",
    ).optional(),
  },
  "An Istio mesh across several clusters.",
);

/** `mesh.yaml` as written. */
export type MeshConfig = z.infer<typeof meshConfigSchema>;
export type ClusterConfig = MeshConfig["clusters"][number];

/** The JSON Schema of `mesh.yaml` for editors: the text of `mesh.schema.json`. */
export function meshJsonSchema(): string {
  const schema = toJSONSchema(meshConfigSchema, { target: "draft-7", io: "input" });
  return `${JSON.stringify({ ...schema, title: "mesh.yaml" }, null, 2)}\n`;
}
