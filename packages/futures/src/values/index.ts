export { type ActorReference, actorOf, setActorFactory } from './actor-reference.ts';
export { decodeArguments, encodeArguments, fillPlaces } from './argument-codec.ts';
export { errorsIn, isError, sourceOf, toldOf } from './error-classes.ts';
export type { FutureFactory, Referable } from './future-reference.ts';
export { futureOf, isReferable, REFERENCE, setFutureFactory } from './future-reference.ts';
export { decodeValue, type EncodedWithHolds, encodeWithHolds } from './value-codec.ts';
