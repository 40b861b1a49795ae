import { join } from "node:path";
import { manifestFiles } from "../../k8s/bundle";
import { cniName, istioNamespace } from "../../k8s/istio-names";
import type { Cluster, Mesh } from "../../mesh/mesh";
import { extensionFiles, readManifests } from "../clusters/bundle-objects";
import { removedClusters } from "../clusters/inventory";
import { refuseForeign } from "../clusters/owner";
import { kindsOf } from "../clusters/prune";
import { ensureRemoteSecret } from "../clusters/remote-secret";
import type { Context } from "../run/context";
import { addressesAtFirst } from "./addresses";
import { deadlines } from "./deadlines";
import type { Discovered } from "./discovery";
import { installationIn } from "./installation";
import type { Phase } from "./phases";
import {
  adoptForeignNamespaces,
  namespaceTroubles,
  refuseForeignRoot,
  untilNamespacesAreUsable,
} from "./preconditions";
import { removedClusterSteps } from "./removed-clusters";
import { type ApplyInputs, type ApplyStep, type Run, stepsOf } from "./run";
import {
  addon,
  address,
  applyRendered,
  chart,
  everyNode,
  extension,
  injectedDeployments,
  injection,
  installWithIstioctl,
  keepInventory,
  removals,
  rollout,
} from "./step-builders";

/** Every step of `mesh apply`. `needs` and `after` give their order, which `runSteps` follows. */
export function applySteps(run: Run): readonly ApplyStep[] {
  return [
    ...removedClusterSteps(run, removedClusters(run.inventory, run.mesh)),
    ...run.mesh.clusters.flatMap((cluster) => [
      ...foundation(run, cluster),
      ...(cluster.role === "primary" ? primarySteps(run, cluster) : remoteSteps(run, cluster)),
      ...workloads(run, cluster),
    ]),
  ];
}

/** A run before its first step; nothing is asked of a cluster yet. */
export function runOf(context: Context, inputs: ApplyInputs & Discovered): Run {
  return {
    ...inputs,
    context,
    extensionKinds: extensionKindsOf(inputs),
    installations: new Map(
      inputs.mesh.clusters.map((cluster) => [
        cluster.name,
        installationIn(context, { ...inputs, dist: inputs.paths.dist, cluster }),
      ]),
    ),
    // Without a prototype: `constructor` is a name that a cluster may have.
    addresses: Object.assign(Object.create(null), addressesAtFirst(inputs.mesh, inputs, inputs.addresses)),
  };
}

function extensionKindsOf({ mesh, paths, inventory }: ApplyInputs & Discovered): string[] {
  const files = mesh.clusters.flatMap((cluster) => extensionFiles(mesh, cluster, paths.dist));
  const kinds = kindsOf(files.flatMap(readManifests));
  return [...new Set([...kinds, ...(inventory?.kinds ?? [])])].sort();
}

