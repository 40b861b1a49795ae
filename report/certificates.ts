import { groupedBy } from "../checks/report";
import type { MeshStatus } from "../checks/status";
import { type Certificate, daysLeft, endsSoon } from "../ops/status/cluster-facts";
import { clusterLine, day, figure, mark, type Section, table } from "./elements";
import { type Content, html } from "./html";

/** A certificate and the clusters that have it. */
interface Holding {
  readonly certificate: Certificate;
  readonly clusters: readonly string[];
}

export function certificatesSection({ clusters }: MeshStatus, now: Date): Section {
  const found = clusters.flatMap(({ name, certificates = [] }) =>
    certificates.map((certificate) => ({ certificate, name })),
  );
  const holdings = groupedBy(found, ({ certificate }) => certificate.fingerprint).map((same) => ({
    certificate: same[0]!.certificate,
    clusters: same.map(({ name }) => name),
  }));
  const without = clusters.filter(({ certificates }) => certificates === undefined).map(({ name }) => name);
  return {
    id: "certificates",
    title: "Certificates",
    content: [
      holdings.length > 0
        ? table(
            "Certificates of the mesh's CA",
            ["Certificate", "In", "Expires", "Days left", "SHA-256 prefix"],
            holdings.map((holding) => row(holding, now)),
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
    html`<code>${fingerprint.slice(0, 16)}</code>`,
  ];
}

function remaining(days: number): Content {
  if (days < 0) return mark("fail", "expired");
  return endsSoon(days) ? html`${days} ${mark("warn", "expires soon")}` : figure(days);
}
