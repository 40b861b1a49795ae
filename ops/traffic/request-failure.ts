import type { Reply } from "./requests";

/** What the exit codes of curl mean that a mesh can cause. https://curl.se/docs/manpage.html#EXIT */
const curlErrors: Readonly<Record<string, string>> = {
  6: "the name of the Service does not resolve",
  7: "connection refused",
  28: "no answer in time",
  52: "connection closed without an answer",
  55: "connection broken",
  56: "connection broken",
};

/**
 * What Envoy says in an answer of its own, with the flag that stands for it in access logs.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags ; read 2026-11-27
 */
const envoyWords: readonly { readonly words: RegExp; readonly flag: string }[] = [
  { words: /no healthy upstream/, flag: "UH" },
  { words: /reset reason: overflow/, flag: "UO" },
  { words: /reset reason: (connection timeout|(remote |local )?connection failure)/, flag: "UF" },
  { words: /reset reason: connection termination/, flag: "UC" },
  { words: /reset reason: protocol error/, flag: "UPE" },
  { words: /reset reason: remote (refused stream )?reset/, flag: "UR" },
  { words: /upstream request timeout/, flag: "UT" },
  { words: /fault filter abort/, flag: "FI" },
];

/** Envoy's words can be long; the first sentence says what kind it is. */
const shownCharacters = 60;

/** In few words what went wrong with a request, the same for all that went wrong alike; undefined: it was answered. */
export function failureOf({ status, version, words }: Reply): string | undefined {
  if (version !== undefined) return undefined;
  if (status === 0) {
    const [, code = "?"] = /curl: \((\d+)\)/.exec(words) ?? [];
    if (/Resolving timed out/.test(words)) return curlErrors[6];
    return curlErrors[code] ?? `curl error ${code}`;
  }
  if (status === 200) return "somebody else answered";
  const said = wordsOf(words);
  const flag = envoyWords.find((row) => row.words.test(words))?.flag;
  return `HTTP ${status}${said ? `: ${said}` : ""}${flag ? ` (${flag})` : ""}`;
}

/** Of a connection that failed Envoy tells the reason last. */
function wordsOf(words: string): string {
  const [, reason] = /reset reason: ([^,\n]+)/.exec(words) ?? [];
  const [, transport] = /transport failure reason: ([^\n]+)/.exec(words) ?? [];
  if (reason === undefined) return words.split(/\. |\n/)[0]!.slice(0, shownCharacters);
  const detail = transport ? `, ${transport.replaceAll("|", " ").trim().slice(0, shownCharacters)}` : "";
  return `upstream connect error, reset reason: ${reason.trim()}${detail}`;
}
