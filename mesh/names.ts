import { defaultIstioLine } from "./istio-lines";

/**
 * The syntax of a name: as a pattern, in words, with an example. Error messages and editors show the words.
 */
export interface NameRule {
  readonly pattern: RegExp;
  /** Completes the sentence "expected ...". */
  readonly allowed: string;
  readonly example: string;
}

/** Kubernetes: names of namespaces and Services, and values that end up in both. */
export const dns1123Label: NameRule = {
  pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  allowed:
    "a DNS-1123 label: lower-case letters, digits and '-', beginning and ending with a letter or digit, at most 63",
  example: "main0",
};

/** Kubernetes: names of most objects. */
export const dns1123Subdomain: NameRule = {
  pattern: /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  allowed: "a DNS-1123 subdomain: lower-case letters, digits, '-' and '.', at most 253",
  example: "registry-credentials",
};

/**
 * Kubeconfig contexts. Kubernetes has no rule, and tools write spaces, umlauts and parentheses: every command quotes
 * them. Control characters, which a terminal does not show, and a leading '-', which is an option, are refused.
 */
export const contextName: NameRule = {
  pattern: /^(?!-)[^\p{Cc}\p{Bidi_Control}\u2028\u2029]{1,253}$/u,
  allowed: "at most 253 characters, no control characters, not beginning with '-'",
  example: "aks-main",
};

// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules, read 2026-11-23
export const resourceGroupName: NameRule = {
  pattern: /^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$/,
  allowed: "letters, digits and _ ( ) . -, not ending in '.', at most 90",
  example: "rg-mesh-centralus",
};

export const aksName: NameRule = {
  pattern: /^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/,
  allowed: "letters, digits, '_' and '-', beginning and ending with a letter or digit, at most 63",
  example: "aks-main-centralus",
};

export const azureLocation: NameRule = {
  pattern: /^[a-z][a-z0-9]{2,49}$/,
  allowed: "an Azure region's short name: lower-case letters and digits, no spaces",
  example: "centralus",
};

export const azureSubscription: NameRule = {
  pattern: /^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/,
  allowed: "a subscription ID (UUID), as `az account show --query id` prints it",
  example: "00000000-0000-0000-0000-000000000000",
};

/** Of a Microsoft Entra group. */
export const entraObjectId: NameRule = {
  pattern: azureSubscription.pattern,
  allowed: "an object ID (UUID), as `az ad group show --query id` prints it",
  example: azureSubscription.example,
};

const resourceId = (provider: string) =>
  `/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[A-Za-z0-9_().-]{1,90}/providers/${provider}`;

export const subnetId: NameRule = {
  pattern: new RegExp(
    `^${resourceId("Microsoft.Network/virtualNetworks")}/[A-Za-z0-9_.-]{2,64}/subnets/[A-Za-z0-9_.-]{1,80}$`,
  ),
  allowed: "a subnet's resource ID, as `az network vnet subnet show --query id` prints it",
  example:
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/aks",
};

export const containerRegistryId: NameRule = {
  pattern: new RegExp(`^${resourceId("Microsoft.ContainerRegistry/registries")}/[A-Za-z0-9]{5,50}$`),
  allowed: "a registry's resource ID, as `az acr show --query id` prints it",
  example:
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/team1",
};

/** Of a maintenance window: windows begin at multiples of four hours, so that they never overlap in part. */
export const windowStart: NameRule = {
  pattern: /^(00|04|08|12|16|20):00$/,
  allowed: "00:00, 04:00, 08:00, 12:00, 16:00 or 20:00, in quotes",
  example: '"04:00"',
};

export const vmSize: NameRule = {
  pattern: /^[A-Z][A-Za-z]+(_[A-Za-z0-9-]+)+$/,
  allowed: "an Azure VM size, as `az vm list-sizes` prints it",
  example: "Standard_D2s_v5",
};

export const kubernetesVersion: NameRule = {
  pattern: /^1\.[1-9][0-9]?(\.(0|[1-9][0-9]?))?$/,
  allowed: "a Kubernetes version, minor or patch",
  example: "1.36",
};

export const istioVersion: NameRule = {
  pattern: /^1\.[0-9]{1,2}\.[0-9]{1,3}(-[a-z0-9.]{1,32})?$/,
  allowed: "an Istio patch version",
  example: defaultIstioLine.version,
};

/** A registry with a path, without a tag. */
export const imageHub: NameRule = {
  pattern: /^(?=.{1,200}$)[a-z0-9]+([.-][a-z0-9]+)*(:[0-9]{1,5})?(\/[a-z0-9]+([._-][a-z0-9]+)*)*$/,
  allowed: "a registry and path without a tag",
  example: "docker.io/istio",
};

/** The registry part of an image name: without a dot or a port it would be a user of Docker Hub. */
export const imageRegistry: NameRule = {
  pattern:
    /^(?=.{1,150}$)(?=[^/]*[.:]|localhost(\/|$))[a-z0-9]+([.-][a-z0-9]+)*(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?(\/[a-z0-9]+([._-][a-z0-9]+)*)*$/,
  allowed:
    "a registry host in lower case, with optional port and path, without https:// and without a trailing slash",
  example: "mirror.example/team",
};

/** A folder, relative or absolute. Shell-safe, because the runbook names it. */
export const folder: NameRule = {
  pattern: /^(?=.{1,400}$)[A-Za-z0-9_./][A-Za-z0-9_./ @+-]*$/,
  allowed: "a folder, relative to this file: letters, digits and _ . / @ + - and spaces",
  example: "certs",
};

/**
 * A folder in a Git repository, and a branch, tag or commit: neither leads out of it, nor is an option
 * (https://git-scm.com/docs/git-check-ref-format, read 2026-11-30).
 */
export const gitPath: NameRule = {
  pattern:
    /^(?=.{1,200}$)(?!.*(\.\.|\.lock(\/|$)))[A-Za-z0-9_]+([.-]+[A-Za-z0-9_]+)*(\/[A-Za-z0-9_]+([.-]+[A-Za-z0-9_]+)*)*$/,
  allowed:
    "letters, digits and _ . - /, without '..', neither beginning nor ending with . - or /, at most 200",
  example: "clusters/dist",
};

/** A Git repository over HTTPS or SSH. A password in it would be in Git. */
export const gitRepository: NameRule = {
  pattern:
    /^(?=.{1,400}$)(https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?\/|ssh:\/\/[a-z][a-z0-9_-]*@[A-Za-z0-9.-]+(:[0-9]{1,5})?\/|[a-z][a-z0-9_-]*@[A-Za-z0-9.-]+:)[A-Za-z0-9_.~%-]+(\/[A-Za-z0-9_.~%-]+)*$/,
  allowed: "a repository over HTTPS or SSH, without a password and without a trailing slash",
  example: "https://github.com/team/mesh.git",
};

/** Terraform backend types are HCL identifiers. */
export const backendType: NameRule = {
  pattern: /^[a-z][a-z0-9_]{0,62}$/,
  allowed: "the name of a Terraform backend",
  example: "azurerm",
};

export const ipv4: NameRule = {
  pattern: /^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(?!$)|$)){4}$/,
  allowed: "an IPv4 address",
  example: "203.0.113.7",
};

export const ipv4Range: NameRule = {
  pattern: /^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(?!\/)|(?=\/))){4}\/(3[0-2]|[12]?[0-9])$/,
  allowed: "an IPv4 range in CIDR notation",
  example: "203.0.113.0/24",
};
