import type { Cluster, Mesh } from "../../mesh/mesh";
import { clusterHeight, clusterWidth } from "./cluster";
import type { Box } from "./svg";

/**
 * Positions: clusters in rows, the primary first; above each row the lines of trust, below it xDS and the network. Rows
 * are joined in the margins, so that the number of lines grows with the clusters, not with their pairs.
 */
export interface Layout {
  readonly width: number;
  readonly left: number;
  readonly right: number;
  readonly root: Box;
  readonly rows: readonly Row[];
  /** Lower end of the rows; the footer follows. */
  readonly bottom: number;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** Y of the line that brings certificates to the clusters of a row, except the first row. */
  readonly trustBus: number;
  readonly xdsBus: number;
  /** The network between the gateways. */
  readonly network: Box;
}

export interface Cell {
  readonly cluster: Cluster;
  readonly box: Box;
}

const mostColumns = 4;
const gutter = 72;
const headerHeight = 104;
const rootHeight = 44;
/** Above a row's clusters, for the lines of trust. */
const trustRoom = 52;
/** Below a row's clusters, for the xDS lines. */
const xdsRoom = 62;
const networkRoom = 84;
const networkHeight = 30;
/** Texts need this width even for a single cluster. */
const leastColumns = 2;

export function layoutOf(mesh: Mesh): Layout {
  const { primary, remotes, clusters } = mesh;
  const rowCount = Math.ceil(clusters.length / mostColumns);
  const columns = Math.ceil(clusters.length / rowCount);
  // Rows are joined in the margins.
  const margin = rowCount > 1 ? 72 : 40;
  const contentWidth = spanOf(Math.max(columns, leastColumns));
  const left = margin;
  const root = { x: left, y: headerHeight, width: contentWidth, height: rootHeight };
  const height = clusterHeight(mesh);
  const pitch = height + networkRoom + networkHeight + trustRoom + 20;
  const firstTop = root.y + root.height + trustRoom;
  const start = left + (contentWidth - spanOf(columns)) / 2;

  const rows = Array.from({ length: rowCount }, (_, index): Row => {
    const top = firstTop + index * pitch;
    const inRow = [primary, ...remotes].slice(index * columns, (index + 1) * columns);
    return {
      cells: inRow.map((cluster, column) => ({
        cluster,
        box: { x: start + column * (clusterWidth + gutter), y: top, width: clusterWidth, height },
      })),
      trustBus: top - trustRoom + 14,
      xdsBus: top + height + xdsRoom,
      network: { x: left, y: top + height + networkRoom, width: contentWidth, height: networkHeight },
    };
  });
  const last = rows.at(-1)!.network;
  return {
    width: contentWidth + 2 * margin,
    left,
    right: left + contentWidth,
    root,
    rows,
    bottom: clusters.length > 1 ? last.y + last.height : last.y - 30,
  };
}

function spanOf(columns: number): number {
  return columns * clusterWidth + (columns - 1) * gutter;
}

/** Left of a cluster, where its line to the control plane runs; in the margin for the first column. */
export function gutterOf({ box }: Cell): number {
  return box.x - 32;
}

/** In the left margin: root to the rows below the first. */
export function trustTrunk({ left }: Layout): number {
  return left - 56;
}

/** In the left margin: the rows below the first to the control plane. */
export function xdsTrunk({ left }: Layout): number {
  return left - 32;
}

/** In the right margin: one row's network to the next. */
export function networkTrunk({ right }: Layout): { readonly inner: number; readonly outer: number } {
  return { inner: right + 16, outer: right + 40 };
}
