import { readRemoteClusters } from "../../../ops/clusters/istiod-facts";

/** As istioctl 1.31 prints it: cells may be empty. */
const table = (...rows: string[][]) =>
  [["NAME", "SECRET", "STATUS", "ISTIOD", "REVISION"], ...rows]
    .map((cells) => cells.map((cell) => cell.padEnd(48)).join(""))
    .join("\n");
const secret = "istio-system/istio-remote-secret-remote0";

test("every cluster has the state that istiod gives it", () => {
  const printed = table(
    ["main0", "", "synced", "istiod-one", "default"],
    ["remote0", secret, "timeout", "istiod-one", "default"],
  );
  expect(readRemoteClusters(printed)).toEqual({ main0: "synced", remote0: "timeout" });
});

test("of several istiods the one that is behind counts, and is named", () => {
  const printed = table(
    ["main0", "", "synced", "istiod-one", "default"],
    ["remote0", secret, "synced", "istiod-one", "default"],
    ["main0", "", "synced", "istiod-two", "default"],
    ["remote0", secret, "syncing", "istiod-two", "default"],
  );
  expect(readRemoteClusters(printed)).toEqual({ main0: "synced", remote0: "syncing in istiod-two" });
});

test("a cluster that one istiod has not heard of is not synced", () => {
  const printed = table(
    ["main0", "", "synced", "istiod-one", "default"],
    ["main0", "", "synced", "istiod-two", "default"],
    ["remote0", secret, "synced", "istiod-two", "default"],
  );
  expect(readRemoteClusters(printed)).toEqual({ main0: "synced", remote0: "unknown to istiod-one" });
});

test("an empty answer knows no cluster", () => {
  expect(readRemoteClusters("")).toEqual({});
});
