import { apply } from "../../ops/apply/apply";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";
import { project } from "../synth/project";
import { mesh } from "./run";

jest.mock("../../checks/preflight", () => ({ preflight: async () => ({ text: "1.31.1" }) }));
jest.mock("../../ops/apply/apply", () => ({
  apply: jest.fn(async () => ({ ok: false, results: [], unchanged: true, addresses: {} })),
}));

let leave: () => void;
let path: FakePath;
beforeEach(async () => {
  ({ leave } = await project(
    "clusters: [{ name: main0, role: primary, network: network1, context: main0 }]\n",
  ));
  path = fakePath();
  process.env.PATH = path.env.PATH;
});
afterEach(() => {
  leave();
  path.remove();
});

test.each([
  [["up"], undefined],
  [["up", "--yes"], undefined],
  [["up", "--yes", "--prune"], true],
  [["apply"], undefined],
  [["apply", "--prune"], true],
])("--prune alone deletes, --yes only answers questions: %j", async (command, prune) => {
  await mesh(...command);
  expect(jest.mocked(apply).mock.lastCall![1].prune).toBe(prune);
});
