import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fixtureFile } from "../fixtures";
import { bare, contexts, describeInLab, imagesOfPods, must, sh } from "./lab";

// The runbook's own code blocks, pasted as they are, on two bare clusters.

const root = join(__dirname, "../..");
const minutes = 60_000;

/** A folder as a user has it: the example, and `npx --no mesh` in reach. */
function userFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mesh-runbook-"));
  cpSync(fixtureFile("existing-clusters"), join(folder, "mesh.yaml"));
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  symlinkSync(join(root, "build/mesh.js"), join(folder, "node_modules/.bin/mesh"));
  return folder;
}

interface Step {
  readonly title: string;
  readonly blocks: readonly string[];
}

function stepsOf(runbook: string): Step[] {
  return runbook
    .split(/^## \d+\. /m)
    .slice(1)
    .map((text) => ({
      title: text.split("\n")[0]!,
      blocks: [...text.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block]) => block!),
    }));
}

/** Addresses that the client's proxy holds for the sample's Service. */
function endpointsOf(context: string): string[] {
  const endpoints = must(
    `istioctl proxy-config endpoints deployment/curl --context ${context} -n sample --cluster 'outbound|5000||helloworld.sample.svc.cluster.local' -o json`,
  );
  return (JSON.parse(endpoints) as { hostStatuses: { address: { socketAddress: { address: string } } }[] }[])
    .flatMap(({ hostStatuses }) => hostStatuses)
    .map(({ address }) => address.socketAddress.address)
    .sort();
}

/** Addresses of the sample's pods, except those that are Terminating. */
function runningPods(context: string): string[] {
  const { items } = JSON.parse(
    must(`kubectl --context ${context} -n sample get pods -l app=helloworld -o json`),
  ) as {
    items: { metadata: { deletionTimestamp?: string }; status: { podIP: string } }[];
  };
  return items.filter(({ metadata }) => !metadata.deletionTimestamp).map(({ status }) => status.podIP);
}

const gatewayOf = (context: string) =>
  must(
    `kubectl --context ${context} -n istio-system get svc istio-eastwestgateway -o jsonpath='{.status.loadBalancer.ingress[0].ip}'`,
  );

describeInLab("the runbook", () => {
  let folder: string;
  let steps: Step[];
  const paste = (title: RegExp) => {
    const step = steps.find((candidate) => title.test(candidate.title));
    if (!step) throw new Error(`no step ${title} among ${steps.map((s) => s.title).join(", ")}`);
    return step.blocks.map((block) => must(`set -e\n${block}`, { cwd: folder, seconds: 400 }));
  };

  beforeAll(() => {
    must("npm run build && chmod +x build/mesh.js", { cwd: root });
    bare();
    folder = userFolder();
    must("npx --no mesh ca && npx --no mesh synth", { cwd: folder });
    steps = stepsOf(readFileSync(join(folder, "dist/RUNBOOK.md"), "utf8"));
  }, 5 * minutes);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("has only code blocks that a shell accepts", () => {
    for (const { blocks } of steps) for (const block of blocks) must(`bash -n <<'EOF'\n${block}EOF`);
  });

  test(
    "creates a mesh when pasted, from the namespaces on",
    () => {
      paste(/^Namespaces/);
      paste(/^Control plane/);
      expect(existsSync(join(folder, "dist/remote0/istio/control-plane.yaml"))).toBe(false);
      paste(/^Address of main0/);
      expect(readFileSync(join(folder, "dist/remote0/istio/control-plane.yaml"), "utf8")).toMatch(
        /remotePilotAddress: 198\.18\.0\.\d+/,
      );
      paste(/^The remote remote0/);
      const [synced] = paste(/^The control plane reads every cluster/);
      expect(synced).toMatch(/remote0\s.*synced/);
    },
    10 * minutes,
  );

  test(
    "gives answers of both versions from both clusters",
    () => {
      const [, answers] = paste(/^The sample app answers/);
      for (const version of ["v1", "v2"]) expect(answers).toContain(`Hello version: ${version}`);
      for (const context of contexts) {
        const seen = must(
          `kubectl --context ${context} -n sample exec deploy/curl -c curl -- sh -c 'for i in $(seq 30); do curl -sS -m 5 helloworld.sample:5000/hello; done'`,
        );
        expect(new Set(seen.match(/version: v\d/g))).toEqual(new Set(["version: v1", "version: v2"]));
      }
    },
    5 * minutes,
  );

  test(
    "shows local pods plus one gateway address as endpoints",
    async () => {
      paste(/^Endpoints in each cluster/);
      for (const [context, peer] of [
        ["main0", "remote0"],
        ["remote0", "main0"],
      ]) {
        const seen = () => endpointsOf(context!);
        const wanted = () => [...runningPods(context!), gatewayOf(peer!)].sort();
        // The step has scaled down again: a deleted pod stays an endpoint until istiod has updated the proxies.
        const deadline = Date.now() + 30_000;
        while (seen().join() !== wanted().join() && Date.now() < deadline) await sleep(1000);
        expect(seen()).toEqual(wanted());
      }
    },
    3 * minutes,
  );

  test(
    "changes the split as it says",
    () => {
      const count = () => {
        const text = must(
          `kubectl --context main0 -n sample exec deploy/curl -c curl -- sh -c 'for i in $(seq 400); do curl -sS -m 5 helloworld.sample:5000/hello; done' | cut -d, -f1 | sort | uniq -c`,
        );
        return Number(/(\d+) Hello version: v1/.exec(text)?.[1]);
      };
      // Six standard deviations either side: wrong less than once in a hundred million runs.
      expect(Math.abs(count() - 200)).toBeLessThan(60);
      must("sed -i 's/v1: 50, v2: 50/v1: 90, v2: 10/' mesh.yaml", { cwd: folder });
      const [moved] = [paste(/^The split/)[0]];
      expect(moved).toContain("virtualservice.networking.istio.io/helloworld configured");
      must("sleep 3");
      expect(Math.abs(count() - 360)).toBeLessThan(36);
    },
    5 * minutes,
  );

  test("leaves clusters that kubectl apply of the whole folder does not change", () => {
    for (const context of contexts) {
      const dry = sh(`kubectl --context ${context} apply --dry-run=server -f dist/${context}`, {
        cwd: folder,
      });
      expect({ code: dry.code, err: dry.err }).toEqual({ code: 0, err: "" });
      must(`kubectl --context ${context} apply -f dist/${context}`, { cwd: folder });
      const again = sh(`kubectl --context ${context} apply -f dist/${context}`, { cwd: folder });
      expect(again.err).toBe("");
      expect(
        again.out
          .trim()
          .split("\n")
          .filter((line) => !line.endsWith(" unchanged")),
      ).toEqual([]);
    }
  });

  test("leads to pods that run what `mesh images` lists, addons included, and nothing else", () => {
    const listed = must("npx --no mesh images", { cwd: folder }).trim().split("\n");
    expect(imagesOfPods(contexts)).toEqual(listed.sort());
  });

  test("installs what the tool recognizes as its bundle", () => {
    expect(sh("npx --no mesh diff", { cwd: folder }).code).toBe(0);
    expect(readdirSync(join(folder, "dist")).sort()).toEqual([
      ".gitignore",
      "RUNBOOK.md",
      "main0",
      "mesh.svg",
      "remote0",
    ]);
  });

  test(
    "uninstalls the mesh as it says",
    () => {
      paste(/^Uninstall the mesh/);
      for (const context of contexts) {
        expect(sh(`kubectl --context ${context} get ns istio-system sample -o name`).out).toBe("");
      }
    },
    5 * minutes,
  );
});
