import { z } from "zod";
import { defaults } from "./defaults";
import { istioLines } from "./istio-lines";
import * as names from "./names";

/**
 * `mesh.yaml` as it is written: what has a default is optional. `normalize.ts` makes a `Mesh` of it.
 *
 * Every schema's error is the sentence part that says what is allowed; `schema-problems.ts` adds where it stands,
 * what was given and what to do. Descriptions become the hints that editors show (`mesh.schema.json`).
 */

/** How a description names the value that a field left out has. */
const byDefault = (value: string | number | boolean) => `Default: ${value}.`;

const named = (rule: names.NameRule, description: string) => {
  const error = `${rule.allowed}, for example ${rule.example}`;
  return z.string({ error }).regex(rule.pattern, { error }).describe(`${description} Allowed: ${error}.`);
};
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z.enum(values, { error: `one of ${values.join(", ")}` }).describe(description);
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
    // 1000: AKS's limit of nodes in a node pool (https://github.com/hashicorp/terraform-provider-azurerm/issues/9198,
    // read 2026-11-27).
    nodes: wholeNumber(
      1,
      1000,
      `Nodes to begin with, within minNodes and maxNodes. ${byDefault(defaults.nodePool.nodes)}`,
    ).optional(),
    minNodes: wholeNumber(
      1,
      1000,
      `Least nodes the autoscaler keeps. ${byDefault(defaults.nodePool.minNodes)}`,
    ).optional(),
    maxNodes: wholeNumber(
      1,
      1000,
      `Most nodes the autoscaler makes. ${byDefault(defaults.nodePool.maxNodes)}`,
    ).optional(),
  },
  "Nodes of the AKS clusters.",
);

/** What only a cluster that Terraform makes can have: in the azure section for all of them, or of one's own. */
const aksShape = {
  kubernetesVersion: named(
    names.kubernetesVersion,
    "Kubernetes version of the AKS clusters. Default: what the Istio line recommends.",
  ).optional(),
  nodePool: nodePool.optional(),
};
export const aksSettings = Object.keys(aksShape) as readonly (keyof typeof aksShape)[];

const tag = (limit: number, what: string) => {
  const error = `text of at most ${limit} characters${what}`;
  return z.string({ error }).max(limit, { error });
};

const azure = section(
  {
    subscription: named(
      names.azureSubscription,
      "Azure subscription. Default: the environment variable ARM_SUBSCRIPTION_ID.",
    ).optional(),
    location: named(names.azureLocation, "Azure region."),
    resourceGroup: named(names.resourceGroupName, "Resource group that holds the clusters."),
    ...aksShape,
    tags: z
      .record(
        tag(512, " without < > % & \\ ? /")
          .min(1)
          .regex(/^[^<>%&\\?/\p{Cc}]+$/u, { error: "text of at most 512 characters without < > % & \\ ? /" }),
        tag(256, ""),
        { error: "a mapping of names to texts" },
      )
      .describe("Tags on everything that Terraform makes.")
      .optional(),
    backend: z
      .record(
        z.string().regex(names.backendType.pattern, { error: names.backendType.allowed }),
        z.record(z.string(), z.unknown(), { error: "the backend block's settings, as a mapping" }),
        { error: "a mapping with one key, the backend's name, for example azurerm" },
      )
      .describe("Terraform backend: its name, and under it the block's own settings. Default: local state.")
      .optional(),
  },
  "What Terraform makes on Azure. Leave it out when every cluster exists already.",
);

