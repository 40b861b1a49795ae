import type { Certificate } from "../ops/status/cluster-facts";
import type { MeshStatus } from "../ops/status/status";
import { daysLeft, endsSoon } from "../ops/status/status-remarks";
import { type Content, html } from "./html";
import { mark } from "./mark";
import { type Section, table } from "./section";
import { clusterLine, day, figure } from "./words";

/** A certificate, and the clusters whose CA it belongs to. */
interface Holding {
  readonly certificate: Certificate;
  readonly clusters: readonly string[];
}

/** Until when the mesh's CA is good. */
export function certificatesSection({ clusters }: MeshStatus, now: Date): Section {
  const holdings = new Map<string, Holding>();
  for (const { name, certificates = [] } of clusters) {
    for (const certificate of certificates) {
      const known = holdings.get(certificate.fingerprint)?.clusters ?? [];
      holdings.set(certificate.fingerprint, { certificate, clusters: [...known, name] });
    }
  }
  const without = clusters.filter(({ certificates }) => certificates === undefined).map(({ name }) => name);
  return {
    id: "certificates",
    title: "Certificates",
    content: [
      holdings.size > 0
        ? table(
            "Certificates of the mesh's CA",
            ["Certificate", "In", "Ends", "Days left", "SHA-256 begins"],
            [...holdings.values()].map((holding) => row(holding, now)),
          )
        : undefined,
      without.length > 0
        ? html`<p>No Secret <code>cacerts</code> could be read in ${clusterLine(without)}.</p>`
        : undefined,
    ],
  };
}

function row({ certificate, clusters }: Holding, now: Date): Content[] {
  const { role, subject, notAfter, fingerprint } = certificate;
  return [
    html`${role} <span class="aside">${subject}</span>`,
    clusterLine(clusters),
    day(notAfter),
    remaining(daysLeft(certificate, now)),
    html`<code>${fingerprint.replaceAll(":", "").toLowerCase().slice(0, 16)}</code>`,
  ];
}

function remaining(days: number): Content {
  if (days < 0) return mark("fail", "has ended");
  return endsSoon(days) ? html`${days} ${mark("warn", "ends soon")}` : figure(days);
}
