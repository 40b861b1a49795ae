import { createPrograms } from "../../../ops/exec/programs";
import { programVersion } from "../../../ops/exec/versions";
import { type FakePath, fakePath } from "./fake-programs";

describe("programs on the PATH", () => {
  let path: FakePath;
  beforeEach(() => {
    path = fakePath();
  });
  afterEach(() => path.remove());

  test.each([
    ["kubectl", '{"clientVersion":{"gitVersion":"v1.34.4"}}', "kubectl version --client -o json"],
    [
      "istioctl",
      '{"clientVersion":{"version":"1.31.1"}}',
      "istioctl version --remote=false -o json --log_target stderr",
    ],
    ["terraform", '{"terraform_version":"1.34.0"}', "terraform version -json"],
    ["az", '{"azure-cli":"2.34.0"}', "az version -o json"],
  ] as const)("%s is asked in its own way", async (program, answer, call) => {
    path.add(program, `echo '${answer}'`);
    const version = await programVersion(createPrograms({ env: path.env }), program);
    expect(version).toMatchObject({ text: expect.stringMatching(/^[12]\.3[14]/) });
    expect(path.calls()).toEqual([call]);
  });

  test("lines that a wrapper puts before the answer are read past", async () => {
    path.add(
      "terraform",
      `echo "[command]/opt/terraform-bin $*"; printf '{\\n  "terraform_version": "1.11.4"\\n}\\n'`,
    );
    const version = await programVersion(createPrograms({ env: path.env }), "terraform");
    expect(version?.text).toBe("1.11.4");
  });

  test("an answer that is not understood is an unknown version, not a crash", async () => {
    path.add("kubectl", "echo hello");
    expect(await programVersion(createPrograms({ env: path.env }), "kubectl")).toBeUndefined();
  });
});