const cluster = section(
  {
    name: named(names.dns1123Label, "Name of the cluster from the perspective of the mesh."),
    role: oneOf(
      ["primary", "remote"],
      `One cluster is the primary and runs the control plane. ${byDefault(defaults.cluster.role)}`,
    ).optional(),
    network: named(names.dns1123Label, "Istio network of the cluster; every cluster has its own."),
    aks: named(names.aksName, "Name of the AKS cluster that Terraform makes.").optional(),
    context: named(names.contextName, "Kubeconfig context of a cluster that exists already.").optional(),
    ...aksShape,
  },
  "A cluster of the mesh: one that Terraform makes (aks), or one that exists (context).",
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
          "Registry and path of Istio's own images and helloworld alone; for these it wins over images.registry. Default: the line's own.",
        ).optional(),
        pullSecrets: z
          .array(named(names.dns1123Subdomain, "Name of a Secret."), { error: "a list of Secret names" })
          .describe("Image pull Secrets, which you make in istio-system and in the sample's namespace.")
          .optional(),
      },
      "Which Istio.",
    ).optional(),
    images: section(
      {
        registry: named(
          names.imageRegistry,
          "Registry, and path in it, that takes the place of each image's own registry: docker.io/istio/pilot becomes REGISTRY/istio/pilot. For Istio's images and helloworld istio.hub wins where it is given. `mesh images` lists what to copy there. Default: upstream's registries.",
        ).optional(),
      },
      "Where the clusters pull images from.",
    ).optional(),
    azure: azure.optional(),
    clusters: z
      .array(cluster, { error: "a list of clusters" })
      .min(1, { error: "a list of at least one cluster" })
      .describe("One primary and any number of remotes."),
    ca: section(
      {
        files: named(
          names.folder,
          "Folder with your own CA: <cluster>/{ca-cert,ca-key,root-cert,cert-chain}.pem, or cert-manager's {tls.crt,tls.key,ca.crt}. Default: `mesh ca` makes one.",
        ).optional(),
        acceptSampleCertificates: yesOrNo(
          `Accept Istio's published sample certificates, whose keys everyone has. For demos only. ${byDefault(defaults.ca.acceptSampleCertificates)}`,
        ).optional(),
      },
      "Certificate authority of the mesh.",
    ).optional(),
    gateways: section(
      {
        address: oneOf(
          ["discovered", "static"],
          `Address of the primary's gateway: found after the install, or a public IP made by Terraform. ${byDefault(defaults.gateways.address)}`,
        ).optional(),
        allowedSourceRanges: z
          .array(named(names.ipv4Range, "IPv4 range."), { error: "a list of IPv4 ranges" })
          .min(1, { error: "a list of one IPv4 range or more; without the key everyone may" })
          .describe(
            "Who may reach these gateways. Those between the clusters put the control plane on a public address: name the other clusters' outbound addresses. Default: everyone.",
          )
          .optional(),
        internal: yesOrNo(
          `Internal load balancers for these gateways, for clusters whose networks are connected. ${byDefault(defaults.gateways.internal)}`,
        ).optional(),
        ingress: yesOrNo(
          `Keep Istio's ordinary ingress gateway on the primary, no more public than the others; for one that is, install your own. ${byDefault(defaults.gateways.ingress)}`,
        ).optional(),
      },
      "The gateways: those between the clusters, and the primary's ordinary ingress gateway.",
    ).optional(),
    sample: section(
      {
        enabled: yesOrNo(
          `Run the sample app helloworld, with a client, in every cluster. ${byDefault(defaults.sample.enabled)}`,
        ).optional(),
        namespace: named(
          names.dns1123Label,
          `Namespace of the sample app. ${byDefault(defaults.sample.namespace)}`,
        ).optional(),
        versions: z
          .record(z.string(), clusterNames, { error: "a mapping of versions to lists of cluster names" })
          .describe("Where each version of helloworld runs. Default: v1 on the primary, v2 on the remotes.")
          .optional(),
        weights: z
          .record(z.string(), wholeNumber(0, 100, "Percent of requests."), {
            error: "a mapping of versions to percent",
          })
          .describe(
            "Percent of requests per version, 100 in all. Default: none; every pod gets an equal share.",
          )
          .optional(),
      },
      "The sample app.",
    ).optional(),
    addons: section(
      {
        prometheus: yesOrNo(`Prometheus on the primary. ${byDefault(defaults.addons.prometheus)}`).optional(),
        kiali: yesOrNo("Kiali on the primary; it needs Prometheus. Default: as prometheus.").optional(),
      },
      "What runs on the primary beside Istio.",
    ).optional(),
  },
  "An Istio mesh over several clusters.",
);

/** `mesh.yaml` as written. */
export type MeshConfig = z.infer<typeof meshConfigSchema>;
export type ClusterConfig = MeshConfig["clusters"][number];
