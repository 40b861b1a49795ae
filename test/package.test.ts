import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureText } from "./fixtures";
import { sharedCa } from "./synth/project";

// The package, installed without a checkout.

const root = join(__dirname, "..");

/** A checkout with the default mesh, without what is built, that shares the packages of this one. */
function checkout(folder: string): void {
  for (const file of run(root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(
    "\0",
  ))
    if (file !== "" && existsSync(join(root, file))) cpSync(join(root, file), join(folder, file));
  writeFileSync(join(folder, "mesh.yaml"), fixtureText("default"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

test("where npm runs no install scripts: synth builds first, npx mesh says how, and no package lacks its build", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-no-scripts-"));
  const npm = (...command: string[]) => {
    const env = { ...process.env, npm_config_ignore_scripts: "true" };
    const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    return { status, said: stdout + stderr };
  };
  try {
    checkout(folder);
    cpSync(await sharedCa(), join(folder, "mesh.ca"), { recursive: true });
    expect(npm("npx", "mesh", "--version")).toEqual({
      status: 1,
      said: "error: build/mesh.js is missing, since npm ran no install scripts (ignore-scripts); in the checkout: npm run build\n",
    });
    const { status, said } = npm("npm", "pack");
    expect(status).not.toBe(0);
    expect(said).toContain("build/istio-aks-mesh-");
    expect(readdirSync(folder)).not.toContain("build");

    expect(npm("npm", "run", "synth")).toMatchObject({ status: 0 });
    expect(existsSync(join(folder, "dist/RUNBOOK.md"))).toBe(true);
    expect(npm("npx", "mesh", "--version")).toMatchObject({ status: 0 });
    for (const _ of ["first", "second: without the package of the first"]) {
      const [packed] = JSON.parse(run(folder, "npm", "pack", "--ignore-scripts", "--json"));
      const files: string[] = packed.files.map(({ path }: { path: string }) => path);
      expect(files).toContain("build/mesh.js");
      expect(files.filter((file) => file.endsWith(".tgz"))).toEqual([]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);

function run(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

test("npm pack, installed in an empty folder: mesh init, mesh ca and mesh synth work", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-package-"));
  try {
    // npm pack builds: that is the package's prepare script.
    const [packed] = JSON.parse(run(root, "npm", "pack", "--json", "--pack-destination", folder));
    const files: string[] = packed.files.map(({ path }: { path: string }) => path);
    expect(files).toEqual(
      expect.arrayContaining([
        "bin/mesh.js",
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
    // npx itself takes longer to start than the tool: the version below is asked through it.
    const mesh = join(folder, "node_modules/.bin/mesh");
    run(folder, mesh, "init");
    // A key of 4096 bits takes seconds: one intermediate is all that is missing.
    cpSync(await sharedCa(), join(folder, "mesh.ca"), { recursive: true });
    rmSync(join(folder, "mesh.ca/remote0"), { recursive: true });
    for (const command of ["ca", "synth"]) run(folder, mesh, command);
    expect(existsSync(join(folder, "dist/remote0/0001-cacerts.k8s.yaml"))).toBe(true);
    expect(existsSync(join(folder, "cdktf.out/stacks/rg-mesh-centralus/cdk.tf.json"))).toBe(true);
    expect(run(folder, "npx", "mesh", "--version").trim()).toBe(packed.version);

    // README's example of an extension, in a strict project.
    const [, example] = /<!-- extension -->\n```ts\n([\s\S]*?)```/.exec(
      readFileSync(join(root, "README.md"), "utf8"),
    )!;
    writeFileSync(join(folder, "mesh.extend.ts"), example!);
    const strict = [
      "--ignoreConfig",
      "--strict",
      "--noEmit",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--types",
      "",
    ];
    run(folder, join(root, "node_modules/.bin/tsc"), ...strict, "mesh.extend.ts");
    run(folder, mesh, "synth");
    const added = readFileSync(join(folder, "dist/remote0/0003-payments.k8s.yaml"), "utf8");
    expect(added).toContain("perTryTimeout: 2s");
    expect(added.match(/app.kubernetes.io\/part-of: mesh1/g)).toHaveLength(2);
    expect(readFileSync(join(folder, "dist/main0/0004-sample.k8s.yaml"), "utf8")).toContain("replicas: 2");
    const stack = readFileSync(join(folder, "cdktf.out/stacks/rg-mesh-centralus/cdk.tf.json"), "utf8");
    expect(stack).toContain('"cost_analysis_enabled": true');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);
