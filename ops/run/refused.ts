/** The command refused to start: nothing was changed. */
export class Refused extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "Refused";
  }
}
