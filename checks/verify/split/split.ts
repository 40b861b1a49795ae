import { helloworldPort } from "../../../mesh/istio-lines";
import type { Cluster, Mesh } from "../../../mesh/mesh";
import { commandLine } from "../../../mesh/shell-quote";
import type { KubernetesObject } from "../../../ops/exec/kubernetes-object";
import { sampleHost } from "../../../ops/traffic/requests";
import { explained } from "../../causes/find-causes";
import { type Check, pass, problem, type Share } from "../../check";
import { kubectlIn } from "../../suggested-commands";
import { describeShares, tallyOf } from "../traffic/traffic";
import type { VerifyWorld } from "../world";
import { multinomialTest } from "./exact-test";
import { seenShift } from "./request-plan";

const hasWeights = ({ sample }: Mesh) => sample?.weights !== undefined;

interface Route {
  readonly destination?: { readonly subset?: string };
  readonly weight?: number;
}

/** Percent by version, as the VirtualService has it; a single route needs no weight. */
function weightsOf({ spec }: KubernetesObject): Record<string, number> {
  const routes: readonly Route[] = spec.http?.[0]?.route ?? [];
  return Object.fromEntries(
    routes.map(({ destination, weight = routes.length === 1 ? 100 : 0 }) => [
      destination?.subset ?? "any",
      weight,
    ]),
  );
}

/** The same words for the same weights, in whatever order they stand. */
const describe = (weights: Readonly<Record<string, number>>) =>
  Object.entries(weights)
    .filter(([, percent]) => percent > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([version, percent]) => `${version} ${percent} %`)
    .join(", ");

export const splitChecks: readonly Check<VerifyWorld>[] = [
  {
    id: "split.weights",
    of: "mesh",
    severity: "fail",
    applies: hasWeights,
    title: "the VirtualService has the weights of mesh.yaml",
    looksAt: "the VirtualService of helloworld on the primary",
    why: "The weights drifted: they were changed in the cluster, or mesh.yaml was not applied.",
    fix: "apply mesh.yaml, or change its weights with `mesh split`",
    needs: ["endpoints.routing"],
    async look({ mesh, byApply, meshProbes }) {
      const { weights, namespace } = mesh.sample!;
      const host = sampleHost(mesh.sample!);
      const found = (await meshProbes(mesh.primary).networking()).filter(
        ({ kind, metadata, spec }) =>
          kind === "VirtualService" &&
          metadata.namespace === namespace &&
          (spec.hosts ?? []).some((one: string) => one === host || one === "helloworld"),
      );
      if (found.length > 1) {
        const names = found.map(({ metadata }) => metadata.name);
        const remove = names
          .filter((name) => name !== "helloworld")
          .map((name) => kubectlIn(mesh.primary, "-n", namespace, "delete", "virtualservice", name));
        return problem(`${names.join(" and ")} have the same host; Istio uses only one of them`, {
          commands: remove,
        });
      }
      const live = describe(weightsOf(found[0]!));
      const wanted = describe(weights!);
      return live === wanted
        ? pass(live)
        : problem(`the VirtualService says ${live}; mesh.yaml says ${wanted}`, byApply);
    },
  },
  {
    id: "split.shares",
    of: "cluster",
    severity: "fail",
    applies: hasWeights,
    title: "requests follow the weights",
    looksAt:
      "versions in the answers, against the weights, by an exact multinomial test (of two versions: binomial)",
    why: "Requests do not follow the weights, as seen from this cluster.",
    fix: "see whether the client's proxy has the weights: `istioctl proxy-config routes`, name 5000",
    needs: ["traffic.answers", "split.weights"],
    look: explained("shares", async (world, cluster: Cluster) => {
      const { mesh } = world;
      const { namespace, weights } = mesh.sample!;
      const versions = Object.entries(weights!);
      const { versions: seen } = tallyOf(await world.replies(cluster));
      const shares = versions.map(([name, wanted]): Share => ({ name, wanted, seen: seen[name] ?? 0 }));
      // An answer of a version without a weight is one that must not be.
      const others = Object.entries(seen)
        .filter(([version]) => !(version in weights!))
        .map(([, count]) => count);
      const p = multinomialTest(
        [...shares.map((share) => share.seen), ...others],
        [...versions.map(([, percent]) => percent / 100), ...others.map(() => 0)],
      );
      const { falseAlarm } = world.requestPlan();
      const evidence = [
        `${describeShares(shares)}; p = ${p.toPrecision(2)}`,
        `fails below p = ${falseAlarm.toPrecision(2)}; a shift of ${seenShift * 100} points, to any versions, is missed at most once in a million`,
      ];
      const { name } = mesh.istio.line.sample.client;
      const port = String(helloworldPort);
      const of = [`deployment/${name}.${namespace}`, "--name", port, "--context", cluster.context];
      const routes = ["proxy-config", "routes", ...of, "-o", "json"];
      return {
        ...(p < falseAlarm
          ? problem(evidence, { commands: [commandLine("istioctl", routes)] })
          : pass(...evidence)),
        shares,
      };
    }),
  },
];
