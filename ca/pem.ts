import type { ProblemText } from "../mesh/problem";

export interface PemBlock {
  /** For example CERTIFICATE or RSA PRIVATE KEY. */
  readonly label: string;
  /** The block has header lines; in keys they mean that it is encrypted (RFC 1421). */
  readonly headers: boolean;
  readonly der: Buffer;
}

// As Go's encoding/pem in istiod requires, a block begins and ends at the beginning of a line.
const block = /^-----BEGIN ([^\n-]+)-----[ \t]*\r?\n([\s\S]*?)^-----END \1-----[ \t]*\r?$/gm;
const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The blocks of a PEM text as istiod reads them, without the text between them; or why it reads none, or fewer than
 * intended.
 */
export function pemBlocks(text: string): readonly PemBlock[] | ProblemText {
  if (text.trim() === "") {
    return { message: "is empty: expected PEM", fix: "write the file again" };
  }
  const begun = text.split("-----BEGIN").length - 1;
  if (begun === 0) return notPem(text);
  const blocks = [...text.matchAll(block)].map(([, label, body]) => pemBlock(label!, body!));
  const damaged = blocks.length < begun || blocks.some((found) => found === undefined);
  return damaged
    ? {
        message: "damaged PEM block: expected whole blocks, each line beginning in the first column",
        fix: "copy the file again from its source; editors, YAML and terminals indent or truncate it",
      }
    : (blocks as PemBlock[]);
}

/** A PEM text up to the end of its first block; without a block, all of it. */
export const firstBlock = (text: string): string => text.match(/^[\s\S]*?^-----END [^\n]*\n?/m)?.[0] ?? text;

function pemBlock(label: string, body: string): PemBlock | undefined {
  const lines = body.split(/\r?\n/);
  const data = lines
    .filter((line) => !line.includes(":"))
    .join("")
    .replace(/[ \t]/g, "");
  if (data === "") return undefined;
  const headers = lines.some((line) => line.includes(":"));
  // An encrypted block may have header lines that are not parsed here; it is refused anyway.
  if (!headers && !base64.test(data)) return undefined;
  return { label, headers, der: Buffer.from(data, "base64") };
}

function notPem(text: string): ProblemText {
  if (/-\0-\0-\0/.test(text)) {
    return {
      message: "is UTF-16: expected PEM in ASCII",
      fix: "save it as ASCII or UTF-8 (in PowerShell: `Set-Content -Encoding ascii`)",
    };
  }
  // DER is not text: node decodes its bytes as U+FFFD or NUL.
  if (text.includes("\0") || text.includes("\ufffd")) {
    return {
      message: "is binary (DER or PKCS#12): expected PEM",
      fix: "convert it: `openssl x509 -inform der` for a certificate, `openssl pkey -inform der` for a key, `openssl pkcs12 -nodes` for a .pfx",
    };
  }
  return {
    message: "is not PEM: expected a -----BEGIN ...----- line",
    fix: "write PEM, with the BEGIN and END lines",
  };
}
