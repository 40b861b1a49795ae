import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Right } from "../../checks/access-review";
import { rightsToRead } from "../../checks/basics/rights";
import { rightsToChange } from "../../checks/doctor/rights";
import { defaultIstioLine } from "../../mesh/istio-lines";
import type { Mesh } from "../../mesh/mesh";
import { createPrograms, type Programs } from "../../ops/exec/programs";
import { type FakePath, fakePath } from "../ops/exec/fake-programs";

/** What a cluster answers; the answers of a bare one unless said otherwise. */
export interface FakeCluster {
  readonly uid: string;
  readonly server: string;
  readonly version: string;
  /** Beside kube-system. */
  readonly namespaces: readonly object[];
  readonly nodes: readonly object[];
  /** Of control planes, in every namespace. */
  readonly deployments: readonly object[];
  /** Deployments in an istio-system that no mesh owns. */
  readonly ofIstio: readonly object[];
  readonly webhooks: readonly object[];
  readonly configMaps: readonly object[];
  /** PEM text of root-cert.pem in the Secret cacerts. */
  readonly installedRoot: string | undefined;
  /** Lines of node, then cpu,memory of each container. */
  readonly pods: string;
  readonly mayNot: (right: Right) => boolean;
  readonly user: string;
  /** ISO time of the server's clock; undefined: a server too old to tell. */
  readonly time: string | undefined;
  /** Shell commands instead of an answer to the first question. */
  readonly instead: string | undefined;
}

export const bareCluster = (name: string): FakeCluster => ({
  uid: `uid-of-${name}`,
  server: `https://203.0.113.${name.length}:6443`,
  version: "v1.34.4",
  namespaces: [],
  nodes: [node("node0")],
  deployments: [],
  ofIstio: [],
  webhooks: [],
  configMaps: [],
  installedRoot: undefined,
  pods: "node0 100m,70Mi\n",
  mayNot: () => false,
  user: "admin",
  time: "2030-06-01T12:00:00Z",
  instead: undefined,
});

export function node(name: string, more: { cpu?: string; memory?: string; architecture?: string } = {}) {
  return {
    kind: "Node",
    metadata: { name },
    spec: {},
    status: {
      allocatable: { cpu: more.cpu ?? "2", memory: more.memory ?? "8Gi" },
      nodeInfo: { architecture: more.architecture ?? "amd64" },
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
}

export interface FakeWorld {
  readonly path: FakePath;
  /** Runs the scripts, but for kubectl's answers in files: starting processes would be most of a test's time. */
  readonly programs: Programs;
  calls(): string[];
}

/**
 * kubectl and istioctl as shell scripts on a PATH of their own, answering from files. A query that is not in the table
 * exits with 64, so an unexpected query fails the test.
 * @param clusters by kubeconfig context
 */
export function fakeWorld(mesh: Mesh, clusters: Readonly<Record<string, FakeCluster>>): FakeWorld {
  const made = fakePath();
  // Nothing else is on the PATH: the machine's own kubectl or az would answer in the place of one that is missing.
  for (const tool of ["cat", "sleep"]) symlinkSync(`/bin/${tool}`, join(made.folder, tool));
  const path = { ...made, env: { ...made.env, PATH: made.folder } };
  /** What kubectl answers to commands that begin so. */
  const answers = new Map<string, string>();
  /** A row of the script: the answer stands in a file. */
  const answered = (command: string, name: string, content: unknown) => {
    const file = join(path.folder, name);
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(file, text);
    answers.set(command, text);
    return `"${command}"*) cat > /dev/null; cat '${file}' ;;`;
  };
  const rows = Object.entries(clusters).flatMap(([context, cluster]) => {
    mkdirSync(join(path.folder, context));
    const to = (command: string) => `--request-timeout=10s --context ${context} ${command}`;
    const answer = (command: string, name: string, content: unknown) =>
      answered(to(command), join(context, name), content);
    const list = (items: readonly object[]) => ({ kind: "List", items });
    const kubeSystem = { kind: "Namespace", metadata: { name: "kube-system", uid: cluster.uid }, status: {} };
    const secret = cluster.installedRoot
      ? `cacerts ${Buffer.from(cluster.installedRoot).toString("base64")}`
      : "";
    const version = "get --raw /version";
    return [
      cluster.instead
        ? `"${to(version)}"*) ${cluster.instead} ;;`
        : answer(version, "version", { gitVersion: cluster.version }),
      answer("create --validate=false -o json -f -", "reviews", reviews(mesh, cluster)),
      answer("get namespaces", "namespaces", list([kubeSystem, ...cluster.namespaces])),
      answer("get nodes", "nodes", list(cluster.nodes)),
      answer("get -n istio-system deployments", "of-istio", list(cluster.ofIstio)),
      answer("get deployments --all-namespaces", "deployments", list(cluster.deployments)),
      answer("get mutatingwebhookconfigurations,", "webhooks", list(cluster.webhooks)),
      answer("get -n istio-system configmap/", "configmaps", list(cluster.configMaps)),
      answer("-n istio-system get secret cacerts", "cacerts", secret),
      answer("get pods --all-namespaces", "pods", cluster.pods),
    ];
  });
  const view = {
    contexts: Object.keys(clusters).map((name) => ({ name, context: { cluster: `${name}-cluster` } })),
    clusters: Object.entries(clusters).map(([name, { server }]) => ({
      name: `${name}-cluster`,
      cluster: { server },
    })),
  };
  path.add(
    "kubectl",
    [
      'case "$*" in',
      answered("version --client -o json", "client", { clientVersion: { gitVersion: "v1.34.4" } }),
      answered("config view -o json", "view.json", view),
      ...rows,
      "*) echo unexpected >&2; exit 64 ;;",
      "esac",
    ].join("\n"),
  );
  path.add("istioctl", `echo '{"clientVersion":{"version":"${defaultIstioLine.version}"}}'`);
  const asked: string[] = [];
  const scripts = createPrograms({ env: path.env });
  const run: Programs["run"] = async (program, args, options = {}) => {
    const command = args.join(" ");
    const [, stdout] = [...answers].find(([start]) => command.startsWith(start)) ?? [];
    if (program !== "kubectl" || stdout === undefined) return scripts.run(program, args, options);
    asked.push(`kubectl ${command}`);
    options.onOutput?.(stdout);
    return { code: 0, stdout, stderr: "" };
  };
  return { path, programs: { run }, calls: () => [...asked, ...path.calls()] };
}

/** As kubectl prints what it created: one object after another. */
function reviews(mesh: Mesh, { user, time, mayNot }: FakeCluster): string {
  const rights = [...rightsToRead(mesh), ...rightsToChange(mesh)];
  const objects = [
    ...(time
      ? [
          {
            kind: "SelfSubjectReview",
            metadata: { creationTimestamp: time },
            status: { userInfo: { username: user } },
          },
        ]
      : []),
    ...rights.map((right) => ({ kind: "SelfSubjectAccessReview", status: { allowed: !mayNot(right) } })),
  ];
  return objects.map((object) => `${JSON.stringify(object, undefined, 4)}\n`).join("");
}
