import fc from "fast-check";
import { parseMesh } from "../../mesh/load";
import type { Mesh } from "../../mesh/mesh";
import { picture } from "../../synth/picture/picture";
import { fixtureMesh, fixtures } from "../fixtures";
import { type Box, coloursOf, type Drawing, type Point, readSvg } from "./svg-reader";

const defaultMesh = fixtureMesh("default");

function meshOf(count: number, rest = ""): Mesh {
  const clusters = Array.from(
    { length: count },
    (_, index) =>
      `  - { name: cluster${index}, ${index === 0 ? "role: primary, " : ""}network: net${index}, context: context${index} }`,
  );
  return parseMesh(`clusters:\n${clusters.join("\n")}\n${rest}`, "mesh.yaml");
}

/** Everything as long as it may be. */
const longNames = ((): Mesh => {
  const name = (start: string) => start.padEnd(63, "w");
  return parseMesh(
    `name: ${name("m")}
ca: { files: ${"folder/".repeat(50)}certs, acceptSampleCertificates: true }
gateways: { allowedSourceRanges: [203.113.113.128/25, 198.151.100.128/25], internal: true }
clusters:
  - { name: ${name("p")}, role: primary, network: ${name("n")}, context: ${"C".repeat(253)} }
  - { name: ${name("r")}, network: ${name("o")}, context: ${"W".repeat(253)} }
sample: { versions: { v1: [${name("p")}, ${name("r")}], v2: [${name("p")}, ${name("r")}] } }
`,
    "mesh.yaml",
  );
})();
const longAddresses = Object.fromEntries(
  longNames.clusters.map(({ name }) => [name, `${"gateway.".repeat(30)}example`]),
);

const meshes: [string, Mesh, Record<string, string>][] = [
  ["the default mesh with its addresses", defaultMesh, { main0: "203.0.113.7", remote0: "gw.example.com" }],
  ...fixtures.map((name): [string, Mesh, Record<string, string>] => [name, fixtureMesh(name), {}]),
  ...[1, 4, 5, 9, 12, 13, 100].map((count): [string, Mesh, Record<string, string>] => [
    `${count} clusters`,
    meshOf(count),
    {},
  ]),
  ["no sample, no addons", meshOf(5, "sample: {enabled: false}\naddons: {prometheus: false}"), {}],
  ["a weight of nothing", meshOf(3, "sample: {weights: {v1: 100, v2: 0}}"), {}],
  ["names as long as they may be", longNames, longAddresses],
];

const words = (mesh: Mesh, addresses = {}) =>
  readSvg(picture(mesh, addresses)).texts.map(({ whole }) => whole);

test("the default mesh's picture is the one that was reviewed", () => {
  expect(picture(defaultMesh, {})).toMatchSnapshot();
});

