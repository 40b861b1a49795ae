import { existsSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { must, sh } from "./lab";

/** Faults of clusters and machines, each with its reversal. */

/** `kubectl apply -f -` of objects. */
export function applyObjects(context: string, ...objects: readonly object[]): void {
  const items = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  must(`kubectl --context ${context} apply -f - <<'EOF'\n${items}\nEOF`);
}

/** A namespace that stays in Terminating, because the controller of its finalizer does not exist. */
export const stuckNamespace = {
  make(context: string, name: string): void {
    const held = { name: "held", namespace: name, finalizers: ["example.com/held"] };
    applyObjects(
      context,
      { apiVersion: "v1", kind: "Namespace", metadata: { name } },
      { apiVersion: "v1", kind: "ConfigMap", metadata: held },
    );
    must(`kubectl --context ${context} delete namespace ${name} --wait=false`);
    must(
      `kubectl --context ${context} wait namespace/${name} --for=condition=NamespaceFinalizersRemaining --timeout=60s`,
    );
  },
  /** What its conditions ask for. */
  release(context: string, name: string): void {
    sh(
      `kubectl --context ${context} -n ${name} patch configmap held --type=merge -p '{"metadata":{"finalizers":null}}'`,
    );
  },
};

/** A cloud that assigns no addresses: changes of a Service's status are refused. */
export const noAddresses = {
  name: "no-addresses",
  begin(context: string): void {
    const metadata = { name: noAddresses.name };
    const resources = { apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"] };
    applyObjects(
      context,
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata,
        spec: {
          matchConstraints: { resourceRules: [{ ...resources, resources: ["services/status"] }] },
          validations: [{ expression: "false", message: "no addresses are left" }],
        },
      },
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata,
        spec: { policyName: noAddresses.name, validationActions: ["Deny"] },
      },
    );
    // The API server needs a moment to apply it.
    must(
      `k="kubectl --context ${context} -n default"; $k create service loadbalancer heeded --tcp=80 >/dev/null; ` +
        `for i in $(seq 60); do $k patch service heeded --subresource=status --type=merge -p '{"status":{"conditions":[]}}' 2>&1 | grep -q 'no addresses' && break; sleep 0.5; done; ` +
        "$k delete service heeded --wait=false",
    );
  },
  end(context: string): void {
    sh(
      `kubectl --context ${context} delete validatingadmissionpolicybinding,validatingadmissionpolicy ${noAddresses.name} --ignore-not-found`,
    );
  },
};

/** Webhooks of an Istio whose istiod is gone, as `kubectl delete namespace` leaves them behind. */
export const deadWebhooks = {
  begin(context: string): void {
    const clientConfig = { service: { namespace: "istio-old", name: "istiod", path: "/", port: 443 } };
    const common = {
      clientConfig,
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      failurePolicy: "Fail",
    };
    const namespaces = {
      matchExpressions: [
        { key: "kubernetes.io/metadata.name", operator: "In", values: ["sample", "istio-system"] },
      ],
    };
    const onCreate = (apiGroups: string[], resources: string[]) => [
      { apiGroups, apiVersions: ["*"], resources, operations: ["CREATE", "UPDATE"] },
    ];
    const kind = (which: string, webhook: object) => ({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: `${which}WebhookConfiguration`,
      metadata: { name: "istio-old" },
      webhooks: [{ ...common, namespaceSelector: namespaces, ...webhook }],
    });
    applyObjects(
      context,
      kind("Mutating", { name: "pods.old.istio.io", rules: onCreate([""], ["pods"]) }),
      kind("Validating", { name: "config.old.istio.io", rules: onCreate(["networking.istio.io"], ["*"]) }),
    );
  },
  end(context: string): void {
    sh(
      `kubectl --context ${context} delete mutatingwebhookconfiguration,validatingwebhookconfiguration istio-old --ignore-not-found`,
    );
  },
};

/** Rights for a ServiceAccount of the namespace default, enough for a mesh but for one thing. */
export function allowAllButClusterRoles(name: string, context: string): void {
  const all = (apiGroup: string, ...resources: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs: ["*"],
  });
  const rest = [
    "",
    "apps",
    "autoscaling",
    "policy",
    "networking.istio.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "apiextensions.k8s.io",
    "admissionregistration.k8s.io",
  ];
  applyObjects(
    context,
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [
        ...rest.map((group) => all(group, "*")),
        all("rbac.authorization.k8s.io", "roles", "rolebindings", "clusterrolebindings"),
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
    },
  );
}

/** A small disk on which a folder lies, that can be filled. Needs root. */
export const smallDisk = {
  canBeMade: () => process.platform === "linux" && process.getuid?.() === 0,
  mount(folder: string, megabytes: number): void {
    must(`mount -t tmpfs -o size=${megabytes}m,mode=700 tmpfs ${folder}`);
  },
  unmount(folder: string): void {
    sh(`umount -l ${folder}`);
  },
  /** @param left bytes that stay free */
  fill(folder: string, left: number): void {
    const file = ballast(folder);
    // dd writes until the disk is full; truncate frees what must stay free.
    sh(
      `dd if=/dev/zero of=${file} bs=64k 2>/dev/null; dd if=/dev/zero of=${file} bs=1 conv=notrunc oflag=append 2>/dev/null`,
    );
    truncateSync(file, Math.max(0, statSync(file).size - left));
  },
  makeRoom(folder: string): void {
    if (!existsSync(ballast(folder))) return;
    truncateSync(ballast(folder));
    rmSync(ballast(folder));
  },
};

const ballast = (folder: string) => join(folder, "ballast.bin");

/** Files of a folder with what is in them, for comparing. */
export const contentsOf = (folder: string): string =>
  must("find . -type f | sort | xargs -r sha256sum", { cwd: folder });

export const readIfThere = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : undefined);
