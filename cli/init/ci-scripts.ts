import { shellQuote } from "../../mesh/shell-quote";
import { name as packageName } from "../../package.json";
import type { Pipeline } from "./ci";
import type { ProjectFile } from "./project";

/**
 * Terraform of the pipelines: the version with which this package is tested. Since 1.11 its azurerm backend logs in with a
 * service connection of Azure Pipelines (hashicorp/terraform#36458, read 2026-11-30).
 */
export const terraform = "1.11.4";

/** Scripts that the pipelines of both systems run, and a person can run. */
export const ciScripts = ({ meshFile, hasStack }: Pipeline): ProjectFile[] => [
  {
    file: "ci/diff.sh",
    text: `${head("Prints what the last commit changes in the output, as Markdown.", meshFile)}${diff}`,
  },
  ...(hasStack
    ? [
        {
          file: "ci/plan.sh",
          text: `${head("Prints what Terraform would change, as Markdown.", meshFile)}${plan}`,
        },
      ]
    : []),
  {
    file: "ci/programs.sh",
    text: `${head(`Installs istioctl, kubectl${hasStack ? " and Terraform" : ""} into a folder: bash ci/programs.sh FOLDER`, meshFile)}${programs(hasStack)}`,
  },
  {
    file: "ci/store-ca.sh",
    text: `${head("Stores the clusters' intermediates of the CA in Azure Key Vault: KEY_VAULT=NAME bash ci/store-ca.sh", meshFile)}${storeCa}`,
  },
  {
    file: "ci/fetch-ca.sh",
    text: `${head("Writes the clusters' intermediates of the CA, which ci/store-ca.sh has stored in Azure Key Vault.", meshFile)}${fetchCa}`,
  },
];

const head = (what: string, meshFile: string) => `#!/usr/bin/env bash
# ${what}
set -euo pipefail
[ -n "\${MESH_FILE:-}" ] || export MESH_FILE=${shellQuote(meshFile)}
`;

/** An expression of the mesh, printed by Node.js. In single quotes: it has none itself. */
const ofMesh = (expression: string) =>
  `node -p 'const mesh = require("${packageName}").loadMesh(process.argv[1]); ${expression}' "$MESH_FILE"`;

const diff = `
# HEAD^1 is the base of a pull request, and on main the commit before a merge.
head=$(git rev-parse HEAD)
modules="$PWD/node_modules"
work=$(mktemp -d)
trap 'git worktree remove --force "$work/tree"; rm -rf "$work"' EXIT
git worktree add --quiet --detach "$work/tree" "$head"
cd "$work/tree/$(git rev-parse --show-prefix)"
ln -s "$modules" node_modules
if git cat-file -e "HEAD^1:./$MESH_FILE" 2> /dev/null; then
  git checkout --quiet HEAD^1
  mkdir "$work/before"
  # Without a valid base, all of the output is new.
  if npx mesh synth --without-keys > /dev/null; then
    for output in dist cdktf.out; do [ ! -e "$output" ] || mv "$output" "$work/before"; done
  fi
  git checkout --quiet --force "$head"
  for output in dist cdktf.out; do
    rm -rf "$output"
    [ ! -e "$work/before/$output" ] || mv "$work/before/$output" .
  done
fi

# Exit code 1 is also a difference: the last line tells it from an error.
npx mesh diff --without-keys > "$work/diff.txt" || tail -n 1 "$work/diff.txt" | grep -q 'to remove$'
printf '### mesh diff\\n\\n\`\`\`diff\\n'
cat "$work/diff.txt"
printf '\`\`\`\\n'
`;

const plan = `
if [ "$(${ofMesh("Boolean(mesh.azure?.backend)")})" != true ]; then
  echo "error: $MESH_FILE has no azure.backend: a runner would lose Terraform's state; see node_modules/${packageName}/docs/azure.md" >&2
  exit 1
fi
npx mesh synth --without-keys >&2
cd cdktf.out/stacks/*/
terraform init -input=false -no-color >&2
plan=$(mktemp) # readable for this user alone, because it has the secrets of the state
trap 'rm "$plan"' EXIT
# Without the lock, because this identity only reads the state.
terraform plan -input=false -no-color -lock=false -out="$plan" >&2
printf '### terraform plan\\n\\n\`\`\`text\\n'
terraform show -no-color "$plan"
printf '\`\`\`\\n'
`;

