import type { Mesh } from "../../mesh/mesh";
import { networkAccess } from "../../mesh/network-access";
import { anchorsOf } from "./cluster";
import { type Cell, gutterOf, type Layout, networkTrunk, type Row, trustTrunk, xdsTrunk } from "./layout";
import { head, headLength, joint, line, outlined, type Point, text } from "./svg";

/** From the root to every cluster's intermediate: straight down to the first row, along the left margin to the others. */
export function trustLines(layout: Layout): string {
  const [first, ...others] = layout.rows;
  const { root } = layout;
  const trunk = trustTrunk(layout);
  const last = others.at(-1);
  return [
    ...first!.cells.map((cell) => certificate(cell, root.y + root.height)),
    last
      ? line(
          [
            { x: root.x, y: root.y + root.height / 2 },
            { x: trunk, y: root.y + root.height / 2 },
            { x: trunk, y: last.trustBus },
          ],
          "trust-line",
        )
      : "",
    ...others.flatMap(({ cells, trustBus }) => [
      line(
        [
          { x: trunk, y: trustBus },
          { x: anchorsOf(cells.at(-1)!.box).trust.x, y: trustBus },
        ],
        "trust-line",
      ),
      ...cells.map((cell) => certificate(cell, trustBus)),
    ]),
  ].join("");
}

function certificate({ box }: Cell, from: number): string {
  const tip = anchorsOf(box).trust;
  return (
    line(
      [
        { x: tip.x, y: from },
        { x: tip.x, y: tip.y - headLength },
      ],
      "trust-line",
    ) + head(tip, "down", "trust-mark")
  );
}

/** From every remote to the primary's gateway; lines that meet are joined. */
export function xdsLines(layout: Layout): string {
  const [first, ...others] = layout.rows;
  const [{ box: primary }, ...besidePrimary] = first!.cells as [Cell, ...Cell[]];
  const port = anchorsOf(primary).xds;
  const intoPort: Point[] = [
    { x: port.x, y: first!.xdsBus },
    { x: port.x, y: port.y + headLength },
  ];
  const trunk = xdsTrunk(layout);
  const last = others.at(-1);
  const farthest = besidePrimary.at(-1);
  if (!farthest) return "";
  return [
    last ? overOthers([{ x: trunk, y: endOf(last) }, { x: trunk, y: first!.xdsBus }, ...intoPort]) : "",
    overOthers([{ x: gutterOf(farthest), y: first!.xdsBus }, ...intoPort]),
    head(port, "up", "xds-mark"),
    ...besidePrimary.map((cell) => toBus(cell, first!.xdsBus, cell === farthest)),
    ...others.flatMap((row) => rowToTrunk(row, trunk)),
  ].join("");
}

/** Where the line in the margin begins: at the row's shared line, or at its only cluster. */
function endOf({ cells, xdsBus }: Row): number {
  return cells.length > 1 ? xdsBus : anchorsOf(cells[0]!.box).controlPlane.y;
}

function rowToTrunk({ cells, xdsBus }: Row, trunk: number): string[] {
  const [nearest, ...further] = cells;
  const farthest = further.at(-1);
  const from = anchorsOf(nearest!.box).controlPlane;
  return [
    farthest
      ? overOthers([
          { x: gutterOf(farthest), y: xdsBus },
          { x: trunk, y: xdsBus },
        ])
      : "",
    line([from, { x: trunk, y: from.y }], "xds-line"),
    joint(from, "xds-mark"),
    ...further.map((cell) => toBus(cell, xdsBus, cell === farthest)),
  ];
}

function toBus(cell: Cell, bus: number, corner: boolean): string {
  const from = anchorsOf(cell.box).controlPlane;
  const x = gutterOf(cell);
  return [
    line([from, { x, y: from.y }, { x, y: bus }], "xds-line"),
    joint(from, "xds-mark"),
    corner ? "" : joint({ x, y: bus }, "xds-mark"),
  ].join("");
}

/** A line with a halo, so that crossings are visible. */
function overOthers(points: readonly Point[]): string {
  return line(points, "halo") + line(points, "xds-line");
}

/** The network under all gateways: one shape instead of a line for every pair. */
export function networkShape(mesh: Mesh, layout: Layout): string {
  if (mesh.clusters.length === 1) return "";
  return [
    outlined(outline(layout), 10, "data"),
    ...layout.rows.flatMap((row) => [
      networkLabel(mesh, row),
      ...row.cells.map(({ box }) => {
        const top = anchorsOf(box).data;
        const bottom = { x: top.x, y: row.network.y };
        return (
          line(
            [
              { ...top, y: top.y + headLength },
              { ...bottom, y: bottom.y - headLength },
            ],
            "data-line",
          ) +
          head(top, "up", "data-mark") +
          head(bottom, "down", "data-mark")
        );
      }),
    ]),
  ].join("");
}

/** Around the rows' networks and, with several rows, the part in the right margin that joins them. */
function outline(layout: Layout): Point[] {
  const networks = layout.rows.map(({ network }) => network);
  const { inner, outer } = networkTrunk(layout);
  const right = networks.length > 1 ? outer : layout.right;
  // Clockwise: down the right side, then up the left side, into and out of the gaps between the rows.
  const leftSides = networks.toReversed().map(({ x, y, height }) => [
    { x: inner, y: y + height },
    { x, y: y + height },
    { x, y },
    { x: inner, y },
  ]);
  return [
    { x: right, y: networks[0]!.y },
    { x: right, y: networks.at(-1)!.y + networks.at(-1)!.height },
    ...leftSides.flat().slice(1, -1),
  ];
}

function networkLabel(mesh: Mesh, { network }: Row): string {
  const { gateways, istio, clusters } = mesh;
  const isClosed = clusters.every((cluster) => networkAccess(mesh, cluster).eastWestGateway !== undefined);
  const kind = gateways.internal ? "internal addresses" : "public addresses";
  const [first, ...more] = gateways.allowedSourceRanges;
  const who = isClosed
    ? "open to the mesh's clusters alone"
    : first === undefined
      ? "open to all sources"
      : `open to ${first}${more.length > 0 ? ` and ${more.length} more` : ""}`;
  return text({
    x: network.x + network.width / 2,
    y: network.y + network.height / 2 + 4.5,
    content: `between all gateways: mTLS on ${istio.line.gateway.dataPort} · ${kind}, ${who}`,
    face: "plain",
    ink: "data-ink",
    width: network.width - 32,
    anchor: "middle",
  });
}
