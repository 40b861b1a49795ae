import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rememberedRendering } from "../../../ops/clusters/rendering";

const objects = [{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "istiod" } }];

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-rendering-"));
  file = join(folder, "rendered.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the same input is rendered once, and the file is its owner's alone", async () => {
  const render = jest.fn(async () => objects);
  expect(await rememberedRendering(file, "a", render)).toEqual(objects);
  expect(await rememberedRendering(file, "a", render)).toEqual(objects);
  expect(render).toHaveBeenCalledTimes(1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("another input, or another istioctl, is rendered anew and remembered in its place", async () => {
  await rememberedRendering(file, "a", async () => []);
  expect(await rememberedRendering(file, "b", async () => objects)).toEqual(objects);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ digest: "b", objects });
});

test("what a killed run wrote half of is rendered anew", async () => {
  writeFileSync(file, '{"digest":"a","obj');
  expect(await rememberedRendering(file, "a", async () => objects)).toEqual(objects);
});

test("a rendering that fails is not remembered", async () => {
  const fail = async () => {
    throw new Error("istioctl says no");
  };
  await expect(rememberedRendering(file, "a", fail)).rejects.toThrow("istioctl says no");
  expect(await rememberedRendering(file, "a", async () => objects)).toEqual(objects);
});
