import { problemsOf, refuses, twoClusters } from "./two-clusters";

refuses({
  "weights that sum to 110": {
    text: `${twoClusters}sample: { weights: { v1: 60, v2: 50 } }\n`,
    says: /^12:20: sample\.weights: weights sum to 110 \(60 \+ 50\): expected 100/,
  },
  "weights that are all zero": {
    text: `${twoClusters}sample: { weights: { v1: 0, v2: 0 } }\n`,
    says: /weights sum to 0 .*\n {2}fix: remove weights/,
  },
  "a negative weight": {
    text: `${twoClusters}sample: { weights: { v1: -1, v2: 101 } }\n`,
    says: /sample\.weights\.v1: invalid value -1: expected a whole number from 0 to 100/,
  },
  "a weight in percent signs": {
    text: `${twoClusters}sample: { weights: { v1: 50%, v2: 50% } }\n`,
    says: /sample\.weights\.v1: invalid value "50%"/,
  },
  "a weight for a version that runs nowhere": {
    text: `${twoClusters}sample: { weights: { v1: 50, v3: 50 } }\n`,
    says: /sample\.weights\.v3: version "v3" runs on no cluster: expected one of v1, v2/,
  },
  "a version without an image": {
    text: `${twoClusters}sample: { versions: { v1: [main0], v9: [remote0] } }\n`,
    says: /sample\.versions\.v9: unknown version "v9" of helloworld: expected v1 or v2/,
  },
  "a version on an unknown cluster": {
    text: `${twoClusters}sample: { versions: { v1: [mian0] } }\n`,
    says: /sample\.versions\.v1\[0\]: unknown cluster "mian0".*\n {2}fix: did you mean "main0"\?/,
  },
  "a version on one cluster twice": {
    text: `${twoClusters}sample: { versions: { v1: [main0, main0] } }\n`,
    says: /versions\.v1\[1\]: duplicate value "main0"/,
  },
  "a version that runs on no cluster": {
    text: `${twoClusters}sample: { versions: { v1: [] } }\n`,
    says: /sample\.versions\.v1: invalid value \(a list of 0\): expected a list of at least one/,
  },
  "Istio's namespace for the sample": {
    text: `${twoClusters}sample: { namespace: istio-system }\n`,
    says: /sample\.namespace: invalid value "istio-system": reserved/,
  },
  "Kiali without Prometheus": {
    text: `${twoClusters}addons: { prometheus: false, kiali: true }\n`,
    says: /addons\.kiali: invalid value true with prometheus: false/,
  },
  "an addon that is not there": {
    text: `${twoClusters}addons: { grafana: true }\n`,
    says: /addons\.grafana: unknown field: expected one of prometheus, kiali/,
  },
  "a sample without a version": {
    text: `${twoClusters}sample: { versions: {} }\n`,
    says: /sample\.versions: no version: expected at least one\n {2}fix: .*`enabled: false`/,
  },
  "a version called as what every object has": {
    text: `${twoClusters}sample: { versions: { constructor: [main0] }, weights: { toString: 100 } }\n`,
    says: /sample\.versions\.constructor: unknown version "constructor" of helloworld/,
  },
});

test("a disabled sample needs no version", () => {
  expect(problemsOf(`${twoClusters}sample: { enabled: false, versions: {} }\n`)).toEqual([]);
});

test("an invalid weight is one problem, without one for the sum", () => {
  for (const weights of ["{ v1: '50', v2: 50 }", "{ v1: '50', v2: half }"])
    expect(problemsOf(`${twoClusters}sample: { weights: ${weights} }\n`).join()).toMatch(
      /^(?!.*sum to).*: expected /s,
    );
});
