/** In CSS pixels; y grows downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

interface Face {
  readonly size: number;
  readonly weight: 400 | 600;
  readonly family: "sans" | "mono";
}

/** Names that people compare and paste are monospaced. */
const faces = {
  title: { size: 22, weight: 600, family: "sans" },
  name: { size: 16, weight: 600, family: "mono" },
  strong: { size: 13, weight: 600, family: "sans" },
  plain: { size: 12, weight: 400, family: "sans" },
  small: { size: 11, weight: 600, family: "sans" },
  code: { size: 12, weight: 400, family: "mono" },
  "strong-code": { size: 12, weight: 600, family: "mono" },
  "small-code": { size: 11, weight: 400, family: "mono" },
} as const satisfies Record<string, Face>;

export type FaceName = keyof typeof faces;

/** System fonts: nothing is loaded. */
const families = {
  sans: 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif',
  mono: 'ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace',
};

export function faceSheet(scope: string): string {
  return Object.entries(faces)
    .map(
      ([name, { size, weight, family }]) =>
        `${scope} .${name}{font:${weight} ${size}px ${families[family]}}\n`,
    )
    .join("");
}

/**
 * Greatest width of a text, in pixels. The viewer chooses the font, so this assumes the widest common ones (DejaVu Sans,
 * Verdana) and rounds up.
 */
export function widthOf(text: string, face: FaceName): number {
  const { size, weight, family } = faces[face];
  const ems = [...text].reduce((sum, character) => sum + (family === "mono" ? 0.61 : emsOf(character)), 0);
  return ems * size * (family === "sans" && weight === 600 ? 1.12 : 1);
}

function emsOf(character: string): number {
  if (character > "\u2e7f") return 1.05;
  if (/[ijlI.,:;|!'()/ ]/.test(character)) return 0.4;
  if (/[mwMWOQ@%#&+<=>~^…]/.test(character)) return 1;
  return /[A-Z]/.test(character) ? 0.78 : 0.645;
}

/** The text, without its middle if it is wider than `width`: names differ at both ends. */
export function shorten(text: string, width: number, face: FaceName): string {
  if (widthOf(text, face) <= width) return text;
  const characters = [...text];
  const shortened = (kept: number) =>
    `${characters.slice(0, Math.ceil(kept / 2)).join("")}…${characters.slice(characters.length - Math.floor(kept / 2)).join("")}`;
  let kept = characters.length - 1;
  while (kept > 0 && widthOf(shortened(kept), face) > width) kept--;
  return shortened(kept);
}

/** For text and attribute values. Characters that XML 1.0 does not allow are replaced. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are replaced
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff\p{Surrogate}]/gu, "\ufffd")
      .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}

type Attributes = Readonly<Record<string, string | number>>;

/** One element per line, so that changes of the picture can be reviewed. */
export function element(name: string, attributes: Attributes, content = ""): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeXml(String(rounded(value)))}"`,
  );
  const start = `<${name}${written.join("")}`;
  return content === "" ? `${start}/>\n` : `${start}>${content}</${name}>\n`;
}

export interface TextProps extends Point {
  readonly content: string;
  readonly face: FaceName;
  /** Class of its colour. @default - ink */
  readonly ink?: string;
  /** Available width. A longer text loses its middle and has a tooltip. */
  readonly width: number;
  /** @default - start */
  readonly anchor?: "start" | "middle" | "end";
}

/** One line of text; `y` is its baseline. */
export function text({ x, y, content, face, ink = "ink", width, anchor }: TextProps): string {
  const shown = shorten(content, width, face);
  const whole = shown === content ? "" : `<title>${escapeXml(content)}</title>`;
  return element(
    "text",
    { x, y, class: `${face} ${ink}`, ...(anchor && { "text-anchor": anchor }) },
    `${whole}${escapeXml(shown)}`,
  );
}

export function rectangle(box: Box, paint: string, radius: number): string {
  const { x, y, width, height } = box;
  return element("rect", { x, y, width, height, rx: radius, class: paint });
}

/** A rectangle with one line of text in its middle. */
export function labelled(box: Box, paint: string, content: string, face: FaceName, ink?: string): string {
  const { size } = faces[face];
  return (
    rectangle(box, paint, Math.min(box.height / 2, 11)) +
    text({
      x: box.x + box.width / 2,
      y: box.y + box.height / 2 + size * 0.36,
      content,
      face,
      ...(ink && { ink }),
      width: box.width - 12,
      anchor: "middle",
    })
  );
}

/** A line along the points. */
export function line(points: readonly Point[], paint: string): string {
  const steps = points.map((point, index) => `${index === 0 ? "M" : "L"}${pair(point)}`);
  return element("path", { d: steps.join(" "), class: paint });
}

/** A closed rectangular shape with rounded corners. */
export function outlined(corners: readonly Point[], radius: number, paint: string): string {
  const steps = corners.map((corner, index) => {
    const before = towards(corner, corners.at(index - 1)!, radius);
    const after = towards(corner, corners[(index + 1) % corners.length]!, radius);
    return `${index === 0 ? "M" : "L"}${pair(before)} Q${pair(corner)} ${pair(after)}`;
  });
  return element("path", { d: `${steps.join(" ")}Z`, class: paint });
}

/** The point at `distance` towards another, horizontally or vertically. */
function towards({ x, y }: Point, other: Point, distance: number): Point {
  return { x: x + distance * Math.sign(other.x - x), y: y + distance * Math.sign(other.y - y) };
}

/** Where one line joins another. */
export function joint({ x, y }: Point, paint: string): string {
  return element("circle", { cx: x, cy: y, r: 3, class: paint });
}

/** Height of an arrow's head. Lines end this far before its tip. */
export const headLength = 8;

/** Head of a vertical arrow whose tip is the point. */
export function head(tip: Point, direction: "up" | "down", paint: string): string {
  const y = direction === "up" ? tip.y + headLength : tip.y - headLength;
  const corners = [tip, { x: tip.x - 5, y }, { x: tip.x + 5, y }];
  return element("path", { d: `M${corners.map(pair).join(" L")}Z`, class: paint });
}

function pair({ x, y }: Point): string {
  return `${rounded(x)} ${rounded(y)}`;
}

/** Two decimal places give the same bytes on every machine. */
function rounded<T>(value: T): T | number {
  return typeof value === "number" ? Math.round(value * 100) / 100 : value;
}
