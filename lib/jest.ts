import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { toMatchFile } from "jest-file-snapshot";
import { stemOf } from "../mesh/paths";
import { filesBelow } from "../synth/existing-output";
import { filesForReview } from "../synth/review";

/**
 * Snapshot tests of a mesh: a test for each file that it gives, with a snapshot file of the same name below
 * `snapshots/<mesh>/` beside the test. Values of Secrets are hidden, and neither a CA nor known addresses are needed.
 * `jest --updateSnapshot` writes them, and deletes those of files that are no longer written; `jest --ci` never does.
 * @param meshFile relative to the folder where jest runs
 */
export function describeMesh(meshFile = "mesh.yaml"): void {
  const folder = join(dirname(expect.getState().testPath!), "snapshots", stemOf(meshFile));
  expect.extend({ toMatchFile });
  describe(meshFile, () => {
    const files = outputOf(meshFile);
    if (files instanceof Error) {
      test("is valid", () => {
        throw files;
      });
      return;
    }
    for (const [file, text] of files) {
      test(file, () => {
        expect(text).toMatchFile(join(folder, file));
      });
    }
    test("has no snapshot of a file that is no longer written", () => {
      const left = [...filesBelow(folder, (file) => !files.has(file)).keys()];
      if (isUpdate()) for (const file of left) rmSync(join(folder, file));
      else expect(left).toEqual([]);
    });
  });
}

function outputOf(meshFile: string) {
  try {
    return filesForReview(meshFile);
  } catch (error) {
    return error as Error;
  }
}

/** As jest-file-snapshot finds out. */
const isUpdate = () =>
  (expect.getState() as { snapshotState?: { _updateSnapshot?: string } }).snapshotState?._updateSnapshot ===
  "all";
