import type { Cluster, Mesh } from "../../mesh/mesh";
import { controlPlaneOf, type Fact, factsOf, type List, listsOf, missingAddress } from "./cluster-contents";
import { type Box, head, headLength, labelled, line, type Point, rectangle, text, widthOf } from "./svg";

/** Offsets from the top of a cluster; control plane and gateway are placed from its bottom. */
const padding = 16;
const nameBaseline = 42;
const firstFact = 66;
const factHeight = 20;
const listHeight = 28;
const chipHeight = 22;
/** Column width of the labels. */
const labelWidth = 84;
const controlPlaneHeight = 46;
const gatewayHeight = 60;
/** How far the gateway extends below its cluster. */
const gatewayOutside = 24;
const portHeight = 22;
/** Between control plane and gateway, for the arrow. */
const betweenThem = 26;

export const clusterWidth = 344;

/** All clusters are as high as the one with the most lines. */
export function clusterHeight(mesh: Mesh): number {
  const facts = Math.max(...mesh.clusters.map((cluster) => factsOf(mesh, cluster).length));
  const lists = Math.max(...mesh.clusters.map((cluster) => listsOf(mesh, cluster).length));
  const above = firstFact + (facts - 1) * factHeight + 16 + lists * listHeight + 14;
  return above + controlPlaneHeight + betweenThem + gatewayHeight - gatewayOutside;
}

/** A cluster: facts, workloads, and the gateway on its lower edge. */
export function drawCluster(mesh: Mesh, cluster: Cluster, box: Box, address: string | undefined): string {
  const listsTop = box.y + firstFact + (factsOf(mesh, cluster).length - 1) * factHeight + 16;
  return [
    rectangle(box, cluster === mesh.primary ? "panel-primary" : "panel", 14),
    intermediate(box),
    heading(cluster, box),
    ...factsOf(mesh, cluster).map((fact, index) =>
      drawFact(fact, box, box.y + firstFact + index * factHeight),
    ),
    ...listsOf(mesh, cluster).map((list, index) => drawList(list, box, listsTop + index * listHeight)),
    controlPlane(mesh, cluster, box),
    gateway(mesh, cluster, box, address),
  ].join("");
}

/** End points of the lines between clusters. */
export interface Anchors {
  /** Top of the intermediate CA. */
  readonly trust: Point;
  /** Left side of the control plane. */
  readonly controlPlane: Point;
  /** Lower edges of the gateway's ports. */
  readonly data: Point;
  readonly xds: Point;
}

export function anchorsOf(box: Box): Anchors {
  const plane = controlPlaneBox(box);
  const bottom = (port: Box): Point => ({ x: port.x + port.width / 2, y: port.y + port.height });
  return {
    trust: { x: box.x + box.width / 2, y: intermediateBox(box).y },
    controlPlane: { x: plane.x, y: plane.y + plane.height / 2 },
    data: bottom(dataPortBox(box)),
    xds: bottom(xdsPortBox(box)),
  };
}

function heading({ name, role }: Cluster, box: Box): string {
  const badge = { x: box.x + box.width - padding - 76, y: box.y + nameBaseline - 17, width: 76, height: 22 };
  const ofPrimary = role === "primary";
  return (
    text({
      x: box.x + padding,
      y: box.y + nameBaseline,
      content: name,
      face: "name",
      width: badge.x - box.x - 2 * padding,
    }) +
    labelled(badge, ofPrimary ? "badge-primary" : "badge", role, "small", ofPrimary ? "page-ink" : "muted")
  );
}

function drawFact({ label, value }: Fact, box: Box, y: number): string {
  const x = box.x + padding;
  return (
    text({ x, y, content: label, face: "plain", ink: "muted", width: labelWidth }) +
    text({ x: x + labelWidth, y, content: value, face: "code", width: box.width - 2 * padding - labelWidth })
  );
}

function drawList({ label, entries }: List, box: Box, top: number): string {
  let x = box.x + padding + labelWidth;
  const chips = entries.map(({ name, paint }) => {
    const chip = { x, y: top, width: widthOf(name, "small-code") + 16, height: chipHeight };
    x += chip.width + 6;
    return labelled(chip, paint, name, "small-code");
  });
  const y = top + chipHeight / 2 + 4;
  return (
    text({ x: box.x + padding, y, content: label, face: "plain", ink: "muted", width: labelWidth }) +
    chips.join("")
  );
}

function intermediateBox({ x, y, width }: Box): Box {
  return { x: x + width / 2 - 70, y: y - 12, width: 140, height: 24 };
}

function intermediate(box: Box): string {
  return labelled(intermediateBox(box), "trust", "intermediate CA", "small", "trust-ink");
}

function controlPlaneBox({ x, y, width, height }: Box): Box {
  const top = y + height + gatewayOutside - gatewayHeight - betweenThem - controlPlaneHeight;
  return { x: x + padding, y: top, width: width - 2 * padding, height: controlPlaneHeight };
}

function controlPlane(mesh: Mesh, cluster: Cluster, box: Box): string {
  const { paint, title, duties } = controlPlaneOf(mesh, cluster);
  const plane = controlPlaneBox(box);
  const room = { x: plane.x + 12, width: plane.width - 24 };
  const ink = paint === "xds" ? "xds-ink" : "muted";
  return (
    rectangle(plane, paint, 8) +
    text({ ...room, y: plane.y + 19, content: title, face: "strong", ink }) +
    text({ ...room, y: plane.y + 36, content: duties, face: "plain", ink: "muted" })
  );
}

function gatewayBox({ x, y, width, height }: Box): Box {
  return {
    x: x + padding,
    y: y + height + gatewayOutside - gatewayHeight,
    width: width - 2 * padding,
    height: gatewayHeight,
  };
}

function portBox(box: Box, share: number): Box {
  const gate = gatewayBox(box);
  const width = 100;
  return {
    x: gate.x + gate.width * share - width / 2,
    y: gate.y + gate.height - portHeight / 2,
    width,
    height: portHeight,
  };
}

const dataPortBox = (box: Box) => portBox(box, 0.25);
const xdsPortBox = (box: Box) => portBox(box, 0.75);

function gateway(mesh: Mesh, cluster: Cluster, box: Box, address: string | undefined): string {
  const { gateway: facts } = mesh.istio.line;
  const gate = gatewayBox(box);
  const x = gate.x + 12;
  const width = gate.width - 24;
  return [
    rectangle(gate, "data", 8),
    text({ x, y: gate.y + 20, content: facts.name, face: "strong-code", ink: "data-ink", width }),
    address === undefined
      ? text({
          x,
          y: gate.y + 38,
          content: missingAddress(mesh, cluster),
          face: "plain",
          ink: "muted",
          width,
        })
      : text({ x, y: gate.y + 38, content: address, face: "code", width }),
    labelled(dataPortBox(box), "data", `mTLS ${facts.dataPort}`, "small-code", "data-ink"),
    cluster === mesh.primary ? xdsPort(box, facts.xdsPort) : "",
  ].join("");
}

/** The primary's second port, and the arrow from its gateway to its control plane. */
function xdsPort(box: Box, port: number): string {
  const { x } = anchorsOf(box).xds;
  const tip = { x, y: controlPlaneBox(box).y + controlPlaneHeight };
  return (
    labelled(xdsPortBox(box), "xds", `xDS ${port}`, "small-code", "xds-ink") +
    line(
      [
        { x, y: gatewayBox(box).y },
        { x, y: tip.y + headLength },
      ],
      "xds-line",
    ) +
    head(tip, "up", "xds-mark")
  );
}
