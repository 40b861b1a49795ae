import { meshCommand } from "../../mesh/paths";

test("a command names the file where the tool would take another one", () => {
  expect(meshCommand("mesh.yaml", "apply")).toBe("mesh apply");
  expect(meshCommand("other.yaml", "apply", "--until", "namespaces")).toBe(
    "mesh apply --until namespaces -f other.yaml",
  );
  expect(meshCommand("my mesh.yaml", "ca")).toBe("mesh ca -f 'my mesh.yaml'");
});
