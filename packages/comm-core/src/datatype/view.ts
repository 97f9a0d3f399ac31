/** Elements picked from a typed array (MPI's vector and indexed types): packed when sent, scattered when received, gaps untouched. */
export interface DatatypeView {
  readonly kind: 'datatype-view';
}
