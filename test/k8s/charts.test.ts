import { referenceMeshes, render } from "./render";

// What a reviewer reads: every file of both reference meshes, whole.
describe.each(Object.entries(referenceMeshes))("Istio %s", (_, reference) => {
  const mesh = reference();
  for (const cluster of mesh.clusters) {
    for (const [file, { text }] of render(mesh, cluster.name)) {
      test(`${cluster.name}/${file}`, () => {
        expect(text).toMatchSnapshot();
      });
    }
  }
});
