import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadAll } from "js-yaml";
import { defaultIstioLine } from "../../mesh/istio-lines";
import type { Mesh } from "../../mesh/mesh";
import { objectId } from "../../ops/exec/kubernetes-object";
import { type RenderInputs, type Resource, render } from "./render";

/** The real programs, where they may be found. */
const candidates = {
  current: ["istioctl", join(process.env.LAB ?? "/var/lib/mesh-lab", "bin/istioctl")],
  "1.7": [resolve(__dirname, "../../../shared/istio-1.7.3/istioctl")],
};

/**
 * Tests with the real istioctl of an Istio line. Where it is missing they are skipped, counted and named; with
 * MESH_LAB=required they fail.
 */
export function describeWithIstioctl(
  reference: keyof typeof candidates,
  body: (
    rendered: (of: Mesh, cluster: string, file: string, inputs?: RenderInputs) => Resource[],
    ofOperator: (text: string) => Resource[],
  ) => void,
): void {
  const line = reference === "current" ? defaultIstioLine.id : reference;
  const istioctl = candidates[reference].find((program) => isOf(program, line));
  if (istioctl) {
    describe(`istioctl ${line}`, () =>
      body(
        (of, cluster, file, inputs) => generate(istioctl, render(of, cluster, inputs).get(file)!.text),
        (text) => generate(istioctl, text),
      ));
    return;
  }
  const reason = `no istioctl ${line}: looked for ${candidates[reference].join(", ")}`;
  if (process.env.MESH_LAB === "required") throw new Error(reason);
  console.warn(`SKIPPED: ${reason}`);
  describe.skip(`istioctl ${line} (${reason})`, () =>
    body(
      () => [],
      () => [],
    ));
}

function isOf(program: string, line: string): boolean {
  try {
    const version = execFileSync(program, ["version", "--remote=false"], { encoding: "utf8", stdio: "pipe" });
    return version.includes(`${line}.`);
  } catch {
    return false;
  }
}

/** What `istioctl install -f` would apply. Rendered once a run: istioctl takes a second, and tests ask for the same. */
function generate(istioctl: string, operator: string): Resource[] {
  const id = createHash("sha256").update(`${istioctl}\n${operator}`).digest("hex");
  const rendered = join(process.env.MESH_TEST_RUN!, `istioctl-${id}.yaml`);
  if (!existsSync(rendered)) {
    const file = `${rendered}.${process.pid}.operator`;
    writeFileSync(file, operator);
    const text = execFileSync(istioctl, ["manifest", "generate", "-f", file], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 2 ** 20,
    });
    writeFileSync(`${rendered}.${process.pid}`, text);
    renameSync(`${rendered}.${process.pid}`, rendered);
  }
  return (loadAll(readFileSync(rendered, "utf8")) as (Resource | null)[]).filter(
    (resource) => resource?.kind,
  );
}

/** Environment of a Deployment's first container, by name, where the values are given. */
export function environment(deployment: Resource): Record<string, string> {
  const { env } = deployment.spec.template.spec.containers[0];
  return Object.fromEntries(env.map(({ name, value }: Resource) => [name, value]));
}

/** Port numbers of a Service. */
export function portsOf(service: Resource): number[] {
  return service.spec.ports.map(({ port }: Resource) => port);
}

/** Titles of objects that are in `before` and not, or not the same, in `after`. */
export function changedObjects(before: readonly Resource[], after: readonly Resource[]): string[] {
  const isSame = (one: Resource, other: Resource | undefined) =>
    JSON.stringify(one) === JSON.stringify(other);
  return before
    .filter(
      (one) =>
        !isSame(
          one,
          after.find((other) => objectId(other) === objectId(one)),
        ),
    )
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}
