import { overview } from './overview.js';

/** Every dashboard, by its file's name. */
export const dashboards = (): Readonly<Record<string, object>> => ({
  'gan-train-overview.json': overview(),
});
