import { parseMesh } from "../../../mesh/load";
import { runOf } from "../../../ops/apply/steps";

test("a cluster called constructor has no address until the run has found one", () => {
  const mesh = parseMesh(
    "clusters:\n  - {name: constructor, role: primary, network: n, context: c}\n  - {name: b, network: m, context: d}\n",
    "mesh.yaml",
  );
  const inputs = { mesh, paths: { dist: "dist" }, addresses: { b: "203.0.113.7" } } as unknown as Parameters<
    typeof runOf
  >[1];
  const { addresses } = runOf({ programs: {}, workFolder: "." } as Parameters<typeof runOf>[0], inputs);
  expect([addresses.constructor, addresses.b]).toEqual([undefined, "203.0.113.7"]);
});
