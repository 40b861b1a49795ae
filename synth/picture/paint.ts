/** A colour in the light and in the dark theme. */
interface Shade {
  readonly light: string;
  readonly dark: string;
}

export const shades = {
  page: { light: "#ffffff", dark: "#0f141a" },
  panel: { light: "#f5f7fa", dark: "#181f27" },
  card: { light: "#ffffff", dark: "#0f141a" },
  edge: { light: "#c6ced8", dark: "#3c4856" },
  ink: { light: "#1b2430", dark: "#eef3f8" },
  muted: { light: "#55606e", dark: "#a3afbd" },
  trust: { light: "#8a5a00", dark: "#e0ac3b" },
  trustFill: { light: "#fdf3d8", dark: "#2c2310" },
  xds: { light: "#6d3fc0", dark: "#b99aff" },
  xdsFill: { light: "#f1eafd", dark: "#241c3a" },
  data: { light: "#0b6b66", dark: "#45c8bd" },
  dataFill: { light: "#dcf3f0", dark: "#0d2e2c" },
  blue: { light: "#1f5fbf", dark: "#6aa9ff" },
  blueFill: { light: "#e3eefc", dark: "#16283f" },
  rose: { light: "#b0235a", dark: "#ff8fb3" },
  roseFill: { light: "#fde8ef", dark: "#391526" },
} as const satisfies Record<string, Shade>;

type Colour = keyof typeof shades;

interface Paint {
  readonly fill?: Colour;
  readonly stroke?: Colour;
  /** CSS that is the same in both themes. */
  readonly also?: string;
}

/** Colours by class. */
const paints: Readonly<Record<string, Paint>> = {
  page: { fill: "page" },
  panel: { fill: "panel", stroke: "edge" },
  "panel-primary": { fill: "panel", stroke: "ink", also: "stroke-width:2px" },
  chip: { fill: "card", stroke: "edge" },
  absent: { fill: "panel", stroke: "edge", also: "stroke-dasharray:4 4" },
  badge: { fill: "card", stroke: "edge" },
  "badge-primary": { fill: "ink", stroke: "ink" },
  trust: { fill: "trustFill", stroke: "trust" },
  xds: { fill: "xdsFill", stroke: "xds" },
  data: { fill: "dataFill", stroke: "data" },
  "version-0": { fill: "blueFill", stroke: "blue" },
  "version-1": { fill: "roseFill", stroke: "rose" },
  "trust-line": { stroke: "trust", also: "fill:none;stroke-width:1.75px" },
  "xds-line": { stroke: "xds", also: "fill:none;stroke-width:1.75px;stroke-dasharray:6 4" },
  "data-line": { stroke: "data", also: "fill:none;stroke-width:3px" },
  halo: { stroke: "page", also: "fill:none;stroke-width:8px" },
  "trust-mark": { fill: "trust" },
  "xds-mark": { fill: "xds" },
  "data-mark": { fill: "data" },
  "version-0-mark": { fill: "blue" },
  "version-1-mark": { fill: "rose" },
  ink: { fill: "ink" },
  muted: { fill: "muted" },
  "page-ink": { fill: "page" },
  "trust-ink": { fill: "trust" },
  "xds-ink": { fill: "xds" },
  "data-ink": { fill: "data" },
};

/** Further versions reuse them. */
export const versionShades = ["version-0", "version-1"] as const;

/**
 * The picture's style sheet. It has no custom properties: librsvg does not support them and would paint everything black.
 * Every rule starts with `scope`, because a style sheet inside an embedded SVG applies to the whole HTML page.
 */
export function colourSheet(scope: string): string {
  return `${rules(scope, "light")}@media (prefers-color-scheme:dark){\n${rules(scope, "dark")}}\n`;
}

function rules(scope: string, surrounding: keyof Shade): string {
  return Object.entries(paints)
    .map(([name, { fill, stroke, also }]) => {
      const colours = [
        fill && `fill:${shades[fill][surrounding]}`,
        stroke && `stroke:${shades[stroke][surrounding]}`,
        surrounding === "light" && also,
      ].filter(Boolean);
      return `${scope} .${name}{${colours.join(";")}}\n`;
    })
    .join("");
}
