import { App } from "cdk8s";
import { meshFile, meshPaths } from "../mesh/paths";
import { writeDist } from "./dist";
import { readInputs } from "./inputs";

// The app of cdk8s.yaml. `cdk8s synth` empties the output folder and passes its path in the environment.
writeDist(readInputs(meshPaths(meshFile()), new Date()), new App().outdir);
