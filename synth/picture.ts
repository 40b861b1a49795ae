import type { Addresses, Mesh } from "../mesh/mesh";
import { drawCluster } from "./picture/cluster";
import { footer, footerHeight } from "./picture/footer";
import { type Layout, layoutOf } from "./picture/layout";
import { colourSheet } from "./picture/paint";
import { element, escapeXml, faceSheet, rectangle, text } from "./picture/svg";
import { networkWays, trustWays, xdsWays } from "./picture/ways";

/** Prefix of the picture's ids and class, so that it can stand in an HTML page as it is. */
const id = "mesh-picture";

/**
 * The mesh as an SVG: clusters and what runs in them, networks and gateways, who trusts whom, the split. It fetches
 * nothing, follows the light or dark setting of the reader, and is the same text for the same mesh and addresses.
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
    networkWays(mesh, layout),
    trustWays(layout),
    xdsWays(layout),
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

/** The picture for those who can't see it. */
function description({ primary, remotes, istio, ca, sample }: Mesh): string {
  const named = remotes.map(({ name, network }) => `${name} (${network})`).join(", ");
  const versions = sample?.versions
    .map(({ name, clusters }) => `${name} in ${clusters.join(", ")}`)
    .join("; ");
  return [
    `Istio ${istio.version}. Primary cluster: ${primary.name} (${primary.network}).`,
    `Remote clusters: ${named || "none"}.`,
    `Clusters reach each other through ${istio.line.gateway.name}, requests with mTLS on port ${istio.line.gateway.dataPort}, xDS on port ${istio.line.gateway.xdsPort} of the primary's.`,
    `One root CA (${ca.from}) signs an intermediate CA for each cluster.`,
    versions === undefined ? "No sample app." : `helloworld ${versions}; ${splitOf(sample?.weights)}.`,
  ].join(" ");
}

function splitOf(weights: Readonly<Record<string, number>> | undefined): string {
  if (!weights) return "pods share the requests equally";
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
    ...(azure ? [`Azure ${azure.location}, ${azure.resourceGroup}`] : []),
  ];
  return (
    text({ x: left, y: 54, content: `Mesh ${mesh.name}`, face: "title", width }) +
    text({ x: left, y: 78, content: facts.join(" · "), face: "plain", ink: "muted", width })
  );
}

function root({ ca }: Mesh, layout: Layout): string {
  const { x, y, width, height } = layout.root;
  const baseline = y + height / 2 + 4.5;
  const origin = ca.from === "generated" ? "made by mesh ca" : `your own files, in ${ca.directory}`;
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
