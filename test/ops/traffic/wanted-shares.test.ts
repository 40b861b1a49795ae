import type { Sample } from "../../../mesh/mesh";
import { wantedShares } from "../../../ops/traffic/wanted-shares";

const sample = (places: Record<string, string[]>, weights?: Record<string, number>): Sample => ({
  namespace: "sample",
  versions: Object.entries(places).map(([name, clusters]) => ({ name, clusters })),
  weights,
});

test("weights are the versions' shares, and those of the clusters that run them", () => {
  expect(wantedShares(sample({ v1: ["main0"], v2: ["remote0"] }, { v1: 90, v2: 10 }))).toEqual({
    versions: { v1: 90, v2: 10 },
    clusters: { main0: 90, remote0: 10 },
  });
});

test("a cluster gets the shares of all its versions, and a version without a weight has none", () => {
  expect(wantedShares(sample({ v1: ["main0"], v2: ["main0"] }, { v1: 100 }))).toEqual({
    versions: { v1: 100, v2: 0 },
    clusters: { main0: 100 },
  });
});

test("if a version runs in several clusters, their shares are unknown", () => {
  const { versions, clusters } = wantedShares(
    sample({ v1: ["main0"], v2: ["remote0", "remote1"] }, { v1: 90, v2: 10 }),
  );
  expect({ versions, clusters }).toEqual({ versions: { v1: 90, v2: 10 }, clusters: {} });
});

test("without weights no shares are expected", () => {
  expect(wantedShares(sample({ v1: ["main0"], v2: ["remote0"] }))).toEqual({ versions: {}, clusters: {} });
});
