import { helloworldPort } from "../mesh/istio-lines";
import type { Mesh, Sample } from "../mesh/mesh";

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

/** A curl that has failed as often as this in a row is talking to nobody. */
const patience = 3;
const batch = 12;

/**
 * A script that sends requests one after the other, and stops early where none comes through: a mesh that does not
 * answer is known to be so after a few seconds, not after a hundred deadlines. One process of curl sends many; the
 * proxy chooses for each request anew.
 * @returns a script that sends at least so many
 */
export function requestScript(sample: Sample, count: number): string {
  const call = curl(`${sampleUrl(sample)}?[1-${batch}]`, "--fail-early ");
  return `f=0; i=0; while [ $i -lt ${Math.ceil(count / batch)} ] && [ $f -lt ${patience} ]; do ${call} && f=0 || f=$((f+1)); i=$((i+1)); done; true`;
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
