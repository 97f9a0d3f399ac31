/** A command that cannot be started as typed: one line for the person, and the exit status (125 launcher, 126, 127). */
export class UsageError extends Error {
  readonly status: number;
  constructor(message: string, status = 125) {
    super(message);
    this.name = 'UsageError';
    this.status = status;
  }
}
