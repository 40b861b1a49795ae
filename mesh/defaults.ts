import { defaultIstioLine } from "./istio-lines";

/**
 * Defaults, in the shape of `mesh.yaml`. Those that depend on other fields are in `normalize.ts`, and in words in
 * `config.ts`.
 */
export const defaults = {
  name: "mesh1",
  istio: { line: defaultIstioLine.id, networkPolicy: false },
  // AKS's own choice for the virtual networks that it creates, shortened.
  azure: { profile: "demo", addressSpace: "10.224.0.0/16", outboundType: "userAssignedNATGateway" },
  cluster: { role: "remote" },
  gitops: { revision: "main", path: "dist" },
  ca: { acceptSampleCertificates: false },
  gateways: { address: "discovered", ingress: true },
  sample: { enabled: true, namespace: "sample" },
  addons: { prometheus: true },
} as const;
