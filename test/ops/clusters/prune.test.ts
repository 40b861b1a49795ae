import type { Mesh } from "../../../mesh/mesh";
import { bundleKinds, kindsOf, objectsToPrune } from "../../../ops/clusters/prune";
import { ProgramFailed } from "../../../ops/exec/errors";
import { kubectlFor } from "../../../ops/exec/kubectl";
import type { Output, Programs } from "../../../ops/exec/programs";
import { manifests, mesh, referenceMeshes } from "../../k8s/render";

const kindsIn = (of: Mesh) => kindsOf(of.clusters.flatMap(({ name }) => manifests(of, name)));

describe("kinds of objects to prune", () => {
  const references = Object.values(referenceMeshes).map((reference) => reference());

  test.each(references)("are all that the bundles of Istio $istio.line.id hold", (reference) => {
    expect(bundleKinds(reference)).toEqual(expect.arrayContaining(kindsIn(reference)));
  });

  test("are no others", () => {
    expect(new Set(references.flatMap(bundleKinds))).toEqual(new Set(references.flatMap(kindsIn)));
  });
});

describe("objects that are no longer in mesh.yaml", () => {
  const old = mesh('istio: { line: "1.7" }\n');

  /** A kubectl whose server does not know some API groups; it refuses as kubectl does. */
  function kubectlWithout(groups: readonly string[], asked: string[][]): Programs {
    return {
      async run(program, args): Promise<Output> {
        const kinds = args[args.indexOf("get") + 1]!.split(",");
        asked.push(kinds);
        const unknown = kinds.find((kind) => groups.some((group) => kind.endsWith(`.${group}`)));
        if (unknown) {
          const stderr = `error: the server doesn't have a resource type "${unknown.split(".")[0]}"\n`;
          throw new ProgramFailed(program, 1, stderr);
        }
        return { code: 0, stdout: "", stderr: "" };
      },
    };
  }
  const look = (programs: Programs) =>
    objectsToPrune(kubectlFor(programs, "main0"), old, [], [], new AbortController().signal);

  test("are found without Kiali's CRD", async () => {
    const asked: string[][] = [];
    await look(kubectlWithout(["monitoring.kiali.io"], asked));
    expect(asked).toHaveLength(2);
    expect(asked[1]).toEqual(bundleKinds(old).filter((kind) => !kind.includes("kiali")));
  });

  test("are queried on a bare cluster with one request for each missing group of CRDs", async () => {
    const asked: string[][] = [];
    await look(kubectlWithout(["monitoring.kiali.io", "networking.istio.io"], asked));
    expect(asked).toHaveLength(3);
    expect(asked[2]).toContain("Role.rbac.authorization.k8s.io");
    expect(asked[2]!.join()).not.toMatch(/istio|kiali/);
  });

  test("are not guessed if kubectl fails otherwise", async () => {
    const refusing: Programs = {
      async run(program) {
        throw new ProgramFailed(program, 1, "connection refused");
      },
    };
    await expect(look(refusing)).rejects.toThrow(ProgramFailed);
  });
});

test.each([
  ["a cluster-wide object whose manifest has a namespace", { namespace: "payments" }, {}],
  ["an object that kubectl put into a namespace", {}, { namespace: "default" }],
])("%s is not pruned; one of another name is", async (_, wantedIn, liveIn) => {
  const object = (name: string, place: object) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, ...place },
  });
  const live = [object("payments", liveIn), object("left", liveIn)];
  const programs: Programs = {
    run: async (_, args) => {
      const items = args.join().includes("networkpolicies") ? [] : live;
      return { code: 0, stdout: JSON.stringify({ kind: "List", items }), stderr: "" };
    },
  };
  const unwanted = await objectsToPrune(
    kubectlFor(programs, "main0"),
    mesh(),
    [object("payments", wantedIn)],
    [],
    new AbortController().signal,
  );
  expect(unwanted.map(({ metadata }) => metadata.name)).toEqual(["left"]);
});

describe("Istio's NetworkPolicies, which istioctl does not prune", () => {
  const names = ["istiod", "istio-eastwestgateway", "istio-ingressgateway", "istio-cni"];
  const policy = (name: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: "istio-system", labels: { "operator.istio.io/component": "Pilot" } },
  });

  test.each([
    ["networkPolicy: false", "", names],
    ["networkPolicy: true, cni: true", "", []],
    ["networkPolicy: true", "", ["istio-cni"]],
    ["networkPolicy: true, cni: true", "gateways: { ingress: false }\n", ["istio-ingressgateway"]],
  ])("with istio: { %s } %s are pruned if mesh.yaml does not have them", async (istio, more, unwanted) => {
    const asked: string[] = [];
    const programs: Programs = {
      async run(_, args) {
        const line = args.join(" ");
        asked.push(line);
        const items = line.includes("networkpolicies") ? names.map(policy) : [];
        return { code: 0, stdout: JSON.stringify({ kind: "List", items }), stderr: "" };
      },
    };
    const of = mesh(`istio: { ${istio} }\n${more}`);
    const { signal } = new AbortController();
    const found = await objectsToPrune(kubectlFor(programs, "main0"), of, [], [], signal);
    expect(found.map(({ metadata }) => metadata.name)).toEqual(unwanted);
    // Those of users have no such label, or are elsewhere.
    expect(asked.find((line) => line.includes("networkpolicies"))).toMatch(
      /-n istio-system .*-l operator\.istio\.io\/component/,
    );
  });
});
