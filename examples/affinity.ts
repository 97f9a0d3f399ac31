// Tasks that need something expensive: three databases that take long to open, and a hundred queries on them. An actor
// keeps each open on one worker, and every query goes to where its database is.
//
//   node affinity.ts [queries]        par run -np 4 affinity.ts [queries]
import { setTimeout } from 'node:timers/promises';
import { Client, initialize } from '@par/futures';

const queries = Number(process.argv[2] ?? 100);
const OPENING_MS = 100;

await initialize();
const client = new Client();

class Database {
  readonly name: string;
  readonly process = process.pid;
  queries = 0;
  rows: readonly number[] | undefined;

  constructor(name: string) {
    this.name = name;
  }

  async open(): Promise<void> {
    await setTimeout(OPENING_MS);
    this.rows = Array.from({ length: 1000 }, (_, i) => i * this.name.length);
  }

  select(row: number): number {
    if (this.rows === undefined) throw new Error(`${this.name} is not open`);
    this.queries++;
    return this.rows[row]!;
  }
}

const names = ['orders', 'stock', 'addresses'];
const databases = await Promise.all(names.map((name) => client.actor(Database, name)));
await Promise.all(databases.map((database) => database.open()));

const answers = await Promise.all(Array.from({ length: queries }, (_, i) => databases[i % 3]!.select(i)));
for (const [i, answer] of answers.entries()) {
  if (answer !== i * names[i % 3]!.length) throw new Error(`query ${i} brought ${answer}`);
}
const counts = await Promise.all(databases.map((database) => database.get('queries')));
if (counts.reduce((a, b) => a + b) !== queries) throw new Error(`${counts} queries are not ${queries}`);
const processes = new Set(await Promise.all(databases.map((database) => database.get('process'))));
console.log(`${queries} queries, ${names.length} databases opened once each, on ${processes.size} workers:`);
for (const [i, name] of names.entries()) console.log(`  ${name.padEnd(10)} answered ${counts[i]}`);
