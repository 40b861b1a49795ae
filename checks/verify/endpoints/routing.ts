import { type KubernetesObject, objectTitle } from "../../../ops/exec/kubernetes-object";
import { hasSample } from "../../applies-to";
import { type Check, passIfNone } from "../../check";
import { kubectlIn } from "../../suggested-commands";
import type { VerifyWorld } from "../world";

export const routingChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "endpoints.routing",
    of: "mesh",
    severity: "fail",
    applies: hasSample,
    title: "the sample's routing is configured on the primary only",
    looksAt: "DestinationRules and VirtualServices for helloworld in every cluster",
    why: "istiod reads configuration only from the primary. In a remote it has no effect.",
    fix: "apply what is missing; delete what exists in a remote; delete a VirtualService if mesh.yaml has no weights (or set them with `mesh split`)",
    needs: ["installed.crds"],
    async look({ mesh, byApply, meshProbes }) {
      const { namespace, versions, weights } = mesh.sample!;
      const host = `helloworld.${namespace}.svc.cluster.local`;
      const isOfSample = ({ metadata, spec }: KubernetesObject) =>
        metadata.namespace === namespace &&
        [spec.host, ...(spec.hosts ?? [])].some((one) => one === host || one === "helloworld");
      const found = await Promise.all(
        mesh.clusters.map(async (cluster) => ({
          cluster,
          objects: (await meshProbes(cluster).networking()).filter(isOfSample),
        })),
      );
      const here = found.find(({ cluster }) => cluster === mesh.primary)!.objects;
      const subsets = here.flatMap(({ spec }) =>
        (spec.subsets ?? []).map(({ name }: { name: string }) => name),
      );
      const lacking = versions.map(({ name }) => name).filter((name) => !subsets.includes(name));
      const virtualServices = here.filter(({ kind }) => kind === "VirtualService");
      const elsewhere = found
        .filter(({ cluster }) => cluster !== mesh.primary)
        .flatMap(({ cluster, objects }) => objects.map((object) => ({ cluster, object })));
      // Deleted by name: an apply removes it only with --prune, and never foreign objects.
      const surplus = weights ? [] : virtualServices;
      const missing = [
        ...(lacking.length > 0
          ? [`no DestinationRule of ${mesh.primary.name} has the subsets ${lacking.join(", ")}`]
          : []),
        ...(weights && virtualServices.length === 0
          ? [`${mesh.primary.name} has no VirtualService for ${host}`]
          : []),
      ];
      const wrong = [
        ...missing,
        ...surplus.map(
          (object) =>
            `${mesh.primary.name} has a VirtualService for ${host} (${object.metadata.name}); mesh.yaml has no weights`,
        ),
        ...elsewhere.map(
          ({ cluster, object }) =>
            `${objectTitle(object)} exists in ${cluster.name}, where istiod does not read it`,
        ),
      ];
      const tooMuch = [...surplus.map((object) => ({ cluster: mesh.primary, object })), ...elsewhere];
      const remove = tooMuch.map(({ cluster, object: { kind, metadata } }) => {
        const resource = `${kind.toLowerCase()}.networking.istio.io`;
        return kubectlIn(cluster, "-n", namespace, "delete", resource, metadata.name);
      });
      return passIfNone(
        wrong,
        {
          commands: [...(missing.length > 0 ? byApply.commands : []), ...remove],
        },
        here.map(objectTitle).join(", "),
      );
    },
  },
];
