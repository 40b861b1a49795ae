import { requestPlan } from "../../../checks/verify/split/request-plan";
import { parseMesh } from "../../../mesh/load";

const meshOf = (clusters: number, weights = "") => {
  const rows = Array.from(
    { length: clusters },
    (_, i) => `  - { name: c${i}, network: n${i}, context: c${i}${i === 0 ? ", role: primary" : ""} }\n`,
  );
  const mesh = parseMesh(`clusters:\n${rows.join("")}sample: { ${weights} }\n`, "mesh.yaml");
  return requestPlan(mesh, mesh.sample!);
};

test("the false alarms of all tests in all clusters together stay below one in a million", () => {
  for (const clusters of [1, 2, 3, 100]) {
    expect(meshOf(clusters).falseAlarm * clusters * 2).toBeCloseTo(1e-6, 12);
  }
});

test("a version with a tenth of the requests is waited for: there are enough to see it", () => {
  const { requests, falseAlarm } = meshOf(2, "weights: { v1: 90, v2: 10 }");
  expect(0.9 ** requests).toBeLessThanOrEqual(falseAlarm / 2);
  expect(requests).toBeLessThan(200);
});

test("one that gets a hundredth is not", () => {
  expect(meshOf(2, "weights: { v1: 99, v2: 1 }").requests).toBeLessThan(120);
});

test("a hundred clusters take somewhat more requests each, not a hundred times as many", () => {
  expect(meshOf(100, "weights: { v1: 50, v2: 50 }").requests).toBeLessThan(200);
});
