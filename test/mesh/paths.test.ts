import { meshCommand } from "../../mesh/paths";

test("a command names the file unless it is the default", () => {
  expect(meshCommand("mesh.yaml", "apply")).toBe("mesh apply");
  expect(meshCommand("other.yaml", "apply", "--until", "namespaces")).toBe(
    "mesh apply --until namespaces -f other.yaml",
  );
  expect(meshCommand("my mesh.yaml", "ca")).toBe("mesh ca -f 'my mesh.yaml'");
});

describe("a printed command", () => {
  const argv = [...process.argv];
  afterEach(() => process.argv.splice(0, process.argv.length, ...argv));

  test.each([
    ["npx, and an installation beside the project", "/home/me/shop/node_modules/.bin/mesh", "npx mesh apply"],
    ["npx in a checkout", "/home/me/istio-aks-mesh/bin/mesh.js", "npx mesh apply"],
    ["the build of a checkout", "/home/me/istio-aks-mesh/build/mesh.js", "npx mesh apply"],
    ["a shim of npm on Windows", "C:\\shop\\node_modules\\istio-aks-mesh\\bin\\mesh.js", "npx mesh apply"],
    ["a program on the PATH", "/usr/local/bin/mesh", "mesh apply"],
    ["a program of that name in any folder", "/opt/build/mesh", "mesh apply"],
  ])("uses the same program as the current run: %s", (_, script, command) => {
    process.argv[1] = script;
    expect(meshCommand("mesh.yaml", "apply")).toBe(command);
  });
});
