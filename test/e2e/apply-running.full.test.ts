import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answers, bothVersionsFrom } from "./answers";
import { applyObjects } from "./apply-faults";
import { killedAt } from "./apply-killed";
import { copyKubeconfig } from "./kubeconfig";
import { bare, describeInLab, must, sh } from "./lab";
import { secretsIn, strayFiles } from "./leftovers";
import { differencesBetween, type Objects, objectsOf } from "./mesh-objects";
import { both, type Ended, meshYaml, minutes, primary, remote, Tool } from "./tool";
import { Way } from "./way";

// Faults of a running mesh: apply reports them, makes nothing worse, and its fix is enough.

describeInLab(
  "a running mesh",
  () => {
    let tool: Tool;
    let folder: string;
    let way: Way;
    let env: NodeJS.ProcessEnv;
    let before: Objects;
    const outputs: string[] = [];

    const run = async (...args: string[]): Promise<Ended> => {
      const ended = await tool.run(args, env);
      outputs.push(ended.out + ended.err);
      expect(ended.err).not.toMatch(/^ {4}at |bug of mesh/m);
      return ended;
    };
    const ending =
      (wanted: number) =>
      async (...args: string[]) => {
        const { code, out, err } = await run(...args);
        if (code !== wanted) throw new Error(`mesh ${args.join(" ")} ended with ${code}\n${out}${err}`);
        return out + err;
      };
    const [passing, failing] = [ending(0), ending(1)];
    const isAsBefore = () => expect(differencesBetween(before, objectsOf(both))).toEqual([]);

    beforeAll(async () => {
      bare(both);
      tool = new Tool(meshYaml());
      await tool.must(["ca"]);
      folder = mkdtempSync(join(tmpdir(), "mesh-faults-"));
      const kubeconfig = join(folder, "kubeconfig");
      copyKubeconfig(kubeconfig);
      way = await Way.open();
      way.leadsTo(remote, kubeconfig);
      env = { KUBECONFIG: kubeconfig };
      await passing("apply");
      before = objectsOf(both);
    }, 8 * minutes);
    afterAll(async () => {
      await way.close();
      tool.remove();
      rmSync(folder, { recursive: true, force: true });
      bare(both);
    }, 5 * minutes);

    test(
      "is not changed if mesh.yaml swaps its contexts, and the message names the cluster of each",
      async () => {
        tool.configure(meshYaml("", remote, primary));
        const said = await failing("apply", "--timeout", "60");
        expect(said).toContain(
          `the context ${remote} of main0 leads to remote0: its istio-system is of network2, and main0 has network1 in mesh.yaml`,
        );
        expect(said).toContain("fix: put the context right in mesh.yaml or in the kubeconfig\n");
        expect(said).toContain("\nnothing was changed\n");
        expect(said).toContain(`the context ${primary} of remote0 leads to main0`);
        isAsBefore();
        tool.configure(meshYaml());
        expect(await passing("apply")).toContain("nothing to change");
        isAsBefore();
      },
      4 * minutes,
    );

    test(
      "is not changed by apply or destroy of another mesh.yaml, or if it lacks the labels of the mesh",
      async () => {
        tool.configure(`name: shop\n${meshYaml()}`);
        const ofOther = `the context ${remote} of remote0 leads to a cluster of the mesh mesh1, and mesh.yaml is of shop`;
        expect(await failing("apply", "--timeout", "60")).toMatch(
          new RegExp(`${ofOther}\n  fix: put the context right`),
        );
        const refused = await failing("destroy", "--yes");
        expect(refused).toContain(ofOther);
        expect(refused).toContain("nothing was removed");
        isAsBefore();
        tool.configure(meshYaml());

        const label = `kubectl --context ${remote} label --field-manager=kubectl-client-side-apply namespace istio-system`;
        must(`${label} app.kubernetes.io/part-of- app.kubernetes.io/managed-by-`);
        const unknown = `the context ${remote} of remote0 leads to a cluster with an Istio that is not of mesh1 (Deployment istio-system/istio-eastwestgateway)`;
        expect(await failing("apply", "--only", "remote0", "--timeout", "60")).toContain(unknown);
        expect(await failing("destroy", "--yes")).toContain(unknown);
        must(`${label} app.kubernetes.io/part-of=mesh1 app.kubernetes.io/managed-by=mesh`);
        expect(await passing("apply")).toContain("nothing to change");
      },
      4 * minutes,
    );

    test(
      "is changed by one run at a time if two apply it at once",
      async () => {
        must(`kubectl --context ${primary} -n sample delete service helloworld`);
        // As by two users: each in a separate folder.
        const second = new Tool(meshYaml());
        cpSync(tool.folder, second.folder, { recursive: true });
        const two = await Promise.all([tool.run(["apply"]), second.run(["apply"])]);
        second.remove();
        // The second run is refused, or the first has ended before the second checks.
        const refused = two.filter(({ code }) => code !== 0);
        expect(refused.length).toBeLessThan(2);
        for (const { code, err } of refused) {
          expect({ code, err }).toEqual({
            code: 1,
            err: expect.stringMatching(
              /mesh apply of \S+ on \S+ \(process \d+\) has been changing this mesh since .*; wait for it to end, then run again/,
            ),
          });
        }
        expect(await passing("apply")).toContain("nothing to change");
        isAsBefore();
      },
      4 * minutes,
    );

    test(
      "is restored by apply after istiod's namespace was deleted and its webhooks stayed",
      async () => {
        must(`kubectl --context ${primary} delete namespace istio-system --timeout=120s`, { seconds: 150 });
        must(`kubectl --context ${primary} get mutatingwebhookconfiguration istio-sidecar-injector`);
        await passing("apply");
        expect(answers(both)).toEqual(bothVersionsFrom(both));
        isAsBefore();
      },
      8 * minutes,
    );

    test(
      "loses its ingress gateway when mesh.yaml disables it, also after istioctl was killed before pruning",
      async () => {
        const gateway = "deployment/istio-ingressgateway service/istio-ingressgateway";
        must(`kubectl --context ${primary} -n istio-system get ${gateway}`);
        tool.configure(meshYaml("gateways: { ingress: false }"));
        const handOver = { name: "hand-over", line: /^\$ istioctl install/, milliseconds: 1000 };
        outputs.push((await killedAt(tool, ["apply"], handOver)).err);
        await passing("apply");
        // Its deletion completes when its pod has ended.
        must(`kubectl --context ${primary} -n istio-system wait --for=delete ${gateway} --timeout=60s`);
        expect(await passing("apply")).toContain("nothing to change");
        tool.configure(meshYaml());
        await passing("apply");
        isAsBefore();
      },
      6 * minutes,
    );

    test(
      "waits for the deletion of an old load balancer and gets a new one",
      async () => {
        const service = `kubectl --context ${primary} -n istio-system`;
        const finalizers = (value: string) =>
          must(
            `${service} patch service istio-eastwestgateway --type=merge -p '{"metadata":{"finalizers":${value}}}'`,
          );
        // As in a cloud: the Service and its address stay until the load balancer is deleted.
        finalizers('["example.com/load-balancer"]');
        must(`${service} delete service istio-eastwestgateway --wait=false`);
        try {
          const said = await failing("apply", "--only", "main0", "--until", "services", "--timeout", "10");
          expect(said).toContain("gateway Services in main0: not done within 10 s");
          expect(said).toContain(
            "last: waiting for Service istio-system/istio-eastwestgateway to be deleted",
          );
          const run = passing("apply");
          await sleep(10_000);
          finalizers("null");
          await run;
        } finally {
          sh(
            `${service} patch service istio-eastwestgateway --type=merge -p '{"metadata":{"finalizers":null}}'`,
          );
        }
        expect(answers(both)).toEqual(bothVersionsFrom(both));
        isAsBefore();
      },
      5 * minutes,
    );

    test(
      "keeps working with a remote secret of a cluster that no longer exists, and status names it",
      async () => {
        const kubeconfig = {
          apiVersion: "v1",
          kind: "Config",
          "current-context": "gone",
          // An address that is reserved for documentation: no server answers.
          clusters: [{ name: "gone", cluster: { server: "https://192.0.2.1:6443" } }],
          contexts: [{ name: "gone", context: { cluster: "gone", user: "gone" } }],
          users: [{ name: "gone", user: { token: "none" } }],
        };
        applyObjects(primary, {
          apiVersion: "v1",
          kind: "Secret",
          metadata: {
            name: "istio-remote-secret-gone",
            namespace: "istio-system",
            labels: { "istio/multiCluster": "true" },
            annotations: { "networking.istio.io/cluster": "gone" },
          },
          stringData: { gone: JSON.stringify(kubeconfig) },
        });
        // As after an upgrade or a lost node: the new istiod reads every cluster that it has a secret for.
        must(
          `kubectl --context ${primary} -n istio-system delete pods -l app=istiod && ` +
            `kubectl --context ${primary} -n istio-system rollout status deployment/istiod --timeout=180s`,
          { seconds: 200 },
        );
        await passing("apply");
        expect(answers(both)).toEqual(bothVersionsFrom(both));
        const said = await failing("status");
        expect(said).toContain(
          "main0: its istiod reads gone, which neither mesh.yaml nor an earlier apply names; if there is no such cluster: ",
        );
        const [command = "echo no advice; false"] = /kubectl .*istio-remote-secret-gone/.exec(said) ?? [];
        must(command);
        // istiod needs a moment to forget the cluster.
        await untilWell();
      },
      8 * minutes,
    );

    test(
      "loses a remote that is gone for good, with --prune only",
      async () => {
        await way.cut();
        try {
          const unreachable = await failing("apply");
          expect(unreachable).toContain("reachable.api of remote0: https://");
          expect(unreachable).toContain(`    kubectl --context ${remote} get --raw /version\n`);
          tool.configure(meshYaml().replace(/^.*remote0.*\n/m, ""));
          expect(await passing("apply")).toMatch(
            /remote0 is no longer in mesh\.yaml; --prune deletes its Secret istio-remote-secret-remote0, /,
          );
          must(`kubectl --context ${primary} -n istio-system get secret istio-remote-secret-remote0`);
          const said = await passing("apply", "--prune");
          expect(said).toContain(
            `remote0 is out of the mesh; its context ${remote} does not answer: what is on it stays`,
          );
          const secret = `kubectl --context ${primary} -n istio-system get secret istio-remote-secret-remote0`;
          expect(sh(secret).err).toContain("NotFound");
          expect(await passing("apply")).toContain("nothing to change");
          await untilWell();
        } finally {
          await way.restore();
          tool.configure(meshYaml());
        }
        // The remote comes back.
        await passing("apply");
        expect(answers(both)).toEqual(bothVersionsFrom(both));
        isAsBefore();
      },
      8 * minutes,
    );

    test("leaves no key or token in logs and output, and no stray file", () => {
      expect(strayFiles(tool)).toEqual([]);
      expect(outputs.length).toBeGreaterThan(12);
      expect(secretsIn(tool, outputs)).toEqual([]);
    });

    async function untilWell() {
      let last = await run("status");
      for (let tries = 0; last.code !== 0 && tries < 15; tries++) last = await run("status");
      expect(last).toMatchObject({ code: 0, out: expect.stringContaining("the mesh is healthy") });
    }
  },
  both,
);
