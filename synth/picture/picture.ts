import type { Addresses, Mesh } from "../../mesh/mesh";
import { drawCluster } from "./cluster";
import { regionsOf } from "./cluster-contents";
import { networkShape, trustLines, xdsLines } from "./connections";
import { footer, footerHeight } from "./footer";
import { type Layout, layoutOf } from "./layout";
import { colourSheet } from "./paint";
import { element, escapeXml, faceSheet, rectangle, text } from "./svg";

/** Prefix of ids and class, so that an HTML page can embed the picture. */
const id = "mesh-picture";

/**
 * The mesh as an SVG: clusters and their contents, networks and gateways, certificates, the traffic split. It loads
 * nothing, follows the reader's light or dark setting, and is deterministic.
 */
export function picture(mesh: Mesh, addresses: Addresses): string {
  const layout = layoutOf(mesh);
  const { width } = layout;
  const height = layout.bottom + 40 + footerHeight + 24;
  const content = [
    element("title", { id: `${id}-title` }, escapeXml(`Mesh ${mesh.name}`)),
    element("desc", { id: `${id}-desc` }, escapeXml(description(mesh))),
    element("style", {}, `\n${faceSheet(`.${id}`)}${colourSheet(`.${id}`)}`),
    rectangle({ x: 0, y: 0, width, height }, "page", 0),
    header(mesh, layout),
    root(mesh, layout),
    ...layout.rows.flatMap(({ cells }) =>
      cells.map(({ cluster, box }) => drawCluster(mesh, cluster, box, addresses[cluster.name])),
    ),
    networkShape(mesh, layout),
    trustLines(layout),
    xdsLines(layout),
    footer(mesh, layout),
  ];
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: id,
      role: "img",
      "aria-labelledby": `${id}-title ${id}-desc`,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
    },
    `\n${content.join("")}`,
  );
}

/** For screen readers. */
function description({ primary, remotes, istio, ca, sample }: Mesh): string {
  const named = remotes.map(({ name, network }) => `${name} (${network})`).join(", ");
  const versions = sample?.versions
    .map(({ name, clusters }) => `${name} in ${clusters.join(", ")}`)
    .join("; ");
  return [
    `Istio ${istio.version}. Primary cluster: ${primary.name} (${primary.network}).`,
    `Remote clusters: ${named || "none"}.`,
    `Clusters connect through ${istio.line.gateway.name}: requests with mTLS on port ${istio.line.gateway.dataPort}, xDS on port ${istio.line.gateway.xdsPort} of the primary's gateway.`,
    `One root CA (${ca.from}) signs an intermediate CA for each cluster.`,
    versions === undefined ? "No sample app." : `helloworld ${versions}; ${splitOf(sample?.weights)}.`,
  ].join(" ");
}

function splitOf(weights: Readonly<Record<string, number>> | undefined): string {
  if (!weights) return "requests are spread equally over the pods";
  return `requests split ${Object.entries(weights)
    .map(([name, weight]) => `${name} ${weight}%`)
    .join(", ")}`;
}

function header(mesh: Mesh, { left, right }: Layout): string {
  const { istio, azure, remotes } = mesh;
  const width = right - left;
  const facts = [
    `Istio ${istio.version}`,
    `1 primary, ${remotes.length} ${remotes.length === 1 ? "remote" : "remotes"}`,
    ...(azure ? [`Azure ${regionsOf(mesh).join(", ")}, ${azure.resourceGroup.name}`] : []),
  ];
  return (
    text({ x: left, y: 54, content: `Mesh ${mesh.name}`, face: "title", width }) +
    text({ x: left, y: 78, content: facts.join(" · "), face: "plain", ink: "muted", width })
  );
}

function root({ ca }: Mesh, layout: Layout): string {
  const { x, y, width, height } = layout.root;
  const baseline = y + height / 2 + 4.5;
  const origin = ca.from === "generated" ? "created by mesh ca" : `your files in ${ca.directory}`;
  const warning = ca.acceptSampleCertificates ? "; public sample certificates accepted" : "";
  return [
    rectangle(layout.root, "trust", 10),
    text({ x: x + 16, y: baseline, content: "root CA", face: "strong", ink: "trust-ink", width: 72 }),
    text({ x: x + 88, y: baseline, content: `${origin}${warning}`, face: "plain", width: width / 2 - 88 }),
    text({
      x: x + width - 16,
      y: baseline,
      content: "trusted by every workload of the mesh",
      face: "plain",
      ink: "muted",
      width: width / 2 - 32,
      anchor: "end",
    }),
  ].join("");
}
