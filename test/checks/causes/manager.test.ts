import { managerOf } from "../../../checks/causes/manager";

const helm = { "app.kubernetes.io/managed-by": "Helm" };

test.each([
  [
    "an Argo CD application",
    { annotations: { "argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/web" } },
    "Argo CD application web",
  ],
  [
    "a Flux Kustomization",
    { labels: { "kustomize.toolkit.fluxcd.io/name": "apps", ...helm } },
    "Flux Kustomization apps",
  ],
  [
    "a Helm release",
    { labels: helm, annotations: { "meta.helm.sh/release-name": "web" } },
    "Helm release web",
  ],
  ["an owner", { ownerReferences: [{ kind: "Gateway", name: "web" }] }, "Gateway web"],
  [
    "istioctl, whose charts name Helm",
    { labels: { ...helm, "install.operator.istio.io/owning-resource": "unknown" } },
    undefined,
  ],
  ["kubectl", {}, undefined],
])("what manages an object of %s", (_, metadata, manager) => {
  expect(managerOf({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one", ...metadata } })).toBe(
    manager,
  );
});
