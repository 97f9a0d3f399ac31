/**
 * Runs around each rank. The MPI's launcher is the parent of its ranks and tells nobody in time which of them failed first and
 * how, and mixes what they write: so a shell waits for each, reports its start and end to par through a FIFO (whose order is
 * that of the events: the launcher ends the others only after the shell has ended), and gives it a FIFO for each output, and for its input if it
 * has one (Hydra gives up when a rank reads its input slowly). The
 * rank stays in the shell's process group, keeps its descriptors (PMI_FD), and gets every signal the group gets. Argument: the
 * job's directory, then the program.
 */
const SCRIPT = `
dir=$1; shift
if ! [ -p "$dir/control" ]; then
  echo "par run: a rank was placed on $(uname -n), but this version keeps all ranks on the host of par run" >&2
  exit 125
fi
rank=\${OMPI_COMM_WORLD_RANK:-\${PMIX_RANK:-$PMI_RANK}}
exec 2>/dev/null
trap : HUP INT TERM USR1 USR2
input=/dev/null
[ -p "$dir/$rank.stdin" ] && input=$dir/$rank.stdin
(
  exec <"$input" >"$dir/$rank.stdout" 2>"$dir/$rank.stderr" \\
    sh -c 'dir=$1; shift; echo "start $0 $$ $PPID" >"$dir/control"; exec "$@"' "$rank" "$dir" "$@"
)
status=$?
echo "end $rank $status" >"$dir/control"
exit $status
`;

export function wrapperCommand(directory: string): string[] {
  return ['/bin/sh', '-c', SCRIPT, 'par-rank', directory];
}
