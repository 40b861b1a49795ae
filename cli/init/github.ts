import { stemOf } from "../../mesh/paths";
import { shellQuote } from "../../mesh/shell-quote";
import type { Pipeline } from "./ci";
import { ciRights } from "./ci-rights";
import type { ProjectFile } from "./project";

// Major versions of the actions: their READMEs (actions/checkout, actions/setup-node, Azure/login), read 2026-11-30.
// azurerm and its backend find the token of GitHub by ARM_USE_OIDC: hashicorp/terraform-provider-azurerm,
// website/docs/guides/service_principal_oidc.html.markdown, read 2026-11-30.

/** Text as a YAML value. */
const plain = (text: string) => (/^[a-z][\w-]*$/i.test(text) ? text : JSON.stringify(text));

const install = `      - uses: actions/setup-node@v7
        with:
          node-version: 24
          cache: npm
      - run: npm ci
`;

const programs = `      - name: istioctl, kubectl and Terraform for the mesh
        run: |
          bash ci/programs.sh "$RUNNER_TEMP/bin"
          echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"
`;

const login = `    permissions:
      contents: read
      id-token: write # the login at Azure
    env:
      ARM_USE_OIDC: "true"
      ARM_USE_AZUREAD: "true"
      ARM_CLIENT_ID: \${{ vars.AZURE_CLIENT_ID }}
      ARM_TENANT_ID: \${{ vars.AZURE_TENANT_ID }}
      ARM_SUBSCRIPTION_ID: \${{ vars.AZURE_SUBSCRIPTION_ID }}
`;

const checkout = `      - uses: actions/checkout@v7
        with:
          persist-credentials: false
`;

const plan = `
  plan:
    # GitHub gives no token for Azure to pull requests from forks.
    if: github.event_name == 'push' || github.event.pull_request.head.repo.full_name == github.repository
    needs: check
    runs-on: ubuntu-latest
    environment: plan
${login}      ARM_RESOURCE_PROVIDER_REGISTRATIONS: none # this identity only reads
    steps:
${checkout}${install}${programs}      - name: terraform plan
        run: bash ci/plan.sh | tee -a "$GITHUB_STEP_SUMMARY"
`;

const credentials = (contexts: readonly string[]) =>
  contexts.length === 0
    ? ""
    : `      # A runner has no kubeconfig: fill in the resource group and the name of each cluster.
      - name: Credentials of the existing clusters
        run: |
${contexts.map((context) => `          az aks get-credentials --resource-group GROUP --name CLUSTER --context ${shellQuote(context)}\n`).join("")}`;

export const githubWorkflow = ({ meshFile, hasStack, contexts }: Pipeline): ProjectFile => ({
  file: `.github/workflows/${stemOf(meshFile)}.yml`,
  text: `# Written by \`mesh init --ci github\`, and yours to change. ci/README.md has the set-up.
name: ${plain(stemOf(meshFile))}

on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read

defaults:
  run:
    shell: bash # with pipefail

env:
  MESH_FILE: ${JSON.stringify(meshFile)}

jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
        with:
          fetch-depth: 2 # the commit before, for mesh diff
          persist-credentials: false
${install}      - run: npm run lint
      - name: Snapshots
        run: npm test -- --ci
      - name: A committed dist is what mesh.yaml gives
        run: test ! -e dist/RUNBOOK.md || npx mesh synth --check
      - name: mesh diff
        run: bash ci/diff.sh | tee -a "$GITHUB_STEP_SUMMARY"
${hasStack ? plan : ""}
  up:
    if: github.event_name == 'push'
    needs: ${hasStack ? "[check, plan]" : "check"}
    runs-on: ubuntu-latest
    environment: production # waits for its reviewers
    concurrency: ${plain(`${stemOf(meshFile)}-up`)} # one after the other
${login}    steps:
${checkout}${install}${hasStack ? programs : programs.replace("istioctl, kubectl and Terraform", "istioctl and kubectl")}      - uses: azure/login@v3
        with:
          client-id: \${{ vars.AZURE_CLIENT_ID }}
          tenant-id: \${{ vars.AZURE_TENANT_ID }}
          subscription-id: \${{ vars.AZURE_SUBSCRIPTION_ID }}
${credentials(contexts)}      - name: Keys of the CA from Azure Key Vault
        run: bash ci/fetch-ca.sh
        env:
          KEY_VAULT: \${{ vars.KEY_VAULT }}
      # --prune also deletes what is no longer in mesh.yaml.
      - run: npx mesh up --yes
`,
});

export const githubReadme = (pipeline: Pipeline): string => {
  const { meshFile, hasStack } = pipeline;
  return `# The pipeline

\`.github/workflows/${stemOf(meshFile)}.yml\` checks every pull request: types, snapshots, \`mesh diff\`${hasStack ? " and `terraform plan`" : ""}. The summary of the run shows the differences. After the merge to main it waits for an approval, then runs \`mesh up\`. It logs in to Azure with OIDC, and GitHub stores no secret.

Before the first push to main:

1. Create the environment${hasStack ? "s `plan` and" : ""} \`production\` (*Settings > Environments*). Give \`production\` *Required reviewers* and the deployment branch main. **GitHub creates a missing environment without any rule**, and then nothing waits for an approval. In private repositories, required reviewers need GitHub Enterprise.
2. Create ${hasStack ? "an identity for each environment" : "an identity for it"}, which trusts ${hasStack ? "only that" : "only this"} environment:

   \`\`\`bash
${(hasStack ? ["plan", "production"] : ["production"])
  .map(
    (environment) => `   az identity create --resource-group GROUP --name mesh-${environment}
   az identity federated-credential create --resource-group GROUP --identity-name mesh-${environment} --name github \\
     --issuer https://token.actions.githubusercontent.com --audiences api://AzureADTokenExchange \\
     --subject repo:OWNER/REPOSITORY:environment:${environment}
`,
  )
  .join("")}   \`\`\`

3. Set the variables \`AZURE_CLIENT_ID\`, \`AZURE_TENANT_ID\` and \`AZURE_SUBSCRIPTION_ID\` in ${hasStack ? "each environment" : "the environment"}, and \`KEY_VAULT\`, the name of the vault, in \`production\`. They are variables, not secrets.
${ciRights(pipeline)}`;
};