// Checksums: https://github.com/istio/istio/releases, https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/ and
// https://developer.hashicorp.com/terraform/install, read 2026-11-30.
const programs = (hasStack: boolean) => `
bin=$1
arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
istio=$(${ofMesh("mesh.istio.version")})
kubernetes=$(${ofMesh("mesh.primary.aks?.kubernetesVersion ?? mesh.istio.line.kubernetes.default")})
mkdir -p "$bin"
work=$(mktemp -d)
cd "$work"

download() { curl --fail --silent --show-error --location --retry 3 --remote-name "$1"; }

archive="istioctl-$istio-linux-$arch.tar.gz"
release="https://github.com/istio/istio/releases/download/$istio"
download "$release/$archive"
download "$release/$archive.sha256"
sha256sum --check "$archive.sha256"
tar -xzf "$archive" istioctl

# The newest patch of the clusters' minor version.
minor=$(echo "$kubernetes" | cut -d . -f 1-2)
patch=$(curl --fail --silent --show-error --location --retry 3 "https://dl.k8s.io/release/stable-$minor.txt")
download "https://dl.k8s.io/release/$patch/bin/linux/$arch/kubectl"
download "https://dl.k8s.io/release/$patch/bin/linux/$arch/kubectl.sha256"
echo "$(cat kubectl.sha256)  kubectl" | sha256sum --check
${
  hasStack
    ? `
terraform=${terraform}
archive="terraform_\${terraform}_linux_$arch.zip"
release="https://releases.hashicorp.com/terraform/$terraform"
download "$release/$archive"
download "$release/terraform_\${terraform}_SHA256SUMS"
grep "  $archive\\$" "terraform_\${terraform}_SHA256SUMS" | sha256sum --check
unzip -q "$archive" terraform
`
    : ""
}
cd - > /dev/null
install -m 755 "$work"/{istioctl,kubectl${hasStack ? ",terraform" : ""}} "$bin"
rm -rf "$work"
`;

/** Of each cluster: the secret's name, and the folder of its intermediate. */
const intermediates = ofMesh(
  'const { dirname, join, resolve } = require("node:path"); ' +
    "const file = process.argv[1]; const beside = dirname(file); " +
    'const ca = mesh.ca.directory === undefined ? file.replace(/\\.ya?ml$/, ".ca") : resolve(beside, mesh.ca.directory); ' +
    'mesh.clusters.map(({ name }) => `${mesh.name}-${name} ${join(ca, name)}`).join("\\n")',
);

const storeCa = `
# Not root-key.pem: it signs for new clusters, and stays where you back it up.
umask 077
${intermediates} | while read -r secret folder; do
  value=$(mktemp)
  node -e '
    const { readdirSync, readFileSync } = require("node:fs");
    const files = readdirSync(process.argv[1]).filter((name) => /\\.(pem|crt|key)$/.test(name));
    const entries = files.map((name) => [name, readFileSync(process.argv[1] + "/" + name, "base64")]);
    process.stdout.write(JSON.stringify(Object.fromEntries(entries)));
  ' "$folder" > "$value"
  az keyvault secret set --vault-name "$KEY_VAULT" --name "$secret" --file "$value" --output none < /dev/null
  rm "$value"
  echo "$folder: stored as $secret"
done
`;

const fetchCa = `
umask 077
${intermediates} | while read -r secret folder; do
  az keyvault secret show --vault-name "$KEY_VAULT" --name "$secret" --query value --output tsv < /dev/null | node -e '
    const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
    mkdirSync(process.argv[1], { recursive: true });
    for (const [name, base64] of Object.entries(JSON.parse(readFileSync(0, "utf8"))))
      writeFileSync(process.argv[1] + "/" + name, Buffer.from(base64, "base64"), { mode: 0o600 });
  ' "$folder"
  echo "$folder: fetched"
done
`;
