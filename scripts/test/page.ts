import { readFileSync } from 'node:fs';

/** What a page shows: programs are fenced blocks whose first line names a file (`// hello.ts`; in a shell script after `#!`), commands the `sh` blocks. */
export interface Page {
  readonly programs: readonly { readonly file: string; readonly text: string }[];
  readonly commands: readonly string[];
}

export function read(path: string): Page {
  const text = readFileSync(path, 'utf8');
  const programs: { file: string; text: string }[] = [];
  const commands: string[] = [];
  for (const [, language, body] of text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    const [, file] = /^(?:#!.*\n)?(?:\/\/|#) (\S+\.(?:ts|mjs|js|json|txt|sh)|Containerfile)\b/.exec(body!) ?? [];
    if (file !== undefined) {
      programs.push({ file, text: body! });
    } else if (language === 'sh') {
      commands.push(
        ...body!
          .split('\n')
          .map((command) => command.replace(/\s+# .*$/, '').trim())
          .filter(Boolean),
      );
    }
  }
  return { programs, commands };
}