/** Steps that only need an API server. */
function foundation(run: Run, cluster: Cluster): ApplyStep[] {
  const { mesh } = run;
  const { crdsMayComeLater, remotesMayComeBeforeAddress } = mesh.istio.line;
  const isPrimary = cluster.role === "primary";
  const before = manifestFiles(mesh, cluster).filter(({ beforeIstio }) => beforeIstio);
  const installation = run.installations.get(cluster.name)!;
  // Every cluster depends on istiod, so nothing competes with it for this machine.
  const afterIstiod = isPrimary ? [] : [`${mesh.primary.name}/controlPlane`];
  // New kinds keep an API server busy for seconds, and a remote's are not used before `istioctl install`.
  const { cni } = mesh.istio;
  const beforeCrds = isPrimary ? [`${cluster.name}/controlPlane`] : podStepIds(mesh, cluster);
  return stepsOf(run, cluster, {
    namespaces: {
      phase: "namespaces",
      title: "namespaces and CA",
      needs: [],
      deadlineSeconds: deadlines.terminating,
      run: async (step) => {
        await refuseForeign(installation.kubectl, mesh, cluster, step.signal);
        await refuseForeignRoot(run, cluster);
        await untilNamespacesAreUsable(run, cluster, step);
        await adoptForeignNamespaces(run, cluster, step.signal);
        return installation.applyFiles(
          before.map(({ file }) => join(run.paths.dist, cluster.name, file)),
          step,
        );
      },
      explain: (signal) => namespaceTroubles(run, cluster, signal),
    },
    services: {
      ...applyRendered(run, cluster, "services", "services", "gateway Services", ["namespaces"]),
      after: afterIstiod,
    },
    controlPlane: {
      ...applyRendered(run, cluster, "controlPlane", phaseOf(cluster), titleOfControlPlane(cluster), [
        "namespaces",
        ...(crdsMayComeLater ? [] : ["crds"]),
        ...(isPrimary || remotesMayComeBeforeAddress ? [] : ["primary/address"]),
      ]),
      after: afterIstiod,
    },
    cniReady: cni
      ? everyNode(run, cluster, phaseOf(cluster), `${cniName} ready`, cniName, ["controlPlane"])
      : undefined,
    crds: {
      ...applyRendered(run, cluster, "crds", phaseOf(cluster), "Istio's CRDs", ["namespaces"]),
      after: crdsMayComeLater ? beforeCrds : [],
    },
  });
}

const phaseOf = ({ role }: Cluster): Phase => (role === "primary" ? "control-plane" : "remotes");
const titleOfControlPlane = ({ role }: Cluster) => (role === "primary" ? "istiod" : "webhook and reader");

/** Pods that start before their node has istio-cni fail until it repairs them. */
const beforeInjection = ({ istio }: Mesh) => (istio.cni ? ["cniReady"] : []);

/** Whether the cluster has the Gateway that opens the data port. */
const isExposed = ({ istio }: Mesh, { role }: Cluster) =>
  role === "primary" || istio.line.gateway.exposure.on === "every cluster";

function primarySteps(run: Run, cluster: Cluster): ApplyStep[] {
  const { mesh } = run;
  const { kubectl } = run.installations.get(cluster.name)!;
  const { gateway } = mesh.istio.line;
  return stepsOf(run, cluster, {
    inventory: {
      phase: "namespaces",
      title: "inventory",
      needs: ["namespaces"],
      deadlineSeconds: deadlines.requests,
      run: async ({ signal }) => {
        // With --only REMOTE the step before, which checks the owner of the primary, is left out.
        await refuseForeign(kubectl, mesh, cluster, signal);
        return keepInventory(run, kubectl, signal);
      },
    },
    istiod: rollout(run, cluster, "control-plane", "istiod ready", istioNamespace, "istiod", [
      "controlPlane",
    ]),
    injection: injection(run, cluster, "control-plane", ["istiod", ...beforeInjection(mesh)]),
    gateways: applyRendered(run, cluster, "gateways", "control-plane", "gateways", ["injection", "services"]),
    gatewayReady: rollout(
      run,
      cluster,
      "control-plane",
      `${gateway.name} ready`,
      istioNamespace,
      gateway.name,
      ["gateways"],
    ),
    address: address(run, cluster, ["services"]),
    exposure: chart(run, cluster, "exposure", ["expose-istiod", "expose-services"], "exposure", [
      "istiod",
      "crds",
    ]),
  });
}

