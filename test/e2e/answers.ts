import { sh } from "./lab";

/** Versions of helloworld that answer the client of each cluster, in order: `["v1", "v2"]` from all sides is a mesh. */
export function answers(contexts: readonly string[]): string[][] {
  const requests = "for i in $(seq 30); do curl -sS -m 5 helloworld.sample:5000/hello; done";
  return contexts.map((context) => {
    const { out } = sh(
      `kubectl --context ${context} -n sample exec deploy/curl -c curl -- sh -c '${requests}'`,
    );
    return [...new Set([...out.matchAll(/version: (v\d)/g)].map(([, version]) => version!))].sort();
  });
}

/** What `answers` says where every version answers from everywhere. */
export const bothVersionsFrom = (contexts: readonly string[]) => contexts.map(() => ["v1", "v2"]);
