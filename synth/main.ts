import { App } from "cdk8s";
import { meshFile, meshPaths } from "../mesh/paths";
import { writeDist } from "./dist";
import { readInputs } from "./inputs";

// The app of cdk8s.yaml: `cdk8s synth` has emptied the output folder and says in the environment which it is.
writeDist(readInputs(meshPaths(meshFile()), new Date()), new App().outdir);
