import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CaMaterial } from "../ca/material";
import { readMesh } from "../mesh/load";
import type { Mesh } from "../mesh/mesh";
import { meshPaths } from "../mesh/paths";
import { redacted } from "./diff/redact";
import { distFiles, type Files, terraformFiles } from "./existing-output";
import { loadExtension } from "./extension";
import { stage } from "./synthesize";

/**
 * Every file that mesh.yaml gives, for snapshots in a pull request. They do not depend on the machine: a CA and the
 * gateways' addresses, which Git may not hold, are replaced by words, and values of Secrets are hidden. The picture is
 * left out, because it repeats the rest.
 * @param meshFile relative to the working directory, for example mesh.yaml
 * @returns text by name: `main0/0000-namespaces.k8s.yaml`, `RUNBOOK.md`, `terraform/<stack>.json`
 * @throws InputError if mesh.yaml or mesh.extend.ts is not valid
 */
export function filesForReview(meshFile: string): Files {
  const mesh = readMesh(meshFile);
  const paths = meshPaths(meshFile);
  const folder = mkdtempSync(join(tmpdir(), "mesh-review-"));
  try {
    const inputs = {
      mesh,
      paths,
      ca: wordsInPlaceOfCa(mesh),
      addresses: namesInPlaceOfAddresses(mesh),
      warnings: [],
    };
    const staged = stage({ ...inputs, extension: loadExtension(paths.extension) }, folder);
    return new Map([
      ...[...distFiles(staged.dist)]
        .filter(([file]) => /\.(yaml|md)$/.test(file))
        .map(([file, text]) => [file, file.endsWith(".yaml") ? redacted(text) : text] as const),
      ...[...terraformFiles(staged.terraform)].flatMap(([file, text]) => {
        const stack = /^stacks\/([^/]+)\//.exec(file)?.[1];
        return stack === undefined ? [] : [[`terraform/${stack}.json`, text] as const];
      }),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function wordsInPlaceOfCa({ clusters }: Mesh): CaMaterial {
  const words = { caCert: "certificate", caKey: "key", rootCert: "root", certChain: "chain" };
  return Object.fromEntries(clusters.map(({ name }) => [name, words]));
}

const namesInPlaceOfAddresses = ({ clusters }: Mesh) =>
  Object.fromEntries(clusters.map(({ name }) => [name, `${name}.gateway.example`]));
