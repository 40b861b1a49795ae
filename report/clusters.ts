import type { ClusterStatus, MeshStatus } from "../checks/status";
import { mark, type Section, table } from "./elements";
import { type Content, html, type Markup } from "./html";

const columns = ["Cluster", "Context", "Kubernetes", "Istio", "Control plane", "Proxies in sync", "Gateways"];

export function clustersSection({ istio, clusters }: MeshStatus): Section {
  return {
    id: "clusters",
    title: "Clusters",
    content: table(
      "Clusters, versions and gateways",
      columns,
      clusters.map((cluster) => row(cluster, istio)),
    ),
  };
}

function row(cluster: ClusterStatus, wantedIstio: string): Content[] {
  const { name, role, context, reachable, kubernetes, istio, istiod, synced, proxies, gateways } = cluster;
  return [
    html`${name} <span class="aside">${role}</span>`,
    html`<code>${context}</code>`,
    reachable ? (kubernetes ?? unknown) : mark("fail", "does not answer"),
    istio.length === 0 ? unknown : istio.map((version) => istioVersion(version, wantedIstio)),
    istiod ? html`istiod ${istiod.ready}/${istiod.wanted} ready` : (synced ?? unknown),
    proxies ? `${proxies.inSync} of ${proxies.connected}` : unknown,
    gateways.length === 0 ? unknown : gateways.map(gateway),
  ];
}

const unknown = html`<span class="aside">unknown</span>`;

function istioVersion(version: string, wanted: string): Markup {
  return html`<div>${version}${version === wanted ? undefined : html` ${mark("warn", `not ${wanted}`)}`}</div>`;
}

function gateway({ name, address, replicas }: ClusterStatus["gateways"][number]): Markup {
  const { ready, wanted } = replicas;
  return html`<div><code>${name}</code> ${address === undefined ? mark("warn", "no address yet") : html`<code>${address}</code>`} <span class="aside">${ready}/${wanted} ready</span></div>`;
}
