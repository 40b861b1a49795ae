import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");
const source =
  /https:\/\/|\b(samples|charts|manifests|profiles|pkg|pilot|istioctl|prow|releasenotes|frontend)\/[\w-]+/;

/** Comments, neighbouring `//` lines taken as one. */
const commentsOf = (text: string) => text.match(/\/\*\*[\s\S]*?\*\/|(^[ \t]*\/\/.*\n)+/gm) ?? [];

test("a fact of upstream says when its source was read", () => {
  const undated = ["mesh", "k8s", "infra"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) =>
        commentsOf(readFileSync(join(root, folder, name), "utf8"))
          .filter((comment) => source.test(comment) && !/\bread[\s*]+20\d\d-\d\d-\d\d\b/i.test(comment))
          .map((comment) => `${folder}/${name}: ${comment.trim()}`),
      ),
  );
  expect(undated).toEqual([]);
});
