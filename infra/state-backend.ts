import { TerraformBackend } from "cdktf";
import type { Construct } from "constructs";
import { localStateName } from "../mesh/azure-names";
import type { TerraformBackend as BackendSettings } from "../mesh/mesh";

/**
 * Terraform's state: the backend of `mesh.yaml`, unchanged, or a local file.
 *
 * The local file is in the folder in which synth runs, not in `cdktf.out`, which `cdktf synth` deletes. Its path is
 * relative to `cdktf.out/stacks/<stack>`, where Terraform runs: cdktf's default is absolute, and would differ on every
 * machine.
 */
export class StateBackend extends TerraformBackend {
  private readonly settings: BackendSettings["settings"];

  constructor(scope: Construct, backend: BackendSettings | undefined) {
    const { type, settings } = backend ?? {
      type: "local",
      settings: { path: `../../../${localStateName(scope.node.id)}` },
    };
    super(scope, "backend", type);
    this.settings = settings;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...this.settings };
  }

  /** For references between stacks; a mesh is one stack. */
  override getRemoteStateDataSource(): never {
    throw new Error("a mesh is one Terraform stack, without references to others");
  }
}
