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

/** Envoy's words can be long; the first sentence says what kind it is. */
const shownCharacters = 60;

/** In few words what went wrong with a request, the same for all that went wrong alike; undefined: it was answered. */
export function failureOf({ status, version, words }: Reply): string | undefined {
  if (version !== undefined) return undefined;
  if (status === 0) {
    const [, code = "?"] = /curl: \((\d+)\)/.exec(words) ?? [];
    return curlErrors[code] ?? `curl error ${code}`;
  }
  if (status === 200) return "somebody else answered";
  const [first = ""] = words.split(/\. |\n/);
  return `HTTP ${status}${first ? `: ${first.slice(0, shownCharacters)}` : ""}`;
}
