import { parseMesh } from "../../mesh/load";
import { edited, problemsOf } from "./two-clusters";

const withBackend = (backend: string) => edited("  location", `  backend: ${backend}\n  location`);
const problemsIn = (backend: string) => problemsOf(withBackend(backend));

const secret = "c2VjcmV0LWtleQ==";

test.each([
  ["pg", `conn_str: ${secret}`],
  ["consul", `access_token: ${secret}`],
  ["consul", `http_auth: ${secret}`],
  ["gcs", `access_token: ${secret}`],
  ["gcs", `credentials: ${secret}`],
  ["gcs", `encryption_key: ${secret}`],
  ["http", `client_private_key_pem: ${secret}`],
  ["http", `password: ${secret}`],
  ["kubernetes", `client_key: ${secret}`],
  ["kubernetes", `token: ${secret}`],
  ["azurerm", `access_key: ${secret}`],
  ["azurerm", `sas_token: ${secret}`],
  ["azurerm", `client_secret: ${secret}`],
  ["azurerm", `client_certificate: ${secret}`],
  ["azurerm", `client_certificate_password: ${secret}`],
  ["azurerm", `oidc_token: ${secret}`],
  ["azurerm", `oidc_request_token: ${secret}`],
  ["s3", `secret_key: ${secret}`],
  ["s3", `sse_customer_key: ${secret}`],
  ["s3", `assume_role: { token: ${secret} }`],
  ["s3", `assume_role: [{ a: { web_identity_token: ${secret} } }]`],
  ["remote", `token: ${secret}`],
])("refuses a credential of %s at any depth, without quoting it: %s", (type, setting) => {
  const [problem, ...others] = problemsIn(`{ ${type}: { ${setting} } }`);
  expect(problem).toMatch(/^\d+:\d+: azure\.backend\.\w+\..*: is a credential, .*\n {2}fix: remove it/);
  expect(problem).not.toContain(secret);
  expect(others).toEqual([]);
});

test.each(["https://me:s3cr3t@state.example.com/x", "HTTPS://s3cr3t@state.example.com"])(
  "an address with a user in it is refused, and not quoted: %s",
  (address) => {
    const [problem] = problemsIn(`{ http: { address: "${address}" } }`);
    expect(problem).toMatch(/azure\.backend\.http\.address: URL has a user name or password in it/);
    expect(problem).not.toContain("s3cr3t");
  },
);

test.each([
  "https://state.example.com/x?private_token=s3cr3t",
  "https://st.blob.core.windows.net/c?sv=1&sig=s3cr3t",
])("refuses a URL with a credential in its query, without quoting it: %s", (address) => {
  const [problem] = problemsIn(`{ http: { address: "${address}" } }`);
  expect(problem).toMatch(/azure\.backend\.http\.address: URL has a credential in its query/);
  expect(problem).not.toContain("s3cr3t");
});

test.each([
  "azurerm: { resource_group_name: rg, storage_account_name: st, container_name: c, key: mesh.tfstate, use_azuread_auth: true, use_oidc: true, oidc_token_file_path: /run/token, client_certificate_path: /c.pfx }",
  "s3: { bucket: b, key: k, region: r, kms_key_id: id, skip_credentials_validation: true, shared_credentials_files: [a, b], max_retries: 9007199254740991 }",
  "gcs: { bucket: b, prefix: p, kms_encryption_key: projects/p/key }",
  "kubernetes: { secret_suffix: state, labels: { a: b } }",
  'http: { address: "https://state.example.com/a@b?c=d@e" }',
  "local: { path: x.tfstate }",
])("keeps settings without secrets unchanged: %s", (backend) => {
  expect(problemsIn(`{ ${backend} }`)).toEqual([]);
});

test.each([
  [
    "azurrm",
    /unknown Terraform backend "azurrm": expected one of azurerm, .*\n {2}fix: did you mean "azurerm"\?/,
  ],
  ["etcd", /unknown Terraform backend "etcd": expected one of/],
  ["constructor", /unknown Terraform backend "constructor"/],
])("the backend %s is refused", (type, says) => {
  expect(problemsIn(`{ ${type}: {} }`)).toEqual([expect.stringMatching(says)]);
});

test.each([
  'key: "${var.key}"',
  'key: "%{ if true }a%{ endif }"',
  'key: "TfToken[TOKEN.0]"',
  'labels: { "${a}": b }',
  'args: [a, "x${b}"]',
])("an expression is refused: %s", (setting) => {
  expect(problemsIn(`{ kubernetes: { ${setting} } }`)).toEqual([
    expect.stringMatching(/azure\.backend\.kubernetes\..*: has an expression .*\n {2}fix: write its value/),
  ]);
});

test.each(["9007199254740993", "-99999999999999999999", "[1, 9007199254740992]"])(
  "a number that JSON does not keep is refused: %s",
  (number) => {
    expect(problemsIn(`{ s3: { max_retries: ${number} } }`)).toEqual([
      expect.stringMatching(/max_retries.*: number is above 9007199254740991 .*\n {2}fix: quote it/),
    ]);
  },
);

test("keeps nested settings unchanged", () => {
  const { azure } = parseMesh(withBackend("{ s3: { endpoints: { s3: https://s3.example.com } } }"), "m");
  expect(azure?.backend).toEqual({ type: "s3", settings: { endpoints: { s3: "https://s3.example.com" } } });
});
