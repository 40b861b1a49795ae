import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { readMesh } from "../../mesh/load";
import { bareCluster, type FakeCluster, type FakeWorld, fakeWorld } from "../checks/fake-clusters";
import { project } from "../synth/project";
import { mesh } from "./run";

// `mesh report` with programs that answer for two bare clusters. What the page looks like: test/report; the page of
// a mesh that works: test/e2e/status.test.ts.

const yaml = `clusters:
  - { name: main0, role: primary, network: network1, context: main0 }
  - { name: remote0, network: network2, context: remote0 }
`;
const path = process.env.PATH;
let leave: () => void;
let world: FakeWorld | undefined;

beforeEach(async () => {
  ({ leave } = await project(yaml));
});
afterEach(() => {
  process.env.PATH = path;
  leave();
  world?.path.remove();
  world = undefined;
});

function clusters(remote0: Partial<FakeCluster> = {}): FakeWorld {
  const time = new Date().toISOString();
  world = fakeWorld(readMesh("mesh.yaml"), {
    main0: { ...bareCluster("main0"), time },
    remote0: { ...bareCluster("remote0"), time, ...remote0 },
  });
  process.env.PATH = world.path.env.PATH;
  return world;
}

test("writes the page and prints its name; ends with 1 if a check failed, which the page shows", async () => {
  clusters({ instead: "echo 'connection refused' >&2; exit 1" });
  const { code, result, notes } = await mesh("report", "--to", "today.html");
  expect({ code, result }).toEqual({ code: 1, result: "today.html" });
  const page = readFileSync("today.html", "utf8");
  const [, failed] = /<section id="failed"(.*?)<\/section>/s.exec(page)!;
  expect(failed).toContain("reachable.api");
  expect(failed).toContain("connection refused");
  expect(notes).toContain(/<title>mesh1: (.*)<\/title>/.exec(page)![1]!);
});

test("the next report replaces a report, readable for others", async () => {
  clusters();
  await mesh("report");
  const first = readFileSync("mesh-report.html", "utf8");
  writeFileSync("mesh-report.html", `${first}old`);
  expect((await mesh("report")).result).toBe("mesh-report.html");
  expect(readFileSync("mesh-report.html", "utf8")).not.toContain("</html>\nold");
  expect(statSync("mesh-report.html").mode & 0o777).toBe(0o644);
});

test("no other file is replaced, and no cluster is asked first", async () => {
  const { calls } = clusters();
  mkdirSync("folder");
  for (const to of ["mesh.yaml", "folder"]) {
    expect(await mesh("report", "--to", to)).toMatchObject({
      code: 2,
      notes: expect.stringContaining(`${to}: exists and is not a report of mesh`),
    });
  }
  expect(await mesh("report", "--to", "nowhere/report.html")).toMatchObject({
    code: 2,
    notes: expect.stringContaining("the folder nowhere does not exist"),
  });
  expect(await mesh("report", "--to", "")).toMatchObject({
    code: 2,
    notes: expect.stringContaining('invalid value "" for --to: expected the name of a file'),
  });
  expect(readFileSync("mesh.yaml", "utf8")).toBe(yaml);
  expect(existsSync("nowhere")).toBe(false);
  expect(calls()).toEqual([]);
});

test("the page contains no key of the CA", async () => {
  clusters();
  await mesh("report");
  const page = readFileSync("mesh-report.html", "utf8");
  const keyLines = ["root-key.pem", "main0/ca-key.pem"].flatMap((file) =>
    readFileSync(`mesh.ca/${file}`, "utf8").split("\n").slice(1, -2),
  );
  expect(keyLines.length).toBeGreaterThan(10);
  expect(keyLines.filter((line) => page.includes(line))).toEqual([]);
});
