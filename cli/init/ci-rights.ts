import { name as packageName } from "../../package.json";
import type { Pipeline } from "./ci";

/** Steps 4 and 5, which do not depend on the CI system. */
export const ciRights = ({
  meshFile,
  hasStack,
  contexts,
  clusters,
}: Pipeline): string => `4. Assign the roles:

   | Identity | Role | Scope |
   |---|---|---|
${
  hasStack
    ? `   | plan | *Reader* and *Azure Kubernetes Service Cluster User Role* | the subscription |
   | plan | *Storage Blob Data Reader* | the container of Terraform's state |
   | production | *Contributor*; with \`gateways.address: static\` also *Role Based Access Control Administrator* | the subscription |
   | production | *Storage Blob Data Contributor* | the container of Terraform's state |
`
    : ""
}${contexts.length > 0 ? "   | production | *Azure Kubernetes Service Cluster Admin Role* | the existing clusters |\n" : ""}   | production | *Key Vault Secrets User* | the vault |
${
  hasStack
    ? `
   Terraform's state holds the kubeconfigs of the clusters, and the identity plan reads it. Everyone who can push a branch can use this identity: if these are too many people, require an approval for it too.

   \`azure.backend\` in ${meshFile} names the storage account of the state; \`node_modules/${packageName}/docs/azure.md\` has the commands that create it. Without a backend the pipeline stops: a runner would lose the state.
`
    : ""
}5. Create the CA, and store the intermediates in the vault, one secret for each cluster (${clusters.map((name) => `\`<mesh>-${name}\``).join(", ")}):

   \`\`\`bash
   npx mesh ca
   KEY_VAULT=NAME bash ci/store-ca.sh
   \`\`\`

   \`root-key.pem\` is not stored: the pipeline does not need it. Back it up. Repeat the step after you add a cluster.
`;
