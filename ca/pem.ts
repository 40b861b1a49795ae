import type { Problem } from "../mesh/problem";

/** What is wrong with a file, before the file is named. */
export type Finding = Pick<Problem, "message" | "fix">;

export interface PemBlock {
  /** For example CERTIFICATE or RSA PRIVATE KEY. */
  readonly label: string;
  /** Header lines stand in the block; in keys they say that it is encrypted (RFC 1421). */
  readonly headers: boolean;
  readonly der: Buffer;
}

// A block begins and ends on lines of its own: istiod (Go's encoding/pem) does not find it anywhere else.
const block = /^-----BEGIN ([^\n-]+)-----[ \t]*\r?\n([\s\S]*?)^-----END \1-----[ \t]*\r?$/gm;
const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The blocks of a PEM text as istiod reads them, text between them skipped; or the reason why it would read none,
 * or fewer than meant.
 */
export function pemBlocks(text: string): readonly PemBlock[] | Finding {
  if (text.trim() === "") {
    return { message: "is empty; allowed is PEM text", fix: "write the file again" };
  }
  const begun = text.split("-----BEGIN").length - 1;
  if (begun === 0) return notPem(text);
  const blocks = [...text.matchAll(block)].map(([, label, body]) => pemBlock(label!, body!));
  const damaged = blocks.length < begun || blocks.some((found) => found === undefined);
  return damaged
    ? {
        message:
          "holds a damaged PEM block; allowed are whole blocks, each line beginning in the first column",
        fix: "copy the file again from where it was made; editors, YAML and terminals like to indent or cut it",
      }
    : (blocks as PemBlock[]);
}

/** A PEM text up to the end of its first block; all of it where there is none. */
export const firstBlock = (text: string): string => text.match(/^[\s\S]*?^-----END [^\n]*\n?/m)?.[0] ?? text;

function pemBlock(label: string, body: string): PemBlock | undefined {
  const lines = body.split(/\r?\n/);
  const data = lines
    .filter((line) => !line.includes(":"))
    .join("")
    .replace(/[ \t]/g, "");
  if (data === "") return undefined;
  const headers = lines.some((line) => line.includes(":"));
  // The data of an encrypted block may follow header lines that this does not take apart; it is refused anyway.
  if (!headers && !base64.test(data)) return undefined;
  return { label, headers, der: Buffer.from(data, "base64") };
}

function notPem(text: string): Finding {
  if (/-\0-\0-\0/.test(text)) {
    return {
      message: "is UTF-16 text; allowed is PEM in ASCII",
      fix: "save it as ASCII or UTF-8 (in PowerShell: `Set-Content -Encoding ascii`)",
    };
  }
  // Lengths and integers of DER are no text: node decodes them as U+FFFD, or they are NUL.
  if (text.includes("\0") || text.includes("\ufffd")) {
    return {
      message: "is binary (DER or PKCS#12); allowed is PEM text",
      fix: "convert it: `openssl x509 -inform der` for a certificate, `openssl pkey -inform der` for a key, `openssl pkcs12 -nodes` for a .pfx",
    };
  }
  return {
    message: "is not PEM: it has no -----BEGIN ...----- line",
    fix: "put the PEM text there, its BEGIN and END lines included",
  };
}
