import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedRendering } from "../../../ops/clusters/rendering";

const objects = [{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "istiod" } }];

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-rendering-"));
  file = join(folder, "rendered.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the same input is rendered once, and only its owner can read the cache file", async () => {
  const render = jest.fn(async () => objects);
  expect(await cachedRendering(file, "a", render)).toEqual(objects);
  expect(await cachedRendering(file, "a", render)).toEqual(objects);
  expect(render).toHaveBeenCalledTimes(1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("another input, or another istioctl, is rendered again and replaces the cached result", async () => {
  await cachedRendering(file, "a", async () => []);
  expect(await cachedRendering(file, "b", async () => objects)).toEqual(objects);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ digest: "b", objects });
});

test("a partly written cache file is ignored", async () => {
  writeFileSync(file, '{"digest":"a","obj');
  expect(await cachedRendering(file, "a", async () => objects)).toEqual(objects);
});

test("a failed rendering is not cached", async () => {
  const fail = async () => {
    throw new Error("istioctl says no");
  };
  await expect(cachedRendering(file, "a", fail)).rejects.toThrow("istioctl says no");
  expect(await cachedRendering(file, "a", async () => objects)).toEqual(objects);
});
