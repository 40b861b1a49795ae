import { helloworldPort } from "../../mesh/istio-lines";
import type { Mesh, Sample } from "../../mesh/mesh";

/** The result of one request from a client of the sample. */
export interface Reply {
  /** HTTP status; 0: no answer. */
  readonly status: number;
  readonly seconds: number;
  /** Version of helloworld that answered; undefined: none did. */
  readonly version: string | undefined;
  /** Pod that answered; undefined likewise. */
  readonly pod: string | undefined;
  /** The message of the client or a proxy instead; empty for an answer of helloworld. */
  readonly words: string;
}

/** Timeout of a request. Istio's proxies have a longer connect timeout (10 s). */
export const requestSeconds = 5;

/** The name of the sample's Service that resolves in every cluster, also without a version there. */
export const sampleHost = ({ namespace }: Sample) => `helloworld.${namespace}.svc.cluster.local`;
export const sampleUrl = (sample: Sample) => `http://${sampleHost(sample)}:${helloworldPort}/hello`;

export interface InClient {
  /** The script reads stdin. @default false */
  readonly input?: boolean;
  /** A container of its pod. @default - the client's */
  readonly container?: string;
}

/** Arguments of kubectl that run a shell script in the sample's client. */
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
 * A curl command whose output `replyReader` reads; `urls` may be a curl range. Unbuffered, with errors and figures on one
 * stream, so that they follow their answer.
 */
export const curl = (urls: string, options = "") =>
  `curl -sSN -m ${requestSeconds} ${options}-w '%{stderr}\\n%{http_code} %{time_total}\\n' '${urls}' 2>&1`;

/** Failed requests after which no more are sent: each takes seconds, and by then the failure is known. */
const patience = 6;
const batch = 4;

/**
 * A script that sends requests one after the other. One curl process sends several; the proxy balances each request. It
 * stops early if requests fail: a mesh that does not answer is detected after half a minute, not after a hundred
 * timeouts.
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

/** Reads replies from the output of `curl`, chunk by chunk. */
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

/** An answer of helloworld: `Hello version: v1, instance: helloworld-v1-...`. */
const hello = /^Hello version: ([^,\s]+), instance: (\S+)$/m;
/** Characters of an error page. */
const shownWords = 200;

function replyOf(status: number, seconds: number, text: string): Reply {
  const [, version, pod] = status === 200 ? (hello.exec(text) ?? []) : [];
  return { status, seconds, version, pod, words: version ? "" : text.slice(0, shownWords) };
}
