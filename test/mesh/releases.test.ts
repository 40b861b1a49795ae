import { istioLines } from "../../mesh/istio-lines";
import { parseMesh } from "../../mesh/load";
import { faultByRemoteSecret, faultsOf, releaseFindings } from "../../mesh/releases";
import { twoClusters } from "./two-clusters";

const istio = (text: string) => parseMesh(`istio: { ${text} }\n${twoClusters}`, "mesh.yaml").istio;
const said = (text: string, on: string) =>
  releaseFindings(istio(text), new Date(on)).map(({ path, message }) => `${path.join(".")}: ${message}`);
const longAgo = "2026-06-01";

describe("faults of a release", () => {
  test.each(["1.30.0", "1.30.1", "1.30.2", "1.30.3", "1.30.3-distroless"])(
    "%s is said to lose endpoints when a remote secret changes",
    (version) => {
      expect(said(`line: "1.30", version: ${version}`, longAgo)).toEqual([
        `istio.version: Istio ${version} loses every endpoint of a remote whose remote secret changes, until istiod restarts (istio#61043)`,
      ]);
      expect(faultByRemoteSecret(version)).toMatchObject({ fixedIn: "1.30.4" });
    },
  );

  test.each(["1.30.4", "1.30.5", "1.30.10", "1.31.0", "1.31.1", "1.7.3", "1.29.1", "1.3.2", "dev"])(
    "none are known of %s",
    (version) => {
      expect(faultsOf(version)).toEqual([]);
    },
  );

  test("do not affect default versions, and the fix suggests a default version", () => {
    for (const { id, version } of istioLines) {
      expect(said(`line: "${id}"`, longAgo).filter((line) => line.startsWith("istio.version"))).toEqual([]);
      for (const fault of istioLines.flatMap(({ faults }) => faults)) expect(fault.fixedIn).not.toBe(version);
    }
    const [finding] = releaseFindings(istio('line: "1.30", version: 1.30.3'), new Date(longAgo));
    const [, version] = /^set istio\.version to (\S+), or to any version from 1\.30\.4$/.exec(finding!.fix)!;
    expect(said(`line: "1.30", version: ${version}`, longAgo)).toEqual([]);
  });
});

describe("the end of support", () => {
  test.each([
    ["2026-10-31", []],
    ["2026-11-01", ["ends about 2026-12-31, 60 days from now; no bug or security fixes after that"]],
    ["2026-12-30", ["ends about 2026-12-31, 1 day from now; no bug or security fixes after that"]],
    ["2026-12-31", ["ends about 2026-12-31, 0 days from now; no bug or security fixes after that"]],
    ["2027-01-02", ["ended about 2026-12-31; bugs and vulnerabilities found since then"]],
  ])("of 1.30, on %s", (on, ends) => {
    const lines = said('line: "1.30"', on);
    expect(lines).toHaveLength(ends.length);
    for (const end of ends) expect(lines[0]).toContain(`istio.line: support for Istio 1.30 ${end}`);
  });

  test("of 1.7 is past, and that of the default line is unknown", () => {
    expect(said('line: "1.7"', longAgo)).toEqual([
      expect.stringContaining(
        "support for Istio 1.7 ended on 2021-02-25; bugs and vulnerabilities found since then",
      ),
    ]);
    expect(said('line: "1.31"', "2026-11-27")).toEqual([]);
  });

  test("is a date in every row that has one", () => {
    for (const { supportEnds } of istioLines)
      if (supportEnds)
        expect(new Date(supportEnds.date).toISOString()).toBe(`${supportEnds.date}T00:00:00.000Z`);
  });
});
