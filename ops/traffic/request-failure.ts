import type { Reply } from "./requests";

/** Exit codes of curl that a mesh can cause. https://curl.se/docs/manpage.html#EXIT */
const curlErrors: Readonly<Record<string, string>> = {
  6: "the name of the Service does not resolve",
  7: "connection refused",
  28: "no answer in time",
  52: "connection closed without an answer",
  55: "connection broken",
  56: "connection broken",
};

/**
 * Envoy's own error messages, with their response flags in access logs.
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

/** Envoy's messages can be long; the first sentence names the kind. */
const shownCharacters = 60;

/** The kind of failure of a request, the same for equal failures; undefined: it was answered. */
export function failureOf({ status, version, words }: Reply): string | undefined {
  if (version !== undefined) return undefined;
  if (status === 0) {
    const [, code = "?"] = /curl: \((\d+)\)/.exec(words) ?? [];
    if (/Resolving timed out/.test(words)) return curlErrors[6];
    return curlErrors[code] ?? `curl error ${code}`;
  }
  if (status === 200) return "unexpected answer";
  const said = wordsOf(words);
  const flag = envoyWords.find((row) => row.words.test(words))?.flag;
  return `HTTP ${status}${said ? `: ${said}` : ""}${flag ? ` (${flag})` : ""}`;
}

/** Envoy puts the reason of a failed connection last. */
function wordsOf(words: string): string {
  const [, reason] = /reset reason: ([^,\n]+)/.exec(words) ?? [];
  const [, transport] = /transport failure reason: ([^\n]+)/.exec(words) ?? [];
  if (reason === undefined) return words.split(/\. |\n/)[0]!.slice(0, shownCharacters);
  const detail = transport ? `, ${transport.replaceAll("|", " ").trim().slice(0, shownCharacters)}` : "";
  return `upstream connect error, reset reason: ${reason.trim()}${detail}`;
}
