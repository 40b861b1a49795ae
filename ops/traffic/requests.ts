import { helloworldPort } from "../../mesh/istio-lines";
import type { Mesh, Sample } from "../../mesh/mesh";

/** What came back for one request that a client of the sample sent. */
export interface Reply {
  /** HTTP status; 0: there was no answer. */
  readonly status: number;
  readonly seconds: number;
  /** Version of helloworld that answered; undefined: none of them did. */
  readonly version: string | undefined;
  /** Pod that answered; undefined likewise. */
  readonly pod: string | undefined;
  /** What the client or a proxy said instead; empty for an answer of helloworld. */
  readonly words: string;
}

/** After so many seconds the client gives up a request. Istio's proxies try for longer to connect (10 s). */
export const requestSeconds = 5;

/** The sample's Service under the name that resolves in every cluster, also where no version runs. */
export const sampleHost = ({ namespace }: Sample) => `helloworld.${namespace}.svc.cluster.local`;
export const sampleUrl = (sample: Sample) => `http://${sampleHost(sample)}:${helloworldPort}/hello`;

export interface InClient {
  /** The script reads its standard input. @default false */
  readonly input?: boolean;
  /** Another container of its pod. @default - the client's own */
  readonly container?: string;
}

/** Arguments of kubectl that run a shell script in the client of the sample. */
export function inClient(
  { istio }: Mesh,
  { namespace }: Sample,
  script: string,
  { input = false, container = istio.line.sample.client.name }: InClient = {},
): readonly string[] {
  const deployment = `deployment/${istio.line.sample.client.name}`;
  const stdin = input ? ["--stdin"] : [];
  return ["-n", namespace, "exec", ...stdin, deployment, "-c", container, "--", "sh", "-c", script];
}

/**
 * One call of curl whose output `replyReader` reads; `urls` may be one of curl's ranges. Unbuffered, and errors and
 * figures on one stream, so that each stands behind the answer that it is about.
 */
export const curl = (urls: string, options = "") =>
  `curl -sSN -m ${requestSeconds} ${options}-w '%{stderr}\\n%{http_code} %{time_total}\\n' '${urls}' 2>&1`;

/** Failed requests after which no more are sent: they take seconds each, and that some fail is known by then. */
const patience = 6;
const batch = 4;

/**
 * A script that sends requests one after the other. One process of curl sends some of them; the proxy chooses for each
 * request anew. It stops early where requests fail, so that a mesh that does not answer is known to be so after half a
 * minute, not after a hundred deadlines.
 * @returns a script that sends at least so many, unless they fail
 */
export function requestScript(sample: Sample, count: number): string {
  return [
    "sent=0; failed=0",
    `while [ $sent -lt ${count} ] && [ $failed -lt ${patience} ]; do`,
    `  out=$(${curl(`${sampleUrl(sample)}?[1-${batch}]`, "--fail-early ")})`,
    `  printf '%s\\n' "$out"`,
    "  ended=$(printf '%s\\n' \"$out\" | grep -c '^[0-9][0-9][0-9] [0-9]')",
    "  good=$(printf '%s\\n' \"$out\" | grep -c '^Hello version: ')",
    `  failed=$((failed + ended - good)); sent=$((sent + ${batch}))`,
    "done",
  ].join("\n");
}

/** Reads replies from the output of `curl`, chunk by chunk as it comes. */
export function replyReader(): (chunk: string) => Reply[] {
  let rest = "";
  let body: string[] = [];
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    return lines.flatMap((line) => {
      const [, status, seconds] = /^(\d{3}) (\d+[.,]\d+)$/.exec(line) ?? [];
      if (status === undefined) {
        body.push(line);
        return [];
      }
      const text = body.join("\n").trim();
      body = [];
      return [replyOf(Number(status), Number(seconds!.replace(",", ".")), text)];
    });
  };
}

export const readReplies = (output: string) => replyReader()(output);

/** The words of helloworld: `Hello version: v1, instance: helloworld-v1-...`. */
const hello = /^Hello version: ([^,\s]+), instance: (\S+)$/m;
/** More of an error page than this nobody wants to see. */
const shownWords = 200;

function replyOf(status: number, seconds: number, text: string): Reply {
  const [, version, pod] = status === 200 ? (hello.exec(text) ?? []) : [];
  return { status, seconds, version, pod, words: version ? "" : text.slice(0, shownWords) };
}
