import { createHash } from "node:crypto";
import { must } from "./lab";

/** Kinds of what a mesh consists of; pods and what follows from them come and go. */
const kinds =
  "namespaces,deployments,services,configmaps,secrets,serviceaccounts,roles,rolebindings,poddisruptionbudgets," +
  "horizontalpodautoscalers,leases,clusterroles,clusterrolebindings,mutatingwebhookconfigurations," +
  "validatingwebhookconfigurations,customresourcedefinitions";
const istioKinds = "gateways.networking.istio.io,virtualservices,destinationrules";

/** Made by Kubernetes or by what runs in the mesh, not by a run of the tool. */
const notOurs =
  /^Lease istio-system|^(?!.*(istio|mesh|sample|helloworld|cacerts|curl)).*|leader|election|ip-autoallocate|istio-gateway-status|istio-namespace-controller|kube-node-lease|apiserver-|ServiceAccount .*default$/i;

/** What the API server or a controller writes, wherever it stands. */
const serverFields = new Set([
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "generation",
  "managedFields",
  "selfLink",
  "status",
  "clusterIP",
  "clusterIPs",
  "nodePort",
  "healthCheckNodePort",
  "caBundle",
  "deployment.kubernetes.io/revision",
  "kubernetes.io/service-account.uid",
  "finalizers",
]);

// biome-ignore lint/suspicious/noExplicitAny: whatever the clusters hold
type Loose = any;

/** Every object of the mesh in a cluster by its name, without what differs from one making to the next. */
export function meshObjects(context: string): Record<string, unknown> {
  const items = (asked: string): Loose[] =>
    JSON.parse(must(`kubectl --context ${context} get ${asked} -A -o json`)).items;
  const objects = [...items(kinds), ...items(istioKinds)];
  return Object.fromEntries(
    objects
      .map((object) => [nameOf(object), object] as const)
      .filter(([name]) => !notOurs.test(name))
      .map(([name, object]) => [name, stripped(object)])
      .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
  );
}

const nameOf = ({ kind, metadata: { namespace = "", name } }: Loose) => `${kind} ${namespace}/${name}`;

function stripped(object: Loose): unknown {
  // Tokens are made anew with their accounts; keys are compared without being written down.
  const secret =
    object.kind === "Secret"
      ? {
          ...object,
          data: object.metadata.name === "cacerts" ? digests(object.data) : Object.keys(object.data ?? {}),
        }
      : object;
  const text = JSON.stringify(secret, (key, value) => (serverFields.has(key) ? undefined : value));
  const copy = JSON.parse(text);
  delete copy.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"];
  return copy;
}

const digests = (data: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, createHash("sha256").update(value).digest("hex")]),
  );
