import { XMLParser, XMLValidator } from "fast-xml-parser";
import { measure } from "./dejavu-widths";

/** An SVG as a reader sees it: shapes at places, with the colours that its style sheet gives them. */
export interface Drawing {
  readonly elements: readonly Element[];
  readonly texts: readonly Text[];
  readonly rectangles: readonly (Box & { readonly paint: string })[];
  /** Lines between things, as the points that they run through. */
  readonly lines: readonly { readonly paint: string; readonly points: readonly Point[] }[];
  /** Closed shapes. */
  readonly shapes: readonly { readonly paint: string; readonly points: readonly Point[] }[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text directly in it. */
  readonly content: string;
  readonly children: readonly Element[];
}

export interface Text {
  readonly content: string;
  /** The whole text, where the picture shows a shortened one. */
  readonly whole: string;
  readonly ink: string;
  readonly box: Box;
  readonly baseline: Point;
}

/** @throws Error where the text is not well-formed XML */
export function readSvg(svg: string): Drawing {
  const verdict = XMLValidator.validate(svg);
  if (verdict !== true) throw new Error(`line ${verdict.err.line}: ${verdict.err.msg}`);
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseTagValue: false,
    trimValues: false,
    htmlEntities: true,
    processEntities: { enabled: true, maxTotalExpansions: 1e6 },
  });
  const elements = parser.parse(svg).flatMap(elementOf).flatMap(withDescendants);
  const style = elements.find(({ name }: Element) => name === "style")!.content;
  const paths = elements
    .filter(({ name }: Element) => name === "path")
    .map(({ attributes }: Element) => ({ paint: attributes.class!, d: attributes.d! }));
  return {
    elements,
    texts: elements
      .filter(({ name }: Element) => name === "text")
      .map((element: Element) => textOf(element, facesOf(style))),
    rectangles: elements
      .filter(({ name }: Element) => name === "rect")
      .map(({ attributes }: Element) => ({
        paint: attributes.class!,
        x: Number(attributes.x),
        y: Number(attributes.y),
        width: Number(attributes.width),
        height: Number(attributes.height),
      })),
    lines: paths
      .filter(({ d }: { d: string }) => !d.endsWith("Z"))
      .map(({ d, paint }: { d: string; paint: string }) => ({ paint, points: pointsOf(d) })),
    shapes: paths
      .filter(({ d }: { d: string }) => d.endsWith("Z"))
      .map(({ d, paint }: { d: string; paint: string }) => ({ paint, points: closed(pointsOf(d)) })),
  };
}

/** The colours of every class, in a light or a dark surrounding. */
export function coloursOf(
  svg: string,
  surrounding: "light" | "dark",
): Map<string, { fill?: string; stroke?: string }> {
  const style = readSvg(svg).elements.find(({ name }) => name === "style")!.content;
  const [light, dark] = style.split("@media");
  const colours = new Map<string, { fill?: string; stroke?: string }>();
  for (const [, name, body] of (surrounding === "light" ? light : dark)!.matchAll(/\.([\w-]+)\{([^}]*)\}/g)) {
    const fill = /fill:(#\w{6})/.exec(body!)?.[1];
    const stroke = /stroke:(#\w{6})/.exec(body!)?.[1];
    colours.set(name!, { ...(fill && { fill }), ...(stroke && { stroke }) });
  }
  return colours;
}

// biome-ignore lint/suspicious/noExplicitAny: the parser's own form, which has no type
function elementOf(node: any): Element[] {
  const name = Object.keys(node).find((key) => key !== ":@")!;
  if (name === "#text") return [];
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const children: any[] = node[name];
  return [
    {
      name,
      attributes: node[":@"] ?? {},
      content: children.flatMap((child) => ("#text" in child ? [String(child["#text"])] : [])).join(""),
      children: children.flatMap(elementOf),
    },
  ];
}

function withDescendants(element: Element): Element[] {
  return [element, ...element.children.flatMap(withDescendants)];
}

interface Face {
  readonly weight: number;
  readonly size: number;
  readonly monospaced: boolean;
}

function facesOf(style: string): Map<string, Face> {
  const found = style.matchAll(/\.([\w-]+)\{font:(\d+) (\d+)px ([^}]*)\}/g);
  return new Map(
    [...found].map(([, name, weight, size, family]) => [
      name!,
      { weight: Number(weight), size: Number(size), monospaced: family!.includes("monospace") },
    ]),
  );
}

function textOf({ attributes, content, children }: Element, faces: ReadonlyMap<string, Face>): Text {
  const [face, ink] = attributes.class!.split(" ");
  const { size, weight, monospaced } = faces.get(face!)!;
  const width = measure(content, size, weight > 400, monospaced);
  const x = Number(attributes.x);
  const y = Number(attributes.y);
  const share = { start: 0, middle: 0.5, end: 1 }[attributes["text-anchor"] ?? "start"]!;
  return {
    content,
    whole: children.find(({ name }) => name === "title")?.content ?? content,
    ink: ink!,
    box: { x: x - width * share, y: y - size * 0.76, width, height: size },
    baseline: { x, y },
  };
}

function closed(points: Point[]): Point[] {
  return [...points, points[0]!];
}

/** Corners of a path of straight lines and rounded corners. */
function pointsOf(d: string): Point[] {
  return [...d.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
}
