import { reachableChecks } from "../../../checks/basics/reachable";
import type { World } from "../../../checks/basics/world";
import { ProgramFailed } from "../../../ops/exec/errors";
import { fixtureMesh } from "../../fixtures";

const mesh = fixtureMesh("production");
const remote = mesh.remotes[0]!;
const server = "https://aks-shop-north.hcp.northeurope.azmk8s.io:443";
const { look } = reachableChecks.find(({ id }) => id === "reachable.api")!;

/** @param answer of the API server */
const world = (answer: () => Promise<unknown>) =>
  ({
    mesh,
    kubeconfig: async () => ({
      contexts: new Map([[remote.context, { cluster: remote.context, server, plugin: "kubelogin" }]]),
    }),
    probes: () => ({ version: answer }),
  }) as unknown as World;

test("an API server that answers is shown with the sources that it admits", async () => {
  const result = await look(
    world(async () => ({})),
    remote,
  );
  expect(result).toMatchObject({
    kind: "pass",
    evidence: [`${server}, which admits 198.51.100.0/24, west, north`],
  });
});

test("where packets are dropped, the way into the authorized ranges is named", async () => {
  const words = "Unable to connect to the server: dial tcp 203.0.113.7:443: i/o timeout";
  const result = await look(
    world(async () => {
      throw new ProgramFailed("kubectl", 1, words);
    }),
    remote,
  );
  expect(result).toMatchObject({
    kind: "problem",
    fix: expect.stringContaining(
      "the API server admits 198.51.100.0/24, west, north: add this machine's public address to azure.authorizedIpRanges, then run `mesh up`",
    ),
    commands: [
      "az aks get-credentials --resource-group rg-shop-north --name aks-shop-north --overwrite-existing",
      "kubelogin convert-kubeconfig --context aks-shop-north --login azurecli",
      "kubectl --context aks-shop-north get --raw /version",
    ],
  });
});
