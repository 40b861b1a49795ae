import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The package as somebody installs it who has no checkout.

const root = join(__dirname, "..");

function run(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

test("npm pack, installed in an empty folder: mesh init, mesh ca and mesh synth work", () => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-package-"));
  try {
    const [packed] = JSON.parse(run(root, "npm", "pack", "--json", "--pack-destination", folder));
    const files: string[] = packed.files.map(({ path }: { path: string }) => path);
    expect(files).toEqual(
      expect.arrayContaining([
        "build/mesh.js",
        "build/THIRD-PARTY.txt",
        "mesh.schema.json",
        "README.md",
        "LICENSE",
      ]),
    );
    expect(
      files.filter((file) => /\.ca\/|\.pem$|^dist\/|^test\/|tfstate|\.addresses\.yaml$/.test(file)),
    ).toEqual([]);

    run(folder, "npm", "init", "-y");
    run(
      folder,
      "npm",
      "install",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
      join(folder, packed.filename),
    );
    for (const command of ["init", "ca", "synth"]) run(folder, "npx", "mesh", command);
    expect(existsSync(join(folder, "dist/remote0/0001-cacerts.k8s.yaml"))).toBe(true);
    expect(existsSync(join(folder, "cdktf.out/stacks/rg-mesh-centralus/cdk.tf.json"))).toBe(true);
    expect(run(folder, "npx", "mesh", "--version").trim()).toBe(packed.version);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);
