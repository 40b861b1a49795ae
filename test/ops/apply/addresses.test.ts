import { existsSync, readFileSync, statSync } from "node:fs";
import { meshPaths } from "../../../mesh/paths";
import { keepAddress } from "../../../ops/apply/addresses";
import { runOf } from "../../../ops/apply/steps";
import type { Context } from "../../../ops/run/context";
import { readInputs } from "../../../synth/inputs";
import { synthesize } from "../../../synth/synthesize";
import { project } from "../../synth/project";

const waitsForAddress = "dist/remote0/istio/control-plane.yaml";

test("a found address is kept beside mesh.yaml, dist gets the file that needs it, and the same one is not kept twice", async () => {
  const { leave } = await project();
  try {
    const inputs = { ...readInputs(meshPaths("mesh.yaml"), new Date()), rootCertificate: "" };
    synthesize(inputs);
    const findings = { istioctlVersion: "1.31.1", inventory: undefined, primaryGateway: undefined };
    const run = runOf({ programs: {}, workFolder: "." } as Context, { ...inputs, ...findings });
    expect(existsSync(waitsForAddress)).toBe(false);

    keepAddress(run, "main0", "203.0.113.7");
    expect(run.addresses.main0).toBe("203.0.113.7");
    expect(readFileSync("mesh.addresses.yaml", "utf8")).toMatch(/^main0: 203\.0\.113\.7$/m);
    expect(readFileSync(waitsForAddress, "utf8")).toContain("203.0.113.7");

    const { ino } = statSync("mesh.addresses.yaml");
    keepAddress(run, "main0", "203.0.113.7");
    expect(statSync("mesh.addresses.yaml").ino).toBe(ino);
    keepAddress(run, "main0", "203.0.113.8");
    expect(readFileSync(waitsForAddress, "utf8")).toContain("203.0.113.8");
  } finally {
    leave();
  }
});
