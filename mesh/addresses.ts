import { readFileSync } from "node:fs";
import { readDocument } from "./document";
import type { Addresses, Mesh } from "./mesh";
import { dns1123Subdomain, ipv4 } from "./names";
import { fileProblem, InputError, quote } from "./problem";
import type { Finding } from "./rule";
import { didYouMean } from "./suggest";

/**
 * Reads the file of known gateway addresses, cluster by cluster; a file that is not there knows none.
 * @throws InputError with every problem at once
 */
export function readAddresses(file: string, mesh: Mesh): Addresses {
  try {
    return parseAddresses(readFileSync(file, "utf8"), file, mesh);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return {};
    if (code === undefined) throw error;
    throw new InputError([
      fileProblem(
        file,
        `cannot be read: ${code}`,
        "make it readable, or delete it: the addresses are found again",
      ),
    ]);
  }
}

/** @throws InputError with every problem at once */
export function parseAddresses(text: string, file: string, mesh: Mesh): Addresses {
  const document = readDocument(text, file, deleteIt);
  const value = document.value ?? {};
  if (typeof value !== "object" || Array.isArray(value)) {
    const message = `${quote(value)} is given; allowed is a mapping of cluster names to addresses`;
    throw new InputError([fileProblem(file, message, deleteIt)]);
  }
  const findings = Object.entries(value).flatMap(([name, address]) => addressProblems(name, address, mesh));
  const problems = [...document.problems, ...findings.map(document.located)];
  if (problems.length > 0) throw new InputError(problems);
  return Object.freeze({ ...(value as Record<string, string>) });
}

/** The file's text; a comment says what it is, so that nobody takes it for input that must be kept. */
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

/** Whether it may stand in the `remotePilotAddress` of the mesh's Istio line. */
export function isAllowedAddress(address: string, mesh: Mesh): boolean {
  return ipv4.pattern.test(address) || (mesh.istio.line.remoteAddress !== "ipv4" && isHostName(address));
}

/** A fully qualified name; four numbers with dots are a mistyped address, not a name. */
function isHostName(text: string): boolean {
  return dns1123Subdomain.pattern.test(text) && text.includes(".") && !/^[0-9.]+$/.test(text);
}

function addressProblems(name: string, address: unknown, mesh: Mesh): Finding[] {
  const known = mesh.clusters.map((cluster) => cluster.name);
  if (!known.includes(name)) {
    return [
      {
        path: [name],
        message: `there is no cluster ${quote(name)}; allowed are ${known.slice(0, 20).join(", ")}`,
        fix: `${didYouMean(name, known)}rename or remove it`,
      },
    ];
  }
  if (typeof address === "string" && isAllowedAddress(address, mesh)) return [];
  const { id, remoteAddress } = mesh.istio.line;
  return [
    {
      path: [name],
      message: `${quote(address)} is given; Istio ${id} accepts an ${remoteAddress}, for example ${ipv4.example}`,
      fix: deleteIt,
    },
  ];
}

const deleteIt = "correct it, or delete it: the addresses are found again";
