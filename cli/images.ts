import { imagesOf } from "../mesh/images";
import { readMesh } from "../mesh/load";
import { exitCode, type Output } from "./command";
import type { Format } from "./options";

/** Lists every image of the mesh where upstream publishes it; as JSON with the name under which the clusters pull it. */
export function images(
  file: string,
  { output: format }: { readonly output: Format },
  output: Output,
): number {
  const all = imagesOf(readMesh(file));
  if (format === "json") output.result(JSON.stringify(all, null, 2));
  else for (const { source } of all) output.result(source);
  return exitCode.fine;
}
