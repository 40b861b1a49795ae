import type { Mesh, Sample } from "../../mesh/mesh";
import { versionPaint } from "./cluster-contents";
import type { Layout } from "./layout";
import { type Box, line, rectangle, text } from "./svg";

export const footerHeight = 112;
const columnGap = 40;
const lineHeight = 24;

/** The traffic split, and the legend. */
export function footer(mesh: Mesh, { left, right, bottom }: Layout): string {
  const width = (right - left - columnGap) / 2;
  const y = bottom + 40;
  return (
    split(mesh.sample, { x: left, y, width, height: footerHeight }) +
    legend(mesh, { x: left + width + columnGap, y, width, height: footerHeight })
  );
}

function heading({ x, y, width }: Box, content: string): string {
  return text({ x, y: y + 14, content, face: "strong", width });
}

function split(sample: Sample | undefined, box: Box): string {
  if (!sample) return heading(box, "No sample app");
  const { weights } = sample;
  const below = { ...box, y: box.y + 30 };
  return [
    heading(box, "Requests to helloworld"),
    weights
      ? bar(sample, weights, below)
      : text({
          ...below,
          y: below.y + 11,
          content: "no weights: all pods get an equal share",
          face: "plain",
          width: box.width,
        }),
    ...sample.versions.map(({ name, clusters }, index) => {
      const y = below.y + 28 + index * lineHeight;
      const percent = weights ? `${name}: ${weights[name] ?? 0}%` : name;
      const places = `in ${clusters.length} ${clusters.length === 1 ? "cluster" : "clusters"}`;
      return (
        rectangle({ x: box.x, y, width: 14, height: 14 }, `${versionPaint(index)}-mark`, 3) +
        text({
          x: box.x + 22,
          y: y + 11.5,
          content: `${percent}, ${places}`,
          face: "plain",
          width: box.width - 22,
        })
      );
    }),
  ].join("");
}

function bar({ versions }: Sample, weights: Readonly<Record<string, number>>, box: Box): string {
  let x = box.x;
  return versions
    .map(({ name }, index) => {
      const width = (box.width * (weights[name] ?? 0)) / 100;
      const segment =
        width === 0 ? "" : rectangle({ x, y: box.y, width, height: 14 }, `${versionPaint(index)}-mark`, 0);
      x += width;
      return segment;
    })
    .join("");
}

const trust = { paint: "trust-line", meaning: "trust: the root signs each intermediate CA" };
const betweenClusters = [
  { paint: "xds-line", meaning: "xDS: remotes to the primary's istiod" },
  { paint: "data-line", meaning: "requests between gateways" },
];

function legend({ clusters }: Mesh, box: Box): string {
  const signs = clusters.length > 1 ? [trust, ...betweenClusters] : [trust];
  return [
    heading(box, "Lines"),
    ...signs.map(({ paint, meaning }, index) => {
      const y = box.y + 37 + index * lineHeight;
      return (
        line(
          [
            { x: box.x, y },
            { x: box.x + 36, y },
          ],
          paint,
        ) + text({ x: box.x + 48, y: y + 4, content: meaning, face: "plain", width: box.width - 48 })
      );
    }),
  ].join("");
}
