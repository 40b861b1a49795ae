import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answers, bothVersionsFrom } from "./answers";
import { busySurvivors, inconsistencies, killedAt, lastSurvivors, type Moment } from "./apply-killed";
import { bare, describeInLab, must } from "./lab";
import { secretsIn, strayFiles } from "./leftovers";
import { differencesBetween, type Objects, objectsOf } from "./mesh-objects";
import { both, type Ended, meshYaml, minutes, primary, remote, Tool } from "./tool";

// A run that is killed at any moment and repeated gives the same mesh, without leftovers. Moments are lines that the run
// prints: a step that has ended, or a program that is about to run. They are in the order of one apply; each run continues
// from the state of the killed run before it.

const endOf = (cluster: string, title: string) => new RegExp(`^${cluster} +${title} +(done|unchanged) `);
const ended = (cluster: string, title: string): Moment => ({
  name: `${cluster}: ${title}, done`,
  line: endOf(cluster, title),
});
/** @param of the step that runs the program: where that is done already, its end is the moment */
const begun = (
  name: string,
  program: string,
  { of, milliseconds = 0 }: { of?: readonly [cluster: string, title: string]; milliseconds?: number } = {},
): Moment => ({
  name: milliseconds === 0 ? `${name}, begun` : `${name}, ${milliseconds} ms after it has begun`,
  line: new RegExp(`^\\$ .*${program}`),
  milliseconds,
  orElse: of && endOf(...of),
});

const momentsOfApply: readonly Moment[] = [
  begun("the first question", "kubectl version"),
  begun("taking the lock", `kubectl --context ${primary} create --validate=false`),
  begun("the first look with the lock", `kubectl --context ${primary} get .*mesh-inventory`),
  begun("main0: namespaces and CA", `kubectl --context ${primary} apply .*0000-namespaces`),
  begun("remote0: namespaces and CA", `kubectl --context ${remote} apply .*0000-namespaces`, {
    of: ["remote0", "namespaces and CA"],
    milliseconds: 100,
  }),
  ended("main0", "namespaces and CA"),
  begun("main0: rendering", "istioctl manifest generate .*main0/operator-0.yaml", {
    of: ["main0", "gateway Services"],
    milliseconds: 300,
  }),
  ended("main0", "inventory"),
  begun("main0: gateway Services", "main0/ahead-services.json", { of: ["main0", "gateway Services"] }),
  ended("main0", "gateway Services"),
  ended("main0", "istiod"),
  begun("main0: Istio's CRDs", "main0/ahead-crds.json", {
    of: ["main0", "Istio's CRDs"],
    milliseconds: 300,
  }),
  ended("remote0", "gateway Services"),
  ended("remote0", "webhook and reader"),
  begun("remote0: remote secret", `create-remote-secret --context ${remote} .* apply`, {
    of: ["remote0", "remote secret in main0"],
  }),
  ended("remote0", "remote secret in main0"),
  ended("main0", "address of istio-eastwestgateway"),
  ended("main0", "Istio's CRDs"),
  ended("remote0", "way to istiod"),
  ended("main0", "istiod ready"),
  ended("main0", "injection"),
  begun("main0: gateways", "main0/ahead-gateways.json", { of: ["main0", "gateways"] }),
  ended("main0", "exposure"),
  ended("main0", "istio-eastwestgateway ready"),
  ended("remote0", "injection"),
  begun("remote0: sample", "dist/remote0/0002-sample", { of: ["remote0", "sample"], milliseconds: 200 }),
  ended("main0", "sample"),
  ended("main0", "helloworld-v1 ready"),
  ...[0, 500, 1000, 2500].map((milliseconds) =>
    begun("main0: hand-over", `istioctl install --context ${primary}`, {
      of: ["main0", "istioctl install"],
      milliseconds,
    }),
  ),
  begun("remote0: Istio's CRDs", "remote0/ahead-crds.json", {
    of: ["remote0", "Istio's CRDs"],
    milliseconds: 300,
  }),
  begun("remote0: hand-over of the gateway", "istioctl install .*remote0/istio/eastwest-gateway.yaml", {
    of: ["remote0", "istioctl install"],
  }),
];

const momentsOfDestroy: readonly Moment[] = [
  begun("remote secrets", `kubectl --context ${primary} delete .*secret`),
  ended("main0", "remote secrets"),
  begun("main0: load balancers", `kubectl --context ${primary} delete .*services`),
  ended("remote0", "load balancers"),
  begun("main0: Istio", "delete .*main0/remove.json", { milliseconds: 300 }),
  ended("remote0", "sample"),
  ended("main0", "Istio"),
  begun("main0: a namespace", `kubectl --context ${primary} delete -f - `, {
    of: ["main0", "namespace istio-system"],
  }),
];

