import { parseArgs } from 'node:util';
import { requestedHosts } from '../hosts/allocation.ts';
import { UsageError } from '../usage-error.ts';
import { describeReport } from './describe.ts';
import { examine, isWell } from './doctor.ts';
import { describeHosts, examineHosts, isWellConnected } from './hosts.ts';

const USAGE = 'par doctor [-H h1,h2 | --hostfile FILE] [--ssh CMD] [--output json]';

/** `par doctor`: status 0 when at least one transport works and every host can be used. Throws UsageError. */
export async function runDoctor(
  args: readonly string[],
  version: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly text: string; readonly status: number }> {
  const { host, hostfile, ssh, output } = parse(args);
  if (output !== undefined && output !== 'json') throw new UsageError(`--output: "${output}" is not json; ${USAGE}`);
  const request = requestedHosts({ host: host?.join(','), hostFile: hostfile, ppn: undefined }, env);
  const report = await examine(version, env);
  const hosts = request && (await examineHosts(request, ssh ?? (env.PAR_SSH || 'ssh'), version, env));
  const text =
    output === 'json'
      ? `${JSON.stringify({ ...report, hosts }, undefined, 2)}\n`
      : describeReport(report) + (hosts ? `${describeHosts(hosts).join('\n')}\n` : '');
  return { text, status: isWell(report) && (hosts === undefined || isWellConnected(hosts)) ? 0 : 1 };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        host: { type: 'string', short: 'H', multiple: true },
        hostfile: { type: 'string', short: 'f' },
        ssh: { type: 'string' },
        output: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; ${USAGE}`);
  }
}
