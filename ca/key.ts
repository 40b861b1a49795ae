import { createPrivateKey, type JsonWebKey, type KeyObject, sign, verify } from "node:crypto";
import type { ProblemText } from "../mesh/problem";
import { type PemBlock, pemBlocks } from "./pem";

/** What istiod parses, by the label of the PEM block (security/pkg/pki/util/crypto.go). */
const formats: Readonly<Record<string, "pkcs1" | "sec1" | "pkcs8">> = {
  "RSA PRIVATE KEY": "pkcs1",
  "EC PRIVATE KEY": "sec1",
  "PRIVATE KEY": "pkcs8",
};

const mistakenLabels: readonly { readonly label: RegExp; readonly problem: ProblemText }[] = [
  {
    label: /^ENCRYPTED PRIVATE KEY$/,
    problem: {
      message: "is encrypted, and istiod has no passphrase: expected a plain private key",
      fix: "decrypt it: `openssl pkey -in FILE -out ca-key.pem`, and keep the folder as safe as the passphrase",
    },
  },
  {
    label: /PUBLIC KEY$/,
    problem: { message: "is a public key: expected the private key", fix: "use the private key" },
  },
  {
    label: /^(CERTIFICATE|X509 CERTIFICATE|TRUSTED CERTIFICATE)$/,
    problem: {
      message: "is a certificate: expected the private key of ca-cert.pem",
      fix: "use the private key",
    },
  },
  {
    label: /^(EC|DSA) PARAMETERS$/,
    problem: {
      message:
        "begins with a PARAMETERS block, and istiod reads only the first block: expected the private key",
      fix: "remove the block: `openssl pkey -in FILE -out ca-key.pem`",
    },
  },
];

/** Curves that both istiod (Go) and the proxies (BoringSSL) accept, by OpenSSL's names. */
const curves: readonly string[] = ["prime256v1", "secp384r1", "secp521r1"];
/** Bits. The proxies refuse less. */
const leastRsaBits = 2048;

/** Parses a private key as istiod does, or returns why istiod would not. Never quotes the text. */
export function readPrivateKey(text: string): KeyObject | ProblemText {
  const blocks = pemBlocks(text);
  if (!Array.isArray(blocks)) return blocks as ProblemText;
  const [block, ...more] = blocks as PemBlock[];
  const mistaken = mistakenLabels.find(({ label }) => label.test(block!.label));
  if (mistaken) return mistaken.problem;
  if (block!.headers) return mistakenLabels[0]!.problem;
  if (more.length > 0) {
    return {
      message: `has ${blocks.length} PEM blocks: expected one private key`,
      fix: "keep only the private key of ca-cert.pem",
    };
  }
  const type = formats[block!.label];
  if (!type) {
    return {
      message: `has a PEM block that istiod does not read: expected one of ${Object.keys(formats).join(", ")}`,
      fix: "convert it: `openssl pkey -in FILE -out ca-key.pem` (an OpenSSH key: `ssh-keygen -p -m PEM` first)",
    };
  }
  try {
    return createPrivateKey({ key: block!.der, format: "der", type });
  } catch {
    return {
      message: `PEM block ${block!.label} has no such key`,
      fix: "copy the file again, or convert it: `openssl pkey -in FILE -out ca-key.pem`",
    };
  }
}

/** Why istiod or the proxies do not work with a key, private or public. */
export function keyWeakness(key: KeyObject): ProblemText | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const fix = "use RSA with 4096 bits, or EC on P-256";
  if (type === "rsa") {
    const bits = details?.modulusLength ?? 0;
    return bits < leastRsaBits
      ? { message: `RSA key has ${bits} bits: expected at least ${leastRsaBits}`, fix }
      : undefined;
  }
  if (type === "ec") {
    const curve = details?.namedCurve ?? "unnamed";
    return curves.includes(curve)
      ? undefined
      : { message: `EC key on the curve ${curve}: expected one of ${curves.join(", ")}`, fix };
  }
  // Ed25519: istiod fails to start with it (istio/istio#27238), and the proxies do not verify it.
  return { message: `key of type ${type}: expected RSA or EC`, fix };
}

/**
 * Whether a private key matches a public key. OpenSSL compares only the public halves; Go refuses a key with
 * inconsistent numbers.
 */
export function isKeyOf(privateKey: KeyObject, publicKey: KeyObject): boolean {
  if (privateKey.asymmetricKeyType !== publicKey.asymmetricKeyType) return false;
  if (privateKey.asymmetricKeyType === "rsa") {
    const { n, e } = publicKey.export({ format: "jwk" });
    const numbers = privateKey.export({ format: "jwk" });
    return numbers.n === n && numbers.e === e && fitsTogether(numbers);
  }
  const anything = Buffer.from("proof of possession");
  try {
    return verify(null, anything, publicKey, sign(null, anything, privateKey));
  } catch {
    return false;
  }
}

/** RSA's numbers are consistent. A test signature would take milliseconds, and hide a wrong prime. */
function fitsTogether(jwk: JsonWebKey): boolean {
  const number = (name: "n" | "e" | "d" | "p" | "q" | "dp" | "dq" | "qi") =>
    BigInt(`0x0${Buffer.from(jwk[name] ?? "", "base64url").toString("hex")}`);
  const [p, q, d, dp, dq] = [number("p"), number("q"), number("d"), number("dp"), number("dq")];
  if (p < 3n || q < 3n || p * q !== number("n")) return false;
  return (
    (number("e") * d) % (p - 1n) === 1n &&
    (number("e") * d) % (q - 1n) === 1n &&
    d % (p - 1n) === dp &&
    d % (q - 1n) === dq &&
    (number("qi") * q) % p === 1n
  );
}
