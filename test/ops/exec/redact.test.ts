import { generateKeyPairSync } from "node:crypto";
import * as fc from "fast-check";
import { redact } from "../../../ops/exec/redact";

const keyPem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
}) as string;
const rsaPem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  type: "pkcs1",
  format: "pem",
}) as string;
const base64 = (text: string) => Buffer.from(text).toString("base64");
const token = `eyJhbGciOiJSUzI1NiJ9.${base64('{"sub":"istio-reader"}').replaceAll("=", "")}.c2lnbmF0dXJlLW9mLWl0`;
const kubeconfig = `apiVersion: v1\nkind: Config\nusers:\n- name: remote0\n  user:\n    token: ${token}\n`;

/** Long enough to be told from any other text. */
const partOf = (secret: string) =>
  secret
    .replace(/-----[^-]+-----/g, "")
    .replace(/\s/g, "")
    .slice(20, 50);

const secrets: Record<string, string> = {
  "an EC key": keyPem,
  "an RSA key": rsaPem,
  "a key in a Secret": `data:\n  ca-key.pem: ${base64(rsaPem)}\n`,
  "a key in a Secret as JSON": JSON.stringify({ data: { "ca-key.pem": base64(rsaPem) } }),
  "a key in JSON": JSON.stringify({ key: rsaPem }),
  "a service account's token": `Authorization: Bearer ${token}`,
  "a token in a Secret": JSON.stringify({ data: { token: base64(token) } }),
  "a kubeconfig": kubeconfig,
  "a kubeconfig in a Secret": `data:\n  remote0: ${base64(kubeconfig)}\n`,
  "a client key in a kubeconfig": `    client-key-data: ${base64(keyPem)}\n`,
  "a password": "password: correct-horse-battery-staple-and-more-of-it",
};

test.each(Object.entries(secrets))("%s is not written down", (_, text) => {
  const found = /[A-Za-z0-9+/_.=-]{60,}/.exec(text.replaceAll("\\n", "\n"))?.[0] ?? text.slice(-30);
  expect(redact(text)).not.toContain(partOf(found));
  expect(redact(text)).toMatch(/\[(private key|base64 of .+|token|redacted)\]/);
});

test("a truncated key is redacted", () => {
  const cut = rsaPem.slice(0, 400);
  expect(redact(`output: ${cut}`)).toBe("output: [private key]");
});

test("a key is redacted in any context", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.constantFrom(keyPem, rsaPem, token, base64(rsaPem)),
      (before, after, secret) => {
        expect(redact(`${before} ${secret}\n${after}`)).not.toContain(partOf(secret));
      },
    ),
  );
});

test("other text is unchanged", () => {
  const text =
    "namespace/istio-system created\nsecret/cacerts created\nhttps://198.18.0.11:6443: connection refused\n";
  expect(redact(text)).toBe(text);
});
