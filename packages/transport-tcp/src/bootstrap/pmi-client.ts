import { once } from 'node:events';
import { Socket } from 'node:net';
import { ParError } from '@par/comm-core';

type Answer = ReadonlyMap<string, string>;

/** Longest value of a key that any server must take. */
const LEAST_MAX_VALUE = 256;

/**
 * The client's side of PMI-1 (Process Management Interface, the protocol of MPICH's launchers, which Slurm's pmi2 plugin and Flux speak
 * too): a line for a question, a line for its answer, each of `key=value` words.
 */
export class PmiClient {
  readonly #socket: Socket;
  readonly #waiting: { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void }[] = [];
  #text = '';
  #name = '';
  #maxValue = LEAST_MAX_VALUE;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#received(text));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the launcher closed the connection'));
  }

  /** Over the descriptor that the launcher left open for this process. */
  static async onDescriptor(fd: number): Promise<PmiClient> {
    let socket: Socket;
    try {
      socket = new Socket({ fd, readable: true, writable: true });
    } catch (cause) {
      throw failure(
        `descriptor ${fd} (PMI_FD) is not open here: was this process started by a wrapper that closes it?`,
        cause,
      );
    }
    const client = new PmiClient(socket);
    await client.#start();
    return client;
  }

  /** Over a port of the launcher; also says which of how many this process is. */
  static async onPort(
    host: string,
    port: number,
    id: number,
  ): Promise<{ readonly client: PmiClient; readonly rank: number; readonly size: number }> {
    const socket = new Socket();
    const client = new PmiClient(socket);
    socket.connect(port, host);
    await once(socket, 'connect').catch((cause) => {
      throw failure(`${host}:${port} (PMI_PORT) cannot be reached: ${(cause as Error).message}`, cause);
    });
    // Four lines answer this one: initack, and three that set values.
    const lines = [client.#line(), client.#line(), client.#line(), client.#line()];
    socket.write(`cmd=initack pmiid=${id}\n`);
    const values = new Map((await Promise.all(lines)).flatMap((line) => [...parse(line)]));
    await client.#start();
    return { client, rank: Number(values.get('rank')), size: Number(values.get('size')) };
  }

  async #start(): Promise<void> {
    await this.#ask('cmd=init pmi_version=1 pmi_subversion=1', 'response_to_init');
    this.#maxValue = Number((await this.#ask('cmd=get_maxes', 'maxes')).get('vallen_max') ?? LEAST_MAX_VALUE);
    this.#name = (await this.#ask('cmd=get_my_kvsname', 'my_kvsname')).get('kvsname') ?? '';
  }

  /** Tells all processes of the job; they can `get` it after the next barrier. */
  async put(key: string, value: string): Promise<void> {
    if (value.length >= this.#maxValue)
      throw failure(`${key} has ${value.length} characters, it takes ${this.#maxValue - 1}`);
    await this.#ask(`cmd=put kvsname=${this.#name} key=${key} value=${value}`, 'put_result');
  }

  async get(key: string): Promise<string> {
    const value = (await this.#ask(`cmd=get kvsname=${this.#name} key=${key}`, 'get_result')).get('value');
    if (value === undefined) throw failure(`it has no value of ${key}`);
    return value;
  }

  /** Settles when every process of the job has called it as often. */
  async barrier(): Promise<void> {
    await this.#ask('cmd=barrier_in', 'barrier_out');
  }

  /** Takes leave: the launcher no longer counts the end of this process as a failure of the job. */
  async finalize(): Promise<void> {
    await this.#ask('cmd=finalize', 'finalize_ack');
    this.close();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #ask(question: string, expected: string): Promise<Answer> {
    const line = this.#line();
    this.#socket.write(`${question}\n`);
    const answer = parse(await line);
    const result = answer.get('rc') ?? '0';
    if (answer.get('cmd') === expected && result === '0') return answer;
    throw failure(
      `'${question.split(' value=')[0]}' was answered by '${[...answer].map((word) => word.join('=')).join(' ')}'`,
    );
  }

  #line(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ resolve, reject });
    return promise;
  }

  #received(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop()!;
    for (const line of lines) this.#waiting.shift()?.resolve(line);
  }

  #fail(why: string): void {
    for (const { reject } of this.#waiting.splice(0)) reject(failure(why));
  }
}

function parse(line: string): Map<string, string> {
  const words = line.trim().split(' ').filter(Boolean);
  return new Map(words.map((word) => [word.split('=', 1)[0]!, word.slice(word.indexOf('=') + 1)]));
}

function failure(why: string, cause?: unknown): ParError {
  return new ParError('PAR_TRANSPORT', `the launcher's process manager (PMI): ${why}`, { cause });
}
