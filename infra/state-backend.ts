import { TerraformBackend } from "cdktf";
import type { Construct } from "constructs";
import { localStateName } from "../mesh/azure-names";
import type { TerraformBackend as BackendSettings } from "../mesh/mesh";

/**
 * Where Terraform keeps its state: the backend of `mesh.yaml` with its settings as they are, or a local file.
 *
 * The local file lies in the folder in which synth runs, beside `mesh.yaml` and not in `cdktf.out`, which
 * `cdktf synth` deletes. Its path is relative to where Terraform runs (`cdktf.out/stacks/<stack>`): cdktf's own
 * default is absolute, and no two machines would synthesize the same bytes.
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

  /** cdktf asks for it when one stack refers to another; a mesh is one stack. */
  override getRemoteStateDataSource(): never {
    throw new Error("a mesh is one Terraform stack: there is no other whose state it could read");
  }
}
