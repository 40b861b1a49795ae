import { isReachable } from "./ipv4";
import type { Addresses, Mesh } from "./mesh";
import { dns1123Subdomain, ipv4 } from "./names";
import { didYouMean, type FieldProblem, fileProblem, InputError, quote } from "./problem";
import { readTextFile, UnreadableFile } from "./text-file";
import { largestYaml, parseYaml } from "./yaml";

/**
 * Reads the file of known gateway addresses by cluster; without a file none is known.
 * @throws InputError with every problem at once
 */
export function readAddresses(file: string, mesh: Mesh): Addresses {
  try {
    return parseAddresses(readTextFile(file, largestYaml).text, file, mesh);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    if (error.reason === "absent") return addressesOf([]);
    throw new InputError([fileProblem(file, error.message, deleteIt)]);
  }
}

/**
 * Parses that file. It drops addresses of clusters that are no longer in the mesh.
 * @throws InputError with every problem at once
 */
export function parseAddresses(text: string, file: string, mesh: Mesh): Addresses {
  const document = parseYaml(text, file, deleteIt);
  const value = document.value ?? {};
  if (typeof value !== "object" || Array.isArray(value)) {
    const message = `invalid value ${quote(value)}: expected a mapping of cluster names to addresses`;
    throw new InputError([fileProblem(file, message, deleteIt)]);
  }
  const clusters = mesh.clusters.map(({ name }) => name);
  const known = Object.entries(value).filter(([name]) => clusters.includes(name));
  const missing = clusters.filter((name) => !Object.hasOwn(value, name));
  const findings = Object.entries(value).flatMap(([name, address]) =>
    clusters.includes(name) ? wrongAddress(name, address, mesh) : typo(name, missing),
  );
  const problems = [...document.problems, ...findings.map(document.located)];
  if (problems.length > 0) throw new InputError(problems);
  return addressesOf(known);
}

/** Without a prototype: `constructor` is a name that a cluster may have. */
function addressesOf(entries: readonly (readonly [string, string])[]): Addresses {
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(entries)));
}

/** The file's text, with a comment that says that it may be deleted. */
export function formatAddresses(addresses: Addresses): string {
  const lines = Object.entries(addresses)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, address]) => `${name}: ${address}`);
  return [
    "# Addresses of the cross-cluster gateways, found by `mesh apply`. Delete the file to find them again.",
    ...lines,
    "",
  ].join("\n");
}

/** Whether the mesh's Istio line accepts it as `remotePilotAddress`. */
export function isAllowedAddress(address: string, mesh: Mesh): boolean {
  return ipv4.pattern.test(address)
    ? isReachable(address)
    : mesh.istio.line.remoteAddress !== "ipv4" && isHostName(address);
}

/** A fully qualified domain name; digits and dots alone are a mistyped address. */
function isHostName(text: string): boolean {
  return dns1123Subdomain.pattern.test(text) && text.includes(".") && !/^[0-9.]+$/.test(text);
}

/**
 * A name that is close to that of a cluster without an address is a typo. One with another number is another cluster:
 * remote1 is not a mistyped remote0.
 */
function typo(name: string, missing: readonly string[]): FieldProblem[] {
  const number = (text: string) => text.replaceAll(/\D/g, "");
  const alike = didYouMean(
    name,
    missing.filter((candidate) => number(candidate) === number(name)),
  );
  return alike
    ? [{ path: [name], message: `unknown cluster ${quote(name)}`, fix: `${alike}rename or remove it` }]
    : [];
}

function wrongAddress(name: string, address: unknown, mesh: Mesh): FieldProblem[] {
  if (typeof address === "string" && isAllowedAddress(address, mesh)) return [];
  const { id, remoteAddress } = mesh.istio.line;
  return [
    {
      path: [name],
      message: `invalid value ${quote(address)}: expected, for Istio ${id}, an ${remoteAddress} that other clusters reach, for example ${ipv4.example}`,
      fix: deleteIt,
    },
  ];
}

const deleteIt = "correct or delete it; `mesh apply` finds the addresses again";
