import { App } from "cdk8s";
import { meshFile, meshPaths } from "../mesh/paths";
import { writeDist } from "./dist";
import { readInputs } from "./inputs";
import { makeMeshApp } from "./mesh-app";
import { withStaging } from "./staging";

// The app of cdk8s.yaml. `cdk8s synth` empties the output folder and passes its path in the environment.
const inputs = readInputs(meshPaths(meshFile()), new Date());
const dist = new App().outdir;
// What cdktf makes as well is not this command's output.
withStaging((terraform) => writeDist(inputs, makeMeshApp(inputs, { dist, terraform }), dist));
