import { NotShippableError } from './errors.ts';

/** The way from the shipped function to a value inside it, for error messages. */
export interface CapturePath {
  readonly parent: CapturePath | undefined;
  readonly step: string;
}

export function step(parent: CapturePath | undefined, text: string): CapturePath {
  return { parent, step: text };
}

function steps(path: CapturePath | undefined): string[] {
  const found: string[] = [];
  for (let at = path; at; at = at.parent) found.push(at.step);
  return found.reverse();
}

const LONGEST = 12;

/** Build the error for `path`; `reason` continues the sentence the steps began. */
export function notShippable(
  path: CapturePath | undefined,
  reason: string,
  remedy: string,
  options?: ErrorOptions,
): NotShippableError {
  const chain = steps(path);
  const shown = chain.length > LONGEST ? [...chain.slice(0, LONGEST / 2), '…', ...chain.slice(-LONGEST / 2)] : chain;
  return new NotShippableError(shown, reason, remedy, options);
}
