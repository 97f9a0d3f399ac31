import { Client } from './client.ts';
import { currentCluster } from './current.ts';
import { coreOf } from './scope.ts';

const clients = new WeakMap<object, Client>();

/** One client of the present cluster, made when first needed. */
export function currentClient(): Client {
  const { link } = currentCluster();
  let client = clients.get(link);
  if (client === undefined || coreOf(client).ended) {
    client = new Client({ cluster: { link } });
    clients.set(link, client);
  }
  return client;
}
