import { toJSONSchema, z } from "zod";
import { aksShape, azure, clusterOnAzureShape } from "./azure-config";
import { defaults } from "./defaults";
import { byDefault, named, oneOf, section, wholeNumber, yesOrNo } from "./fields";
import { istioLines } from "./istio-lines";
import * as names from "./names";

/**
 * `mesh.yaml` as written: fields with a default are optional. `normalize.ts` fills in the defaults.
 *
 * An error here completes "expected ..."; `schema-problems.ts` adds the position, the value and the fix. Editors show the
 * descriptions (`mesh.schema.json`).
 */

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
    ...clusterOnAzureShape,
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
          `Install the node agent istio-cni in every cluster: injected pods then need no NET_ADMIN and NET_RAW. Default: false; in the production profile true.`,
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
            "Sources that may reach the gateways. East-west gateways expose the control plane on a public address: list the outbound addresses of the other clusters. With azure.network own or peered these are computed, and the list is for the ingress gateway alone. Default: all sources.",
          )
          .optional(),
        internal: yesOrNo(
          "Internal load balancers for the gateways, for clusters in connected networks. Default: false; with azure.network: peered true.",
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
