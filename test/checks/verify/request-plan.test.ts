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

test("there are enough requests to see a version with a tenth of them", () => {
  const { requests, falseAlarm } = meshOf(2, "weights: { v1: 90, v2: 10 }");
  expect(0.9 ** requests).toBeLessThanOrEqual(falseAlarm / 2);
  expect(requests).toBeLessThan(200);
});

test("a version with a hundredth of the requests is not waited for", () => {
  expect(meshOf(2, "weights: { v1: 99, v2: 1 }").requests).toBeLessThan(120);
});

test("with a hundred clusters each needs somewhat more requests, not a hundred times as many", () => {
  expect(meshOf(100, "weights: { v1: 50, v2: 50 }").requests).toBeLessThan(200);
});
