import { imagesOf, registryOf } from "../../mesh/images";
import type { Mesh } from "../../mesh/mesh";
import { type Check, info, pass } from "../check";
import type { DoctorWorld } from "./world";

/** Where the images of a mesh come from: host names, each once. */
const registriesOf = (mesh: Mesh) => [...new Set(imagesOf(mesh).map(({ target }) => registryOf(target)))];

export const exposureChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "exposure.gateways",
    of: "mesh",
    severity: "info",
    title: "who can reach the east-west gateways",
    looksAt: "gateways.allowedSourceRanges and gateways.internal in mesh.yaml",
    why: "The primary's east-west gateway exposes istiod on a public address. Everything behind it requires a certificate of the mesh, as multicluster Istio intends; a firewall still reduces the risk.",
    fix: "set gateways.allowedSourceRanges to the clusters' outbound addresses, or set gateways.internal if their networks are connected",
    needs: [],
    look({ mesh }) {
      const { allowedSourceRanges, internal } = mesh.gateways;
      if (internal) return pass("internal load balancers");
      if (allowedSourceRanges.length > 0 && !allowedSourceRanges.includes("0.0.0.0/0")) {
        return pass(`open to ${allowedSourceRanges.join(", ")}`);
      }
      const { name, xdsPort, dataPort } = mesh.istio.line.gateway;
      const { primary } = mesh;
      return info(
        `${name} is open to everyone: on ${primary.name} istiod at port ${xdsPort}, in every cluster the mesh's traffic at port ${dataPort}, behind mutual TLS`,
      );
    },
  },
  {
    id: "exposure.images",
    of: "mesh",
    severity: "info",
    title: "where the nodes pull images from",
    looksAt: "image names of Istio, the sample and the addons; the check does not test access from the nodes",
    why: "Behind a firewall or an egress allow-list, pods whose images cannot be pulled do not start.",
    fix: "allow the nodes to reach these registries, or copy the images that `mesh images` lists to your registry and set images.registry (and istio.pullSecrets)",
    needs: [],
    look: ({ mesh }) => info(`the nodes must reach ${registriesOf(mesh).join(", ")}`),
  },
];
