import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { meshPaths } from "../../mesh/paths";
import { filesBelow, terraformFiles } from "../../synth/existing-output";
import { readInputs } from "../../synth/inputs";
import { synthesize } from "../../synth/synthesize";
import { project } from "./project";

// The real `cdktf synth` and `cdk8s synth`, as users without `mesh` run them.

const root = join(__dirname, "../..");
const stock = ([cli, ...args]: readonly [string, ...string[]], env: Record<string, string>) => {
  const { status, stdout, stderr } = spawnSync(join(root, "node_modules/.bin", cli), args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, CHECKPOINT_DISABLE: "1", CI: "1", ...env },
  });
  if (status !== 0) throw new Error(`${cli} ${args.join(" ")}: ${stdout}${stderr}`);
};

test("cdktf synth and cdk8s synth write the same content as mesh synth", async () => {
  const { folder, leave } = await project();
  const output = mkdtempSync(join(tmpdir(), "mesh-stock-"));
  try {
    synthesize(readInputs(meshPaths("mesh.yaml"), new Date()));
    const env = { MESH_FILE: join(folder, "mesh.yaml") };
    stock(["cdk8s", "synth", "--check-upgrade=false", "--output", join(output, "dist")], env);
    stock(["cdktf", "synth", "--output", join(output, "cdktf.out")], env);

    // The runbook and the marker name the file of the mesh, which here is in another place for the two.
    const nameless = (files: ReadonlyMap<string, string>) =>
      new Map(
        [...files].map(([file, text]) => [
          file,
          text
            .replaceAll(`${relative(root, folder)}/`, "")
            .replaceAll(` -f ${folder}/mesh.yaml`, "")
            .replaceAll(`${folder}/`, ""),
        ]),
      );
    expect(nameless(filesBelow(join(output, "dist")))).toEqual(nameless(filesBelow("dist")));
    expect(terraformFiles(join(output, "cdktf.out"))).toEqual(terraformFiles("cdktf.out"));
  } finally {
    leave();
    rmSync(output, { recursive: true, force: true });
  }
}, 180_000);
