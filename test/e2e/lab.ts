import { spawnSync } from "node:child_process";
import type { KubernetesObject } from "../../ops/exec/kubernetes-object";

/** The result of a command; output is text. */
export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
export function sh(script: string, { cwd, seconds = 120 }: { cwd?: string; seconds?: number } = {}): Result {
  const { status, stdout, stderr, error } = spawnSync("bash", ["-c", script], {
    cwd,
    encoding: "utf8",
    timeout: seconds * 1000,
    maxBuffer: 64 * 2 ** 20,
  });
  return { code: status ?? 1, out: stdout ?? "", err: `${stderr ?? ""}${error ? String(error) : ""}` };
}

/** The same; a failure fails the test. */
export function must(script: string, options: { cwd?: string; seconds?: number } = {}): string {
  const { code, out, err } = sh(script, options);
  if (code !== 0) throw new Error(`exit ${code}: ${script}\n${out}${err}`);
  return out;
}

/** Contexts that these tests own. */
export const contexts = ["main0", "remote0"] as const;

/** Why the clusters cannot be used; undefined if they can. */
export function whyNoLab(wanted: readonly string[] = contexts): string | undefined {
  for (const program of ["kubectl", "istioctl"]) {
    if (sh(`command -v ${program}`).code !== 0) return `no ${program} on the PATH`;
  }
  for (const context of wanted) {
    if (sh(`kubectl --context ${context} --request-timeout=10s get --raw /readyz`).code !== 0) {
      return `no cluster answers under the context ${context}`;
    }
    // A node that has just become ready keeps its taint for some seconds.
    const taints = `kubectl --context ${context} get nodes -o jsonpath='{.items[*].spec.taints}'`;
    if (sh(`for i in $(seq 60); do [ -z "$(${taints})" ] && exit; sleep 1; done; exit 1`).code !== 0) {
      return `no node of ${context} takes pods: ${sh(taints).out}`;
    }
  }
  return undefined;
}

/**
 * `describe` if the clusters exist; otherwise the tests are skipped, with the reason in their names, so that they are
 * counted. With MESH_LAB=required a missing lab is a failure.
 */
export function describeInLab(name: string, body: () => void, wanted: readonly string[] = contexts): void {
  const reason = whyNoLab(wanted);
  if (reason === undefined) describe(name, body);
  else if (process.env.MESH_LAB === "required") {
    describe(name, () => {
      test("needs clusters", () => {
        throw new Error(reason);
      });
    });
  } else skipped(name, reason, body);
}

/** Tests that cannot run here, counted and named. */
export function skipped(name: string, reason: string, body: () => void): void {
  console.warn(`SKIPPED: ${name}: ${reason}`);
  describe.skip(`${name} (${reason})`, body);
}

/** Every image that a container of a pod in istio-system or in the sample's namespace names, each once, sorted. */
export function imagesOfPods(of: readonly string[]): string[] {
  const images = of.flatMap((context) =>
    ["istio-system", "sample"].flatMap((namespace) => {
      const { items } = JSON.parse(must(`kubectl --context ${context} -n ${namespace} get pods -o json`)) as {
        items: KubernetesObject[];
      };
      return items.flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers]);
    }),
  );
  return [...new Set(images.map(({ image }) => image as string))].sort();
}

/** Removes Istio, the sample and everything of this project, so that the clusters are bare. */
export function bare(wanted: readonly string[] = contexts): void {
  const one = (context: string) => `
    (
    k="kubectl --context ${context}"
    $k -n istio-system delete deploy,svc --all --ignore-not-found --wait=true --timeout=60s >/dev/null
    istioctl uninstall --context ${context} --purge -y >/dev/null 2>&1
    $k delete validatingwebhookconfiguration,mutatingwebhookconfiguration -l istio.io/rev --ignore-not-found >/dev/null 2>&1
    $k delete ns sample istio-system --ignore-not-found --timeout=120s >/dev/null
    $k get crd -o name | grep -E 'istio.io|kiali.io' | xargs -r $k delete --timeout=60s >/dev/null
    $k delete clusterrole,clusterrolebinding -l app.kubernetes.io/managed-by=mesh --ignore-not-found >/dev/null
    $k get clusterrole,clusterrolebinding -o name | grep -E 'istio|kiali|prometheus' | xargs -r $k delete >/dev/null
    true ) &`;
  must(`${wanted.map(one).join("\n")}\nwait`, { seconds: 300 });
}
