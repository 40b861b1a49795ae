import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** 1.11 brought `state_key`, with which the runs of a test share a state. */
const leastMinorVersion = 11;

/** What the bindings were generated from. */
const azurerm = { source: "hashicorp/azurerm", version: "4.55.0" };

/** Unpacks azurerm for machines without a network; beside the checkout, where there is one. */
export const mirror = resolve(__dirname, "../../../shared/terraform/mirror");
/** The provider has 200 MB and is the same for every checkout. */
const unpacked = join(tmpdir(), "istio-aks-mesh-azurerm");

/** A plan as `terraform show -json` prints it, as far as the tests read it. */
export interface Plan {
  readonly resource_changes: readonly {
    readonly address: string;
    readonly type: string;
    // biome-ignore lint/suspicious/noExplicitAny: the resource's own shape
    readonly change: { readonly actions: readonly string[]; readonly after: any };
  }[];
  readonly output_changes: Readonly<Record<string, { readonly actions: readonly string[] }>>;
}

/** The real Terraform with the real azurerm. */
export class Terraform {
  private constructor(readonly env: NodeJS.ProcessEnv) {}

  /** Terraform, or the reason why it cannot be used here. */
  static find(): Terraform | string {
    const { stdout, error } = spawnSync("terraform", ["version", "-json"], { encoding: "utf8" });
    if (error) return "terraform is not installed";
    const version: string = JSON.parse(stdout).terraform_version;
    const [major, minor] = version.split(".").map(Number);
    if (major !== 1 || minor! < leastMinorVersion)
      return `terraform is ${version}; allowed is 1.${leastMinorVersion} or a later 1.x`;
    const provider = existsSync(mirror)
      ? { TF_CLI_CONFIG_FILE: unpackMirror() }
      : { TF_PLUGIN_CACHE_DIR: unpacked };
    // Most of what Terraform does here is to read azurerm's schema, and a third of that is Go's garbage collection.
    const terraform = new Terraform({ ...process.env, CHECKPOINT_DISABLE: "1", GOGC: "400", ...provider });
    return terraform.hasProvider()
      ? terraform
      : "azurerm is neither beside the checkout nor can it be downloaded";
  }

  /** Downloads it where it must; once, for every checkout. */
  private hasProvider(): boolean {
    mkdirSync(unpacked, { recursive: true });
    const folder = mkdtempSync(join(tmpdir(), "mesh-provider-"));
    try {
      writeFileSync(
        join(folder, "main.tf.json"),
        JSON.stringify({ terraform: { required_providers: { azurerm } } }),
      );
      this.run(folder, "init");
      return true;
    } catch {
      return false;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Runs to the end. @returns stdout @throws Error with what it printed when it fails */
  run(cwd: string, ...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync("terraform", args, {
      cwd,
      env: this.env,
      encoding: "utf8",
      timeout: 80_000,
      // A verbose test repeats azurerm's schemas with every plan.
      maxBuffer: 1024 ** 3,
    });
    if (status === 0) return stdout;
    throw new Error(`terraform ${args.join(" ")} ended with ${status}:\n${stdout.slice(-5000)}${stderr}`);
  }

  /** `terraform test`. @returns the plan of each run that only plans, by the run's name */
  test(cwd: string): Record<string, Plan> {
    const plans = this.run(cwd, "test", "-json", "-verbose")
      .split("\n")
      .filter((line) => line.includes('"type":"test_plan"'))
      .map((line) => JSON.parse(line));
    return Object.fromEntries(plans.map((event) => [event["@testrun"], event.test_plan]));
  }
}

function unpackMirror(): string {
  const { status, stdout, stderr } = spawnSync(mirror, [unpacked], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${mirror} ended with ${status}: ${stderr}`);
  return stdout.trim();
}
