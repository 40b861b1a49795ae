import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { meshStatus } from "../../checks/status";
import { parseMesh } from "../../mesh/load";
import { createPrograms } from "../../ops/exec/programs";
import { silentReporter } from "../../ops/run/progress";
import { fakePath } from "../ops/exec/fake-programs";

const mesh = parseMesh(
  "clusters:\n  - { name: main0, role: primary, network: n1, context: one }\n  - { name: remote0, network: n2, context: two }\n",
  "mesh.yaml",
);

// Where every request is refused istioctl 1.31.1 logs `failed to list ...: Unauthorized` and tries again without an end.
test("clusters that refuse the credentials are reported at once, whatever istioctl does", async () => {
  const path = fakePath();
  const workFolder = mkdtempSync(join(tmpdir(), "mesh-refused-"));
  const view = {
    contexts: ["one", "two"].map((name) => ({ name, context: { cluster: "c" } })),
    clusters: [{ name: "c", cluster: { server: "https://c" } }],
  };
  path.add(
    "kubectl",
    `case "$*" in
  "version --client "*) echo '{"clientVersion":{"gitVersion":"v1.35.1"}}';;
  "config view "*) echo '${JSON.stringify(view)}';;
  *) echo 'error: You must be logged in to the server (Unauthorized)' >&2; exit 1;;
esac`,
  );
  path.add(
    "istioctl",
    `case "$1" in
  version) echo '{"clientVersion":{"version":"${mesh.istio.version}"}}';;
  *) exec sleep 60;;
esac`,
  );
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const context = {
    programs: createPrograms({ env: path.env, signal }),
    reporter: silentReporter,
    now: () => new Date(),
    signal,
    workFolder,
  };
  try {
    const begun = performance.now();
    const { ok, problems } = await meshStatus(context, { mesh, meshFile: "mesh.yaml" });
    expect((performance.now() - begun) / 1000).toBeLessThan(10);
    expect({ ok, problems: problems.map(({ text }) => text) }).toEqual({
      ok: false,
      problems: [expect.stringContaining("Unauthorized"), expect.stringContaining("Unauthorized")],
    });
  } finally {
    path.remove();
    rmSync(workFolder, { recursive: true });
  }
});
