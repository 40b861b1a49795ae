import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bare, describeInLab, must, sh } from "./lab";
import { meshObjects } from "./mesh-objects";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";

// What a live mesh goes through with the tool as people run it: looked at first, changed, made smaller.

const oneCluster = `
clusters:
  - { name: main0, role: primary, network: network1, context: ${primary} }
addons: { prometheus: false, kiali: false }
`;

describeInLab(
  "a mesh that changes",
  () => {
    let tool: Tool;
    const versions = () =>
      both.map((context) =>
        must(
          `kubectl --context ${context} get ns,deploy,svc,cm,secret,sa,crd,clusterrole,mutatingwebhookconfiguration -A ` +
            `-o jsonpath='{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}' | grep -v -e leader -e election`,
        ),
      );
    const has = (context: string, what: string) => sh(`kubectl --context ${context} get ${what}`).code === 0;
    const endpointsOfHelloworld = () =>
      must(
        `istioctl --context ${primary} proxy-config endpoints -n sample deploy/curl --cluster 'outbound|5000||helloworld.sample.svc.cluster.local' -o json`,
      );

    beforeAll(async () => {
      bare(both);
      tool = new Tool(meshYaml());
      await tool.must(["ca"]);
    }, 5 * minutes);
    afterAll(async () => {
      tool.configure(meshYaml());
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
    }, 5 * minutes);

    test("on bare clusters the dry run shows everything as new, and changes nothing", async () => {
      const before = versions();
      const { out } = await tool.must(["apply", "--dry-run"]);
      expect(out).toContain("+ main0: Namespace istio-system");
      expect(out).toContain("+ main0: Secret istio-system/cacerts");
      expect(out).toContain("+ main0: Deployment istio-system/istiod");
      expect(out).toContain("+ main0: Secret istio-system/istio-remote-secret-remote0");
      expect(out).toContain("+ remote0: Deployment sample/helloworld-v2");
      expect(out).toMatch(/\n\d+ to add, 0 to change, 0 to remove\n$/);
      expect(versions()).toEqual(before);
    });

    test(
      "of two runs at once one makes the mesh, and the other says who is at it",
      async () => {
        const first = tool.start(["apply"]);
        const isLocked = () => has(primary, "-n default lease mesh-run");
        while (!isLocked()) await new Promise((resolve) => setTimeout(resolve, 200));
        const second = new Tool(meshYaml());
        const other = await second.run(["destroy", "--yes"]);
        second.remove();
        expect(other.code).toBe(1);
        expect(other.err).toMatch(
          /mesh apply of \S+ on \S+ \(process \d+\) is changing this mesh since \S+; one run at a time may/,
        );
        expect(other.err).not.toMatch(/^ {4}at /m);
        expect(other.seconds).toBeLessThan(25);
        expect((await first.ended).code).toBe(0);
        expect(isLocked()).toBe(false);
      },
      5 * minutes,
    );

    test("the dry run of a mesh that is as it should be shows nothing", async () => {
      const before = versions();
      expect((await tool.must(["apply", "--dry-run"])).out).toContain("mesh apply would change nothing");
      expect(versions()).toEqual(before);
    });

    test(
      "what was changed by hand is shown line by line, a Secret's values hidden",
      async () => {
        const key = must(
          `kubectl --context ${primary} -n istio-system get secret cacerts -o jsonpath='{.data.ca-key\\.pem}'`,
        );
        must(
          `kubectl --context ${primary} -n istio-system patch secret cacerts -p '{"data":{"ca-key.pem":"bm9uc2Vuc2U="}}'`,
        );
        must(
          `kubectl --context ${remote} -n sample label deploy curl app.kubernetes.io/managed-by=somebody --overwrite`,
        );
        const before = versions();
        const { out } = await tool.must(["apply", "--dry-run"]);
        expect(out).toContain("~ main0: Secret istio-system/cacerts");
        expect(out).toContain("+  ca-key.pem: (hidden, after)");
        expect(out).toContain("-    app.kubernetes.io/managed-by: somebody");
        expect(out).toContain("0 to add, 2 to change, 0 to remove");
        expect(out).not.toContain(key.slice(40, 90));
        expect(out).not.toContain("bm9uc2Vuc2U");
        expect(versions()).toEqual(before);
        await tool.must(["apply"]);
        expect((await tool.must(["apply", "--dry-run"])).out).toContain("would change nothing");
      },
      2 * minutes,
    );

    test(
      "an addon that is switched on comes, and goes when it is switched off, with all that belonged to it",
      async () => {
        const without = meshObjects(primary);
        tool.configure(meshYaml().replace("prometheus: false", "prometheus: true"));
        await tool.must(["apply"]);
        expect(has(primary, "-n istio-system deploy prometheus")).toBe(true);
        tool.configure(meshYaml());
        expect((await tool.must(["apply"])).err).toMatch(
          /stays unless --yes is given: .*Deployment istio-system\/prometheus/,
        );
        expect(has(primary, "-n istio-system deploy prometheus")).toBe(true);
        await tool.must(["apply", "--yes"]);
        expect(meshObjects(primary)).toEqual(without);
      },
      4 * minutes,
    );

    test(
      "a remote that has left mesh.yaml stays until removing is allowed, and is named",
      async () => {
        tool.configure(oneCluster);
        const before = versions()[1];
        const asked = await tool.must(["apply"]);
        expect(asked.err).toContain(
          `remote0 has left mesh.yaml; its Secret istio-remote-secret-remote0, and this mesh's Istio and sample in the context ${remote}, stay unless --yes is given`,
        );
        expect(versions()[1]).toEqual(before);
        expect(has(primary, "-n istio-system secret istio-remote-secret-remote0")).toBe(true);
        const { out } = await tool.must(["apply", "--dry-run"]);
        expect(out).toContain("- main0: Secret istio-system/istio-remote-secret-remote0");
        expect(out).toContain(`- remote0: Istio and sample in the context ${remote}`);
      },
      2 * minutes,
    );

    test(
      "with --yes its endpoints go within seconds, then its Istio and sample, and nothing else",
      async () => {
        must(
          `kubectl --context ${remote} create namespace foreign && kubectl --context ${remote} -n foreign create configmap kept`,
        );
        const gateway = readFileSync(join(tool.folder, "mesh.addresses.yaml"), "utf8").match(
          /remote0: (\S+)/,
        )![1]!;
        expect(endpointsOfHelloworld()).toContain(gateway);
        const { ended } = tool.start(["apply", "--yes"]);
        while (has(primary, "-n istio-system secret istio-remote-secret-remote0"))
          await new Promise((resolve) => setTimeout(resolve, 100));
        const gone = performance.now();
        while (endpointsOfHelloworld().includes(gateway))
          await new Promise((resolve) => setTimeout(resolve, 300));
        expect(performance.now() - gone).toBeLessThan(10_000);
        expect(await ended).toMatchObject({ code: 0 });
        expect(has(remote, "namespace istio-system")).toBe(false);
        expect(has(remote, "namespace sample")).toBe(false);
        expect(has(remote, "-n foreign configmap kept")).toBe(true);
        must(`kubectl --context ${remote} delete namespace foreign`);
        expect((await tool.must(["apply"])).out).toContain("nothing to change");
      },
      4 * minutes,
    );

    test("no key is in any log", () => {
      const folder = join(tool.folder, ".mesh/log");
      const logs = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
      const keys = ["main0", "remote0"].map(
        (name) => readFileSync(join(tool.folder, "mesh.ca", name, "ca-key.pem"), "utf8").split("\n")[3]!,
      );
      expect(logs.length).toBeGreaterThan(5);
      for (const text of logs) {
        for (const key of keys) expect(text).not.toContain(key);
        expect(text).not.toMatch(/PRIVATE KEY|eyJ[\w-]{20,}\.eyJ/);
      }
    });
  },
  both,
);
