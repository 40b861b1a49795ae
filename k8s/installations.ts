import type { IstioLine } from "../mesh/istio-lines";
import type { Cluster, Mesh } from "../mesh/mesh";
import { currentKiali, type KialiSettings } from "./addons/kiali-settings";
import type { OperatorFile } from "./istio-operator";
import { primaryRemoteOperators } from "./primary-remote";
import { sharedControlPlaneOperators } from "./shared-control-plane/istio";
import { kiali2020 } from "./shared-control-plane/kiali";

/** The resources that differ between the two kinds of Istio lines. */
export interface Installation {
  /** In the order of installation. */
  readonly operators: Readonly<Record<Cluster["role"], readonly OperatorFile[]>>;
  readonly kiali: KialiSettings;
}

const installations: Readonly<Record<IstioLine["installation"], Installation>> = {
  "primary-remote": { operators: primaryRemoteOperators, kiali: currentKiali },
  "shared-control-plane": { operators: sharedControlPlaneOperators, kiali: kiali2020 },
};

/** The only place that asks which kind of installation a line has. */
export const installationOf = ({ istio }: Pick<Mesh, "istio">): Installation =>
  installations[istio.line.installation];
