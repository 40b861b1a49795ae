import type { IstioLine } from "../mesh/istio-lines";
import type { Cluster, Mesh } from "../mesh/mesh";
import type { IstioOperator } from "./istio-operator";
import { primary, remoteControlPlane, remoteGateway } from "./primary-remote";
import { mainCluster, remoteCluster } from "./shared-control-plane";

interface OperatorRow {
  /** Path in the cluster's folder: a folder of its own, so that `kubectl apply -f dist/<cluster>` passes it over. */
  readonly file: string;
  readonly installs: "control plane" | "gateway";
  /** It cannot be written before the address of the primary's gateway is known. */
  readonly needsPrimaryAddress: boolean;
  /** @param address of the primary's gateway, for those that need it */
  readonly make: (mesh: Mesh, cluster: Cluster, address: string) => IstioOperator;
}

/** What `istioctl install -f` takes in each cluster, in this order. */
const rows: Readonly<Record<IstioLine["installation"], Record<Cluster["role"], readonly OperatorRow[]>>> = {
  "primary-remote": {
    primary: [
      { file: "istio/istio.yaml", installs: "control plane", needsPrimaryAddress: false, make: primary },
    ],
    remote: [
      {
        file: "istio/control-plane.yaml",
        installs: "control plane",
        needsPrimaryAddress: true,
        make: remoteControlPlane,
      },
      {
        file: "istio/eastwest-gateway.yaml",
        installs: "gateway",
        needsPrimaryAddress: false,
        make: remoteGateway,
      },
    ],
  },
  "shared-control-plane": {
    primary: [
      { file: "istio/istio.yaml", installs: "control plane", needsPrimaryAddress: false, make: mainCluster },
    ],
    remote: [
      { file: "istio/istio.yaml", installs: "control plane", needsPrimaryAddress: true, make: remoteCluster },
    ],
  },
};

/** The cluster's IstioOperator files, in the order of installation, written already or not. */
export function istioOperatorRows(mesh: Mesh, cluster: Cluster): readonly OperatorRow[] {
  return rows[mesh.istio.line.installation][cluster.role];
}
