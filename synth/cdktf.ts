import { readMesh } from "../mesh/load";
import { meshFile, meshPaths } from "../mesh/paths";
import { loadExtension } from "./extension";
import { makeMeshApp } from "./mesh-app";

// What `cdktf synth` runs (cdktf.json); the CLI says where the output goes.
const { mesh, extension, dist } = meshPaths(meshFile());
makeMeshApp({ mesh: readMesh(mesh), extension: loadExtension(extension) }, { dist }).writeTerraform();
