import { meshTagName } from "./azure-names";
import { quote } from "./problem";
import { type Rule, type RuleRow, repeats } from "./rule";

/** Azure's limit is 50 a resource; two are for tags of this project and of AKS. */
const tagLimit = 48;

const notTooManyTags: Rule = ({ azure }) => {
  const count = Object.keys(azure?.tags ?? {}).length;
  return count > tagLimit
    ? [
        {
          path: ["azure", "tags"],
          message: `${count} tags: expected at most ${tagLimit}`,
          fix: "remove some",
        },
      ]
    : [];
};

// Azure compares tag names case-insensitively, and preserves their case.
const uniqueTags: Rule = ({ azure }) => {
  const names = Object.keys(azure?.tags ?? {});
  return repeats(names.map((name) => name.toLowerCase())).map(({ index, first }) => ({
    path: ["azure", "tags", names[index]!],
    message: `duplicate tag ${quote(names[first])}: names are case-insensitive`,
    fix: "remove one of them",
  }));
};

const noMeshTag: Rule = ({ azure }) =>
  Object.keys(azure?.tags ?? {})
    .filter((name) => name.toLowerCase() === meshTagName)
    .map((name) => ({
      path: ["azure", "tags", name],
      message: `reserved tag ${meshTagName}: this tool sets it to the name of the mesh`,
      fix: "remove it; the field name at the top of the file sets the name of the mesh",
    }));

// https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations, read 2026-11-23
const reservedPrefix = /^(azure|microsoft|windows)/i;

const noReservedTags: Rule = ({ azure }) =>
  Object.keys(azure?.tags ?? {})
    .filter((name) => reservedPrefix.test(name))
    .map((name) => ({
      path: ["azure", "tags", name],
      message: `reserved prefix in ${quote(name)}: azure, microsoft and windows belong to Azure`,
      fix: "rename it",
    }));

const ignoredTagsAreOfOthers: Rule = ({ azure }) =>
  (azure?.ignoreTags ?? []).flatMap((name, index, all) => {
    const isSame = (other: string) => other.toLowerCase() === name.toLowerCase();
    const isOurs = [...Object.keys(azure?.tags ?? {}), meshTagName].some(isSame);
    // https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#ignore_changes, read 2026-11-30
    if (/["$]/.test(name))
      return [
        {
          path: ["azure", "ignoreTags", index],
          message: `invalid value ${quote(name)}: Terraform cannot ignore a tag with " or $ in its name`,
          fix: "remove it",
        },
      ];
    const isRepeated = all.findIndex(isSame) < index;
    return isOurs || isRepeated
      ? [
          {
            path: ["azure", "ignoreTags", index],
            message: isOurs
              ? `invalid value ${quote(name)}: mesh.yaml sets this tag itself`
              : `duplicate value ${quote(name)}: names are case-insensitive`,
            fix: "remove it",
          },
        ]
      : [];
  });

export const tagRules: readonly RuleRow[] = [
  [notTooManyTags],
  [uniqueTags],
  [noMeshTag],
  [noReservedTags],
  [ignoredTagsAreOfOthers, "azure.tags"],
];
