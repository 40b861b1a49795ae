import { didYouMean, type FieldProblem, type Path, quote } from "./problem";
import type { Rule, RuleRow } from "./rule";

const oneBackend: Rule = ({ azure }) => {
  const types = Object.keys(azure?.backend ?? {});
  return azure?.backend === undefined || types.length === 1
    ? []
    : [
        {
          path: ["azure", "backend"],
          message: `${types.length} backends: expected exactly one`,
          fix: "keep one, with its settings below it",
        },
      ];
};

/** https://developer.hashicorp.com/terraform/language/backend and, for oss, older releases and OpenTofu; read 2026-11-23 */
const backends = [
  "azurerm",
  "consul",
  "cos",
  "gcs",
  "http",
  "kubernetes",
  "local",
  "oci",
  "oss",
  "pg",
  "remote",
  "s3",
];

const knownBackend: Rule = ({ azure }) =>
  Object.keys(azure?.backend ?? {})
    .filter((type) => !backends.includes(type))
    .map((type) => ({
      path: ["azure", "backend", type],
      message: `unknown Terraform backend ${quote(type)}: expected one of ${backends.join(", ")}`,
      fix: `${didYouMean(type, backends)}rename it`,
    }));

/** Words in the names of settings that are credentials; each has an environment variable or a file instead. */
const secretSettings =
  /token|secret|password|private_key|(access|encryption|customer|client)_key|conn_str|http_auth|key_material|client_certificate$|credentials/;

/** Files, names and flags that have such a word in their name. */
const harmlessSettings = /(_file|_files|_path|_suffix)$|^(kms|skip|use)_/;

const userInfo = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i;

/** In the query of a URL: `//host/state?private_token=...`; `sig` is the signature of a SAS token. */
const secretInQuery = /[?&](sig|[^=&#]*(token|secret|password|key|credential)[^=&#]*)=[^&#]/i;

const noSecretsInTheBackend: Rule = (config) =>
  settingsOf(config).flatMap(({ path, name, value }): FieldProblem[] => {
    if (secretSettings.test(name) && !harmlessSettings.test(name)) {
      return [
        {
          path,
          message: `is a credential, and ${commonFiles}`,
          fix: "remove it and pass it to terraform in the environment (azurerm: ARM_ACCESS_KEY, ARM_SAS_TOKEN, ...) or with terraform init -backend-config=FILE; azurerm needs none with use_azuread_auth",
        },
      ];
    }
    if (typeof value === "string" && /^[a-z]+:/i.test(value) && secretInQuery.test(value)) {
      return [
        {
          path,
          message: `URL has a credential in its query, and ${commonFiles}`,
          fix: "remove it from the URL, and pass it to terraform in the environment (http: TF_HTTP_PASSWORD) or with terraform init -backend-config=FILE",
        },
      ];
    }
    return typeof value === "string" && userInfo.test(value)
      ? [
          {
            path,
            message: `URL has a user name or password in it, and ${commonFiles}`,
            fix: "remove what is before the @, and pass it to terraform in the environment",
          },
        ]
      : [];
  });

const commonFiles = "mesh.yaml and the Terraform JSON are files that people commit";

/** What Terraform's JSON, or cdktf, evaluates. */
const expression = /[$%]\{|TfToken\[/;

const noExpressionsInTheBackend: Rule = (config) =>
  settingsOf(config).flatMap(({ path, name, value }) =>
    expression.test(name) || (typeof value === "string" && expression.test(value))
      ? [
          {
            path,
            message:
              "has an expression (${, %{ or TfToken[): Terraform reads the backend before it evaluates expressions",
            fix: "write its value, or remove it and run terraform init -backend-config=KEY=VALUE",
          },
        ]
      : [],
  );

const exactNumbersInTheBackend: Rule = (config) =>
  settingsOf(config).flatMap(({ path, value }) =>
    typeof value === "bigint" || (typeof value === "number" && !Number.isSafeInteger(value))
      ? [
          {
            path,
            message: `number is above ${Number.MAX_SAFE_INTEGER} (2^53 - 1), which JSON does not preserve`,
            fix: "quote it",
          },
        ]
      : [],
  );

export const backendRules: readonly RuleRow[] = [
  [oneBackend],
  [knownBackend],
  [noSecretsInTheBackend],
  [noExpressionsInTheBackend],
  [exactNumbersInTheBackend],
];

interface Setting {
  readonly path: Path;
  /** Its own, or that of the list it stands in. */
  readonly name: string;
  readonly value: unknown;
}

/** Every setting of the backends, those within others included. */
function settingsOf({ azure }: Parameters<Rule>[0]): Setting[] {
  const within = ({ path, name, value }: Setting): Setting[] => {
    if (typeof value !== "object" || value === null) return [];
    const parts: Setting[] = Array.isArray(value)
      ? value.map((item, index) => ({ path: [...path, index], name, value: item }))
      : Object.entries(value).map(([key, inner]) => ({ path: [...path, key], name: key, value: inner }));
    return parts.flatMap((part) => [part, ...within(part)]);
  };
  return Object.entries(azure?.backend ?? {}).flatMap(([type, value]) =>
    within({ path: ["azure", "backend", type], name: type, value }),
  );
}
