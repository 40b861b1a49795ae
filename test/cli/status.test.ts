import { renameSync } from "node:fs";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

let leave: () => void;
let path: FakePath;
const environment = { ...process.env };

beforeEach(async () => {
  ({ leave } = await project(
    "clusters: [{ name: main0, role: primary, network: network1, context: main0 }]\n",
  ));
  path = fakePath();
  process.env.PATH = path.folder;
});
afterEach(() => {
  process.env.PATH = environment.PATH;
  leave();
  path.remove();
});

test("the next command names the file where it is not mesh.yaml", async () => {
  path.add("kubectl", ":");
  renameSync("mesh.yaml", "other.yaml");
  expect((await mesh("status", "-f", "other.yaml")).result).toMatch(
    /\nnext: mesh doctor -f other\.yaml, then mesh apply -f other\.yaml$/,
  );
});

test("--verbose prints programs to stderr also with -o json", async () => {
  path.add("kubectl", ":");
  const { result, notes } = await mesh("status", "-o", "json", "--verbose");
  expect(() => JSON.parse(result)).not.toThrow();
  expect(notes).toMatch(/^\$ kubectl .*--context main0 get /m);
  expect((await mesh("status", "-o", "json")).notes).not.toContain("$ ");
});
