import { defaultIstioLine } from "./istio-lines";
import type { NodePool } from "./mesh";

/**
 * `az aks create`'s numbers in the walk-through; a general-purpose size with the memory istiod asks for
 * (2 vCPUs, 8 GiB: MicrosoftDocs/azure-docs, articles/virtual-machines/dv5-dsv5-series.md, read 2026-11-27).
 */
const nodePool: NodePool = { vmSize: "Standard_D2s_v5", nodes: 3, minNodes: 1, maxNodes: 3 };

/**
 * Defaults, in the shape of `mesh.yaml`. Those that depend on other fields are in `normalize.ts`, and in words in
 * `config.ts`.
 */
export const defaults = {
  name: "mesh1",
  istio: { line: defaultIstioLine.id, cni: false, networkPolicy: false },
  nodePool,
  cluster: { role: "remote" },
  gitops: { revision: "main", path: "dist" },
  ca: { acceptSampleCertificates: false },
  gateways: { address: "discovered", internal: false, ingress: true },
  sample: { enabled: true, namespace: "sample" },
  addons: { prometheus: true },
} as const;
