import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Whether standard input is a terminal that belongs to another job of the shell (`par run … &`). Ranks run in sessions of
 * their own, where the kernel does not stop them from reading what is typed for others, so they must not get it.
 */
export function inputBelongsToOthers(): boolean {
  if (!isatty(0)) return false;
  try {
    // proc_pid_stat(5): the command's name, which may hold anything, ends at the last ")"; then state, ppid, pgrp, session, tty_nr, tpgid.
    const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ');
    return group !== foreground;
  } catch {
    return false;
  }
}
