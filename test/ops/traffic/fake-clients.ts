import type { FakePath } from "../exec/fake-programs";

// Two clusters, contexts `one` and `two`, whose clients are shells of this machine with a curl of their own.

export const clientsYaml = `clusters:
  - { name: main0, role: primary, network: n1, context: one }
  - { name: remote0, network: n2, context: two }
sample: { weights: { v1: 75, v2: 25 } }
`;

const deployment = (available: number) =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "curl" },
    spec: { replicas: 1, selector: { matchLabels: { app: "curl" } } },
    status: { availableReplicas: available },
  });
const pods = (...names: string[]) =>
  JSON.stringify({ kind: "List", items: names.map((name) => ({ kind: "Pod", metadata: { name } })) });
const events = JSON.stringify({
  kind: "List",
  items: [
    {
      type: "Warning",
      reason: "Failed",
      message: "ImagePullBackOff",
      involvedObject: { kind: "Pod", name: "curl-a" },
    },
  ],
});

export interface FakeClients {
  /** Available pods of the client, by context. @default 1 */
  readonly available?: Readonly<Record<string, number>>;
  /** What a command that does nothing comes to, by context. @default - it ends well */
  readonly way?: Readonly<Record<string, string>>;
  /** Shell commands that a kubectl runs first: they may end it. */
  readonly before?: string;
  /** What curl does, in shell. @default - v1 of main0 and v2 of remote0 answer in turn, at once */
  readonly curl?: string;
}

export const hello = (version: string, pod: string) =>
  `printf 'Hello version: %s, instance: %s\\n\\n200 0.0125\\n' ${version} ${pod}`;

export function addClients(
  path: FakePath,
  { available = {}, way = {}, before = "", curl }: FakeClients = {},
): void {
  const deployments = ["one", "two"].map(
    (context) =>
      `*"--context ${context} get -n sample deployments curl "*) echo '${deployment(available[context] ?? 1)}';;`,
  );
  const ways = ["one", "two"].map(
    (context) =>
      `*"--context ${context} -n sample exec --pod-running-timeout=1s deployment/curl -- true") ${way[context] ?? "true"};;`,
  );
  path.add(
    "kubectl",
    `${before}
case "$*" in
  ${ways.join("\n  ")}
  ${deployments.join("\n  ")}
  *"--context one get -n sample pods "*) echo '${pods("helloworld-v1-a")}';;
  *"--context two get -n sample pods "*) echo '${pods("helloworld-v2-b")}';;
  *" get -n sample deployments,pods "*) echo '{"kind":"List","items":[${deployment(0)}]}';;
  *" get -n sample events "*) echo '${events}';;
  *" -n sample exec --stdin deployment/curl -c curl -- sh -c "*) for script; do :; done; CLIENT=$$ exec sh -c "$script";;
  *) echo "unexpected: $*" >&2; exit 9;;
esac`,
  );
  path.add(
    "curl",
    curl ??
      `if [ -e "$0.$CLIENT" ]; then rm "$0.$CLIENT"; ${hello("v2", "helloworld-v2-b")}; else touch "$0.$CLIENT"; ${hello("v1", "helloworld-v1-a")}; fi`,
  );
}
