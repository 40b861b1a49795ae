// What the package exports: the parts of a mesh, for mesh.extend.ts and for programs of your own.

/** Istio's networking resources of the current lines (networking.istio.io/v1), typed. */
export * as istio from "../imports/istio-1.31-networking.istio.io";
export { AksCluster, type AksClusterProps } from "../infra/aks-cluster";
export { MeshStack, type MeshStackProps } from "../infra/mesh-stack";
export { Kiali } from "../k8s/addons/kiali";
export { Prometheus } from "../k8s/addons/prometheus";
export type { Bundle, ChartId } from "../k8s/bundle";
export { CaCerts } from "../k8s/charts/ca-certs";
export { ExposeIstiod } from "../k8s/charts/expose-istiod";
export { ExposeServices } from "../k8s/charts/expose-services";
export { Namespaces } from "../k8s/charts/namespaces";
export { Routing } from "../k8s/charts/routing";
export { Sample } from "../k8s/charts/sample";
export { ClusterBundle, type ClusterBundleProps } from "../k8s/cluster-bundle";
export { MeshChart } from "../k8s/mesh-chart";
/** @throws InputError with every problem of the file */
export { readMesh as loadMesh } from "../mesh/load";
export type { Aks, Azure, Cluster, Mesh } from "../mesh/mesh";
export { InputError, type Problem } from "../mesh/problem";
export type { MeshApp, MeshExtension } from "../synth/extension";
