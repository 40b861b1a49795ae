import { writeFileSync } from "node:fs";
import { must } from "./lab";

/** A separate kubeconfig that tests may change; the user's is not changed. */
export function copyKubeconfig(file: string): void {
  writeFileSync(file, must("kubectl config view --raw --flatten"), { mode: 0o600 });
}

/** Names of the cluster and the user behind a context. */
export function entriesOf(context: string, kubeconfig: string): { cluster: string; user: string } {
  const { contexts } = JSON.parse(must(`kubectl --kubeconfig ${kubeconfig} config view -o json`));
  return contexts.find(({ name }: { name: string }) => name === context).context;
}

/** Another name for the context's cluster, with the same user. */
export function addAlias(alias: string, context: string, kubeconfig: string): void {
  const { cluster, user } = entriesOf(context, kubeconfig);
  must(`kubectl --kubeconfig ${kubeconfig} config set-context ${alias} --cluster=${cluster} --user=${user}`);
}

/**
 * A ServiceAccount in the cluster's namespace default and a context of the same name that logs in as it. It has no permissions
 * yet.
 */
export function addServiceAccount(name: string, context: string, kubeconfig: string): void {
  must(`kubectl --context ${context} -n default create serviceaccount ${name}`);
  // Read and written within one shell: the token is in no output.
  must(
    `kubectl --kubeconfig ${kubeconfig} config set-credentials ${name} ` +
      `--token="$(kubectl --context ${context} -n default create token ${name})"`,
  );
  const { cluster } = entriesOf(context, kubeconfig);
  must(`kubectl --kubeconfig ${kubeconfig} config set-context ${name} --cluster=${cluster} --user=${name}`);
}