describe.each(meshes)("the picture of %s", (_, mesh, addresses) => {
  const svg = picture(mesh, addresses);
  const drawing = readSvg(svg);

  test("keeps every text within its box", () => {
    expect(drawing.texts.filter(({ box, baseline }) => !within(box, boxAround(baseline, drawing)))).toEqual(
      [],
    );
  });

  test("shortens only values from mesh.yaml", () => {
    const shortened = drawing.texts.filter(({ content, whole }) => content !== whole);
    const brought = mesh === longNames ? /w{9}|C{9}|W{9}|folder|gateway\./ : /^$/;
    expect(shortened.filter(({ whole }) => !brought.test(whole))).toEqual([]);
  });

  test("has no overlapping texts, and no line through a text or a box", () => {
    const { texts, lines, rectangles } = drawing;
    const strokes = lines.flatMap(({ points }) => segments(points));
    const boxes = rectangles.filter(({ paint }) => !/^(page|panel|panel-primary)$/.test(paint));
    expect(boxes.filter((box) => strokes.some((stroke) => overlap(box, stroke)))).toEqual([]);
    const crossed = texts.flatMap((one, index) => [
      ...texts.slice(index + 1).filter(({ box }) => overlap(one.box, box)),
      ...strokes.filter((stroke) => overlap(one.box, stroke)),
    ]);
    expect(crossed).toEqual([]);
  });

  test("ends every line at a box or at another line", () => {
    const explained = drawing.texts.find(({ content }) => content === "Lines")!.baseline.y;
    const edges = edgesOf(drawing);
    const loose = drawing.lines
      .filter(({ paint, points }) => paint !== "halo" && points[0]!.y < explained)
      .flatMap((own) =>
        [own.points[0]!, own.points.at(-1)!].filter(
          (end) => !edges.some((edge) => edge.line !== own && distance(end, edge) <= 8),
        ),
      );
    expect(loose).toEqual([]);
  });

  test.each(["light", "dark"] as const)("can be read in a %s surrounding", (surrounding) => {
    const colours = coloursOf(svg, surrounding);
    const fillOf = (paint: string) => colours.get(paint)!.fill!;
    const pale = drawing.texts
      .map(({ content, ink, baseline }) => ({
        content,
        contrast: contrast(fillOf(ink), fillOf(boxAround(baseline, drawing).paint)),
      }))
      .filter((text) => text.contrast < 4.5);
    expect(pale).toEqual([]);
    for (const line of ["trust-line", "xds-line", "data-line"]) {
      expect(contrast(colours.get(line)!.stroke!, fillOf("page"))).toBeGreaterThan(3);
    }
  });

  test("names every cluster, network and context in full", () => {
    const whole = new Set(drawing.texts.map((text) => text.whole));
    const expected = mesh.clusters.flatMap(({ name, network, aks, context }) => [
      name,
      network,
      aks?.name ?? context,
    ]);
    expect(expected.filter((name) => !whole.has(name))).toEqual([]);
  });

  test("loads nothing, and its styles apply to the picture only", () => {
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(
      /https?:|url\(|@import|href|<script|<image/i,
    );
    const style = drawing.elements.find(({ name }) => name === "style")!.content;
    const selectors = style.replace("@media (prefers-color-scheme:dark){", "").match(/[^{}\n]+(?=\{)/g)!;
    expect(selectors.filter((selector) => !selector.startsWith(".mesh-picture "))).toEqual([]);
  });

  test("has a text for screen readers", () => {
    const [svgElement] = drawing.elements;
    expect(svgElement!.attributes.role).toBe("img");
    const ids = svgElement!.attributes["aria-labelledby"]!.split(" ");
    const [title, desc] = ids.map((id) => drawing.elements.find(({ attributes }) => attributes.id === id)!);
    expect(title).toMatchObject({ name: "title", content: `Mesh ${mesh.name}` });
    expect(desc!.name).toBe("desc");
    for (const { name } of mesh.clusters) expect(desc!.content).toContain(name);
  });
});

describe("what the picture shows", () => {
  const count = (list: readonly string[], word: string) => list.filter((other) => other === word).length;

  test("of the current line: one istiod serves the remotes behind the east-west gateway", () => {
    const shown = words(defaultMesh);
    expect(count(shown, "istiod")).toBe(1);
    expect(count(shown, "served by the primary's istiod")).toBe(1);
    expect(count(shown, "istio-eastwestgateway")).toBe(2);
    expect(count(shown, "mTLS 15443")).toBe(2);
    expect(count(shown, "xDS 15012")).toBe(1);
    expect(shown).toEqual(expect.arrayContaining(["Kubernetes", "1.36", "ingress", "Prometheus", "Kiali"]));
  });

  test("of 1.7: an istiod in each, traffic through the ingress gateways on 443", () => {
    const shown = words(fixtureMesh("istio-1.7"));
    expect(count(shown, "istiod")).toBe(2);
    expect(count(shown, "istio-ingressgateway")).toBe(2);
    expect(count(shown, "mTLS 443")).toBe(2);
    expect(count(shown, "xDS 15012")).toBe(1);
    expect(shown).not.toContain("ingress");
  });

  test("addresses that are known, and where the others come from", () => {
    const shown = words(defaultMesh, { remote0: "203.0.113.8" });
    expect(count(shown, "203.0.113.8")).toBe(1);
    expect(count(shown, "address known after install")).toBe(1);
    expect(words(fixtureMesh("three-clusters"))).toContain("static public IP, created by Terraform");
  });

  test("who may reach the gateways", () => {
    const label = (gateways: string) =>
      words(meshOf(2, `gateways: ${gateways}`)).find((text) => text.startsWith("between all gateways"));
    expect(label("{}")).toMatch(/public addresses, open to all sources$/);
    expect(label("{internal: true, allowedSourceRanges: [10.0.0.0/8, 192.168.0.0/16]}")).toMatch(
      /internal addresses, open to 10\.0\.0\.0\/8 and 1 more$/,
    );
    expect(words(fixtureMesh("production"))).toContainEqual(
      expect.stringMatching(/public addresses, open to the mesh's clusters alone$/),
    );
  });

  test("the weights as lengths of a bar, or that all pods get an equal share", () => {
    const bars = (mesh: Mesh) =>
      readSvg(picture(mesh, {})).rectangles.filter(
        ({ paint, width }) => paint.startsWith("version-") && width > 40,
      );
    const [v1, v2] = bars(meshOf(3, "sample: {weights: {v1: 90, v2: 10}}"));
    expect(v1!.width / v2!.width).toBeCloseTo(9);
    expect(v1!.x + v1!.width).toBeCloseTo(v2!.x);
    expect(words(meshOf(3, "sample: {weights: {v1: 90, v2: 10}}"))).toContain("v2: 10%, in 2 clusters");
    expect(bars(meshOf(3))).toEqual([]);
    expect(words(meshOf(3))).toContain("no weights: all pods get an equal share");
    expect(bars(meshOf(3, "sample: {weights: {v1: 100, v2: 0}}"))).toHaveLength(1);
  });

  test("where certificates come from", () => {
    expect(words(defaultMesh)).toContain("created by mesh ca");
    expect(words(fixtureMesh("own-ca"))).toContain("your files in own-ca");
    expect(words(longNames).join()).toContain("public sample certificates accepted");
    expect(count(words(meshOf(12)), "intermediate CA")).toBe(12);
  });

  test("the primary first, wherever it stands in the file", () => {
    const mesh = parseMesh(
      "clusters:\n- {name: far, network: a, context: a}\n- {name: near, role: primary, network: b, context: b}\n",
      "mesh.yaml",
    );
    const { texts } = readSvg(picture(mesh, {}));
    const left = (name: string) => texts.find(({ content }) => content === name)!.box.x;
    expect(left("near")).toBeLessThan(left("far"));
  });
});

describe("the text of the picture", () => {
  test("is the same for the same mesh and addresses", () => {
    expect(picture(defaultMesh, { main0: "203.0.113.7", remote0: "203.0.113.8" })).toBe(
      picture(structuredClone(defaultMesh), { remote0: "203.0.113.8", main0: "203.0.113.7" }),
    );
  });

  test("has a size that grows with the clusters, not with their pairs", () => {
    const size = (clusters: number) => picture(meshOf(clusters), {}).length;
    const perCluster = (from: number, to: number) => (size(to) - size(from)) / (to - from);
    expect(perCluster(100, 200) / perCluster(20, 100)).toBeLessThan(1.05);
  });

  const hostile = `</text></desc><script>alert("1")</script><!-- ]]> &amp; & ' \u0000 \u001b[31m \ud800`;

  test("escapes names", () => {
    const svg = picture(renamed(defaultMesh, hostile), { [hostile]: hostile });
    expect(svg).not.toMatch(/<script|<!--|\]\]>|\p{Surrogate}|[^\P{Cc}\n]/u);
    const shown = readSvg(svg).texts.map(({ whole }) => whole);
    expect(shown.filter((text) => text.includes(`<script>alert("1")</script>`)).length).toBeGreaterThan(4);
    const harmless = picture(renamed(defaultMesh, "name"), { name: "name" });
    expect(svg.match(/<text/g)).toHaveLength(harmless.match(/<text/g)!.length);
  });

  test("is well-formed for any name", () => {
    const anyText = fc.string({
      unit: fc.oneof(fc.constantFrom(..."<>&\"'\u0007]"), fc.string({ unit: "binary", maxLength: 1 })),
    });
    fc.assert(
      fc.property(anyText, (name) => {
        const svg = picture(renamed(defaultMesh, name), { [name]: name });
        expect(readSvg(svg).texts.length).toBeGreaterThan(20);
        expect(svg).not.toMatch(/\p{Surrogate}|[^\P{Cc}\n\t\r]|[\ufffe\uffff]/u);
      }),
      { numRuns: 50 },
    );
  });
});

/** A mesh with names that no `mesh.yaml` can bring in. */
function renamed(mesh: Mesh, name: string): Mesh {
  const [first, ...others] = mesh.clusters.map((cluster) => ({
    ...cluster,
    network: name,
    aks: undefined,
    context: name,
  }));
  const primary = { ...first!, name };
  return {
    ...mesh,
    name,
    clusters: [primary, ...others],
    primary,
    remotes: others,
    ca: { from: "files", directory: name, acceptSampleCertificates: false },
  };
}

function within(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function overlap(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

/** The smallest rectangle around a point of a text. */
function boxAround({ x, y }: Point, { rectangles }: Drawing): Box & { readonly paint: string } {
  const area = ({ width, height }: Box) => width * height;
  return rectangles
    .filter((box) => within({ x, y: y - 3, width: 0, height: 0 }, box))
    .sort((one, other) => area(one) - area(other))[0]!;
}

function segments(points: readonly Point[]): Box[] {
  return points.slice(1).map((to, index) => {
    const from = points[index]!;
    return {
      x: Math.min(from.x, to.x),
      y: Math.min(from.y, to.y),
      width: Math.abs(from.x - to.x),
      height: Math.abs(from.y - to.y),
    };
  });
}

/** Outlines of everything at which a line may end; what comes from a line says from which. */
function edgesOf({
  rectangles,
  shapes,
  lines,
}: Drawing): (Box & { readonly line?: Drawing["lines"][number] })[] {
  const network = shapes.filter(({ paint }) => paint === "data").flatMap(({ points }) => segments(points));
  const boxes = rectangles
    .filter(({ paint }) => paint !== "page")
    .flatMap(({ x, y, width, height }) => [
      { x, y, width, height: 0 },
      { x, y: y + height, width, height: 0 },
      { x, y, width: 0, height },
      { x: x + width, y, width: 0, height },
    ]);
  const strokes = lines
    .filter(({ paint }) => paint !== "halo")
    .flatMap((line) => segments(line.points).map((segment) => ({ ...segment, line })));
  return [...network, ...boxes, ...strokes];
}

function distance({ x, y }: Point, edge: Box): number {
  const beyond = (value: number, start: number, length: number) =>
    Math.max(start - value, 0, value - start - length);
  return Math.hypot(beyond(x, edge.x, edge.width), beyond(y, edge.y, edge.height));
}

/** WCAG 2's contrast ratio of two colours. */
function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((first, second) => first - second);
  return (lighter! + 0.05) / (darker! + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const share = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
