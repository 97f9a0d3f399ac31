/** Receive from whichever rank sent first (MPI_ANY_SOURCE). */
export const ANY_SOURCE = -1;
/** Receive whatever tag came first (MPI_ANY_TAG). */
export const ANY_TAG = -1;
/** The rank that is nobody: sending to it and receiving from it complete at once and move nothing (MPI_PROC_NULL). */
export const PROC_NULL = -2;
/** Root argument of the root's own group in an intercommunicator collective (MPI_ROOT). */
export const ROOT = -3;
/** Color that joins no communicator, and the rank a group does not have (MPI_UNDEFINED). */
export const UNDEFINED = -32766;
/** Send argument of an `…Into` collective whose input already lies in the receive buffer (MPI_IN_PLACE). */
export const IN_PLACE: unique symbol = Symbol.for('par.IN_PLACE');
/** Largest tag a program may use on every transport. MPI guarantees 32767; every library in use gives at least this. */
export const TAG_MAX = 2 ** 27 - 1;
