import { readMesh } from "../mesh/load";
import { meshFile } from "../mesh/paths";
import { synthesizeTerraform } from "./app";

// What `cdktf synth` runs (cdktf.json); the CLI says where the output goes.
synthesizeTerraform(readMesh(meshFile()));
