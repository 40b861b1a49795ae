/**
 * Secrets by their form, and what replaces them. Programs print Secrets, kubeconfigs and tokens when they fail, in
 * unexpected places.
 */
const secretForms: readonly (readonly [RegExp, string])[] = [
  // Also a key that is cut off at the end of the text.
  [
    /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    "[private key]",
  ],
  // Base64 of "-----BEGIN", as in a Secret's data and in a kubeconfig's certificates.
  [/LS0tLS1CRUdJTi[A-Za-z0-9+/=\s]*?(?=[^A-Za-z0-9+/=\s]|\n\s*\S+:|$)/g, "[base64 of PEM]"],
  // Base64 of "apiVersion: ", a whole kubeconfig in a Secret.
  [/YXBpVmVyc2lvbjog[A-Za-z0-9+/=]*/g, "[base64 of a kubeconfig]"],
  // JSON Web Tokens, plain and in base64.
  [/eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, "[token]"],
  [/ZXlK[A-Za-z0-9+/=]{40,}/g, "[base64 of a token]"],
  [
    /(["']?(?:client-key-data|token|id-token|refresh-token|password|client-secret|ca-key\.pem)["']?\s*[:=]\s*)(?!\s|\[)("[^"\n]*"|'[^'\n]*'|[^\s,}]+)/gi,
    "$1[redacted]",
  ],
];

/** The text without keys, tokens and kubeconfigs. */
export function redact(text: string): string {
  return secretForms.reduce((safe, [form, stand]) => safe.replace(form, stand), text);
}
