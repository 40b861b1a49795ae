import { compose, lines, notPassed, objectIn, verifyComposed } from "./composed-mesh";
import { scaleToZero, testFaults } from "./fault";
import { addonFaults } from "./faults/addons";

testFaults(addonFaults);

test("Kiali scaled to zero is a warning", async () => {
  const composed = await compose(lines.current);
  scaleToZero(objectIn(composed.clusters.main0!.istioSystem, "Deployment", "kiali"));
  expect(notPassed(await verifyComposed(composed))).toEqual(["warn addons.kiali"]);
});

test("metrics are not judged before the first request is counted", async () => {
  const composed = await compose(lines.current);
  composed.pairs = [];
  const report = await verifyComposed(composed);
  expect(notPassed(report)).toEqual(["not judged addons.metrics"]);
  expect(report.ok).toBe(true);
});
