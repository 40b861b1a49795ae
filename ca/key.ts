import { createPrivateKey, type JsonWebKey, type KeyObject, sign, verify } from "node:crypto";
import { type Finding, type PemBlock, pemBlocks } from "./pem";

/** What istiod parses by the label of the PEM block (security/pkg/pki/util/crypto.go). */
const formats: Readonly<Record<string, "pkcs1" | "sec1" | "pkcs8">> = {
  "RSA PRIVATE KEY": "pkcs1",
  "EC PRIVATE KEY": "sec1",
  "PRIVATE KEY": "pkcs8",
};

const mistakenLabels: readonly { readonly label: RegExp; readonly finding: Finding }[] = [
  {
    label: /^ENCRYPTED PRIVATE KEY$/,
    finding: {
      message: "is encrypted; istiod has no passphrase, allowed is a plain private key",
      fix: "decrypt it: `openssl pkey -in FILE -out ca-key.pem`, and keep the folder as safe as the passphrase",
    },
  },
  {
    label: /PUBLIC KEY$/,
    finding: { message: "is a public key; allowed is the private key", fix: "put the private key there" },
  },
  {
    label: /^(CERTIFICATE|X509 CERTIFICATE|TRUSTED CERTIFICATE)$/,
    finding: {
      message: "is a certificate; allowed is the private key of ca-cert.pem",
      fix: "put the private key there",
    },
  },
  {
    label: /^(EC|DSA) PARAMETERS$/,
    finding: {
      message:
        "begins with a block of parameters, and istiod reads no further; allowed is the private key alone",
      fix: "leave them out: `openssl pkey -in FILE -out ca-key.pem`",
    },
  },
];

/** Curves that both istiod (Go) and the proxies (BoringSSL) take, by OpenSSL's name. */
const curves: readonly string[] = ["prime256v1", "secp384r1", "secp521r1"];
/** Bits. The proxies refuse less. */
const leastRsaBits = 2048;

/** Reads a private key that istiod would read, or says why it would not. Never quotes any of the text. */
export function readPrivateKey(text: string): KeyObject | Finding {
  const blocks = pemBlocks(text);
  if (!Array.isArray(blocks)) return blocks as Finding;
  const [block, ...more] = blocks as PemBlock[];
  const mistaken = mistakenLabels.find(({ label }) => label.test(block!.label));
  if (mistaken) return mistaken.finding;
  if (block!.headers) return mistakenLabels[0]!.finding;
  if (more.length > 0) {
    return {
      message: `holds ${blocks.length} PEM blocks; allowed is one private key`,
      fix: "leave the private key of ca-cert.pem alone in the file",
    };
  }
  const type = formats[block!.label];
  if (!type) {
    return {
      message: `holds a PEM block of a kind that istiod does not read; allowed are ${Object.keys(formats).join(", ")}`,
      fix: "convert it: `openssl pkey -in FILE -out ca-key.pem` (an OpenSSH key: `ssh-keygen -p -m PEM` first)",
    };
  }
  try {
    return createPrivateKey({ key: block!.der, format: "der", type });
  } catch {
    return {
      message: `has a PEM block labelled ${block!.label} that holds no such key`,
      fix: "copy the file again, or write it anew: `openssl pkey -in FILE -out ca-key.pem`",
    };
  }
}

/** Why istiod or the proxies would not work with a key, private or public; undefined when they do. */
export function keyWeakness(key: KeyObject): Finding | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const fix = "use RSA with 4096 bits, or EC on P-256";
  if (type === "rsa") {
    const bits = details?.modulusLength ?? 0;
    return bits < leastRsaBits
      ? { message: `has an RSA key of ${bits} bits; allowed are at least ${leastRsaBits}`, fix }
      : undefined;
  }
  if (type === "ec") {
    const curve = details?.namedCurve ?? "unnamed";
    return curves.includes(curve)
      ? undefined
      : { message: `has an EC key on the curve ${curve}; allowed are ${curves.join(", ")}`, fix };
  }
  // Ed25519: istiod fails to start with it (istio/istio#27238), and the proxies do not verify it.
  return { message: `has a key of the kind ${type}; allowed are RSA and EC`, fix };
}

/**
 * A private key does what the public key promises, to the last number: OpenSSL compares only the public halves, Go
 * refuses a key whose numbers do not fit one another.
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

/** RSA's numbers by their relations: a signature to prove them takes milliseconds, and hides a wrong prime. */
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
