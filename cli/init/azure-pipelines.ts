import { shellQuote } from "../../mesh/shell-quote";
import type { Pipeline } from "./ci";
import { ciRights } from "./ci-rights";
import type { ProjectFile } from "./project";

// AzureCLI@2 logs in with the service connection, and with SYSTEM_ACCESSTOKEN azurerm and its backend get new tokens
// during a long run: hashicorp/terraform-provider-azurerm, website/docs/guides/service_principal_oidc.html.markdown, and
// https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2, read 2026-11-30.

const install = (indent: string) =>
  [
    "- task: NodeTool@0",
    "  inputs:",
    "    versionSpec: 24.x",
    "- script: npm ci",
    "  displayName: npm ci",
    "- bash: |",
    "    set -e",
    '    bash ci/programs.sh "$(Agent.TempDirectory)/bin"',
    '    echo "##vso[task.prependpath]$(Agent.TempDirectory)/bin"',
    "  displayName: Programs for the mesh",
  ]
    .map((line) => `${indent}${line}\n`)
    .join("");

/** A step that is logged in at Azure. */
const azureStep = (
  indent: string,
  name: string,
  connection: string,
  commands: readonly string[],
  env: readonly string[] = [],
) =>
  [
    "- task: AzureCLI@2",
    `  displayName: ${name}`,
    "  inputs:",
    `    azureSubscription: ${connection}`,
    "    addSpnToEnvironment: true",
    "    scriptType: bash",
    "    scriptLocation: inlineScript",
    "    inlineScript: |",
    ...[
      "set -euo pipefail",
      'export ARM_CLIENT_ID="$servicePrincipalId" ARM_TENANT_ID="$tenantId"',
      'ARM_SUBSCRIPTION_ID="$(az account show --query id --output tsv)"',
      'export ARM_SUBSCRIPTION_ID ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID="$AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"',
      ...commands,
    ].map((line) => `      ${line}`),
    "  env:",
    '    ARM_USE_OIDC: "true"',
    '    ARM_USE_AZUREAD: "true"',
    "    SYSTEM_ACCESSTOKEN: $(System.AccessToken)",
    "    SYSTEM_OIDCREQUESTURI: $(System.OidcRequestUri)",
    ...env.map((line) => `    ${line}`),
  ]
    .map((line) => `${indent}${line}\n`)
    .join("");

const plan = () => `
  - stage: plan
    dependsOn: check
    jobs:
      - job: plan
        steps:
${install("          ")}${azureStep(
  "          ",
  "terraform plan",
  "mesh-plan",
  [
    'bash ci/plan.sh > "$AGENT_TEMPDIRECTORY/plan.md"',
    'cat "$AGENT_TEMPDIRECTORY/plan.md"',
    'echo "##vso[task.uploadsummary]$AGENT_TEMPDIRECTORY/plan.md"',
  ],
  ["ARM_RESOURCE_PROVIDER_REGISTRATIONS: none # this identity only reads"],
)}`;

const credentials = (contexts: readonly string[]) =>
  contexts.length === 0
    ? []
    : [
        "# An agent has no kubeconfig: fill in the resource group and the name of each cluster.",
        ...contexts.map(
          (context) =>
            `az aks get-credentials --resource-group GROUP --name CLUSTER --context ${shellQuote(context)}`,
        ),
      ];

export const azurePipeline = ({ meshFile, hasStack, contexts }: Pipeline): ProjectFile => ({
  file: "azure-pipelines.yml",
  text: `# Written by \`mesh init --ci azure-pipelines\`, and yours to change. ci/README.md has the set-up.
trigger:
  branches:
    include: [main]

# For a repository on GitHub. In Azure Repos, a build validation policy of main runs it for pull requests.
pr:
  branches:
    include: ["*"]

pool:
  vmImage: ubuntu-latest

variables:
  MESH_FILE: ${JSON.stringify(meshFile)}
  KEY_VAULT: VAULT # the name of the Azure Key Vault with the CA

stages:
  - stage: check
    jobs:
      - job: check
        steps:
          - checkout: self
            fetchDepth: "2" # the commit before, for mesh diff
          - task: NodeTool@0
            inputs:
              versionSpec: 24.x
          - script: npm ci
            displayName: npm ci
          - script: npm run lint
            displayName: npm run lint
          - script: npm test -- --ci
            displayName: Snapshots
          - script: test ! -e dist/RUNBOOK.md || npx mesh synth --check
            displayName: A committed dist is what mesh.yaml gives
          - bash: |
              set -e
              bash ci/diff.sh > "$AGENT_TEMPDIRECTORY/diff.md"
              cat "$AGENT_TEMPDIRECTORY/diff.md"
              echo "##vso[task.uploadsummary]$AGENT_TEMPDIRECTORY/diff.md"
            displayName: mesh diff
${hasStack ? plan() : ""}
  - stage: up
    dependsOn: ${hasStack ? "[check, plan]" : "check"}
    condition: and(succeeded(), ne(variables['Build.Reason'], 'PullRequest'), eq(variables['Build.SourceBranch'], 'refs/heads/main'))
    lockBehavior: sequential # one after the other, with an exclusive lock on the environment
    jobs:
      - deployment: up
        timeoutInMinutes: "0" # as long as the agent may run
        environment: production # waits for its approvals
        strategy:
          runOnce:
            deploy:
              steps:
                - checkout: self
${install("                ")}${azureStep("                ", "mesh up", "mesh-production", [
  ...credentials(contexts),
  "bash ci/fetch-ca.sh",
  "# --prune also deletes what is no longer in mesh.yaml.",
  "npx mesh up --yes",
])}`,
});

export const azurePipelineReadme = (pipeline: Pipeline): string => {
  const { hasStack } = pipeline;
  return `# The pipeline

\`azure-pipelines.yml\` checks every pull request: types, snapshots, \`mesh diff\`${hasStack ? " and `terraform plan`" : ""}. The *Extensions* tab of the run shows the differences. After the merge to main it waits for an approval, then runs \`mesh up\`. It logs in to Azure with workload identity federation, and Azure DevOps stores no secret.

Before the first run on main:

1. Create the environment \`production\` (*Pipelines > Environments*) with the checks *Approvals* and *Exclusive Lock*.
2. Create the service connection${hasStack ? "s `mesh-plan` and" : ""} \`mesh-production\` of the type *Azure Resource Manager*, with workload identity federation. Give \`mesh-production\` the check *Branch control* for \`refs/heads/main\`: otherwise a pipeline of any branch can use it.
3. Set \`KEY_VAULT\` in \`azure-pipelines.yml\`. In Azure Repos, add a *Build validation* policy to main that runs this pipeline.
${ciRights(pipeline)}`;
};
