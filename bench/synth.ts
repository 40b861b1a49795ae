import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateCa } from "../ca/generate";
import { caDirectory } from "../ca/load";
import { readMesh } from "../mesh/load";
import { librariesOfSynth } from "./libraries";
import { type Command, judge, median, medianRatio, run } from "./measure";

// `npm run bench`: the promised speed of `mesh synth`, as ratios measured in one run.

const root = join(__dirname, "..");
const synth: Command = ["node", join(root, "build/mesh.js"), "synth"];
const usage = ["--require", join(root, "bench/report-usage.js")];

const folder = mkdtempSync(join(tmpdir(), "mesh-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

async function prepare(mesh: string): Promise<string> {
  const dir = mkdtempSync(join(folder, "m-"));
  writeFileSync(join(dir, "mesh.yaml"), mesh);
  const file = join(dir, "mesh.yaml");
  const model = readMesh(file);
  await generateCa(model, caDirectory(model, file), new Date(), 2048);
  return dir;
}

function manyClusters(count: number): string {
  const clusters = Array.from(
    { length: count },
    (_, i) =>
      `  - { name: cluster${i}, ${i === 0 ? "role: primary, " : ""}network: network${i}, aks: aks-cluster${i} }\n`,
  );
  return `azure: { location: centralus, resourceGroup: rg-bench }\nclusters:\n${clusters.join("")}sample: { weights: { v1: 50, v2: 50 } }\n`;
}

interface Cost {
  readonly cpuSeconds: number;
  readonly memory: number;
}

/** Medians of a synth of so many clusters. */
async function ofClusters(count: number): Promise<Cost> {
  const dir = await prepare(manyClusters(count));
  const runs = Array.from({ length: 5 }, () => run(["node", ...usage, ...synth.slice(1)], dir));
  const of = (key: keyof Cost) => median(runs.map((each) => each[key]));
  return { cpuSeconds: of("cpuSeconds"), memory: of("memory") };
}

async function main(): Promise<void> {
  const dir = await prepare(readFileSync(join(root, "mesh.yaml"), "utf8"));
  const libraries = await librariesOfSynth(root);
  console.log(`floor: node loads ${libraries.join(" ")}`);

  const floor = () =>
    run(["node", join(root, "bench/floor.js"), JSON.stringify(libraries), root], dir).seconds;
  const meshSynth = () => run(synth, dir).seconds;
  const overFloor = medianRatio(meshSynth, floor);

  // The stock CLIs run in the checkout, whose cdktf.json and cdk8s.yaml name the apps.
  const env = { MESH_FILE: join(dir, "mesh.yaml"), CHECKPOINT_DISABLE: "1" };
  const stock = () =>
    run(["npx", "cdktf", "synth", "--output", join(dir, "stock-tf")], root, env).seconds +
    run(["npx", "cdk8s", "synth", "--check-upgrade=false", "--output", join(dir, "stock-dist")], root, env)
      .seconds;
  const overStock = medianRatio(meshSynth, stock);

  const [two, fiftyOne, hundred] = [await ofClusters(2), await ofClusters(51), await ofClusters(100)];
  console.log(
    [two, fiftyOne, hundred]
      .map(
        ({ cpuSeconds, memory }) => `${cpuSeconds.toFixed(2)} s of CPU, ${Math.round(memory / 2 ** 20)} MiB`,
      )
      .join("; "),
    "for 2, 51 and 100 clusters",
  );
  const growth = (of: keyof Cost) =>
    (hundred[of] - fiftyOne[of]) / Math.max(fiftyOne[of] - two[of], Number.EPSILON);

  judge([
    { what: "mesh synth of the default mesh, over the floor", ratio: overFloor, atMost: 1.3 },
    { what: "mesh synth, over cdktf synth and cdk8s synth", ratio: overStock, atMost: 1 / 3 },
    // 1 is linear; the rest is the variance of five runs.
    { what: "time: clusters 51 to 100, over clusters 2 to 51", ratio: growth("cpuSeconds"), atMost: 1.3 },
    { what: "memory: clusters 51 to 100, over clusters 2 to 51", ratio: growth("memory"), atMost: 1.3 },
  ]);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
