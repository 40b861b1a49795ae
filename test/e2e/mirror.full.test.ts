import type { Image } from "../../mesh/images";
import { bare, describeInLab, imagesOfPods, skipped } from "./lab";
import { both, meshYaml, minutes, Tool } from "./tool";

// Clusters that reach no registry but one: MESH_LAB_MIRROR names it, with the path under which every image is.

const registry = process.env.MESH_LAB_MIRROR;
const name = "with every image from one registry";

function body(): void {
  let tool: Tool;
  beforeAll(async () => {
    bare(both);
    const addons = "addons: { prometheus: false, kiali: false }\n";
    tool = new Tool(
      `${meshYaml("sample: { weights: { v1: 50, v2: 50 } }").replace(addons, "")}images: { registry: ${registry} }\n`,
    );
    await tool.must(["ca"]);
  }, 5 * minutes);
  afterAll(async () => {
    await tool.run(["destroy", "--yes", "--crds"]);
    tool.remove();
  }, 5 * minutes);

  test(
    "a mesh is applied, addons included, and every check passes",
    async () => {
      const applied = await tool.must(["apply"]);
      expect(applied.err).not.toMatch(/FAILED|warning/);
      await tool.must(["verify", "--wait", "3m"]);
    },
    12 * minutes,
  );

  test("the pods run what `mesh images` lists, and nothing else", async () => {
    const images: Image[] = JSON.parse((await tool.must(["images", "-o", "json"])).out);
    expect(imagesOfPods(both)).toEqual(images.map(({ target }) => target).sort());
    for (const { source, target } of images)
      expect(target).toBe(`${registry}/${source.replace(/^[^/]+\//, "")}`);
  });
}

if (registry === undefined) skipped(name, "MESH_LAB_MIRROR names no registry", body);
else describeInLab(name, body, both);
