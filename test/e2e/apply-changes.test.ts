import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bare, describeInLab, must, sh } from "./lab";
import { both, meshYaml, minutes, primary, remote, Tool } from "./tool";

// Dry runs before a mesh is created or changed, and concurrent runs.

describeInLab(
  "apply with --dry-run, --only and concurrent runs",
  () => {
    let tool: Tool;
    const versions = () =>
      both.map((context) =>
        must(
          `kubectl --context ${context} get ns,deploy,svc,cm,secret,sa,crd,clusterrole,mutatingwebhookconfiguration -A ` +
            `-o jsonpath='{range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}' | grep -v -e leader -e election -e ip-autoallocate`,
        ),
      );
    const has = (context: string, what: string) => sh(`kubectl --context ${context} get ${what}`).code === 0;
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

    test("on bare clusters --only of a remote is refused, because the primary has no address", async () => {
      const before = versions();
      const { code, err } = await tool.run(["apply", "--only", "remote0"]);
      expect(code).toBe(1);
      expect(err).toContain(
        "main0 has no address for its istio-eastwestgateway yet, and remote0 cannot join",
      );
      expect(versions()).toEqual(before);
    });

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
      "of two concurrent runs one creates the mesh, and the other names the holder of the lock",
      async () => {
        const first = tool.start(["apply"]);
        const isLocked = () => has(primary, "-n default lease mesh-run");
        for (let tries = 0; !isLocked() && tries < 100; tries++)
          await new Promise((resolve) => setTimeout(resolve, 200));
        const second = new Tool(meshYaml());
        const other = await second.run(["destroy", "--yes"]);
        second.remove();
        expect(other.code).toBe(1);
        expect(other.err).toMatch(
          /mesh apply of \S+ on \S+ \(process \d+\) has been changing this mesh since \S+; only one run at a time may/,
        );
        expect(other.err).not.toMatch(/^ {4}at /m);
        expect(other.seconds).toBeLessThan(25);
        expect((await first.ended).code).toBe(0);
        expect(isLocked()).toBe(false);
      },
      5 * minutes,
    );

    test("the dry run of a mesh without drift shows nothing", async () => {
      const before = versions();
      expect((await tool.must(["apply", "--dry-run"])).out).toContain("mesh apply would change nothing");
      expect(versions()).toEqual(before);
    });

    test(
      "manual changes are shown line by line, without the values of Secrets",
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
      "on a machine with no address or an old one, --only of a remote queries the primary and changes nothing",
      async () => {
        const file = join(tool.folder, "mesh.addresses.yaml");
        const known = readFileSync(file, "utf8");
        const before = versions();
        rmSync(file);
        expect((await tool.must(["apply", "--only", "remote0"])).out).toContain("nothing to change");
        expect(readFileSync(file, "utf8")).toContain(/^main0: .*$/m.exec(known)![0]);
        writeFileSync(file, "main0: 203.0.113.99\n");
        expect((await tool.must(["apply", "--only", "remote0"])).out).toContain("nothing to change");
        expect(readFileSync(file, "utf8")).toContain(/^main0: .*$/m.exec(known)![0]);
        expect(versions()).toEqual(before);
        await tool.must(["apply"]);
        expect(readFileSync(file, "utf8")).toBe(known);
        expect(versions()).toEqual(before);
      },
      2 * minutes,
    );

    test("no key is in any log", () => {
      const folder = join(tool.folder, ".mesh/log");
      const logs = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
      const keys = ["main0", "remote0"].map(
        (name) => readFileSync(join(tool.folder, "mesh.ca", name, "ca-key.pem"), "utf8").split("\n")[3]!,
      );
      expect(logs.length).toBeGreaterThan(4);
      for (const text of logs) {
        for (const key of keys) expect(text).not.toContain(key);
        expect(text).not.toMatch(/PRIVATE KEY|eyJ[\w-]{20,}\.eyJ/);
      }
    });
  },
  both,
);
