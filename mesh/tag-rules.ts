import { meshTagName } from "./azure-names";
import { quote } from "./problem";
import { type Rule, type RuleRow, repeats } from "./rule";

/** Azure's limit is 50 a resource; the rest is for tags of this project and of AKS. */
const tagLimit = 48;

const notTooManyTags: Rule = ({ azure }) => {
  const count = Object.keys(azure?.tags ?? {}).length;
  return count > tagLimit
    ? [
        {
          path: ["azure", "tags"],
          message: `${count} tags are given; allowed are ${tagLimit}`,
          fix: "remove some",
        },
      ]
    : [];
};

// Azure compares the names of tags without regard to case, and keeps the case that it was given.
const uniqueTags: Rule = ({ azure }) => {
  const names = Object.keys(azure?.tags ?? {});
  return repeats(names.map((name) => name.toLowerCase())).map(({ index, first }) => ({
    path: ["azure", "tags", names[index]!],
    message: `is the tag ${quote(names[first])} in other letters; Azure takes the two for one`,
    fix: "keep one of the two",
  }));
};

const noTagOfThisProject: Rule = ({ azure }) =>
  Object.keys(azure?.tags ?? {})
    .filter((name) => name.toLowerCase() === meshTagName)
    .map((name) => ({
      path: ["azure", "tags", name],
      message: `the tag ${meshTagName} is given by this tool: it says which mesh a resource belongs to`,
      fix: "remove it; name at the top of the file names the mesh",
    }));

// https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations, read 2026-11-23
const reservedPrefix = /^(azure|microsoft|windows)/i;

const noReservedTags: Rule = ({ azure }) =>
  Object.keys(azure?.tags ?? {})
    .filter((name) => reservedPrefix.test(name))
    .map((name) => ({
      path: ["azure", "tags", name],
      message: `${quote(name)} begins with azure, microsoft or windows, which Azure keeps for itself`,
      fix: "rename it",
    }));

export const tagRules: readonly RuleRow[] = [
  [notTooManyTags],
  [uniqueTags],
  [noTagOfThisProject],
  [noReservedTags],
];
