import { name as packageName } from "../../package.json";

/** @param hasPipeline whose set-up is in ci/README.md */
export function projectReadme(meshFile: string, hasPipeline: boolean): string {
  const documents = `node_modules/${packageName}/docs`;
  const flag = meshFile === "mesh.yaml" ? "" : ` -f ${meshFile}`;
  const stem = meshFile.replace(/\.ya?ml$/, "");
  return `# Mesh

One Istio mesh over several clusters, described in [${meshFile}](${meshFile}).

| Command | What it does |
|---|---|
| \`npm install\` | Install the tool and jest |
| \`npm test\` | Compare what ${meshFile} gives with the snapshots in \`test/snapshots\`; the first run writes them |
| \`npm run test:update\` | Write the snapshots after a change of ${meshFile} |
| \`npx mesh ca${flag}\` | Create the CA; once for the whole team |
| \`npx mesh synth${flag}\` | Write \`dist\` and \`cdktf.out\` |
| \`npx mesh diff${flag}\` | Show what a synth would change |
| \`npx mesh up${flag}\` | Create the clusters, apply the mesh, verify it |
| \`npx mesh --help\` | List all commands |

## A change

1. Edit ${meshFile}. \`npm test\` fails and shows the change as YAML.
2. \`npm run test:update\`, then commit ${meshFile}, \`test/snapshots\` and \`package-lock.json\`.
3. Open a pull request. Reviewers read the same change in the snapshots.
4. ${hasPipeline ? "After the merge and an approval, the pipeline runs `mesh up`. Its set-up: [ci/README.md](ci/README.md)." : `After the merge, \`npx mesh up${flag}\` applies it.`}

## Secrets

Git must never hold these; \`.gitignore\` keeps them out.

- The CA's keys: \`${stem}.ca/\` and \`dist/<cluster>/*-cacerts.k8s.yaml\`. Back up \`${stem}.ca/\`, \`root-key.pem\` above all, where only the team can read it: \`${documents}/ca.md\`.
- Terraform's state, which holds the kubeconfigs of the clusters. A team and a pipeline need a remote backend: \`${documents}/azure.md\`.
- \`.mesh/\`: logs and kubeconfigs.
`;
}
