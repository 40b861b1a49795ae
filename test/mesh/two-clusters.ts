import { parseMesh } from "../../mesh/load";
import { InputError } from "../../mesh/problem";

/** A mesh of two clusters that Terraform makes. */
export const twoClusters = `azure:
  location: centralus
  resourceGroup: rg-demo
clusters:
  - name: main0
    role: primary
    network: network1
    aks: aks-main
  - name: remote0
    network: network2
    aks: aks-remote
`;

/** The messages of everything wrong with the text, each as `LINE:COLUMN: ...`. */
export function problemsOf(text: string): string[] {
  try {
    parseMesh(text, "mesh.yaml");
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.split(/\n(?=mesh\.yaml)/).map((line) => line.replace(/^mesh\.yaml:? ?/, ""));
  }
  return [];
}

/** The two clusters with one text in place of another, which must be there. */
export function edited(from: string | RegExp, to: string): string {
  const text = twoClusters.replace(from, () => to);
  if (text === twoClusters) throw new Error(`${from} is not in the text`);
  return text;
}

/** Texts of a `mesh.yaml` that are refused, by what is wrong with them, with what must be said. */
export type Refusals = Readonly<Record<string, { readonly text: string; readonly says: RegExp }>>;

export function refuses(refusals: Refusals): void {
  test.each(Object.entries(refusals))("%s is refused", (_, { text, says }) => {
    expect(problemsOf(text)).toContainEqual(expect.stringMatching(says));
  });
}
