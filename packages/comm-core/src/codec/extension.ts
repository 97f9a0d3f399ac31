/** Objects of the caller's own that travel as something else: typed references, handles. Both sides need the same extensions. */
export interface CodecExtension<T extends object = object> {
  /** Names the extension on the wire; unique among a codec's extensions. */
  readonly name: string;
  /** Asked for everything that is not a plain object or an array, functions included. */
  matches(value: object): boolean;
  /** What travels instead: any value the codec can send. Called once per object and message. */
  encode(value: T): unknown;
  /** The object again. Parts of `data` that the message holds elsewhere too may not be filled yet: keep them, do not look into them. */
  decode(data: unknown): T;
}