describeInLab(
  "a run that is killed",
  () => {
    let tool: Tool;
    let bareClusters: Objects;
    let undisturbed: Objects;
    /** Moments of apply at which a run was killed exactly. */
    const moments = new Set<string>();
    const outputs: string[] = [];
    const kept = (run: Ended): Ended => {
      outputs.push(run.out + run.err);
      return run;
    };

    beforeAll(async () => {
      bare(both);
      tool = new Tool(meshYaml());
      await tool.must(["ca"]);
      // Removes the ConfigMaps of an earlier mesh's istiod.
      await tool.must(["destroy", "--yes", "--crds"]);
      bareClusters = objectsOf(both);
    }, 5 * minutes);
    afterAll(async () => {
      await tool.run(["destroy", "--yes", "--crds"]);
      tool.remove();
    }, 5 * minutes);

    test(
      "(reference: an apply that is not killed)",
      async () => {
        kept(await tool.must(["apply"]));
        expect(answers(both)).toEqual(bothVersionsFrom(both));
        undisturbed = objectsOf(both);
      },
      5 * minutes,
    );

    test.each(momentsOfDestroy)(
      "during destroy at '$name' leaves a consistent state and no busy processes",
      async (moment) => {
        kept(await killedAt(tool, ["destroy", "--yes", "--crds"], moment));
        expect(await busySurvivors(tool)).toEqual([]);
        expect(inconsistencies(tool, both)).toEqual([]);
      },
      3 * minutes,
    );

    test(
      "during destroy and repeated leaves bare clusters",
      async () => {
        expect(kept(await tool.must(["destroy", "--yes", "--crds"])).out).toMatch(/^destroyed$/m);
        expect(differencesBetween(bareClusters, objectsOf(both))).toEqual([]);
        expect(await lastSurvivors(tool)).toEqual([]);
        // As on another machine: no cache of the first apply.
        rmSync(join(tool.folder, ".mesh/istio"), { recursive: true });
      },
      5 * minutes,
    );

    test.each(momentsOfApply)(
      "during apply at '$name' leaves a consistent state and no busy processes",
      async (moment) => {
        const killed = await killedAt(tool, ["apply"], moment);
        kept(killed);
        if (killed.isExact) moments.add(moment.name);
        expect(await busySurvivors(tool)).toEqual([]);
        expect(inconsistencies(tool, both)).toEqual([]);
      },
      3 * minutes,
    );

    test(
      "during apply and repeated gives the same objects as the reference",
      async () => {
        kept(await tool.must(["apply"]));
        expect(moments.size).toBeGreaterThanOrEqual(20);
        expect([...moments].join()).toContain("main0: hand-over, begun");
        expect(differencesBetween(undisturbed, objectsOf(both))).toEqual([]);
        expect(answers(both)).toEqual(bothVersionsFrom(both));
        expect(kept(await tool.must(["apply"])).out).toContain("nothing to change");
        expect(await lastSurvivors(tool)).toEqual([]);
      },
      8 * minutes,
    );

    test.each([
      begun("main0: load balancers", `kubectl --context ${primary} delete .*services`, { milliseconds: 200 }),
      begun("main0: Istio", "delete .*main0/remove.json", { milliseconds: 300 }),
      begun("remote0: sample", `kubectl --context ${remote} delete -f - `, { milliseconds: 500 }),
    ])(
      "during destroy at '$name', followed by apply, gives the same objects as the reference",
      async (moment) => {
        kept(await killedAt(tool, ["destroy", "--yes"], moment));
        kept(await tool.must(["apply"]));
        expect(differencesBetween(undisturbed, objectsOf(both))).toEqual([]);
        expect(answers(both)).toEqual(bothVersionsFrom(both));
      },
      6 * minutes,
    );

    test(
      "on another machine holds the lock until its duration has passed",
      async () => {
        const kubectl = `kubectl --context ${primary} -n default`;
        const now = new Date().toISOString().replace("Z", "000Z");
        must(
          `${kubectl} create -f - <<'EOF'
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: { name: mesh-run, annotations: { mesh/machine: elsewhere, mesh/process: "1" } }
spec: { holderIdentity: mesh apply of anna on laptop (process 1), leaseDurationSeconds: 30, renewTime: "${now}" }
EOF`,
        );
        const { err, out, seconds } = kept(await tool.must(["apply"]));
        expect(err).toContain(
          "mesh apply of anna on laptop (process 1) holds the lock of this mesh; checking whether it is still running",
        );
        expect(out).toContain("nothing to change");
        expect(seconds).toBeGreaterThanOrEqual(30);
        expect(must(`${kubectl} get lease mesh-run --ignore-not-found`)).toBe("");
      },
      3 * minutes,
    );

    test("leaves no key in other files, logs or output", () => {
      expect(strayFiles(tool)).toEqual([]);
      expect(outputs.length).toBeGreaterThan(momentsOfApply.length + momentsOfDestroy.length);
      expect(secretsIn(tool, outputs)).toEqual([]);
    });

    test(
      "followed by destroy and an apply with an outdated address, gives the same objects as the reference",
      async () => {
        kept(await tool.must(["destroy", "--yes", "--crds"]));
        expect(differencesBetween(bareClusters, objectsOf(both))).toEqual([]);
        writeFileSync(join(tool.folder, "mesh.addresses.yaml"), "main0: 198.18.0.250\n");
        kept(await tool.must(["apply"]));
        expect(differencesBetween(undisturbed, objectsOf(both))).toEqual([]);
        expect(answers(both)).toEqual(bothVersionsFrom(both));
      },
      6 * minutes,
    );
  },
  both,
);