function remoteSteps(run: Run, cluster: Cluster): ApplyStep[] {
  const { mesh } = run;
  const primary = run.installations.get(mesh.primary.name)!;
  const remote = run.installations.get(cluster.name)!;
  const { gateway } = mesh.istio.line;
  return stepsOf(run, cluster, {
    // Now the part also has the Service and endpoints of the primary's istiod.
    wayToPrimary: applyRendered(run, cluster, "controlPlane", "remotes", "way to istiod", [
      "primary/address",
      "controlPlane",
    ]),
    secret: {
      phase: "remotes",
      outsideDist: true,
      title: `remote secret in ${mesh.primary.name}`,
      needs: ["controlPlane", "primary/inventory"],
      // Some Istio releases need a restart of istiod then.
      deadlineSeconds: deadlines.rollout,
      run: ({ signal }) =>
        ensureRemoteSecret(
          {
            cluster: cluster.name,
            primary: primary.kubectl,
            istioctl: remote.istioctl,
            say: (text) => run.context.reporter.say(text),
          },
          signal,
        ),
    },
    injection: injection(run, cluster, "remotes", [
      "wayToPrimary",
      "secret",
      "primary/exposure",
      "primary/gatewayReady",
      ...beforeInjection(mesh),
    ]),
    // The istiod that validates the Gateway runs by then.
    exposure: isExposed(run.mesh, cluster)
      ? chart(run, cluster, "remotes", ["expose-services"], "exposure", ["injection", "crds"])
      : undefined,
    gateways: applyRendered(run, cluster, "gateways", "remotes", "gateway", ["injection", "services"]),
    gatewayReady: rollout(run, cluster, "remotes", `${gateway.name} ready`, istioNamespace, gateway.name, [
      "gateways",
    ]),
    address: address(run, cluster, ["services"]),
  });
}

function workloads(run: Run, cluster: Cluster): ApplyStep[] {
  const { mesh } = run;
  const { sample } = mesh;
  const isPrimary = cluster.role === "primary";
  // `istioctl install` comes after the injection of every pod, because it replaces the webhook for a moment.
  const afterPods = podSteps(mesh, cluster);
  // The primary's remaining steps would compete with the pods of the remotes.
  const afterRemotes = isPrimary ? mesh.remotes.flatMap((remote) => podStepIds(mesh, remote)) : [];
  return stepsOf(run, cluster, {
    sample: sample && chart(run, cluster, "sample", ["sample"], "sample", ["gateways"]),
    ...Object.fromEntries(
      namesOfSample(mesh, cluster).map((name) => [
        `${name} ready`,
        rollout(run, cluster, "sample", `${name} ready`, sample!.namespace, name, ["sample"]),
      ]),
    ),
    routing:
      sample && isPrimary
        ? chart(run, cluster, "routing", ["routing"], "routing", ["istiod", "crds"])
        : undefined,
    // The API server serves every kind by then.
    removals: { ...removals(run, cluster, ["crds", ...afterPods]), after: afterRemotes },
    handOver: {
      ...installWithIstioctl(run, cluster, [
        ...afterPods,
        "crds",
        ...(isPrimary ? [] : ["wayToPrimary"]),
        ...(isExposed(mesh, cluster) ? ["exposure"] : []),
      ]),
      after: afterRemotes,
    },
    // Nothing needs the addons, so the sample comes first.
    ...(mesh.addons.prometheus && isPrimary
      ? addon(run, cluster, "prometheus", afterPods, afterRemotes)
      : {}),
    ...(mesh.addons.kiali && isPrimary ? addon(run, cluster, "kiali", afterPods, afterRemotes) : {}),
    extension: extension(run, cluster, ["crds", "injection", ...afterPods], afterRemotes),
  });
}

/** Steps of a cluster that end when its pods are ready. */
const podSteps = (mesh: Mesh, cluster: Cluster) => [
  "gatewayReady",
  ...namesOfSample(mesh, cluster).map((name) => `${name} ready`),
];

/** Their ids. */
const podStepIds = (mesh: Mesh, cluster: Cluster) =>
  podSteps(mesh, cluster).map((step) => `${cluster.name}/${step}`);

/** The sample's Deployments in a cluster. */
const namesOfSample = (mesh: Mesh, cluster: Cluster) =>
  injectedDeployments(mesh, cluster)
    .filter(({ namespace }) => namespace !== istioNamespace)
    .map(({ name }) => name);
