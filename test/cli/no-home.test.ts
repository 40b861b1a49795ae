import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { twoClusters } from "../mesh/two-clusters";
import { bundleTool } from "./bundled";

// A user as in a container of a CI system: a number without an entry in passwd, and often without a home.

const isRoot = process.getuid?.() === 0;
const uid = 12345;
const withSetpriv = isRoot ? describe : describe.skip;

withSetpriv("a user without a name", () => {
  let folder: string;
  let tool: string;
  beforeAll(() => {
    tool = mkdtempSync(join(tmpdir(), "mesh-tool-"));
    chmodSync(tool, 0o755);
    bundleTool(join(tool, "mesh.js"));
  });
  afterAll(() => rmSync(tool, { recursive: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mesh-no-home-"));
    chownSync(folder, uid, uid);
    writeFileSync(join(folder, "mesh.yaml"), twoClusters);
    writeFileSync(
      join(tool, "kubectl"),
      `#!/bin/sh
echo "$KUBECONFIG" >> "$KUBECTL_SEEN"
case "$*" in
  "config get-contexts "*) ;;
  "version "*) echo '{"clientVersion":{"gitVersion":"v1.34.4"}}' ;;
  *) echo 'The connection to the server 127.0.0.1:1 was refused' >&2; exit 1 ;;
esac
`,
      { mode: 0o755 },
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function mesh(home: string | undefined, ...args: string[]) {
    const { HOME: _, ...environment } = process.env;
    const { status, stdout, stderr } = spawnSync(
      "setpriv",
      [
        `--reuid=${uid}`,
        `--regid=${uid}`,
        "--clear-groups",
        process.execPath,
        join(tool, "mesh.js"),
        ...args,
      ],
      {
        cwd: folder,
        encoding: "utf8",
        env: {
          ...environment,
          PATH: `${tool}:/usr/bin:/bin`,
          KUBECTL_SEEN: join(folder, "seen"),
          ...(home !== undefined && { HOME: home }),
        },
      },
    );
    return { status, said: stdout + stderr };
  }

  /** Credentials as an earlier run kept them. */
  function keptCredentials(): void {
    mkdirSync(join(folder, ".mesh"));
    writeFileSync(
      join(folder, ".mesh/kubeconfig"),
      "contexts: [{name: aks-main, context: {cluster: c, user: u}}, {name: aks-remote, context: {cluster: c, user: u}}]\n",
    );
  }
  const own = (...names: string[]) => {
    for (const name of names) chownSync(join(folder, name), uid, uid);
  };

  test.each([undefined, "/nonexistent", "/"])("works with HOME %s", (home) => {
    keptCredentials();
    own(".mesh", ".mesh/kubeconfig");
    for (const command of ["ca", "synth", "diff"]) expect(mesh(home, command)).toMatchObject({ status: 0 });
    for (const command of ["doctor", "status", "verify"]) {
      const { status, said } = mesh(home, command);
      expect({ status, said }).toEqual({ status: 1, said: expect.stringContaining("was refused") });
      expect(said).not.toMatch(/bug of mesh|ENOENT|ERR_SYSTEM|\n\s+at /);
    }
  });

  test("completion of ~ offers nothing, and prints no error", () => {
    expect(mesh(undefined, "completion", "complete", "--", "apply", "-f", "~/x.yaml", "--only", "")).toEqual({
      status: 0,
      said: ":36\n",
    });
  });

  test.each(["doctor", "status", "verify", "endpoints"])(
    "%s looks in a folder that is read-only, without a log",
    (command) => {
      keptCredentials();
      own(".mesh/kubeconfig");
      chmodSync(join(folder, ".mesh/kubeconfig"), 0o600);
      writeFileSync(join(folder, "seen"), "", { mode: 0o666 });
      chmodSync(join(folder, "seen"), 0o666);
      chownSync(folder, 0, 0);
      chmodSync(folder, 0o755);
      const before = readdirSync(tmpdir()).filter((name) => /^mesh-\w{6}$/.test(name));
      const { status, said } = mesh(undefined, command);
      expect({ status, said }).toEqual({ status: 1, said: expect.stringContaining("was refused") });
      expect(said).toContain("warning: .mesh is not writable here: this run keeps no log");
      expect(said).not.toContain("log: ");
      expect(said).not.toContain("no credentials");
      expect(existsSync(join(folder, ".mesh/log"))).toBe(false);
      expect(readdirSync(tmpdir()).filter((name) => /^mesh-\w{6}$/.test(name))).toEqual(before);
    },
  );

  test("a command that has to write into a read-only folder reports it", () => {
    chownSync(folder, 0, 0);
    chmodSync(folder, 0o755);
    expect(mesh(undefined, "ca")).toMatchObject({
      status: 1,
      said: expect.stringMatching(/^error: cannot create .*: no permission; change the owner or the mode\n$/),
    });
  });
});
