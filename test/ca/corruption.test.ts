import { createPrivateKey } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { checkCa } from "../../ca/check";
import type { CaMaterial, ClusterCa } from "../../ca/material";
import { type PemBlock, pemBlocks } from "../../ca/pem";
import { formatProblem } from "../../mesh/problem";
import { clusterCa, filesOf, issue, meshOf, newKeys, now, secretLines } from "./authority";

const mesh = meshOf();
let material: CaMaterial;
let secrets: readonly string[];

beforeAll(async () => {
  const root = await issue({ subject: "CN=Root" });
  const rsa = await issue({ subject: "CN=Mesh CA, L=main0", issuer: root, keys: await newKeys("rsa2048") });
  const ec = await issue({ subject: "CN=Mesh CA, L=remote0", issuer: root });
  material = { main0: await clusterCa(rsa, root), remote0: await clusterCa(ec, root) };
  secrets = secretLines(filesOf(material)).map((line) => line.slice(0, 24));
});

const place = fc.tuple(
  fc.constantFrom("main0", "remote0"),
  fc.constantFrom<keyof ClusterCa>("caCert", "caKey", "rootCert", "certChain"),
);
/** What editors, terminals and people do to a text. */
const change = fc.oneof(
  fc.record({ at: fc.nat(4000), drop: fc.nat(400), put: fc.string({ unit: "binary", maxLength: 20 }) }),
  fc.record({
    at: fc.nat(4000),
    drop: fc.constantFrom(0, 1),
    put: fc.constantFrom("\n", "A", "-----BEGIN X-----\n", ":", "\0"),
  }),
  fc.record({ at: fc.nat(4000), drop: fc.constant(4000), put: fc.constant("") }),
);

function said(spoilt: CaMaterial): string {
  const { problems, warnings } = checkCa(mesh, "mesh.ca", spoilt, now);
  return [...problems, ...warnings].map(formatProblem).join("\n");
}

function spoil([cluster, key]: [string, keyof ClusterCa], edit: (text: string) => string): CaMaterial {
  return { ...material, [cluster]: { ...material[cluster]!, [key]: edit(material[cluster]![key]) } };
}

test("on any corruption of the files, the check does not crash and never quotes a key", () => {
  expect(said(material)).toBe("");
  fc.assert(
    fc.property(place, fc.array(change, { minLength: 1, maxLength: 3 }), (where, changes) => {
      const spoilt = spoil(where, (text) =>
        changes.reduce((now_, { at, drop, put }) => now_.slice(0, at) + put + now_.slice(at + drop), text),
      );
      const words = said(spoilt);
      for (const secret of secrets) expect(words).not.toContain(secret);
    }),
    { numRuns: 300 },
  );
});

test("swapped files are refused, without quoting a key", () => {
  const places = ["main0", "remote0"].flatMap((cluster) =>
    Object.keys(material[cluster]!).map((key) => [cluster, key] as [string, keyof ClusterCa]),
  );
  for (const from of places) {
    for (const to of places) {
      const text = material[from[0]]![from[1]];
      // A chain without the root is a chain as well.
      const chainWithoutRoot = from[0] === to[0] && from[1] === "caCert" && to[1] === "certChain";
      if (text === material[to[0]]![to[1]] || chainWithoutRoot) continue;
      const words = said(spoil(to, () => text));
      expect([from, to, words]).not.toEqual([from, to, ""]);
      for (const secret of secrets) expect(words).not.toContain(secret);
    }
  }
});

/** Some bytes of a key's wrapping mean nothing: the version of PKCS#8, say. */
function isSameKey(one: Buffer, other: Buffer): boolean {
  const numbers = (key: Buffer) =>
    createPrivateKey({ key, format: "der", type: "pkcs8" }).export({ format: "jwk" });
  try {
    return isDeepStrictEqual(numbers(one), numbers(other));
  } catch {
    return false;
  }
}

test("detects a changed byte anywhere in a certificate or key", () => {
  fc.assert(
    fc.property(place, fc.nat(), fc.integer({ min: 1, max: 255 }), (where, at, flip) => {
      let same = false;
      const spoilt = spoil(where, (text) => {
        const [block] = pemBlocks(text) as PemBlock[];
        const der = Buffer.from(block!.der);
        der[at % der.length]! ^= flip;
        same = where[1] === "caKey" && isSameKey(der, block!.der);
        const rest = text.slice(text.indexOf("-----END") + `-----END ${block!.label}-----\n`.length);
        return `-----BEGIN ${block!.label}-----\n${der.toString("base64")}\n-----END ${block!.label}-----\n${rest}`;
      });
      expect(said(spoilt) !== "" || same).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("arbitrary bytes never crash the check", () => {
  fc.assert(
    fc.property(place, fc.string({ unit: "binary", maxLength: 300 }), (where, text) => {
      expect(said(spoil(where, () => text))).not.toBe("");
    }),
  );
  const hostile = "-----BEGIN A-----\n".repeat(3500);
  const begun = Date.now();
  said(spoil(["main0", "caCert"], () => hostile));
  expect(Date.now() - begun).toBeLessThan(3000);
});
