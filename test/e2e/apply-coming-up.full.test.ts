import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answers, bothVersionsFrom } from "./answers";
import {
  allowAllButClusterRoles,
  contentsOf,
  deadWebhooks,
  noAddresses,
  readIfThere,
  smallDisk,
  stuckNamespace,
} from "./apply-faults";
import { addAlias, addServiceAccount, copyKubeconfig } from "./kubeconfig";
import { bare, describeInLab, must, sh } from "./lab";
import { secretsIn, strayFiles } from "./leftovers";
import { differencesBetween, objectsOf } from "./mesh-objects";
import { both, type Ended, meshYaml, minutes, primary, remote, type StartOptions, Tool } from "./tool";
import { Way } from "./way";

// Faults during the first apply: each has a message, leaves a consistent state, and is fixed by following the message. The
// faults are in the order of the steps, so that each run continues from the one before.

describeInLab(
  "the first apply",
  () => {
    let tool: Tool;
    let folder: string;
    let env: NodeJS.ProcessEnv;
    let kubeconfig: string;
    const ways: Record<string, Way> = {};
    const outputs: string[] = [];

    const run = async (args: readonly string[], options: StartOptions = {}): Promise<Ended> => {
      const ended = await tool.start(args, { env, ...options }).ended;
      outputs.push(ended.out + ended.err);
      expect(ended.err).not.toMatch(/^ {4}at |bug of mesh/m);
      return ended;
    };
    const ending =
      (wanted: number) =>
      async (args: readonly string[], options?: StartOptions): Promise<string> => {
        const { code, out, err } = await run(args, options);
        if (code !== wanted) throw new Error(`mesh ${args.join(" ")} ended with ${code}\n${out}${err}`);
        return out + err;
      };
    const [passing, failing] = [ending(0), ending(1)];
    const has = (context: string, what: string) => sh(`kubectl --context ${context} get ${what}`).code === 0;
    const isLocked = () => has(primary, "-n default lease mesh-run");

    beforeAll(async () => {
      bare(both);
      folder = mkdtempSync(join(tmpdir(), "mesh-faults-"));
      const disk = join(folder, "project");
      must(`mkdir ${disk}`);
      if (smallDisk.canBeMade()) smallDisk.mount(disk, 64);
      tool = new Tool(meshYaml(), disk);
      await tool.must(["ca"]);
      kubeconfig = join(folder, "kubeconfig");
      env = { KUBECONFIG: kubeconfig };
      copyKubeconfig(kubeconfig);
      for (const context of both) {
        ways[context] = await Way.open();
        ways[context].leadsTo(context, kubeconfig);
      }
    }, 5 * minutes);
    afterAll(async () => {
      for (const way of Object.values(ways)) await way.close();
      for (const context of both) {
        noAddresses.end(context);
        deadWebhooks.end(context);
        stuckNamespace.release(context, "sample");
      }
      sh(`kubectl --context ${primary} -n default delete serviceaccount mesh-weak --ignore-not-found`);
      sh(
        `kubectl --context ${primary} delete clusterrole,clusterrolebinding mesh-weak mesh-admin --ignore-not-found`,
      );
      smallDisk.unmount(tool.folder);
      rmSync(folder, { recursive: true, force: true });
      bare(both);
    }, 6 * minutes);

    describe.each([
      ["refuses", (way: Way) => way.cut()],
      ["never answers", (way: Way) => way.silence()],
    ])("with an API server that %s before the run", (_, begin) => {
      test.each([
        ["the primary's", primary, "main0"],
        ["a remote's", remote, "remote0"],
      ])(
        "(%s) changes no cluster",
        async (_, context, cluster) => {
          const before = objectsOf(both);
          await begin(ways[context]!);
          try {
            const said = await failing(["apply"], { seconds: 60 });
            expect(said).toContain(`reachable.api of ${cluster}: https://`);
            expect(said).toContain(`    kubectl --context ${context} get --raw /version\n`);
            expect(said).toMatch(
              /connection refused|Unable to connect to the server: .*timeout|Client\.Timeout/i,
            );
            expect(said).toContain("\nnothing was changed\n");
          } finally {
            await ways[context]!.restore();
          }
          expect(differencesBetween(before, objectsOf(both))).toEqual([]);
          expect(isLocked()).toBe(false);
        },
        2 * minutes,
      );
    });

    test(
      "with two contexts of one cluster changes nothing there",
      async () => {
        const before = objectsOf(both);
        addAlias("alias", primary, kubeconfig);
        tool.configure(meshYaml("", primary, "alias"));
        const said = await failing(["apply"]);
        expect(said).toContain(
          `clusters.distinct of remote0: the contexts ${primary} (main0) and alias lead to the same cluster`,
        );
        expect(said).toContain("fix: use the context of another cluster in mesh.yaml, or remove the cluster");
        expect(differencesBetween(before, objectsOf(both))).toEqual([]);
        tool.configure(meshYaml());
      },
      2 * minutes,
    );

    (smallDisk.canBeMade() ? test : test.skip)(
      "with a full disk before it queries no cluster, and leaves no partial file",
      async () => {
        const before = objectsOf(both);
        const files = () => contentsOf(tool.folder).replace(/.* \.\/(\.mesh\/|ballast).*\n/g, "");
        const filesBefore = files();
        smallDisk.fill(tool.folder, 8_192);
        try {
          const said = await failing(["apply"]);
          expect(said).toMatch(/^error: cannot \w+ .*: the disk is full; free some space and run it again$/m);
          expect(files()).toBe(filesBefore);
          expect(strayFiles(tool)).toEqual([]);
        } finally {
          smallDisk.makeRoom(tool.folder);
        }
        expect(differencesBetween(before, objectsOf(both))).toEqual([]);
        await passing(["apply", "--until", "namespaces", "--only", "main0"]);
      },
      2 * minutes,
    );

    test(
      "with a namespace stuck in Terminating names what blocks it, and waits in that cluster",
      async () => {
        stuckNamespace.make(remote, "sample");
        try {
          const said = await failing(["apply", "--until", "services", "--timeout", "15"]);
          expect(said).toMatch(/^remote0 +namespaces and CA +waiting for namespace sample to be deleted/m);
          expect(said).toMatch(/^remote0 +namespaces and CA +FAILED/m);
          expect(said).toContain("namespaces and CA in remote0: not done within 15 s");
          expect(said).toContain("namespace sample is being deleted");
          expect(said).toContain("example.com/held in 1 resource instances");
          expect(said).toContain("fix: a finalizer in the namespace waits for a controller that may be gone");
          expect(said).toContain("not applied: remote0/namespaces; fix the cause and run it again");
          expect(has(remote, "namespace istio-system")).toBe(false);
          expect(has(primary, "-n istio-system service istio-eastwestgateway")).toBe(true);
          expect(isLocked()).toBe(false);
        } finally {
          stuckNamespace.release(remote, "sample");
        }
        await passing(["apply", "--until", "services"]);
        expect(has(remote, "-n istio-system service istio-eastwestgateway")).toBe(true);
      },
      3 * minutes,
    );

    test(
      "without permission to create ClusterRoles names the permission, and doctor's fix is enough",
      async () => {
        addServiceAccount("mesh-weak", primary, kubeconfig);
        allowAllButClusterRoles("mesh-weak", primary);
        tool.configure(meshYaml("", "mesh-weak", remote));
        const upToIstiod = ["apply", "--only", "main0", "--until", "control-plane"];
        try {
          const said = await failing([...upToIstiod, "--timeout", "60"]);
          expect(said).toMatch(/^main0 +istiod +FAILED/m);
          expect(said).toMatch(
            /clusterroles\.rbac\.authorization\.k8s\.io ".*" is forbidden: User "system:serviceaccount:default:mesh-weak"/,
          );
          expect(said).toContain(
            "fix: the identity of this context lacks the permission named above; mesh doctor lists the required permissions",
          );
          expect(sh(`kubectl --context ${primary} get clusterroles -o name | grep istio`).out).toBe("");
          expect(isLocked()).toBe(false);

          const advice = await failing(["doctor"]);
          expect(advice).toContain("create, patch clusterroles.rbac.authorization.k8s.io");
          const [command = "echo no advice; false"] =
            /kubectl .*create clusterrolebinding .*default:mesh-weak\S*/.exec(advice) ?? [];
          // As a user with the permission.
          must(command.replace("--context mesh-weak", `--context ${primary}`));
          await passing(upToIstiod);
          expect(has(primary, "clusterrole istiod-clusterrole-istio-system")).toBe(true);
        } finally {
          tool.configure(meshYaml());
        }
      },
      6 * minutes,
    );

    test(
      "without a load balancer address fails at the deadline with the command to run; an address after 40 s is accepted",
      async () => {
        noAddresses.begin(primary);
        try {
          must(
            `kubectl --context ${primary} -n istio-system delete services -l operator.istio.io/component=IngressGateways`,
          );
          const said = await failing(["apply", "--until", "address", "--timeout", "45"]);
          expect(said).toMatch(/^main0 +address of istio-eastwestgateway +\.\.\. 30/m);
          expect(said).toContain("address of istio-eastwestgateway in main0: not done within 45 s");
          expect(said).toMatch(
            /no events for the Service istio-eastwestgateway in istio-system|Service istio-eastwestgateway: /,
          );
          expect(said).toContain("fix: the cloud has not assigned an address to the gateway's Service");
          expect(said).toContain("not applied: main0/address; fix the cause and run it again");
          expect(readIfThere(join(tool.folder, "mesh.addresses.yaml")) ?? "").not.toContain("main0:");
          expect(has(remote, "-n istio-system service istiod")).toBe(false);
          expect(isLocked()).toBe(false);

          const late = run(["apply", "--until", "address"]);
          await sleep(20_000);
          // The API server is also unreachable for a moment: the wait continues.
          await ways[primary]!.cut();
          await sleep(5_000);
          await ways[primary]!.restore();
          await sleep(15_000);
          noAddresses.end(primary);
          const { code, err, seconds } = await late;
          expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/address of .* unchanged/) });
          expect(seconds).toBeGreaterThanOrEqual(40);
        } finally {
          noAddresses.end(primary);
          await ways[primary]!.restore();
        }
        expect(readIfThere(join(tool.folder, "mesh.addresses.yaml"))).toMatch(/^main0: /m);
      },
      5 * minutes,
    );

    test(
      "with an image that cannot be pulled names image and registry, and the correct name is enough",
      async () => {
        tool.configure(meshYaml("istio: { hub: docker.io/nowhere }"));
        try {
          const said = await failing(["apply", "--until", "control-plane", "--timeout", "60"]);
          expect(said).toContain("istiod ready in main0: not done within 60 s");
          expect(said).toMatch(
            /Pod istio-system\/istiod-\S+: container discovery: \S+: .*docker\.io\/nowhere\/pilot/,
          );
          expect(said).toContain("fix: the image cannot be pulled: check that the registry has it");
          expect(said).not.toContain("API server");
          expect(said).toMatch(/^main0 +injection +not tried/m);
          // The previous pod keeps running.
          expect(
            has(primary, "-n istio-system endpoints istiod -o jsonpath='{.subsets[0].addresses[0].ip}'"),
          ).toBe(true);
          expect(isLocked()).toBe(false);
        } finally {
          tool.configure(meshYaml());
        }
        await passing(["apply", "--until", "control-plane"]);
      },
      6 * minutes,
    );

    test(
      "with webhooks of a deleted istiod names them, and continues without them",
      async () => {
        deadWebhooks.begin(primary);
        try {
          const said = await failing(["apply", "--until", "routing", "--only", "main0", "--timeout", "40"]);
          expect(said).toMatch(/failed calling webhook "config\.old\.istio\.io"/);
          expect(said).toMatch(
            /^main0 +injection +FAILED .*\n.*\n.*failed calling webhook "pods\.old\.istio\.io"/m,
          );
          expect(said).toContain(
            "fix: a webhook is unreachable: if its Istio was removed, delete its configuration",
          );
          expect(has(primary, "-n istio-system gateways.networking.istio.io istiod-gateway")).toBe(false);
        } finally {
          deadWebhooks.end(primary);
        }
        await passing(["apply", "--until", "routing", "--only", "main0"]);
        expect(has(primary, "-n istio-system gateways.networking.istio.io istiod-gateway")).toBe(true);
      },
      5 * minutes,
    );

    test.each([
      ["the primary's", primary, /^remote0 +webhook and reader /],
      ["a remote's", remote, /^main0 +injection /],
    ])(
      "reports soon that %s API server is unreachable during the run, and can be repeated",
      async (_, context, line) => {
        let cut: Promise<void> | undefined;
        try {
          const said = await failing(["apply", "--timeout", "20"], {
            onLine: (told) => {
              if (line.test(told)) cut ??= ways[context]!.cut();
            },
            seconds: 120,
          });
          expect(cut).toBeDefined();
          expect(said).toMatch(/connection refused|connection to the server .* was refused|does not answer/);
          expect(said).toContain("fix: the API server is unreachable");
          expect(said).toMatch(/^not applied: .*; fix the cause and run it again$/m);
        } finally {
          await cut;
          await ways[context]!.restore();
        }
        await passing(["apply", "--until", "exposure"]);
      },
      5 * minutes,
    );

    (smallDisk.canBeMade() ? test : test.skip)(
      "with a disk that becomes full during it leaves no partial file of addresses",
      async () => {
        rmSync(join(tool.folder, "mesh.addresses.yaml"), { force: true });
        rmSync(join(tool.folder, ".mesh/istio"), { recursive: true, force: true });
        try {
          const said = await failing(["apply", "--timeout", "30"], {
            onLine: (told) => {
              if (/^main0 +namespaces and CA /.test(told)) smallDisk.fill(tool.folder, 0);
            },
          });
          expect(said).toContain("ENOSPC");
          expect(said).toContain("fix: the disk is full: free some space, then run again");
          expect(readIfThere(join(tool.folder, "mesh.addresses.yaml"))).toBeUndefined();
          expect(isLocked()).toBe(false);
        } finally {
          smallDisk.makeRoom(tool.folder);
        }
        expect(strayFiles(tool)).toEqual([]);
      },
      3 * minutes,
    );

    test(
      "completes, and both versions answer from both clusters",
      async () => {
        await passing(["apply"]);
        expect(answers(both)).toEqual(bothVersionsFrom(both));
        expect(await passing(["apply"])).toContain("nothing to change");
      },
      6 * minutes,
    );

    test("leaves no key or token in logs and output, and no stray file", () => {
      expect(strayFiles(tool)).toEqual([]);
      expect(outputs.length).toBeGreaterThan(18);
      expect(secretsIn(tool, outputs)).toEqual([]);
    });
  },
  both,
);
