import { imagesOf, registryOf } from "../../mesh/images";
import type { Mesh } from "../../mesh/mesh";
import { type Check, faulty, sound } from "../check";
import type { DoctorWorld } from "./world";

/** Where the images of a mesh come from: host names, each once. */
const registriesOf = (mesh: Mesh) => [...new Set(imagesOf(mesh).map(({ target }) => registryOf(target)))];

export const exposureChecks: readonly Check<DoctorWorld>[] = [
  {
    id: "exposure.gateways",
    of: "mesh",
    severity: "info",
    title: "who reaches the gateways between the clusters",
    looksAt: "gateways.allowedSourceRanges and gateways.internal in mesh.yaml",
    why: "The primary's cross-cluster gateway puts istiod on an address that the world can dial. Everything behind it asks for a certificate of the mesh, so that this is how multi-cluster Istio works; a firewall in front is still one mistake less.",
    fix: "name the clusters' outbound addresses in gateways.allowedSourceRanges, or set gateways.internal where their networks are connected",
    needs: [],
    look({ mesh }) {
      const { allowedSourceRanges, internal } = mesh.gateways;
      if (internal) return sound("internal load balancers");
      if (allowedSourceRanges.length > 0 && !allowedSourceRanges.includes("0.0.0.0/0")) {
        return sound(`open to ${allowedSourceRanges.join(", ")}`);
      }
      const { name, xdsPort, dataPort } = mesh.istio.line.gateway;
      const { primary } = mesh;
      return faulty(
        `${name} answers everyone: on ${primary.name} istiod at port ${xdsPort}, in every cluster the mesh's traffic at port ${dataPort}, behind mutual TLS`,
      );
    },
  },
  {
    id: "exposure.images",
    of: "mesh",
    severity: "info",
    title: "where the nodes pull images from",
    looksAt:
      "image names of Istio, the sample and the addons; whether nodes reach the registries only they can tell",
    why: "Behind a firewall or an egress allow-list an image that cannot be pulled is a pod that never starts.",
    fix: "let the nodes reach these registries, or copy what `mesh images` lists to a registry of yours and name it in images.registry (and its login in istio.pullSecrets)",
    needs: [],
    look: ({ mesh }) => faulty(`the nodes must reach ${registriesOf(mesh).join(", ")}`),
  },
];
